/* The tables holders, roots, goroutines and frames. */
#include "graph/base/cleanup.h"
#include "graph/lens.h"
#include "graph/origin.h"
#include "graph/query/label.h"
#include "graph/sql/module.h"

static bool has_edges(const struct graph *g)
{
	return graph_stage(g) >= STAGE_EDGES;
}

static uint64_t count_roots(const struct graph *g)
{
	return has_edges(g) ? g->n_roots : 0;
}

static uint64_t count_tasks(const struct graph *g)
{
	return has_edges(g) ? g->n_tasks : 0;
}

static uint64_t count_frames(const struct graph *g)
{
	return has_edges(g) ? g->n_frames : 0;
}

static void set_task_id(const struct graph *g, uint32_t task, struct sql_value *v)
{
	if (task < g->n_tasks)
		sql_set_integer(v, g->tasks[task].id);
}

/* --- holders --- */

static const struct holder *holder_of_row(const struct sql_row *row)
{
	return &row->g->holders[row->number];
}

static void holder_kind(struct sql_row *row, struct sql_value *v)
{
	static const char *const words[] = {
		[HOLDER_GLOBAL] = "global", [HOLDER_TASK] = "goroutine", [HOLDER_TIMER] = "timer",
		[HOLDER_SPECIAL] = "special", [HOLDER_RUNTIME] = "runtime",
	};
	unsigned kind = holder_of_row(row)->kind;

	sql_set_text(v, kind < ARRAY_SIZE(words) ? words[kind] : NULL);
}

static void holder_name(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, holder_of_row(row)->name);
}

static void holder_package(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, holder_of_row(row)->package);
}

static void holder_goroutine(struct sql_row *row, struct sql_value *v)
{
	set_task_id(row->g, holder_of_row(row)->task, v);
}

static void holder_objects(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, holder_of_row(row)->objects);
}

static void holder_retained(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, holder_of_row(row)->retained);
}

static const struct sql_column holder_columns[] = {
	{ "id", "INTEGER", sql_number, STAGE_EDGES, ACCESS_ROW, .unique = true },
	{ "kind", "TEXT", holder_kind, STAGE_EDGES },
	{ "name", "TEXT", holder_name, STAGE_EDGES, ACCESS_INDEX, .keys = sql_count_holders },
	{ "package", "TEXT", holder_package, STAGE_EDGES },
	{ "goroutine", "INTEGER", holder_goroutine, STAGE_EDGES, ACCESS_INDEX,
	  .keys = count_tasks },
	{ "objects", "INTEGER", holder_objects, STAGE_RETAINED },
	{ "retained", "INTEGER", holder_retained, STAGE_RETAINED },
};

const struct sql_table sql_table_holders = {
	"holders", holder_columns, ARRAY_SIZE(holder_columns), sql_count_holders
};

/* --- roots --- */

static const struct root *root_of_row(const struct sql_row *row)
{
	return &row->g->roots[row->number];
}

static void root_holder(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, root_of_row(row)->holder);
}

static void root_kind(struct sql_row *row, struct sql_value *v)
{
	static const char *const words[] = {
		[ROOT_GLOBAL] = "global", [ROOT_FRAME] = "frame",
		[ROOT_STACK_OBJECT] = "stack object",
		[ROOT_REGISTER] = "register", [ROOT_DEFER] = "defer", [ROOT_PANIC] = "panic",
		[ROOT_TASK] = "goroutine", [ROOT_TIMER] = "timer", [ROOT_FINALIZER] = "finalizer",
		[ROOT_CLEANUP] = "cleanup", [ROOT_WEAK_HANDLE] = "weak handle",
		[ROOT_RUNTIME] = "runtime",
	};
	unsigned kind = root_of_row(row)->kind;

	sql_set_text(v, kind < ARRAY_SIZE(words) ? words[kind] : NULL);
}

static void root_name(struct sql_row *row, struct sql_value *v)
{
	struct lens *lens = row->g->lens;

	text_clear(&row->text);
	if (lens)
		lens->ops->root_label(lens, (uint32_t)row->number, &row->text);
	else
		text_puts(&row->text, row->g->holders[root_of_row(row)->holder].name);
	sql_set_scratch(v, &row->text);
}

static void root_goroutine(struct sql_row *row, struct sql_value *v)
{
	set_task_id(row->g, row->g->holders[root_of_row(row)->holder].task, v);
}

static void root_level(struct sql_row *row, struct sql_value *v)
{
	uint32_t frame = root_of_row(row)->frame;

	if (frame < row->g->n_frames)
		sql_set_integer(v, row->g->frames[frame].level);
}

static void root_addr(struct sql_row *row, struct sql_value *v)
{
	if (root_of_row(row)->addr)
		sql_set_integer(v, root_of_row(row)->addr);
}

static void root_dst(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, root_of_row(row)->dst);
}

static void root_dst_offset(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, root_of_row(row)->dst_offset);
}

static void root_strength(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_strength_word(root_of_row(row)->strength));
}

static void root_known(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_known_word(root_of_row(row)->known));
}

static const struct sql_column root_columns[] = {
	{ "id", "INTEGER", sql_number, STAGE_EDGES, ACCESS_ROW, .unique = true },
	{ "holder", "INTEGER", root_holder, STAGE_EDGES, ACCESS_SORTED, .keys = sql_count_holders },
	{ "kind", "TEXT", root_kind, STAGE_EDGES },
	{ "name", "TEXT", root_name, STAGE_EDGES },
	{ "goroutine", "INTEGER", root_goroutine, STAGE_EDGES, ACCESS_INDEX, .keys = count_tasks },
	{ "level", "INTEGER", root_level, STAGE_EDGES },
	{ "addr", "INTEGER", root_addr, STAGE_EDGES, ACCESS_INDEX, .keys = count_roots },
	{ "dst", "INTEGER", root_dst, STAGE_EDGES, ACCESS_INDEX, .keys = count_roots },
	{ "dst_offset", "INTEGER", root_dst_offset, STAGE_EDGES },
	{ "strength", "TEXT", root_strength, STAGE_EDGES },
	{ "known", "TEXT", root_known, STAGE_EDGES },
};

const struct sql_table sql_table_roots = {
	"roots", root_columns, ARRAY_SIZE(root_columns), count_roots
};

/* --- goroutines --- */

static const struct task *task_of_row(const struct sql_row *row)
{
	return &row->g->tasks[row->number];
}

static void task_id(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, task_of_row(row)->id);
}

static void task_state(struct sql_row *row, struct sql_value *v)
{
	static const char *const words[] = {
		[TASK_RUNNING] = "running", [TASK_RUNNABLE] = "runnable",
		[TASK_WAITING] = "waiting",
		[TASK_SYSCALL] = "syscall", [TASK_DEAD] = "dead", [TASK_OTHER] = "other",
	};
	unsigned state = task_of_row(row)->state;

	sql_set_text(v, state < ARRAY_SIZE(words) ? words[state] : NULL);
}

static void task_wait(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, task_of_row(row)->wait);
}

static void task_wait_ns(struct sql_row *row, struct sql_value *v)
{
	if (task_of_row(row)->wait_ns >= 0)
		sql_set_integer(v, (uint64_t)task_of_row(row)->wait_ns);
}

static void task_function(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, task_of_row(row)->function);
}

static void task_under(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, task_of_row(row)->under);
}

static void task_file(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, task_of_row(row)->file);
}

static void task_line(struct sql_row *row, struct sql_value *v)
{
	if (task_of_row(row)->line)
		sql_set_integer(v, task_of_row(row)->line);
}

static void task_created_by(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, task_of_row(row)->created_by);
}

static void task_labels(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, label_task_labels(row->g, task_of_row(row)));
}

static void task_stack_bytes(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, task_of_row(row)->stack_bytes);
}

static void task_retained(struct sql_row *row, struct sql_value *v)
{
	uint32_t holder = task_of_row(row)->holder;

	sql_set_integer(v, holder < row->g->n_holders ? row->g->holders[holder].retained : 0);
}

static void task_holder(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, task_of_row(row)->holder);
}

static void task_stuck(struct sql_row *row, struct sql_value *v)
{
	if (task_of_row(row)->stuck >= 0)
		sql_set_integer(v, task_of_row(row)->stuck > 0);
}

static const struct sql_column task_columns[] = {
	{ "id", "INTEGER", task_id, STAGE_EDGES, ACCESS_INDEX, .unique = true },
	{ "state", "TEXT", task_state, STAGE_EDGES },
	{ "wait", "TEXT", task_wait, STAGE_EDGES },
	{ "wait_ns", "INTEGER", task_wait_ns, STAGE_EDGES },
	{ "function", "TEXT", task_function, STAGE_EDGES, ACCESS_INDEX },
	{ "file", "TEXT", task_file, STAGE_EDGES },
	{ "line", "INTEGER", task_line, STAGE_EDGES },
	{ "created_by", "TEXT", task_created_by, STAGE_EDGES },
	{ "labels", "TEXT", task_labels, STAGE_EDGES },
	{ "stack_bytes", "INTEGER", task_stack_bytes, STAGE_EDGES },
	{ "retained", "INTEGER", task_retained, STAGE_RETAINED },
	{ "holder", "INTEGER", task_holder, STAGE_EDGES, ACCESS_INDEX, .keys = count_tasks },
	{ "stuck", "INTEGER", task_stuck, STAGE_LIVE },
	{ "under", "TEXT", task_under, STAGE_EDGES },
};

const struct sql_table sql_table_goroutines = {
	"goroutines", task_columns, ARRAY_SIZE(task_columns), count_tasks
};

/* --- frames --- */

static const struct frame *frame_of_row(const struct sql_row *row)
{
	return &row->g->frames[row->number];
}

static void frame_goroutine(struct sql_row *row, struct sql_value *v)
{
	set_task_id(row->g, frame_of_row(row)->task, v);
}

static void frame_level(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, frame_of_row(row)->level);
}

static void frame_function(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, frame_of_row(row)->function);
}

static void frame_file(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, frame_of_row(row)->file);
}

static void frame_line(struct sql_row *row, struct sql_value *v)
{
	if (frame_of_row(row)->line)
		sql_set_integer(v, frame_of_row(row)->line);
}

static void frame_pc(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, frame_of_row(row)->pc);
}

static void frame_sp(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, frame_of_row(row)->sp);
}

static void frame_inlined(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, frame_of_row(row)->inlined);
}

static void frame_origin(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, origin_word((enum origin)frame_of_row(row)->origin));
}

static const struct sql_column frame_columns[] = {
	{ "goroutine", "INTEGER", frame_goroutine, STAGE_EDGES, ACCESS_INDEX, .keys = count_tasks },
	{ "level", "INTEGER", frame_level, STAGE_EDGES },
	{ "function", "TEXT", frame_function, STAGE_EDGES, ACCESS_INDEX },
	{ "file", "TEXT", frame_file, STAGE_EDGES },
	{ "line", "INTEGER", frame_line, STAGE_EDGES },
	{ "pc", "INTEGER", frame_pc, STAGE_EDGES },
	{ "sp", "INTEGER", frame_sp, STAGE_EDGES },
	{ "inlined", "INTEGER", frame_inlined, STAGE_EDGES },
	{ "origin", "TEXT", frame_origin, STAGE_EDGES },
};

const struct sql_table sql_table_frames = {
	"frames", frame_columns, ARRAY_SIZE(frame_columns), count_frames
};

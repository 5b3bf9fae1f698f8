#include "tui/page/words.h"

#include "graph/naming.h"
#include "graph/query/label.h"

void words_share(uint64_t part, uint64_t whole, struct text *out)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;

	if (share >= 99.95)
		text_puts(out, "100 %");
	else if (share >= 0.05)
		text_printf(out, "%.1f %%", share);
}

void words_task(const struct task *task, struct text *out)
{
	static const char *const states[] = {
		[TASK_RUNNING] = "running", [TASK_RUNNABLE] = "runnable",
		[TASK_WAITING] = "waiting", [TASK_SYSCALL] = "in a system call",
		[TASK_DEAD] = "ended", [TASK_OTHER] = "in between",
	};

	text_puts(out, task->wait ? task->wait : states[task->state]);
	if (task->wait_ns >= 1000000000) {
		text_puts(out, ", ");
		text_duration(out, (uint64_t)task->wait_ns);
	}
	if (task->stuck > 0)
		text_puts(out, ", can never go on");
}

void words_holder(const struct graph *g, uint32_t id, struct line *out)
{
	const struct holder *holder = &g->holders[id];

	line_role(out, ROLE_ROOT);
	text_puts(&out->text, holder->kind == HOLDER_GLOBAL ? "global " : "");
	naming_put(g, holder->name, &out->text);
	line_role(out, ROLE_PLAIN);
	line_less(out);
	if (holder->kind == HOLDER_GLOBAL && holder->type != NO_NODE) {
		text_puts(&out->text, "  ");
		naming_type(g, &g->types[holder->type], &out->text);
	}
	if (holder->task != NO_NODE) {
		text_puts(&out->text, "  ");
		words_task(&g->tasks[holder->task], &out->text);
	}
}

void words_type(const struct graph *g, uint32_t object, struct line *out)
{
	if (g->flags[object] & OBJECT_BOXED)
		line_puts(out, ROLE_BOXED, "◇ ");
	graph_type_label(g, object, &out->text);
}

void words_preview(const struct graph *g, uint32_t object, struct line *out)
{
	const struct subject subject = { .kind = SUBJECT_OBJECT, .id = object };
	autotext struct text preview = {0};

	if (g->lens)
		g->lens->ops->preview(g->lens, &subject, &preview);
	if (!preview.length)
		return;
	line_less(out);
	text_printf(&out->text, "  %s", text_string(&preview));
}

void words_brief(const struct graph *g, uint32_t object, struct line *out)
{
	const struct type *type = graph_type(g, object);

	words_type(g, object, out);
	if (!type || (type->kind != TYPE_STRUCT && type->kind != TYPE_ARRAY))
		words_preview(g, object, out);
}

void words_object(const struct graph *g, uint32_t object, struct line *out)
{
	words_type(g, object, out);
	words_preview(g, object, out);
}

void words_node(const struct graph *g, uint32_t node, struct line *out)
{
	if (graph_is_object(g, node))
		words_object(g, node, out);
	else if (graph_is_holder(g, node))
		words_holder(g, node - g->n_objects, out);
	else
		text_puts(&out->text, "several at once");
}

void words_name(const struct graph *g, uint32_t node, struct text *out)
{
	if (graph_is_object(g, node))
		graph_type_label(g, node, out);
	else if (graph_is_holder(g, node))
		naming_put(g, g->holders[node - g->n_objects].name, out);
	else
		text_puts(out, "several at once");
}

uint32_t words_referrers(const struct graph *g, const struct index *index, uint32_t object)
{
	uint32_t n = 0, first, roots;

	for (uint32_t e = g->rev_row[object]; e < g->rev_row[object + 1]; e++) {
		uint32_t src = g->rev_src[e];

		n += !(src & EDGE_IDLE) && (g->flags[src] & OBJECT_LIVE);
	}
	if (!index)
		return n;
	roots = index_roots(index, object, &first);
	for (uint32_t i = first; i < first + roots; i++)
		n += g->roots[index->by_goal[i]].strength != STRENGTH_WEAK;
	return n;
}

static void fact_bytes(struct text *out, const char *name, uint64_t bytes)
{
	text_printf(out, "%-12s ", name);
	text_size(out, bytes, true);
	text_putc(out, '\n');
}

static void fact(struct text *out, const char *name, const char *value)
{
	if (value && *value)
		text_printf(out, "%-12s %s\n", name, value);
}

static void several_holders(const struct graph *g, uint32_t object, struct text *out)
{
	autotext struct text nearest = {0};

	text_puts(&nearest, "several; nearest is ");
	label_holder(g, g->roots[g->root[object]].holder, &nearest);
	fact(out, "holder", text_string(&nearest));
}

static void object_details(const struct graph *g, const struct index *index, uint32_t object,
			   struct text *out)
{
	static const char *const known[] = { "unknown", "inferred from its shape",
					     "derived along a typed pointer", "exact" };
	uint16_t flags = g->flags[object];
	autoline struct line name = {0};
	autotext struct text count = {0};

	words_object(g, object, &name);
	fact(out, "type", text_string(&name.text));
	fact(out, "known", known[(flags & OBJECT_KNOWN) <= KNOWN_EXACT ? flags & OBJECT_KNOWN : 0]);
	text_printf(out, "%-12s 0x%llx\n", "address", (unsigned long long)graph_addr(g, object));
	fact_bytes(out, "size", graph_size(g, object));
	if (graph_stage(g) < STAGE_RETAINED)
		return;
	if (!(flags & OBJECT_LIVE)) {
		fact(out, "live", graph_finalizer(g, object) == NO_NODE
				  ? "no: garbage that the next collection frees"
				  : "no: garbage that is freed when its finalizer has run");
		return;
	}
	fact_bytes(out, "retained", g->retained[object]);
	if (index) {
		text_count(&count, index->objects[object]);
		fact(out, "objects", text_string(&count));
	}
	text_printf(out, "%-12s %u edge%s from the nearest root\n", "depth", g->depth[object],
		    g->depth[object] == 1 ? "" : "s");
	if (g->above[object] != NO_NODE)
		fact(out, "holder", g->holders[g->above[object]].name);
	else
		several_holders(g, object, out);
	if (flags & OBJECT_RUNTIME_ONLY)
		fact(out, "live", "only by a finalizer that waits, or the runtime's bookkeeping");
	if (flags & OBJECT_AFTER_STOP)
		fact(out, "doubt", "its bytes were read after the stop");
	if (flags & OBJECT_IN_FLIGHT)
		fact(out, "doubt", "caught half written");
}

static void task_details(const struct graph *g, const struct task *task, struct text *out)
{
	autotext struct text state = {0};

	words_task(task, &state);
	fact(out, "state", text_string(&state));
	if (task->file)
		text_printf(out, "%-12s %s (%s:%u)\n", "function", task->function, task->file,
			    task->line);
	fact(out, "created by", task->created_by);
	fact(out, "labels", label_task_labels(g, task));
	fact_bytes(out, "stack", task->stack_bytes);
	for (uint32_t i = 0; i < task->n_frames; i++) {
		const struct frame *f = &g->frames[task->first_frame + i];

		text_printf(out, "%-12s %s (%s:%u)\n", i ? "" : "frames", f->function, f->file,
			    f->line);
	}
}

static void holder_details(const struct graph *g, uint32_t id, struct text *out)
{
	static const char *const kinds[] = { "global", "goroutine", "timer", "special",
					     "the runtime's bookkeeping" };
	const struct holder *holder = &g->holders[id];

	fact(out, "holder", holder->name);
	fact(out, "kind", kinds[holder->kind]);
	fact(out, "package", holder->package);
	if (holder->type != NO_NODE)
		fact(out, "type", g->types[holder->type].spelled ? g->types[holder->type].spelled
								 : g->types[holder->type].name);
	if (holder->lo)
		text_printf(out, "%-12s 0x%llx\n", "address", (unsigned long long)holder->lo);
	if (graph_stage(g) >= STAGE_RETAINED) {
		fact_bytes(out, "retained", holder->retained);
		text_printf(out, "%-12s ", "objects");
		text_count(out, holder->objects);
		text_putc(out, '\n');
	}
	text_printf(out, "%-12s %u\n", "root slots", holder->n_roots);
	if (holder->task != NO_NODE)
		task_details(g, &g->tasks[holder->task], out);
}

void words_details(const struct graph *g, const struct index *index,
		   const struct subject *subject, struct text *out)
{
	if (subject->kind == SUBJECT_HOLDER)
		holder_details(g, subject->id, out);
	else
		object_details(g, index, subject->id, out);
}

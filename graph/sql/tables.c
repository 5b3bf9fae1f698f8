/* The list of all tables, and those that are not about nodes: meta, suspects, memory and
 * size_classes. */
#include "graph/base/cleanup.h"
#include "graph/sql/module.h"

/* --- meta --- */

/* A row of meta: its value by a function, since facts come at different stages. */
struct fact {
	const char *key;
	void (*value)(const struct graph *g, struct sql_value *v);
	enum stage since;
};

#define META_NUMBER(field) \
	static void meta_##field(const struct graph *g, struct sql_value *v) \
	{ \
		sql_set_integer(v, (uint64_t)g->meta.field); \
	}
/* 0 is no such number but says that it is not known. */
#define META_POSITIVE(field) \
	static void meta_##field(const struct graph *g, struct sql_value *v) \
	{ \
		if (g->meta.field > 0) \
			sql_set_integer(v, (uint64_t)g->meta.field); \
	}
#define META_NAME(field) \
	static void meta_##field(const struct graph *g, struct sql_value *v) \
	{ \
		sql_set_name(v, g->meta.field); \
	}
#define GRAPH_NUMBER(field) \
	static void meta_##field(const struct graph *g, struct sql_value *v) \
	{ \
		sql_set_integer(v, g->field); \
	}

META_POSITIVE(pid)
META_NAME(exe)
META_NAME(language_version)
META_NAME(arch)
META_NAME(build)
META_NAME(unproven)
META_POSITIVE(taken_at)
META_POSITIVE(taken_ns)
META_POSITIVE(started)
META_NUMBER(pause_ns)
META_NAME(gc_phase)
META_NUMBER(gc_cycle)
META_NUMBER(heap_alloc)
META_NUMBER(heap_explained)
META_NAME(counting)
GRAPH_NUMBER(typed_exact)
GRAPH_NUMBER(typed_derived)
GRAPH_NUMBER(typed_inferred)
GRAPH_NUMBER(live_bytes)
META_NUMBER(kept_by_last_gc)
META_NUMBER(kept_reached)
META_POSITIVE(rss)
META_NAME(content)
META_NUMBER(holes)
META_NAME(other_runtime)

static const struct fact facts[] = {
	{ "pid", meta_pid, STAGE_SIZES },
	{ "exe", meta_exe, STAGE_SIZES },
	{ "go_version", meta_language_version, STAGE_SIZES },
	{ "arch", meta_arch, STAGE_SIZES },
	{ "build", meta_build, STAGE_SIZES },
	{ "unproven", meta_unproven, STAGE_SIZES },
	{ "taken_at", meta_taken_at, STAGE_SIZES },
	{ "taken_ns", meta_taken_ns, STAGE_SIZES },
	{ "started", meta_started, STAGE_SIZES },
	{ "pause_ns", meta_pause_ns, STAGE_SIZES },
	{ "gc_phase", meta_gc_phase, STAGE_SIZES },
	{ "gc_cycle", meta_gc_cycle, STAGE_SIZES },
	{ "heap_alloc", meta_heap_alloc, STAGE_SIZES },
	{ "heap_explained", meta_heap_explained, STAGE_SIZES },
	{ "counting", meta_counting, STAGE_EDGES },
	{ "typed_exact", meta_typed_exact, STAGE_LIVE },
	{ "typed_derived", meta_typed_derived, STAGE_LIVE },
	{ "typed_inferred", meta_typed_inferred, STAGE_LIVE },
	{ "live_bytes", meta_live_bytes, STAGE_LIVE },
	{ "kept_by_last_gc", meta_kept_by_last_gc, STAGE_LIVE },
	{ "kept_reached", meta_kept_reached, STAGE_LIVE },
	{ "rss", meta_rss, STAGE_SIZES },
	{ "content", meta_content, STAGE_SIZES },
	{ "not_read", meta_holes, STAGE_SIZES },
	{ "other_runtime", meta_other_runtime, STAGE_SIZES },
};

static uint64_t count_facts(const struct graph *g)
{
	return ARRAY_SIZE(facts);
}

static void meta_key(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, facts[row->number].key);
}

static void meta_value(struct sql_row *row, struct sql_value *v)
{
	const struct fact *fact = &facts[row->number];

	if (graph_stage(row->g) >= (int)fact->since)
		fact->value(row->g, v);
}

static const struct sql_column meta_columns[] = {
	{ "key", "TEXT", meta_key, STAGE_NONE },
	{ "value", "ANY", meta_value, STAGE_NONE },
};

static const struct sql_table table_meta = {
	"meta", meta_columns, ARRAY_SIZE(meta_columns), count_facts
};

/* --- suspects --- */

static uint64_t count_suspects(const struct graph *g)
{
	return graph_stage(g) >= STAGE_DONE ? g->n_suspects : 0;
}

static const struct suspect *suspect_of_row(const struct sql_row *row)
{
	return &row->g->suspects[row->number];
}

static void suspect_rank(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, row->number + 1);
}

static void suspect_rule(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, suspect_of_row(row)->rule);
}

static void suspect_title(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, suspect_of_row(row)->title);
}

static void suspect_explanation(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, suspect_of_row(row)->explanation);
}

static void suspect_fix(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, suspect_of_row(row)->fix);
}

static void suspect_confidence(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, graph_confidence(suspect_of_row(row)->confidence));
}

static void suspect_query(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, suspect_of_row(row)->query);
}

static void suspect_retained(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, suspect_of_row(row)->retained);
}

static void suspect_objects(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, suspect_of_row(row)->objects);
}

static void suspect_holder(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, suspect_of_row(row)->holder);
}

static void suspect_object(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, suspect_of_row(row)->object);
}

static const struct sql_column suspect_columns[] = {
	{ "rank", "INTEGER", suspect_rank, STAGE_DONE, ACCESS_SORTED, .unique = true },
	{ "rule", "TEXT", suspect_rule, STAGE_DONE },
	{ "confidence", "TEXT", suspect_confidence, STAGE_DONE },
	{ "title", "TEXT", suspect_title, STAGE_DONE },
	{ "explanation", "TEXT", suspect_explanation, STAGE_DONE },
	{ "fix", "TEXT", suspect_fix, STAGE_DONE },
	{ "retained", "INTEGER", suspect_retained, STAGE_DONE },
	{ "objects", "INTEGER", suspect_objects, STAGE_DONE },
	{ "holder", "INTEGER", suspect_holder, STAGE_DONE },
	{ "object", "INTEGER", suspect_object, STAGE_DONE },
	{ "query", "TEXT", suspect_query, STAGE_DONE },
};

static const struct sql_table table_suspects = {
	"suspects", suspect_columns, ARRAY_SIZE(suspect_columns), count_suspects
};

/* --- memory --- */

static uint64_t count_parts(const struct graph *g)
{
	return graph_stage(g) >= STAGE_SIZES ? g->n_memory : 0;
}

static void memory_part(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, row->g->memory[row->number].name);
}

static void memory_bytes(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, row->g->memory[row->number].bytes);
}

static const struct sql_column memory_columns[] = {
	{ "part", "TEXT", memory_part, STAGE_SIZES },
	{ "bytes", "INTEGER", memory_bytes, STAGE_SIZES },
};

static const struct sql_table table_memory = {
	"memory", memory_columns, ARRAY_SIZE(memory_columns), count_parts
};

/* --- memory_details --- */

static uint64_t count_details(const struct graph *g)
{
	return graph_stage(g) >= STAGE_LIVE ? g->n_details : 0;
}

static void detail_part(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, row->g->details[row->number].part);
}

static void detail_detail(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, row->g->details[row->number].detail);
}

static void detail_bytes(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, row->g->details[row->number].bytes);
}

static void detail_resident(struct sql_row *row, struct sql_value *v)
{
	int8_t resident = row->g->details[row->number].resident;

	if (resident >= 0)
		sql_set_integer(v, (uint64_t)resident);
}

static const struct sql_column detail_columns[] = {
	{ "part", "TEXT", detail_part, STAGE_LIVE },
	{ "detail", "TEXT", detail_detail, STAGE_LIVE },
	{ "bytes", "INTEGER", detail_bytes, STAGE_LIVE },
	{ "resident", "INTEGER", detail_resident, STAGE_LIVE },
};

static const struct sql_table table_memory_details = {
	"memory_details", detail_columns, ARRAY_SIZE(detail_columns), count_details
};

/* --- size_classes --- */

static uint64_t count_classes(const struct graph *g)
{
	return graph_stage(g) >= STAGE_SIZES ? g->n_classes : 0;
}

#define CLASS_NUMBER(field) \
	static void class_##field(struct sql_row *row, struct sql_value *v) \
	{ \
		sql_set_integer(v, row->g->classes[row->number].field); \
	}

CLASS_NUMBER(size)
CLASS_NUMBER(spans)
CLASS_NUMBER(slots)
CLASS_NUMBER(used)
CLASS_NUMBER(bytes)

/* Not known where it is not known what was resident. */
static void class_pinned(struct sql_row *row, struct sql_value *v)
{
	if (row->g->n_memory)
		sql_set_integer(v, row->g->classes[row->number].pinned);
}

static const struct sql_column class_columns[] = {
	{ "size", "INTEGER", class_size, STAGE_SIZES },
	{ "spans", "INTEGER", class_spans, STAGE_SIZES },
	{ "slots", "INTEGER", class_slots, STAGE_SIZES },
	{ "used", "INTEGER", class_used, STAGE_SIZES },
	{ "bytes", "INTEGER", class_bytes, STAGE_SIZES },
	{ "pinned", "INTEGER", class_pinned, STAGE_EDGES },
};

static const struct sql_table table_size_classes = {
	"size_classes", class_columns, ARRAY_SIZE(class_columns), count_classes
};

const struct sql_table *const sql_tables[] = {
	&table_meta, &sql_table_objects, &sql_table_types, &sql_table_edges, &sql_table_holders,
	&sql_table_roots, &sql_table_goroutines, &sql_table_frames, &sql_table_maps,
	&sql_table_map_entries, &table_suspects, &table_memory,
	&table_memory_details, &table_size_classes, NULL
};

/* The tables objects, types and edges. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/builder.h"
#include "graph/lens.h"
#include "graph/sql/module.h"

void sql_number(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, row->number);
}

static uint64_t count_objects(const struct graph *g)
{
	return g->n_objects;
}

static uint64_t count_types(const struct graph *g)
{
	return graph_stage(g) >= STAGE_EDGES ? g->n_types : 0;
}

uint64_t sql_count_holders(const struct graph *g)
{
	return graph_stage(g) >= STAGE_EDGES ? g->n_holders : 0;
}

static uint64_t count_edges(const struct graph *g)
{
	return graph_stage(g) >= STAGE_EDGES ? g->n_edges : 0;
}

const char *sql_known_word(unsigned known)
{
	static const char *const words[] = {
		[KNOWN_INFERRED] = "inferred", [KNOWN_DERIVED] = "derived", [KNOWN_EXACT] = "exact",
		[KNOWN_CONSERVATIVE] = "conservative",
	};

	return known < ARRAY_SIZE(words) ? words[known] : NULL;
}

const char *sql_strength_word(unsigned strength)
{
	static const char *const words[] = {
		[STRENGTH_STRONG] = "strong", [STRENGTH_POOL] = "pool", [STRENGTH_WEAK] = "weak",
		[STRENGTH_RUNTIME] = "runtime",
	};

	return strength < ARRAY_SIZE(words) ? words[strength] : NULL;
}

const char *sql_type_name(const struct graph *g, uint32_t type)
{
	return type < g->n_types ? g->types[type].name : NULL;
}

/* --- objects --- */

static const struct extent *object_extent(struct sql_row *row)
{
	const struct extent *e = row->place.extent;

	if (!e || row->number < e->first || row->number - e->first >= e->count) {
		row->place.extent = graph_extent(row->g, (uint32_t)row->number);
		row->place.slot = NO_NODE;
	}
	return row->place.extent;
}

/* The first slot from SLOT on that is allocated; there is one. */
static uint32_t next_slot(const struct graph *g, const struct extent *e, uint32_t slot)
{
	uint64_t word = g->bits[e->bits + slot / 64] >> slot % 64;

	if (word)
		return slot + (uint32_t)__builtin_ctzll(word);
	for (slot = (slot / 64 + 1) * 64; slot < e->slots; slot += 64)
		if (g->bits[e->bits + slot / 64])
			return slot + (uint32_t)__builtin_ctzll(g->bits[e->bits + slot / 64]);
	return e->slots;
}

static void object_addr(struct sql_row *row, struct sql_value *v)
{
	const struct extent *e = object_extent(row);
	struct sql_place *p = &row->place;
	uint32_t id = (uint32_t)row->number;

	if (p->slot != NO_NODE && id == p->id + 1)
		p->slot = next_slot(row->g, e, p->slot + 1);
	else if (p->slot == NO_NODE || id != p->id)
		p->slot = (uint32_t)((graph_addr(row->g, id) - e->base) / e->stride);
	p->id = id;
	sql_set_integer(v, e->base + p->slot * e->stride);
}

static void object_size(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, object_extent(row)->stride);
}

static void object_type_id(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, row->g->type[row->number]);
}

static void object_type(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_type_name(row->g, row->g->type[row->number]));
}

static void object_type_known(struct sql_row *row, struct sql_value *v)
{
	const char *word = sql_known_word(row->g->flags[row->number] & OBJECT_KNOWN);

	sql_set_text(v, word ? word : "unknown");
}

static bool has_flag(const struct sql_row *row, unsigned flag)
{
	return row->g->flags[row->number] & flag;
}

static void object_noscan(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, has_flag(row, OBJECT_NOSCAN));
}

static void object_boxed(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, has_flag(row, OBJECT_BOXED));
}

static void object_doubt(struct sql_row *row, struct sql_value *v)
{
	if (has_flag(row, OBJECT_IN_FLIGHT))
		sql_set_text(v, "in_flight");
	else if (has_flag(row, OBJECT_AFTER_STOP))
		sql_set_text(v, "after_stop");
}

static void object_live(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, has_flag(row, OBJECT_LIVE));
}

static void object_survived(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, has_flag(row, OBJECT_SURVIVED));
}

static void object_idom(struct sql_row *row, struct sql_value *v)
{
	uint32_t idom = row->g->idom[row->number];

	if (graph_is_object(row->g, idom))
		sql_set_integer(v, idom);
}

static void object_holder(struct sql_row *row, struct sql_value *v)
{
	if (has_flag(row, OBJECT_LIVE))
		sql_set_node(v, row->g->above[row->number]);
}

static void object_retained(struct sql_row *row, struct sql_value *v)
{
	if (has_flag(row, OBJECT_LIVE))
		sql_set_integer(v, row->g->retained[row->number]);
}

static void object_depth(struct sql_row *row, struct sql_value *v)
{
	if (has_flag(row, OBJECT_LIVE))
		sql_set_node(v, row->g->depth[row->number]);
}

static void object_root(struct sql_row *row, struct sql_value *v)
{
	if (has_flag(row, OBJECT_LIVE))
		sql_set_node(v, row->g->root[row->number]);
}

static void object_preview(struct sql_row *row, struct sql_value *v)
{
	struct subject subject = { .kind = SUBJECT_OBJECT, .id = (uint32_t)row->number };
	struct lens *lens = row->g->lens;

	text_clear(&row->text);
	if (lens)
		lens->ops->preview(lens, &subject, &row->text);
	sql_set_scratch(v, &row->text);
}

/* All objects sorted by RANKS[key of the object], by counting: ranks are 1..N_RANKS - 1, and 0 for
 * a key that is NO_NODE. RANKS NULL: key + 1. */
static uint32_t *sort_objects(const struct graph *g, const uint32_t *keys, const uint32_t *ranks,
			      uint32_t n_ranks)
{
	uint32_t *rows = malloc(((size_t)g->n_objects + 1) * sizeof *rows);
	autofree uint32_t *next = calloc((size_t)n_ranks + 2, sizeof *next);

	if (!rows || !next) {
		free(rows);
		return NULL;
	}
#define RANK(i) (keys[i] == NO_NODE ? 0 : ranks ? ranks[keys[i]] : keys[i] + 1)
	for (uint32_t i = 0; i < g->n_objects; i++)
		next[RANK(i) + 1]++;
	for (uint32_t r = 0; r < n_ranks; r++)
		next[r + 1] += next[r];
	for (uint32_t i = 0; i < g->n_objects; i++)
		rows[next[RANK(i)]++] = i;
#undef RANK
	return rows;
}

static int compare_type_names(const void *a, const void *b, void *arg)
{
	const struct type *types = arg;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = strcmp(types[left].name, types[right].name);

	return order ? order : left < right ? -1 : left > right;
}

static uint32_t *sort_by_type(const struct graph *g)
{
	autofree uint32_t *order = calloc((size_t)g->n_types + 1, sizeof *order);
	autofree uint32_t *ranks = calloc((size_t)g->n_types + 1, sizeof *ranks);

	if (!order || !ranks)
		return NULL;
	for (uint32_t i = 0; i < g->n_types; i++)
		order[i] = i;
	qsort_r(order, g->n_types, sizeof *order, compare_type_names, g->types);
	for (uint32_t i = 0; i < g->n_types; i++)
		ranks[order[i]] = i + 1;
	return sort_objects(g, g->type, ranks, g->n_types + 1);
}

static uint32_t *sort_by_type_id(const struct graph *g)
{
	return sort_objects(g, g->type, NULL, g->n_types + 1);
}

static uint32_t *sort_by_holder(const struct graph *g)
{
	return sort_objects(g, g->above, NULL, g->n_holders + 1);
}

static void list_dominated(const struct graph *g, int64_t key, struct sql_rows *rows)
{
	if (key < 0 || key >= g->n_objects || !(g->flags[key] & OBJECT_LIVE))
		return;
	*rows = (struct sql_rows){ .lo = g->kid_row[key], .hi = g->kid_row[key + 1],
				   .list = g->kids };
}

static const struct sql_column object_columns[] = {
	{ "id", "INTEGER", sql_number, STAGE_SIZES, ACCESS_ROW, .unique = true },
	{ "addr", "INTEGER", object_addr, STAGE_SIZES, ACCESS_SORTED, .unique = true },
	{ "size", "INTEGER", object_size, STAGE_SIZES },
	{ "type_id", "INTEGER", object_type_id, STAGE_EDGES, ACCESS_INDEX, .keys = count_types,
	  .sort = sort_by_type_id },
	{ "type", "TEXT", object_type, STAGE_EDGES, ACCESS_INDEX, .keys = count_types,
	  .sort = sort_by_type },
	{ "type_known", "TEXT", object_type_known, STAGE_EDGES },
	{ "noscan", "INTEGER", object_noscan, STAGE_EDGES },
	{ "boxed", "INTEGER", object_boxed, STAGE_EDGES },
	{ "doubt", "TEXT", object_doubt, STAGE_EDGES },
	{ "live", "INTEGER", object_live, STAGE_LIVE },
	{ "idom", "INTEGER", object_idom, STAGE_RETAINED, ACCESS_LIST, .keys = count_objects,
	  .list = list_dominated },
	{ "holder", "INTEGER", object_holder, STAGE_RETAINED, ACCESS_INDEX,
	  .keys = sql_count_holders, .sort = sort_by_holder },
	{ "retained", "INTEGER", object_retained, STAGE_RETAINED },
	{ "depth", "INTEGER", object_depth, STAGE_RETAINED },
	{ "root", "INTEGER", object_root, STAGE_RETAINED },
	{ "preview", "TEXT", object_preview, STAGE_EDGES },
	{ "survived", "INTEGER", object_survived, STAGE_EDGES },
};

const struct sql_table sql_table_objects = {
	"objects", object_columns, ARRAY_SIZE(object_columns), count_objects
};

/* --- types --- */

static const struct type *type_of_row(const struct sql_row *row)
{
	return &row->g->types[row->number];
}

static void type_name(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, type_of_row(row)->name);
}

static void type_kind(struct sql_row *row, struct sql_value *v)
{
	static const char *const words[] = {
		[TYPE_OTHER] = "other", [TYPE_BOOL] = "bool", [TYPE_INT] = "int",
		[TYPE_UINT] = "uint",
		[TYPE_FLOAT] = "float", [TYPE_COMPLEX] = "complex", [TYPE_STRING] = "string",
		[TYPE_POINTER] = "pointer", [TYPE_ARRAY] = "array", [TYPE_SLICE] = "slice",
		[TYPE_STRUCT] = "struct", [TYPE_MAP] = "map", [TYPE_CHAN] = "chan",
		[TYPE_FUNC] = "func", [TYPE_INTERFACE] = "interface",
	};
	unsigned kind = type_of_row(row)->kind;

	sql_set_text(v, kind < ARRAY_SIZE(words) ? words[kind] : NULL);
}

static void type_shape(struct sql_row *row, struct sql_value *v)
{
	static const char *const words[] = {
		[SHAPE_BYTES] = "bytes", [SHAPE_ARRAY] = "array", [SHAPE_MAP] = "map",
		[SHAPE_MAP_PART] = "map part", [SHAPE_CLOSURE] = "closure",
		[SHAPE_CONTEXT] = "context", [SHAPE_CONTEXT_VALUE] = "context value",
		[SHAPE_CHAN] = "chan", [SHAPE_CHAN_BUFFER] = "chan buffer", [SHAPE_TIMER] = "timer",
		[SHAPE_HTTP_CLIENT] = "http client", [SHAPE_WAIT_GROUP] = "wait group",
		[SHAPE_POOL] = "pool", [SHAPE_JSON_TREE] = "json tree", [SHAPE_TINY] = "tiny block",
		[SHAPE_TASK] = "goroutine", [SHAPE_RUNTIME] = "runtime",
	};
	unsigned shape = type_of_row(row)->shape;

	sql_set_text(v, shape < ARRAY_SIZE(words) ? words[shape] : NULL);
}

static void type_package(struct sql_row *row, struct sql_value *v)
{
	sql_set_name(v, type_of_row(row)->package);
}

static void type_size(struct sql_row *row, struct sql_value *v)
{
	if (type_of_row(row)->size)
		sql_set_integer(v, type_of_row(row)->size);
}

static void type_objects(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, type_of_row(row)->objects);
}

static void type_bytes(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, type_of_row(row)->bytes);
}

static void type_live_bytes(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, type_of_row(row)->live_bytes);
}

static void type_retained(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, type_of_row(row)->retained);
}

static const struct sql_column type_columns[] = {
	{ "id", "INTEGER", sql_number, STAGE_EDGES, ACCESS_ROW, .unique = true },
	{ "name", "TEXT", type_name, STAGE_EDGES, ACCESS_INDEX, .keys = count_types },
	{ "kind", "TEXT", type_kind, STAGE_EDGES },
	{ "shape", "TEXT", type_shape, STAGE_EDGES },
	{ "package", "TEXT", type_package, STAGE_EDGES },
	{ "size", "INTEGER", type_size, STAGE_EDGES },
	{ "objects", "INTEGER", type_objects, STAGE_LIVE },
	{ "bytes", "INTEGER", type_bytes, STAGE_LIVE },
	{ "live_bytes", "INTEGER", type_live_bytes, STAGE_LIVE },
	{ "retained", "INTEGER", type_retained, STAGE_RETAINED },
};

const struct sql_table sql_table_types = {
	"types", type_columns, ARRAY_SIZE(type_columns), count_types
};

/* --- edges: the row's number is the edge's; by its destination found when asked --- */

/* Source of edge number EDGE: mostly that of the last one, or the next. */
static uint32_t source_of(struct sql_row *row, uint64_t edge)
{
	const uint32_t *first = row->g->fwd_row;
	uint32_t lo = row->hint_src, hi = row->g->n_objects;

	if (edge < first[lo])
		lo = 0;
	for (int i = 0; i < 8 && lo < hi; i++, lo++)
		if (edge < first[lo + 1])
			return row->hint_src = lo;
	while (hi - lo > 1) {
		uint32_t middle = lo + (hi - lo) / 2;

		if (first[middle] <= edge)
			lo = middle;
		else
			hi = middle;
	}
	return row->hint_src = lo;
}

static uint32_t edge_source(struct sql_row *row)
{
	return row->by_referrer ? EDGE_NODE(row->g->rev_src[row->at]) : source_of(row, row->number);
}

/* How many of DST's referrers before position AT are the same object as there. */
static uint64_t earlier_twins(const struct graph *g, uint32_t dst, uint64_t at)
{
	uint32_t src = EDGE_NODE(g->rev_src[at]);
	uint64_t n = 0;

	while (at - n > g->rev_row[dst] && EDGE_NODE(g->rev_src[at - n - 1]) == src)
		n++;
	return n;
}

/* The edge from SRC to DST at or after FROM, going round once at the end; SRC has one. */
static uint64_t search_edge(const struct graph *g, uint32_t src, uint32_t dst, uint64_t from)
{
	uint64_t lo = g->fwd_row[src], hi = g->fwd_row[src + 1];

	if (from < lo || from >= hi)
		from = lo;
	for (uint64_t i = 0; i < hi - lo; i++) {
		uint64_t edge = from + i < hi ? from + i : from + i - (hi - lo);

		if (EDGE_NODE(g->fwd_dst[edge]) == dst)
			return edge;
	}
	return lo;
}

/* Edges that are looked for one after the other mostly lie so: the search starts where the last one
 * ended, and so a join over a large array does not scan it again for each element. */
static uint64_t edge_number(struct sql_row *row)
{
	const struct graph *g = row->g;
	uint32_t src, dst = row->dst;
	uint64_t edge;

	if (!row->by_referrer)
		return row->number;
	src = edge_source(row);
	if (row->hint_at == row->at)
		return row->hint_edge;
	if (row->hint_at + 1 == row->at && row->at > g->rev_row[dst] && row->hint_src == src) {
		edge = search_edge(g, src, dst, row->hint_edge + 1);
	} else {
		uint64_t twins = earlier_twins(g, dst, row->at);
		bool only = !twins && (row->at + 1 >= g->rev_row[dst + 1] ||
				       EDGE_NODE(g->rev_src[row->at + 1]) != src);

		edge = search_edge(g, src, dst, only ? row->hint_edge : 0);
		while (twins--)
			edge = search_edge(g, src, dst, edge + 1);
	}
	row->hint_at = row->at;
	row->hint_src = src;
	return row->hint_edge = edge;
}

static void edge_src(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, edge_source(row));
}

static void edge_dst(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, row->by_referrer ? row->dst : EDGE_NODE(row->g->fwd_dst[row->number]));
}

/* Offset in the source, UINT64_MAX if not known; the one in the destination in *INTO. */
static uint64_t edge_offset(struct sql_row *row, uint64_t *into)
{
	const struct edge_source *source = row->g->edges;
	uint64_t edge = edge_number(row);
	uint32_t src = edge_source(row);

	*into = UINT64_MAX;
	if (!source)
		return UINT64_MAX;
	return source->offset(source->ctx, src, (uint32_t)(edge - row->g->fwd_row[src]), into);
}

static void edge_src_offset(struct sql_row *row, struct sql_value *v)
{
	uint64_t into, offset = edge_offset(row, &into);

	if (offset != UINT64_MAX)
		sql_set_integer(v, offset);
}

static void edge_dst_offset(struct sql_row *row, struct sql_value *v)
{
	uint64_t into;

	if (edge_offset(row, &into) != UINT64_MAX)
		sql_set_integer(v, into);
}

static void edge_strength(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_strength_word(graph_edge_strength(row->g, edge_number(row))));
}

static enum known label_edge(struct sql_row *row)
{
	enum known known = KNOWN_NO;
	struct lens *lens = row->g->lens;
	uint64_t into, offset = edge_offset(row, &into);

	text_clear(&row->text);
	if (lens && offset != UINT64_MAX)
		lens->ops->edge_label(lens, edge_source(row), offset, &row->text, &known);
	return known;
}

static void edge_known(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_known_word(label_edge(row)));
}

static void edge_label(struct sql_row *row, struct sql_value *v)
{
	label_edge(row);
	sql_set_scratch(v, &row->text);
}

static void list_referrers(const struct graph *g, int64_t key, struct sql_rows *rows)
{
	if (key < 0 || key >= g->n_objects)
		return;
	*rows = (struct sql_rows){ .lo = g->rev_row[key], .hi = g->rev_row[key + 1],
				   .by_referrer = true };
}

static const struct sql_column edge_columns[] = {
	{ "src", "INTEGER", edge_src, STAGE_EDGES, ACCESS_SORTED, .keys = count_objects },
	{ "src_offset", "INTEGER", edge_src_offset, STAGE_EDGES },
	{ "dst", "INTEGER", edge_dst, STAGE_EDGES, ACCESS_LIST, .keys = count_objects,
	  .list = list_referrers },
	{ "dst_offset", "INTEGER", edge_dst_offset, STAGE_EDGES },
	{ "strength", "TEXT", edge_strength, STAGE_EDGES },
	{ "known", "TEXT", edge_known, STAGE_EDGES },
	{ "label", "TEXT", edge_label, STAGE_EDGES },
};

const struct sql_table sql_table_edges = {
	"edges", edge_columns, ARRAY_SIZE(edge_columns), count_edges
};

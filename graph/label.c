#include "graph/label.h"

#include <string.h>

#include "graph/builder.h"
#include "graph/lens.h"

#define MAX_PLACE_STEPS 4 /* through arrays and maps */
#define MAX_CLIMB 64 /* parts of a map between its header and an entry, directories included */

bool label_is_map_part(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type && type->shape == SHAPE_MAP_PART && !(g->flags[id] & OBJECT_MAP);
}

uint32_t label_visible(const struct graph *g, uint32_t id)
{
	uint32_t up = id;

	if (graph_stage(g) < STAGE_RETAINED)
		return id;
	for (int i = 0; i < MAX_CLIMB && label_is_map_part(g, up); i++) {
		up = g->idom[up];
		if (!graph_is_object(g, up))
			return id;
	}
	return up;
}

uint64_t label_find_edge(const struct graph *g, uint32_t src, uint32_t dst)
{
	for (uint64_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++)
		if (g->fwd_dst[e] == dst)
			return e;
	return NO_EDGE;
}

uint64_t label_edge_offset(const struct graph *g, uint32_t src, uint64_t edge)
{
	uint64_t into;

	if (!g->edges || edge == NO_EDGE)
		return UINT64_MAX;
	return g->edges->offset(g->edges->ctx, src, (uint32_t)(edge - g->fwd_row[src]), &into);
}

void label_edge(const struct graph *g, uint32_t src, uint32_t dst, struct text *out,
		enum known *known)
{
	uint64_t offset = label_edge_offset(g, src, label_find_edge(g, src, dst));

	*known = KNOWN_NO;
	if (g->lens && offset != UINT64_MAX)
		g->lens->ops->edge_label(g->lens, src, offset, out, known);
}

uint32_t label_find_root(const struct graph *g, uint32_t holder, uint32_t dst)
{
	const struct holder *h = &g->holders[holder];

	for (uint32_t r = h->first_root; r < h->first_root + h->n_roots; r++)
		if (g->roots[r].dst == dst && g->roots[r].strength != STRENGTH_WEAK)
			return r;
	return NO_NODE;
}

void label_root(const struct graph *g, uint32_t root, struct text *out)
{
	size_t before = out->length;

	if (g->lens)
		g->lens->ops->root_label(g->lens, root, out);
	if (out->length == before)
		text_symbol(out, g->holders[g->roots[root].holder].name);
}

bool label_step(const struct graph *g, uint32_t from, uint32_t object, struct text *out)
{
	enum known known;
	uint32_t root;

	if (graph_is_holder(g, from)) {
		root = label_find_root(g, from - g->n_objects, object);
		if (root != NO_NODE)
			label_root(g, root, out);
		return root != NO_NODE;
	}
	if (!graph_is_object(g, from) || label_find_edge(g, from, object) == NO_EDGE)
		return false;
	label_edge(g, from, object, out, &known);
	return true;
}

/* The object to say where the pointer to live object ID lies; NO_NODE if that is a root. */
static uint32_t nearest_referrer(const struct graph *g, uint32_t id)
{
	uint32_t best = NO_NODE;

	if (graph_is_object(g, g->idom[id]) && label_find_edge(g, g->idom[id], id) != NO_EDGE)
		return g->idom[id];
	for (uint32_t e = g->rev_row[id]; g->depth[id] && e < g->rev_row[id + 1]; e++) {
		uint32_t src = g->rev_src[e];

		if (!(src & EDGE_IDLE) && (g->flags[src] & OBJECT_LIVE) &&
		    (best == NO_NODE || g->depth[src] < g->depth[best]))
			best = src;
	}
	return best;
}

/* Has an object of that type no name of its own, so that one looks on to what refers to it? */
static bool is_container(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type && (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP);
}

void label_place(const struct graph *g, uint32_t id, struct text *out)
{
	uint32_t steps[MAX_PLACE_STEPS + 1] = { id }, from[MAX_PLACE_STEPS], n = 0;
	autotext struct text root = {0};
	bool at_root = false;
	enum known known;
	const char *in;

	do {
		from[n] = nearest_referrer(g, steps[n]);
		at_root = from[n] == NO_NODE;
		if (!at_root)
			steps[n + 1] = label_visible(g, from[n]);
		n += !at_root;
	} while (!at_root && n < MAX_PLACE_STEPS && is_container(g, steps[n]));
	/* What a map is part of need not be live itself where memory is damaged. */
	if (at_root && g->root[steps[n]] != NO_NODE)
		label_root(g, g->root[steps[n]], &root);
	else
		graph_type_label(g, steps[n], &root);
	/* A local variable reads "buf in main.audit": what follows goes behind the variable. */
	in = strstr(text_string(&root), " in ");
	text_append(out, text_string(&root), in ? (size_t)(in - root.bytes) : root.length);
	while (n--)
		label_edge(g, from[n], steps[n], out, &known);
	text_puts(out, in ? in : "");
}

void label_object(const struct graph *g, uint32_t id, struct text *out)
{
	const struct type *type = graph_type(g, id);
	bool stands = g->flags[id] & OBJECT_MAP;
	const struct map *map = NULL;

	if (stands || (type && (type->shape == SHAPE_MAP || type->shape == SHAPE_JSON_TREE)))
		map = graph_map_of(g, id);
	if (stands && map && map->type < g->n_types)
		text_symbol(out, g->types[map->type].name);
	else
		graph_type_label(g, id, out);
	if (map) {
		text_puts(out, map->entries == 1 ? ", 1 entry" : ", ");
		if (map->entries != 1) {
			text_count(out, map->entries);
			text_puts(out, " entries");
		}
	}
}

void label_task(const struct task *task, struct text *out)
{
	text_symbol(out, task->function ? task->function : "?");
	if (task->under) {
		text_puts(out, " under ");
		text_symbol(out, task->under);
	}
}

void label_holder(const struct graph *g, uint32_t holder, struct text *out)
{
	const struct holder *h = &g->holders[holder];

	/* The names of other kinds begin with what they are. */
	if (h->kind == HOLDER_GLOBAL)
		text_puts(out, "global ");
	text_symbol(out, h->name);
}

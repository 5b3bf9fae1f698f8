#include "graph/query/label.h"

#include <stdlib.h>
#include <string.h>

#include "graph/builder.h"
#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/query/slots.h"

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

/* How FROM leads to where VIEW looks through. */
static void put_through(const struct graph *g, const struct slot_view *view, struct text *out)
{
	enum known known;

	if (graph_is_holder(g, view->from))
		label_root(g, (uint32_t)view->through, out);
	else
		label_offset(g, view->from, view->through, out, &known);
}

void label_offset(const struct graph *g, uint32_t src, uint64_t offset, struct text *out,
		  enum known *known)
{
	autoslot struct slot_view view = {0};

	slots_look(g, NO_NODE, src, offset, &view, known);
	/* The array itself is shown under the first pointer to it. */
	if (view.other && view.place == SLOT_INSIDE)
		put_through(g, &view, out);
	text_append(out, text_string(&view.label), view.label.length);
}

void label_edge(const struct graph *g, uint32_t src, uint32_t dst, struct text *out,
		enum known *known)
{
	label_offset(g, src, label_edge_offset(g, src, label_find_edge(g, src, dst)), out, known);
}

bool label_dynamic(const struct graph *g, uint32_t from, uint32_t object, struct text *type)
{
	uint32_t src = graph_is_object(g, from) ? from : NO_NODE, root = NO_NODE;
	uint64_t at = UINT64_MAX;
	autotext struct text name = {0};
	bool boxed;

	if (src != NO_NODE)
		at = label_edge_offset(g, src, label_find_edge(g, src, object));
	else if (graph_is_holder(g, from))
		root = label_find_root(g, from - g->n_objects, object);
	if ((at == UINT64_MAX && root == NO_NODE) || !g->lens || !g->lens->ops->dynamic)
		return g->flags[object] & OBJECT_BOXED;
	boxed = g->lens->ops->dynamic(g->lens, src, src != NO_NODE ? at : root, &name);
	naming_put(g, text_string(&name), type);
	return boxed && g->flags[object] & OBJECT_BOXED;
}

bool label_boxed(const struct graph *g, uint32_t from, uint32_t object)
{
	autotext struct text unsaid = {0};

	return g->flags[object] & OBJECT_BOXED && label_dynamic(g, from, object, &unsaid);
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
		naming_put(g, g->holders[g->roots[root].holder].name, out);
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

uint32_t label_nearest_referrer(const struct graph *g, uint32_t id)
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

static void cut_back(struct text *out, size_t length)
{
	if (out->length > length) {
		out->length = length;
		out->bytes[length] = '\0';
	}
}

/* Append how FROM leads to TO. What was appended last, from LAST on, says how one came to FROM: if that is
 * an array in which another slice takes the place in, that one is said instead. */
static void add_place(const struct graph *g, uint32_t from, uint32_t to, size_t last, struct text *out)
{
	uint64_t offset = label_edge_offset(g, from, label_find_edge(g, from, to));
	autoslot struct slot_view view = {0};
	enum known known;

	slots_look(g, NO_NODE, from, offset, &view, &known);
	if (view.other && view.place == SLOT_INSIDE) {
		cut_back(out, last);
		put_through(g, &view, out);
	}
	text_puts(out, view.place == SLOT_OUTSIDE ? ", " : "");
	text_append(out, text_string(&view.label), view.label.length);
}

void label_place(const struct graph *g, uint32_t id, struct text *out)
{
	uint32_t steps[MAX_PLACE_STEPS + 1] = { id }, from[MAX_PLACE_STEPS], n = 0;
	autotext struct text place = {0};
	bool at_root = false;
	const char *in;
	char *local = NULL;
	size_t last = 0, before;

	do {
		from[n] = label_nearest_referrer(g, steps[n]);
		at_root = from[n] == NO_NODE;
		if (!at_root)
			steps[n + 1] = label_visible(g, from[n]);
		n += !at_root;
	} while (!at_root && n < MAX_PLACE_STEPS && is_container(g, steps[n]));
	/* What a map is part of need not be live itself where memory is damaged. */
	if (at_root && g->root[steps[n]] != NO_NODE)
		label_root(g, g->root[steps[n]], &place);
	else
		graph_type_label(g, steps[n], &place);
	/* A local variable reads "buf in main.audit": what follows goes behind the variable. */
	in = strstr(text_string(&place), " in ");
	if (in && (local = strdup(in)))
		cut_back(&place, (size_t)(in - place.bytes));
	while (n--) {
		before = place.length;
		add_place(g, from[n], steps[n], last, &place);
		last = before;
	}
	text_append(out, text_string(&place), place.length);
	text_puts(out, local ? local : "");
	free(local);
}

void label_object(const struct graph *g, uint32_t id, struct text *out)
{
	const struct type *type = graph_type(g, id);
	bool stands = g->flags[id] & OBJECT_MAP;
	const struct map *map = NULL;

	if (stands || (type && (type->shape == SHAPE_MAP || type->shape == SHAPE_JSON_TREE)))
		map = graph_map_of(g, id);
	if (stands && map && map->type < g->n_types)
		naming_type(g, &g->types[map->type], out);
	else
		graph_type_label(g, id, out);
	if (map) {
		text_puts(out, ", ");
		text_counted(out, map->entries, "entry");
	}
}

void label_task(const struct graph *g, const struct task *task, struct text *out)
{
	naming_put(g, task->function ? task->function : "?", out);
	if (task->under) {
		text_puts(out, " under ");
		naming_put(g, task->under, out);
	}
}

const char *label_task_labels(const struct graph *g, const struct task *task)
{
	return g->lens && g->lens->redact ? task->labels_redacted : task->labels;
}

void label_holder(const struct graph *g, uint32_t holder, struct text *out)
{
	const struct holder *h = &g->holders[holder];

	/* The names of other kinds begin with what they are. */
	if (h->kind == HOLDER_GLOBAL)
		text_puts(out, "global ");
	naming_put(g, h->name, out);
}

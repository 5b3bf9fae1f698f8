#include "graph/query/slots.h"

#include <inttypes.h>
#include <stdlib.h>

#include "graph/lens.h"
#include "graph/query/label.h"

#define MOST_POINTERS 64u /* of one object to an array, looked at */

void slots_free(struct slot_view *view)
{
	text_free(&view->label);
}

static bool is_array(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type && type->kind == TYPE_ARRAY && type->shape != SHAPE_CHAN_BUFFER &&
	       !label_is_map_part(g, id);
}

/* What is nearest to the roots and leads to live object ID: an object, or a holder. */
static uint32_t nearest(const struct graph *g, uint32_t id)
{
	uint32_t referrer = label_nearest_referrer(g, id);

	if (referrer != NO_NODE)
		return referrer;
	return g->root[id] != NO_NODE ? g->n_objects + g->roots[g->root[id]].holder : NO_NODE;
}

/* A pointer from VIEW->from to the array. */
struct pointer { uint32_t src; uint64_t at; bool first; };

/* Is element NUMBER seen through the pointer? True ends the search: it is. */
static bool try_pointer(const struct graph *g, const struct pointer *pointer, uint32_t array,
			uint64_t number, struct slot_view *view, struct window *best)
{
	struct window window;

	if (!g->lens->ops->window(g->lens, pointer->src, pointer->at, array, &window))
		return false;
	if (number - window.first < window.length)
		view->place = SLOT_INSIDE;
	else if (view->place == SLOT_OUTSIDE)
		return false;
	else
		view->place = SLOT_OUTSIDE;
	view->other = !pointer->first;
	view->through = pointer->at;
	*best = window;
	return view->place == SLOT_INSIDE;
}

static void through_roots(const struct graph *g, uint32_t array, uint64_t number,
			  struct slot_view *view, struct window *best)
{
	const struct holder *holder = &g->holders[view->from - g->n_objects];
	struct pointer pointer = { .src = NO_NODE, .first = true };
	uint32_t n = 0;

	for (uint32_t i = 0; i < holder->n_roots && n < MOST_POINTERS; i++) {
		const struct root *root = &g->roots[holder->first_root + i];

		if (root->dst != array || root->strength == STRENGTH_WEAK)
			continue;
		n++;
		pointer.at = holder->first_root + i;
		if (try_pointer(g, &pointer, array, number, view, best))
			return;
		pointer.first = false;
	}
}

static void through_edges(const struct graph *g, uint32_t array, uint64_t number,
			  struct slot_view *view, struct window *best)
{
	struct pointer pointer = { .src = view->from, .first = true };
	uint32_t n = 0;

	for (uint64_t e = g->fwd_row[view->from]; e < g->fwd_row[view->from + 1] && n < MOST_POINTERS; e++) {
		if (g->fwd_dst[e] != array)
			continue;
		n++;
		pointer.at = label_edge_offset(g, view->from, e);
		if (try_pointer(g, &pointer, array, number, view, best))
			return;
		pointer.first = false;
	}
}

static void put_outside(uint64_t number, const struct window *window, const char *rest, struct text *out)
{
	bool before = number < window->first;
	uint64_t n = before ? window->first - number : number - window->first - window->length + 1;

	text_count(out, n);
	text_printf(out, " slot%s %s %s", n == 1 ? "" : "s", before ? "before" : "behind",
		    window->one ? "it" : before ? "its start" : "its end");
	if (*rest)
		text_printf(out, ", %s", rest);
}

/* LABEL is "[744].meta": say it as it is seen through WINDOW. */
static void put_slot(struct slot_view *view, uint64_t number, const struct window *window,
		     const char *rest, struct text *out)
{
	if (view->place == SLOT_OUTSIDE)
		put_outside(number, window, rest, out);
	else if (window->one)
		text_puts(out, rest);
	else
		text_printf(out, "[%" PRIu64 "]%s", number - window->first, rest);
}

void slots_look(const struct graph *g, uint32_t from, uint32_t src, uint64_t offset,
		struct slot_view *out, enum known *known)
{
	autotext struct text label = {0};
	struct window window = {0};
	uint64_t number = 0;
	char *rest = NULL;

	*known = KNOWN_NO;
	*out = (struct slot_view){ .from = from };
	if (!g->lens || offset == UINT64_MAX)
		return;
	g->lens->ops->edge_label(g->lens, src, offset, &label, known);
	if (graph_stage(g) >= STAGE_RETAINED && g->lens->ops->window && is_array(g, src) &&
	    label.length && label.bytes[0] == '[') {
		number = strtoull(label.bytes + 1, &rest, 10);
		rest += *rest == ']';
		if (from == NO_NODE && (g->flags[src] & OBJECT_LIVE))
			out->from = nearest(g, src);
		out->place = SLOT_UNKNOWN;
		if (graph_is_holder(g, out->from))
			through_roots(g, src, number, out, &window);
		else if (graph_is_object(g, out->from))
			through_edges(g, src, number, out, &window);
	}
	if (out->place == SLOT_INSIDE || out->place == SLOT_OUTSIDE)
		put_slot(out, number, &window, rest, &out->label);
	else
		text_append(&out->label, text_string(&label), label.length);
}

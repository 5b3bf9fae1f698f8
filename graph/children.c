#include "graph/children.h"

#include <stdlib.h>
#include <string.h>

#include "graph/cleanup.h"
#include "graph/grow.h"
#include "graph/label.h"
#include "graph/top.h"

#define MAX_REFERRERS 10000 /* looked at for a way from parent to child */

/* Siblings of one type. The last place is for objects without a type. */
struct kin { uint64_t count, retained; struct top top; };

struct search {
	const struct graph *g;
	uint32_t parent;
	uint32_t *parts;    /* nodes whose children are the parent's: itself and its parts */
	uint32_t n_parts, capacity;
	struct kin *kin;    /* of each type, and of none */
	struct children *out;
};

static bool is_part(const struct graph *g, uint32_t node)
{
	return graph_is_object(g, node) && label_is_map_part(g, node);
}

static bool add_part(struct search *s, uint32_t node)
{
	uint32_t *place = GROW(s->parts, s->n_parts, s->capacity);

	if (!place)
		return false;
	*place = node;
	s->n_parts++;
	return true;
}

static struct kin *kin_of(const struct search *s, uint32_t object)
{
	uint32_t type = s->g->type[object];

	return &s->kin[type < s->g->n_types ? type : s->g->n_types];
}

/* First pass: the parts, and how many siblings of each type there are. */
static bool count_kin(struct search *s)
{
	const struct graph *g = s->g;

	if (!add_part(s, s->parent))
		return false;
	for (uint32_t p = 0; p < s->n_parts; p++) {
		uint32_t node = s->parts[p];

		for (uint32_t k = g->kid_row[node]; k < g->kid_row[node + 1]; k++) {
			struct kin *kin;

			if (is_part(g, g->kids[k])) {
				if (!add_part(s, g->kids[k]))
					return false;
				continue;
			}
			if (!graph_is_object(g, g->kids[k]))
				continue;
			kin = kin_of(s, g->kids[k]);
			kin->count++;
			kin->retained += g->retained[g->kids[k]];
			s->out->objects++;
		}
	}
	return true;
}

static bool add_child(struct children *c, uint32_t node, uint64_t count, uint64_t retained)
{
	struct child *child = GROW(c->items, c->n, c->capacity);

	if (!child)
		return false;
	*child = (struct child){ .node = node, .via = NO_NODE, .count = count,
				 .retained = retained };
	c->n++;
	return true;
}

/* A sibling among many: the largest are kept, and one that is not stands for the others. */
static bool offer_kin(struct kin *kin, uint32_t node, uint64_t retained)
{
	if (!kin->top.items) {
		kin->top.max = FOLD_SHOWN + 1;
		kin->top.items = calloc(kin->top.max, sizeof *kin->top.items);
		if (!kin->top.items)
			return false;
	}
	top_offer(&kin->top, node, retained);
	return true;
}

/* Second pass: the children themselves, or the largest of those that are folded. */
static bool collect(struct search *s)
{
	const struct graph *g = s->g;

	for (uint32_t p = 0; p < s->n_parts; p++) {
		uint32_t node = s->parts[p];

		for (uint32_t k = g->kid_row[node]; k < g->kid_row[node + 1]; k++) {
			uint32_t kid = g->kids[k];
			struct kin *kin;

			if (is_part(g, kid) || !graph_is_object(g, kid))
				continue;
			kin = kin_of(s, kid);
			if (kin->count > FOLD_ABOVE ? !offer_kin(kin, kid, g->retained[kid])
						    : !add_child(s->out, kid, 1, g->retained[kid]))
				return false;
		}
	}
	return true;
}

static bool fold(struct search *s)
{
	for (uint32_t t = 0; t <= s->g->n_types; t++) {
		struct kin *kin = &s->kin[t];
		uint64_t rest = kin->retained;

		if (!kin->top.items)
			continue;
		for (uint32_t i = 0; i < FOLD_SHOWN; i++) {
			rest -= kin->top.items[i].key;
			if (!add_child(s->out, kin->top.items[i].id, 1, kin->top.items[i].key))
				return false;
		}
		if (!add_child(s->out, kin->top.items[FOLD_SHOWN].id, kin->count - FOLD_SHOWN,
			       rest))
			return false;
	}
	return true;
}

static int compare_children(const void *a, const void *b)
{
	const struct child *left = a, *right = b;

	if ((left->count > 1) != (right->count > 1))
		return left->count > 1 ? 1 : -1;
	if (left->retained != right->retained)
		return left->retained > right->retained ? -1 : 1;
	return left->node < right->node ? -1 : left->node > right->node;
}

/* Is REFERRER the parent or a part of the parent? */
static bool leads_from(const struct graph *g, uint32_t parent, uint32_t referrer)
{
	if (referrer == parent)
		return true;
	while (is_part(g, referrer)) {
		referrer = g->idom[referrer];
		if (referrer == parent)
			return true;
	}
	return false;
}

static void find_way(const struct graph *g, uint32_t parent, struct child *c)
{
	uint32_t first = g->rev_row[c->node], end = g->rev_row[c->node + 1];

	if (graph_is_holder(g, parent)) {
		c->via = label_find_root(g, parent - g->n_objects, c->node);
		c->via_root = c->via != NO_NODE;
	}
	if (end - first > MAX_REFERRERS)
		end = first + MAX_REFERRERS;
	for (uint32_t r = first; r < end && c->via == NO_NODE; r++)
		if (!(g->rev_src[r] & EDGE_IDLE) && leads_from(g, parent, g->rev_src[r]))
			c->via = g->rev_src[r];
}

static bool search(struct search *s)
{
	s->kin = calloc((size_t)s->g->n_types + 1, sizeof *s->kin);
	return s->kin && count_kin(s) && collect(s) && fold(s);
}

bool children_find(const struct graph *g, uint32_t node, struct children *out, struct error *err)
{
	struct search s = { .g = g, .parent = node, .out = out };
	bool good;

	memset(out, 0, sizeof *out);
	good = search(&s);
	for (uint32_t t = 0; s.kin && t <= g->n_types; t++)
		free(s.kin[t].top.items);
	free(s.kin);
	free(s.parts);
	if (!good) {
		children_free(out);
		return fail_memory(err, "what a node dominates");
	}
	if (out->n)
		qsort(out->items, out->n, sizeof *out->items, compare_children);
	for (uint32_t i = 0; i < out->n; i++)
		if (out->items[i].count == 1)
			find_way(g, node, &out->items[i]);
	return true;
}

void children_free(struct children *children)
{
	free(children->items);
	memset(children, 0, sizeof *children);
}

void children_label(const struct graph *g, const struct child *child, struct text *out,
		    enum known *known)
{
	*known = KNOWN_NO;
	if (child->count > 1 || child->via == NO_NODE)
		return;
	if (child->via_root) {
		label_root(g, child->via, out);
		*known = g->roots[child->via].known;
	} else {
		label_edge(g, child->via, child->node, out, known);
	}
}

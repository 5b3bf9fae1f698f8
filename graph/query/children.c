#include "graph/query/children.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/top.h"
#include "graph/query/label.h"

enum {
	MOST_LISTED = 400,      /* children, and folds; the others become one */
	MOST_REFERRERS = 10000, /* looked at for a way from parent to child */
	LOOK_UP = 0xffff,       /* at the wish to cancel, each time so many were visited */
};

/* --- every one --- */

static bool is_part(const struct graph *g, uint32_t node)
{
	return graph_is_object(g, node) && label_is_map_part(g, node);
}

/* Nodes whose children are the parent's: itself and its parts. */
struct parts { uint32_t *items; size_t n, capacity; };

static bool add_part(struct parts *parts, uint32_t node)
{
	uint32_t *part = GROW(parts->items, parts->n, parts->capacity);

	if (!part)
		return false;
	*part = node;
	parts->n++;
	return true;
}

static bool each_dominated(const struct graph *g, uint32_t node, child_fn fn, void *arg,
			   struct progress *progress, struct parts *parts)
{
	/* What the root dominates is held by several; a map among that is not a part of it. */
	bool through = node != graph_root_node(g);

	if (!add_part(parts, node))
		return false;
	for (size_t p = 0; p < parts->n; p++) {
		uint32_t part = parts->items[p];

		for (uint32_t k = g->kid_row[part]; k < g->kid_row[part + 1]; k++) {
			if ((k & LOOK_UP) == 0 && progress_cancelled(progress))
				return false;
			if (!graph_is_object(g, g->kids[k]))
				continue;
			if (!through || !is_part(g, g->kids[k]))
				fn(arg, g->kids[k], part);
			else if (!add_part(parts, g->kids[k]))
				return false;
		}
	}
	return true;
}

static bool each_referrer(const struct graph *g, uint32_t object, child_fn fn, void *arg,
			  struct progress *progress)
{
	bool live = g->flags[object] & OBJECT_LIVE;
	uint32_t last = NO_NODE;

	for (uint32_t e = g->rev_row[object]; e < g->rev_row[object + 1]; e++) {
		uint32_t src = g->rev_src[e], visible;

		if ((e & LOOK_UP) == 0 && progress_cancelled(progress))
			return false;
		if ((src & EDGE_IDLE) || src == last || src == object)
			continue;
		if (live && !(g->flags[src] & OBJECT_LIVE))
			continue;
		last = src;
		visible = label_visible(g, src);
		if (visible != object) /* its own parts do not hold it */
			fn(arg, visible, src);
	}
	return true;
}

bool children_each(const struct graph *g, uint32_t node, enum children_of of, child_fn fn, void *arg,
		   struct progress *progress, struct error *err)
{
	struct parts parts = {0};
	bool good = of == CHILDREN_REFERRERS ? each_referrer(g, node, fn, arg, progress)
					     : each_dominated(g, node, fn, arg, progress, &parts);

	free(parts.items);
	return good || fail(err, STATUS_REFUSED, "the list of what stands below is not complete: it "
			    "was ended, or there is not enough memory");
}

/* --- folded --- */

/* The children of one type. */
struct kin {
	uint32_t type;
	uint64_t count, retained;
	struct top top;                      /* the largest: child, or what has the pointer */
	struct top_item largest[FOLD_ABOVE];
};

struct folding {
	const struct graph *g;
	uint32_t parent;
	enum children_of of;
	struct kin *kin;
	uint32_t n, capacity;
	uint32_t *slots;    /* hash table of kin's numbers + 1, twice as large as capacity */
	bool failed;
};

static uint32_t *slot_of(struct folding *f, uint32_t type)
{
	uint32_t mask = 2 * f->capacity - 1, at = type * 2654435761u & mask;

	while (f->slots[at] && f->kin[f->slots[at] - 1].type != type)
		at = (at + 1) & mask;
	return &f->slots[at];
}

static bool grow(struct folding *f)
{
	uint32_t capacity = f->capacity ? 2 * f->capacity : 32;
	struct kin *kin = realloc(f->kin, capacity * sizeof *kin);
	uint32_t *slots = calloc(2 * (size_t)capacity, sizeof *slots);

	if (kin)
		f->kin = kin;
	if (!kin || !slots) {
		free(slots);
		return false;
	}
	free(f->slots);
	f->slots = slots;
	f->capacity = capacity;
	for (uint32_t i = 0; i < f->n; i++) {
		f->kin[i].top.items = f->kin[i].largest; /* they have moved */
		*slot_of(f, f->kin[i].type) = i + 1;
	}
	return true;
}

static struct kin *kin_of(struct folding *f, uint32_t type)
{
	uint32_t *slot;
	struct kin *kin;

	if (f->n == f->capacity && !grow(f))
		return NULL;
	slot = slot_of(f, type);
	if (*slot)
		return &f->kin[*slot - 1];
	kin = &f->kin[f->n];
	*kin = (struct kin){ .type = type, .top = { kin->largest, 0, FOLD_ABOVE } };
	*slot = ++f->n;
	return kin;
}

static void offer(void *arg, uint32_t object, uint32_t via)
{
	struct folding *f = arg;
	uint64_t retained = f->g->retained[object];
	struct kin *kin = kin_of(f, f->g->type[object]);

	if (!kin) {
		f->failed = true;
		return;
	}
	kin->count++;
	kin->retained += retained;
	top_offer(&kin->top, f->of == CHILDREN_REFERRERS ? via : object, retained);
}

/* What is listed at one place: a child, or the largest of a type and the fold of the others. */
struct unit { const struct kin *kin; uint32_t at; uint64_t retained; };

static int larger(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained > y->retained ? -1 : 1;
	return x->kin->largest[x->at].id < y->kin->largest[y->at].id ? -1 : 1;
}

static uint32_t make_units(const struct folding *f, struct unit *units)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct kin *kin = &f->kin[i];
		uint32_t listed = kin->count > FOLD_ABOVE ? 1 : kin->top.n;

		for (uint32_t k = 0; k < listed; k++)
			units[n++] = (struct unit){ kin, k, kin->largest[k].key };
	}
	if (n)
		qsort(units, n, sizeof *units, larger);
	return n;
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

static uint32_t find_way(const struct graph *g, uint32_t parent, uint32_t child)
{
	uint32_t first = g->rev_row[child], end = g->rev_row[child + 1];

	if (parent == graph_root_node(g))
		return NO_NODE;
	if (graph_is_holder(g, parent) &&
	    label_find_root(g, parent - g->n_objects, child) != NO_NODE)
		return parent;
	if (end - first > MOST_REFERRERS)
		end = first + MOST_REFERRERS;
	for (uint32_t r = first; r < end; r++)
		if (!(g->rev_src[r] & EDGE_IDLE) && leads_from(g, parent, g->rev_src[r]))
			return g->rev_src[r];
	return NO_NODE;
}

static struct child one(const struct folding *f, const struct kin *kin, uint32_t at)
{
	uint32_t id = kin->largest[at].id;
	struct child child = { .kind = CHILD_ONE, .node = id, .count = 1,
			       .retained = kin->largest[at].key };

	if (f->of == CHILDREN_REFERRERS) {
		child.node = label_visible(f->g, id);
		child.via = id;
	} else {
		child.via = find_way(f->g, f->parent, id);
	}
	return child;
}

static uint32_t representative(const struct folding *f, const struct kin *kin, uint32_t at)
{
	uint32_t id = kin->largest[at].id;

	return f->of == CHILDREN_REFERRERS ? label_visible(f->g, id) : id;
}

static void list(const struct folding *f, const struct unit *unit, struct children *out)
{
	const struct kin *kin = unit->kin;
	struct child fold = { .kind = CHILD_ALIKE, .via = NO_NODE, .count = kin->count,
			      .retained = kin->retained };

	if (kin->count <= FOLD_ABOVE) {
		out->items[out->n++] = one(f, kin, unit->at);
		return;
	}
	for (uint32_t k = 0; k < FOLD_SHOWN; k++) {
		out->items[out->n++] = one(f, kin, k);
		fold.retained -= kin->largest[k].key;
	}
	fold.count -= FOLD_SHOWN;
	fold.node = representative(f, kin, FOLD_SHOWN);
	out->items[out->n++] = fold;
}

static bool list_all(const struct folding *f, struct children *out)
{
	autofree struct unit *units = malloc(((size_t)f->n * FOLD_ABOVE + 1) * sizeof *units);
	struct child rest = { .kind = CHILD_REST, .via = NO_NODE };
	uint32_t n;

	out->items = malloc((MOST_LISTED + FOLD_SHOWN + 2) * sizeof *out->items);
	if (!units || !out->items)
		return false;
	n = make_units(f, units);
	for (uint32_t i = 0; i < n; i++) {
		const struct kin *kin = units[i].kin;
		bool folded = kin->count > FOLD_ABOVE;

		if (out->n < MOST_LISTED) {
			list(f, &units[i], out);
			continue;
		}
		rest.node = representative(f, kin, units[i].at);
		rest.count += folded ? kin->count : 1;
		rest.retained += folded ? kin->retained : units[i].retained;
	}
	if (rest.count)
		out->items[out->n++] = rest;
	return true;
}

bool children_find(const struct graph *g, uint32_t node, enum children_of of, struct children *out,
		   struct progress *progress, struct error *err)
{
	struct folding f = { .g = g, .parent = node, .of = of };
	bool good;

	*out = (struct children){0};
	good = children_each(g, node, of, offer, &f, progress, err);
	if (good && (f.failed || !list_all(&f, out)))
		good = fail_memory(err, "a list of what stands below");
	free(f.kin);
	free(f.slots);
	if (!good)
		children_free(out);
	return good;
}

void children_free(struct children *children)
{
	free(children->items);
	*children = (struct children){0};
}

#include "tui/siblings.h"

#include <stdlib.h>

#include "graph/cleanup.h"
#include "graph/grow.h"
#include "graph/label.h"

enum {
	FOLD_ABOVE = 20,  /* more than so many of one type fold */
	FOLD_SHOWS = 10,  /* to so many */
	MOST_ROWS = 400,
};

/* The places to go on from, in the parts of a map: an explicit stack. */
struct place { uint32_t node, at; };
struct places { struct place *items; size_t n, capacity; };

static bool push(struct places *p, uint32_t node, uint32_t at)
{
	struct place *place = GROW(p->items, p->n, p->capacity);

	if (!place)
		return false;
	*place = (struct place){ node, at };
	p->n++;
	return true;
}

static bool each_kid(const struct graph *g, uint32_t node, sibling_fn fn, void *arg,
		     struct progress *progress, struct places *places)
{
	if (!push(places, node, g->kid_row[node]))
		return false;
	for (uint64_t i = 0; places->n; i++) {
		struct place *here = &places->items[places->n - 1];
		uint32_t kid;

		if ((i & 0xffff) == 0 && progress_cancelled(progress))
			return false;
		if (here->at == g->kid_row[here->node + 1]) {
			places->n--;
			continue;
		}
		kid = g->kids[here->at++];
		if (node != graph_root_node(g) && graph_is_object(g, kid) &&
		    label_is_map_part(g, kid)) {
			if (!push(places, kid, g->kid_row[kid]))
				return false;
		} else {
			fn(arg, kid, here->node);
		}
	}
	return true;
}

static bool each_referrer(const struct graph *g, uint32_t object, sibling_fn fn, void *arg,
			  struct progress *progress)
{
	bool live = g->flags[object] & OBJECT_LIVE;
	uint32_t last = NO_NODE;

	for (uint32_t e = g->rev_row[object]; e < g->rev_row[object + 1]; e++) {
		uint32_t src = g->rev_src[e];

		if ((e & 0xffff) == 0 && progress_cancelled(progress))
			return false;
		if ((src & EDGE_IDLE) || src == last || src == object)
			continue;
		if (live && !(g->flags[src] & OBJECT_LIVE))
			continue;
		last = src;
		fn(arg, label_visible(g, src), src);
	}
	return true;
}

bool siblings_each(const struct graph *g, uint32_t node, bool referrers, sibling_fn fn, void *arg,
		   struct progress *progress, struct error *err)
{
	struct places places = {0};
	bool good = referrers ? each_referrer(g, node, fn, arg, progress)
			      : each_kid(g, node, fn, arg, progress, &places);

	free(places.items);
	return good || fail(err, STATUS_REFUSED, "not complete: it was ended, or there is not "
			    "enough memory");
}

/* The siblings of one type, the largest of them in order. */
struct group {
	uint32_t type;
	uint64_t count, bytes;
	uint32_t n;
	struct { uint32_t node, via; uint64_t bytes; } best[FOLD_ABOVE];
};

struct folding {
	const struct graph *g;
	struct group *groups;
	uint32_t n, capacity;
	uint32_t *slots;    /* hash table of group numbers + 1, twice as large as capacity */
	bool failed;
};

static uint32_t *slot_of(struct folding *f, uint32_t type)
{
	uint32_t mask = 2 * f->capacity - 1, at = type * 2654435761u & mask;

	while (f->slots[at] && f->groups[f->slots[at] - 1].type != type)
		at = (at + 1) & mask;
	return &f->slots[at];
}

static bool grow(struct folding *f)
{
	uint32_t capacity = f->capacity ? 2 * f->capacity : 32;
	struct group *groups = realloc(f->groups, capacity * sizeof *groups);
	uint32_t *slots = calloc(2 * (size_t)capacity, sizeof *slots);

	if (groups)
		f->groups = groups;
	if (!groups || !slots) {
		free(slots);
		return false;
	}
	free(f->slots);
	f->slots = slots;
	f->capacity = capacity;
	for (uint32_t i = 0; i < f->n; i++)
		*slot_of(f, f->groups[i].type) = i + 1;
	return true;
}

static struct group *group_of(struct folding *f, uint32_t type)
{
	uint32_t *slot;

	if (f->n == f->capacity && !grow(f))
		return NULL;
	slot = slot_of(f, type);
	if (!*slot) {
		f->groups[f->n] = (struct group){ .type = type };
		*slot = ++f->n;
	}
	return &f->groups[*slot - 1];
}

static void keep_if_large(struct group *group, uint32_t node, uint32_t via, uint64_t bytes)
{
	uint32_t at = group->n;

	if (group->n == FOLD_ABOVE) {
		if (bytes <= group->best[FOLD_ABOVE - 1].bytes)
			return;
		at--;
	} else {
		group->n++;
	}
	for (; at && group->best[at - 1].bytes < bytes; at--)
		group->best[at] = group->best[at - 1];
	group->best[at].node = node;
	group->best[at].via = via;
	group->best[at].bytes = bytes;
}

static void add(void *arg, uint32_t node, uint32_t via)
{
	struct folding *f = arg;
	uint64_t bytes = graph_retained(f->g, node);
	struct group *group;

	if (!graph_is_object(f->g, node))
		return;
	group = group_of(f, f->g->type[node]);
	if (!group) {
		f->failed = true;
		return;
	}
	group->count++;
	group->bytes += bytes;
	keep_if_large(group, node, via, bytes);
}

/* What is placed as one: a single sibling, or a folded group. */
struct unit { const struct group *group; uint32_t single; uint64_t bytes; };

static int larger(const void *a, const void *b)
{
	uint64_t x = ((const struct unit *)a)->bytes, y = ((const struct unit *)b)->bytes;

	return x > y ? -1 : x < y;
}

static uint32_t make_units(const struct folding *f, struct unit *units)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct group *group = &f->groups[i];
		uint32_t singles = group->count > FOLD_ABOVE ? 1 : group->n;

		for (uint32_t k = 0; k < singles; k++)
			units[n++] = (struct unit){ group, k, group->best[k].bytes };
	}
	qsort(units, n, sizeof *units, larger);
	return n;
}

static void emit_one(struct siblings *out, const struct group *group, uint32_t k)
{
	out->items[out->n++] = (struct sibling){
		.kind = SIBLING_NODE, .node = group->best[k].node, .via = group->best[k].via,
		.type = group->type, .count = 1, .bytes = group->best[k].bytes,
	};
}

static void emit(struct siblings *out, const struct unit *unit)
{
	const struct group *group = unit->group;
	struct sibling fold = { .kind = SIBLING_FOLD, .type = group->type,
				.node = NO_NODE, .via = NO_NODE,
				.count = group->count, .bytes = group->bytes };

	if (group->count <= FOLD_ABOVE) {
		emit_one(out, group, unit->single);
		return;
	}
	for (uint32_t k = 0; k < FOLD_SHOWS; k++) {
		emit_one(out, group, k);
		fold.bytes -= group->best[k].bytes;
	}
	fold.count -= FOLD_SHOWS;
	out->items[out->n++] = fold;
}

static bool emit_all(const struct folding *f, struct siblings *out)
{
	struct sibling rest = { .kind = SIBLING_REST, .node = NO_NODE, .via = NO_NODE,
				.type = NO_NODE };
	autofree struct unit *units = malloc(((size_t)f->n * FOLD_ABOVE + 1) * sizeof *units);
	uint32_t n;

	out->items = malloc((MOST_ROWS + FOLD_SHOWS + 2) * sizeof *out->items);
	if (!units || !out->items)
		return false;
	n = make_units(f, units);
	for (uint32_t i = 0; i < n; i++) {
		bool folded = units[i].group->count > FOLD_ABOVE;

		if (out->n < MOST_ROWS) {
			emit(out, &units[i]);
			continue;
		}
		rest.count += folded ? units[i].group->count : 1;
		rest.bytes += folded ? units[i].group->bytes : units[i].bytes;
	}
	if (rest.count)
		out->items[out->n++] = rest;
	return true;
}

bool siblings_fold(const struct graph *g, uint32_t node, bool referrers, struct siblings *out,
		   struct progress *progress, struct error *err)
{
	struct folding f = { .g = g };
	bool good;

	*out = (struct siblings){0};
	good = siblings_each(g, node, referrers, add, &f, progress, err);
	if (good && (f.failed || !emit_all(&f, out)))
		good = fail_memory(err, "a list of siblings");
	free(f.groups);
	free(f.slots);
	if (!good)
		siblings_free(out);
	return good;
}

void siblings_free(struct siblings *siblings)
{
	free(siblings->items);
	*siblings = (struct siblings){0};
}

#include "graph/analysis/without.h"

#include "graph/base/array.h"
#include "graph/base/cleanup.h"

#define REPORT 65536 /* objects between two looks at the wish to end */

/* A walk along the references that hold. What is not to be entered counts as seen from the start. */
struct walk {
	const struct graph *g;
	uint64_t *seen;  /* a bit for each node */
	uint32_t *stack; /* objects; each is put here once at most */
	uint32_t depth;
};

static bool has(const uint64_t *set, uint32_t node)
{
	return set[node / 64] >> node % 64 & 1;
}

static void put(uint64_t *set, uint32_t node)
{
	set[node / 64] |= 1ull << node % 64;
}

static void enter(struct walk *w, uint32_t id)
{
	if (has(w->seen, id))
		return;
	put(w->seen, id);
	w->stack[w->depth++] = id;
}

static bool drain(struct walk *w, struct progress *progress, struct error *err)
{
	for (uint32_t visited = 1; w->depth; visited++) {
		uint32_t id = w->stack[--w->depth];

		for (uint32_t e = w->g->fwd_row[id]; e < w->g->fwd_row[id + 1]; e++)
			if (!(w->g->fwd_dst[e] & EDGE_IDLE))
				enter(w, w->g->fwd_dst[e]);
		if (visited % REPORT == 0 && array_cancelled(progress, err))
			return false;
	}
	return true;
}

static void enter_roots(struct walk *w)
{
	const struct graph *g = w->g;

	for (uint32_t r = 0; r < g->n_roots; r++)
		if (!has(w->seen, g->n_objects + g->roots[r].holder) && graph_root_holds(g, r))
			enter(w, g->roots[r].dst);
}

/* Live objects that were not seen or are GONE themselves. */
static void sum_freed(const struct walk *w, const uint64_t *gone, struct freed *out)
{
	const struct graph *g = w->g;

	*out = (struct freed){ 0 };
	for (uint32_t i = 0; i < g->n_extents; i++) {
		const struct extent *e = &g->extents[i];

		for (uint32_t id = e->first; id < e->first + e->count; id++) {
			if (!(g->flags[id] & OBJECT_LIVE) || (has(w->seen, id) && !has(gone, id)))
				continue;
			out->objects++;
			out->bytes += e->stride;
		}
	}
}

bool without_freed(const struct graph *g, const uint32_t *gone, size_t n, struct freed *out,
		   struct progress *progress, struct error *err)
{
	const uint64_t words = graph_root_node(g) / 64 + 1;
	autofree uint64_t *seen = array_zero(words, sizeof *seen, "a retained set", err);
	autofree uint64_t *set = array_zero(words, sizeof *set, "a retained set", err);
	autofree uint32_t *stack = array_new(g->n_objects, sizeof *stack, "a retained set", err);
	struct walk w = { .g = g, .seen = seen, .stack = stack };

	if (!seen || !set || !stack)
		return false;
	for (size_t i = 0; i < n; i++) {
		put(set, gone[i]);
		put(seen, gone[i]);
	}
	enter_roots(&w);
	if (!drain(&w, progress, err))
		return false;
	sum_freed(&w, set, out);
	return true;
}

bool without_reaches(const struct graph *g, uint32_t from, uint32_t to, bool *out,
		     struct progress *progress, struct error *err)
{
	const uint64_t words = graph_root_node(g) / 64 + 1;
	autofree uint64_t *seen = array_zero(words, sizeof *seen, "a walk", err);
	autofree uint32_t *stack = array_new(g->n_objects, sizeof *stack, "a walk", err);
	struct walk w = { .g = g, .seen = seen, .stack = stack };

	if (!seen || !stack)
		return false;
	enter(&w, from);
	if (!drain(&w, progress, err))
		return false;
	*out = has(seen, to);
	return true;
}

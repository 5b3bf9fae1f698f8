/* How far each object is from the roots, and from which. */
#include <stdlib.h>

#include "graph/analysis/tree.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"

#define AHEAD 8      /* places in the queue between the steps that fetch an object's edges */
#define REPORT 65536 /* objects between two looks at the progress */

/* Is the root slot in the runtime's own code? */
static bool root_system(const struct graph *g, const struct root *root)
{
	uint32_t task = g->holders[root->holder].task;

	if (root->frame < g->n_frames)
		return g->frames[root->frame].system;
	return task < g->n_tasks && g->tasks[task].system;
}

bool nearest_before(const struct graph *g, uint32_t a, uint32_t b)
{
	const struct root *x = &g->roots[a], *y = &g->roots[b];
	enum holder_kind x_kind = g->holders[x->holder].kind;
	enum holder_kind y_kind = g->holders[y->holder].kind;
	bool x_system, y_system;

	if (a == b)
		return false;
	if (x_kind != y_kind)
		return x_kind < y_kind;
	x_system = root_system(g, x);
	y_system = root_system(g, y);
	if (x_system != y_system)
		return y_system;
	return x->addr != y->addr ? x->addr < y->addr : a < b;
}

static int compare_roots(const void *a, const void *b, void *graph)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return nearest_before(graph, x, y) ? -1 : nearest_before(graph, y, x);
}

/* The roots that hold, the one to be preferred first. */
static uint32_t *ranked_roots(struct graph *g, uint32_t *n, struct error *err)
{
	uint32_t *ranked = array_new(g->n_roots, sizeof *ranked, "roots", err);

	*n = 0;
	for (uint32_t i = 0; ranked && i < g->n_roots; i++)
		if (graph_root_holds(g, i))
			ranked[(*n)++] = i;
	if (ranked)
		qsort_r(ranked, *n, sizeof *ranked, compare_roots, g);
	return ranked;
}

struct search {
	struct graph *g;
	uint32_t *queue;
	uint32_t head, tail;
};

static void reach(struct search *s, uint32_t id, uint32_t depth, uint32_t root)
{
	if (s->g->depth[id] != NO_NODE)
		return;
	s->g->depth[id] = depth;
	s->g->root[id] = root;
	s->queue[s->tail++] = id;
}

/* The queue knows which objects come next: have their rows and what these name on the way. */
static void look_ahead(const struct search *s)
{
	const struct graph *g = s->g;

	if (s->head + 3 * AHEAD < s->tail)
		__builtin_prefetch(&g->fwd_row[s->queue[s->head + 3 * AHEAD]]);
	if (s->head + 2 * AHEAD < s->tail)
		__builtin_prefetch(&g->fwd_dst[g->fwd_row[s->queue[s->head + 2 * AHEAD]]]);
	if (s->head + AHEAD < s->tail) {
		uint32_t id = s->queue[s->head + AHEAD];
		uint32_t e = g->fwd_row[id], end = g->fwd_row[id + 1];

		for (end = end - e > 4 ? e + 4 : end; e < end; e++) {
			__builtin_prefetch(&g->depth[EDGE_NODE(g->fwd_dst[e])], 1);
			__builtin_prefetch(&g->root[EDGE_NODE(g->fwd_dst[e])], 1);
		}
	}
}

/* A queue that begins in the order of preference stays in it level by level, so that whoever finds
 * an object first is also the root to be preferred among the nearest. */
static bool search(struct search *s, struct progress *progress, struct error *err)
{
	struct graph *g = s->g;

	while (s->head < s->tail) {
		uint32_t id = s->queue[s->head];

		look_ahead(s);
		s->head++;
		for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++)
			if (!(g->fwd_dst[e] & EDGE_IDLE))
				reach(s, g->fwd_dst[e], g->depth[id] + 1, g->root[id]);
		if (s->head % REPORT == 0) {
			progress_add(progress, REPORT);
			if (array_cancelled(progress, err))
				return false;
		}
	}
	return !array_cancelled(progress, err);
}

bool nearest_roots(struct graph *g, struct progress *progress, struct error *err)
{
	uint32_t n;
	autofree uint32_t *ranked = ranked_roots(g, &n, err);
	autofree uint32_t *queue = array_new(g->n_objects, sizeof *queue, "paths", err);
	struct search s = { .g = g, .queue = queue };

	g->depth = array_ones(g->n_objects, sizeof *g->depth, "paths", err);
	g->root = array_ones(g->n_objects, sizeof *g->root, "paths", err);
	if (!ranked || !queue || !g->depth || !g->root)
		return false;
	for (uint32_t i = 0; i < n; i++)
		reach(&s, g->roots[ranked[i]].dst, 0, ranked[i]);
	return search(&s, progress, err);
}

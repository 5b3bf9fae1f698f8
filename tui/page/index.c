#include "tui/page/index.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"

/* Objects below each node, without a stack and in one pass over the tree: from every leaf climb,
 * and go on past a parent only as its last child. */
static bool count_objects(struct index *index, struct progress *progress, struct error *err)
{
	const struct graph *g = index->graph;
	uint32_t top = graph_root_node(g);
	autofree uint32_t *waiting = malloc(((size_t)top + 1) * sizeof *waiting);

	index->objects = malloc(((size_t)top + 1) * sizeof *index->objects);
	if (!waiting || !index->objects)
		return fail_memory(err, "counting what is dominated");
	for (uint32_t i = 0; i <= top; i++) {
		waiting[i] = g->kid_row[i + 1] - g->kid_row[i];
		index->objects[i] = i < g->n_objects;
	}
	progress_begin(progress, "counting what is dominated", top);
	for (uint32_t i = 0; i < top; i++) {
		if ((i & 0xfffff) == 0 && progress_cancelled(progress))
			return fail(err, STATUS_REFUSED, "counting was cancelled");
		if (g->kid_row[i + 1] != g->kid_row[i])
			continue;
		for (uint32_t n = i; n != top && g->idom[n] != NO_NODE; n = g->idom[n]) {
			index->objects[g->idom[n]] += index->objects[n];
			if (--waiting[g->idom[n]])
				break;
		}
	}
	return true;
}

/* Counting sort would need an array as long as the objects; the roots are few. */
static int by_goal(const void *a, const void *b, void *roots)
{
	const struct root *ra = (const struct root *)roots + *(const uint32_t *)a;
	const struct root *rb = (const struct root *)roots + *(const uint32_t *)b;

	if (ra->dst != rb->dst)
		return ra->dst < rb->dst ? -1 : 1;
	return ra < rb ? -1 : ra > rb;
}

struct index *index_make(const struct graph *g, struct progress *progress, struct error *err)
{
	struct index *index = calloc(1, sizeof *index);

	if (!index) {
		fail_memory(err, "the screens' index");
		return NULL;
	}
	index->graph = g;
	index->by_goal = malloc(((size_t)g->n_roots + 1) * sizeof *index->by_goal);
	if (!index->by_goal || !count_objects(index, progress, err)) {
		fail_memory(err, "the screens' index");
		index_free(index);
		return NULL;
	}
	for (uint32_t i = 0; i < g->n_roots; i++)
		index->by_goal[i] = i;
	if (g->n_roots)
		qsort_r(index->by_goal, g->n_roots, sizeof *index->by_goal, by_goal, g->roots);
	return index;
}

void index_free(struct index *index)
{
	if (!index)
		return;
	free(index->objects);
	free(index->by_goal);
	free(index);
}

/* The first place in by_goal whose root points at GOAL or beyond. */
static uint32_t lower(const struct index *index, uint64_t goal)
{
	uint32_t lo = 0, hi = index->graph->n_roots;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (index->graph->roots[index->by_goal[mid]].dst < goal)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t index_roots(const struct index *index, uint32_t goal, uint32_t *first)
{
	*first = lower(index, goal);
	return lower(index, (uint64_t)goal + 1) - *first;
}

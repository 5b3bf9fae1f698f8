/* What the dominator tree adds up to: retained sizes, the one holder above, children in order. */
#include <stdlib.h>
#include <string.h>

#include "graph/analysis/kids.h"
#include "graph/analysis/tree.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"

#define EXTENT_GRAIN 256
#define NODE_GRAIN 65536
#define AHEAD 16

/* All arrays by number. */
struct sums {
	struct graph *g;
	struct tree *tree;
	uint64_t *retained;
	uint32_t *size;  /* nodes of the subtree */
	uint32_t *above; /* holder */
	struct progress *progress;
};

/* To be asked once for each of many nodes: does a watcher want the work to end? */
static bool is_unwanted(const struct sums *s, uint32_t i)
{
	return i % NODE_GRAIN == 0 && progress_cancelled(s->progress);
}

static void start_sizes(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct sums *s = ctx;

	for (uint64_t i = lo; i < hi && !progress_cancelled(s->progress); i++) {
		const struct extent *e = &s->g->extents[i];

		for (uint32_t id = e->first; id < e->first + e->count; id++)
			if (s->tree->number[id] != NO_NODE)
				s->retained[s->tree->number[id]] = e->stride;
	}
}

/* Children have higher numbers than their parents: one sweep down adds everything up, one sweep up
 * hands the holders on. */
static void sweep(struct sums *s)
{
	const struct tree *t = s->tree;
	const struct graph *g = s->g;

	for (uint32_t w = t->n - 1; w > 0 && !is_unwanted(s, w); w--) {
		s->retained[t->idom[w]] += s->retained[w];
		s->size[w]++;
		s->size[t->idom[w]] += s->size[w];
	}
	s->size[0]++;
	s->above[0] = NO_NODE;
	for (uint32_t w = 1; w < t->n && !is_unwanted(s, w); w++)
		s->above[w] = graph_is_holder(g, t->node[w]) ? t->node[w] - g->n_objects :
							       s->above[t->idom[w]];
}

/* From here on the tree's dominators are nodes. */
static void name_dominators(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct sums *s = ctx;

	for (uint64_t w = lo; w < hi && !is_unwanted(s, (uint32_t)w); w++)
		s->tree->idom[w] = s->tree->node[s->tree->idom[w]];
}

static void publish_nodes(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct sums *s = ctx;
	struct graph *g = s->g;
	const struct tree *t = s->tree;

	for (uint64_t node = lo; node < hi && !is_unwanted(s, (uint32_t)node); node++) {
		uint32_t w = t->number[node];

		if (node + AHEAD < hi && t->number[node + AHEAD] != NO_NODE) {
			__builtin_prefetch(&t->idom[t->number[node + AHEAD]]);
			__builtin_prefetch(&s->above[t->number[node + AHEAD]]);
			__builtin_prefetch(&s->retained[t->number[node + AHEAD]]);
		}
		g->idom[node] = w == NO_NODE ? NO_NODE : t->idom[w];
		if (graph_is_object(g, (uint32_t)node)) {
			g->above[node] = w == NO_NODE ? NO_NODE : s->above[w];
			g->retained[node] = w == NO_NODE ? 0 : s->retained[w];
		}
	}
}

/* All nodes below a holder are objects. */
static void publish_holders(const struct sums *s)
{
	for (uint32_t i = 0; i < s->g->n_holders; i++) {
		uint32_t w = s->tree->number[s->g->n_objects + i];

		s->g->holders[i].retained = s->retained[w];
		s->g->holders[i].objects = s->size[w] - 1;
	}
}

/* Number the tree's nodes anew, so that each subtree is one run: from its node's place on, as many
 * as it is large. ORDER gets the numbers in that order. */
static void order_subtrees(const struct sums *s, uint32_t *order, uint32_t *next)
{
	const struct tree *t = s->tree;

	order[0] = 0;
	next[0] = 1; /* where the next child of a node begins */
	for (uint32_t w = 1; w < t->n && !is_unwanted(s, w); w++) {
		uint32_t place = next[t->idom[w]];

		next[t->idom[w]] += s->size[w];
		next[w] = place + 1;
		order[place] = w;
	}
}

/* Sum what a type's instances retain, and those of none, less those inside another's subtree: in order of
 * subtrees these come before the end of the outermost one seen last. */
static bool sum_types(const struct sums *s, struct error *err)
{
	struct graph *g = s->g;
	const struct tree *t = s->tree;
	autofree uint32_t *order = array_new(t->n, sizeof *order, "sums by type", err);
	autofree uint32_t *next = array_new(t->n, sizeof *next, "sums by type", err);
	autofree uint32_t *ends = array_zero(g->n_types + 1, sizeof *ends, "sums by type", err);

	if (!order || !next || !ends)
		return false;
	for (uint32_t i = 0; i < g->n_types; i++)
		g->types[i].retained = 0;
	g->untyped_retained = g->untyped_objects = 0;
	order_subtrees(s, order, next);
	if (array_cancelled(s->progress, err))
		return false;
	for (uint32_t i = 0; i < t->n && !is_unwanted(s, i); i++) {
		uint32_t node = t->node[order[i]], type;

		if (i + AHEAD < t->n && graph_is_object(g, t->node[order[i + AHEAD]]))
			__builtin_prefetch(&g->type[t->node[order[i + AHEAD]]]);
		if (!graph_is_object(g, node))
			continue;
		type = g->type[node] < g->n_types ? g->type[node] : g->n_types;
		g->untyped_objects += type == g->n_types;
		if (i < ends[type])
			continue;
		*(type < g->n_types ? &g->types[type].retained : &g->untyped_retained) +=
			s->retained[order[i]];
		ends[type] = i + s->size[order[i]];
	}
	return true;
}

static bool sum_tree(struct sums *s, struct error *err)
{
	struct graph *g = s->g;

	parallel_for(g->n_extents, EXTENT_GRAIN, start_sizes, s);
	sweep(s);
	if (array_cancelled(s->progress, err) || !sum_types(s, err))
		return false;
	publish_holders(s);
	parallel_for(s->tree->n, NODE_GRAIN, name_dominators, s);
	free(take_pointer(s->size));
	free(take_pointer(s->tree->node));
	g->idom = array_new(graph_root_node(g), sizeof *g->idom, "dominators", err);
	g->above = array_new(g->n_objects, sizeof *g->above, "dominators", err);
	g->retained = array_new(g->n_objects, sizeof *g->retained, "retained sizes", err);
	if (!g->idom || !g->above || !g->retained)
		return false;
	parallel_for(graph_root_node(g), NODE_GRAIN, publish_nodes, s);
	return !array_cancelled(s->progress, err);
}

bool tree_sum(struct graph *g, struct tree *t, struct progress *progress, struct error *err)
{
	struct sums s = { .g = g, .tree = t, .progress = progress };
	bool ok;

	s.retained = array_zero(t->n, sizeof *s.retained, "retained sizes", err);
	s.size = array_zero(t->n, sizeof *s.size, "retained sizes", err);
	s.above = array_new(t->n, sizeof *s.above, "retained sizes", err);
	ok = s.retained && s.size && s.above && sum_tree(&s, err);
	free(s.retained);
	free(s.size);
	free(s.above);
	return ok && kids_build(g, progress, err);
}

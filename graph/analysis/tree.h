/* The dominator tree while it is made: nodes by their number in a depth-first walk, in which
 * neighbours in the graph are mostly neighbours in memory, and a parent precedes its children. */
#ifndef GORETAIN_GRAPH_ANALYSIS_TREE_H
#define GORETAIN_GRAPH_ANALYSIS_TREE_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

struct tree {
	uint32_t n;       /* nodes that the virtual root (number 0) reaches, itself included */
	uint32_t *node;   /* of each number: its node */
	uint32_t *number; /* of each node: its number, NO_NODE if not reached */
	uint32_t *idom;   /* of each number: the number of its immediate dominator */
};

/* Fill g->idom, g->above, g->retained, g->kid_row and kids, the holders' sums and the types'
 * retained from T, which is used up. */
bool tree_sum(struct graph *g, struct tree *t, struct progress *progress, struct error *err);

/* Fill g->depth and g->root: one breadth-first walk from all roots (graph/analysis/nearest.c). */
bool nearest_roots(struct graph *g, struct progress *progress, struct error *err);

/* Does root A go before root B when both are as near? Holder kind, then a user's frame before the
 * runtime's, then address. */
bool nearest_before(const struct graph *g, uint32_t a, uint32_t b);

#endif

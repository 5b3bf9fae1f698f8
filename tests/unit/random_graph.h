/* Random small graphs, and slow obvious versions of what the graph's algorithms find out. */
#ifndef GORETAIN_TESTS_UNIT_RANDOM_GRAPH_H
#define GORETAIN_TESTS_UNIT_RANDOM_GRAPH_H

#include "graph/graph.h"

/* A generator whose every number follows from the seed. */
uint64_t random_next(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t n);

/* A graph of at most 48 objects and 8 holders, all kinds of strengths and roots; STAGE_EDGES. */
struct graph *random_graph(uint64_t seed);

#define RANDOM_NODES 64 /* more than its objects, holders and root together */

/* What is true of a graph, by definition and without haste. Bit i of a set is node i. */
struct truth {
	uint64_t strong;  /* objects that strong edges reach */
	uint64_t live;
	uint64_t dominators[RANDOM_NODES]; /* of each live node: the nodes no path to it avoids */
	uint32_t depth[RANDOM_NODES];      /* of each live object, and its nearest root */
	uint32_t root[RANDOM_NODES];
};

void find_truth(const struct graph *g, struct truth *t);

/* Does edge number EDGE, which comes from SRC, hold? Does root number ROOT? */
bool truly_holds(const struct graph *g, const struct truth *t, uint32_t src, uint64_t edge);
bool root_truly_holds(const struct graph *g, const struct truth *t, uint32_t root);

/* Place of a root in the order in which ties are broken. */
uint32_t root_rank(const struct graph *g, uint32_t root);

#endif

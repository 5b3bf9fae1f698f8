/* Where code comes from: the program itself, what it depends on, or what every program of its language has. */
#ifndef GORETAIN_GRAPH_ORIGIN_H
#define GORETAIN_GRAPH_ORIGIN_H

#include "graph/graph.h"

/* Origin of the package PATH: that of the longest of graph.origins that PATH is or lies below. */
enum origin graph_origin(const struct graph *g, const char *path);

/* The same of N origins, sorted by path. */
enum origin origin_of(const struct origin_path *origins, uint32_t n, const char *path);

/* Sort origins by path, so that they can be looked up. */
void origin_sort(struct origin_path *origins, uint32_t n);

/* In words, NULL for ORIGIN_UNKNOWN. */
const char *origin_word(enum origin origin);

#endif

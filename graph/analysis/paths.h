/* Paths from roots to an object, and who refers to it. */
#ifndef GORETAIN_GRAPH_ANALYSIS_PATHS_H
#define GORETAIN_GRAPH_ANALYSIS_PATHS_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

/* A path: a root slot, then objects, each referring to the next; the last is the goal. */
struct path {
	uint32_t root;     /* index into graph.roots */
	uint32_t n;        /* objects */
	uint32_t *objects; /* owned */
};

/* Up to K shortest paths to object GOAL that differ in their holder or in their last referrer, the
 * shortest first. Ties are broken as everywhere: fewest edges, then holder kind, then a user's
 * frame before the runtime's, then address. Needs STAGE_RETAINED. Returns how many were found and
 * puts them in *OUT (free with paths_free); 0 with ERR set on failure, 0 without for a dead object. */
uint32_t paths_find(const struct graph *g, uint32_t goal, uint32_t k, struct path **out,
		    struct progress *progress, struct error *err);
void paths_free(struct path *paths, uint32_t n);

/* The shortest path as stored with the graph (depth and root of each object). N objects are
 * written to a fresh array. */
bool paths_shortest(const struct graph *g, uint32_t goal, struct path *out, struct error *err);

#endif

/* Suspects: known shapes of leaks, found by rules and named in words with holder and fix.
 * A rule is a file in graph/suspects/ and one row in graph/suspects/suspects.c. Rules read only the neutral
 * graph (shapes, tasks, holders, edges) and the lens for words. */
#ifndef GORETAIN_GRAPH_SUSPECTS_SUSPECTS_H
#define GORETAIN_GRAPH_SUSPECTS_SUSPECTS_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

/* Run every rule; fills graph.suspects, most retained first and notes behind all others, and drops a suspect that only says
 * again what a better ranked one says of the same memory. Publishes STAGE_DONE. */
bool graph_find_suspects(struct graph *g, struct progress *progress, struct error *err);

#endif

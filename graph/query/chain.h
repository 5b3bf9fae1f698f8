/* A path as the source would say it: main.sessions["alice"].request. */
#ifndef GORETAIN_GRAPH_QUERY_CHAIN_H
#define GORETAIN_GRAPH_QUERY_CHAIN_H

#include "graph/analysis/paths.h"
#include "graph/base/text.h"
#include "graph/graph.h"

/* Append PATH: an expression as long as it can be one, then its steps behind arrows. Of a very long path the
 * middle is left out. */
void chain_path(const struct graph *g, const struct path *path, struct text *out);

/* The same for the shortest path to object ID; nothing for one that is not live. Needs STAGE_RETAINED. */
void chain_nearest(const struct graph *g, uint32_t id, struct text *out);

#endif

/* What several nodes retain together, each byte once: of two that lie below each other the upper one counts. */
#ifndef GORETAIN_GRAPH_QUERY_TOGETHER_H
#define GORETAIN_GRAPH_QUERY_TOGETHER_H

#include "graph/base/error.h"
#include "graph/graph.h"

/* Bytes that the N objects and holders retain together, to *OUT. A node may be listed twice. Needs
 * STAGE_RETAINED. Takes a byte for each node, and time in proportion to the nodes above them. */
bool together_retained(const struct graph *g, const uint32_t *nodes, size_t n, uint64_t *out,
		       struct error *err);

#endif

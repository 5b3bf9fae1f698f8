/* The heap's edges, for the graph's builder to pull: each pointer slot of each allocated object that
 * points into an allocated object. */
#ifndef GORETAIN_PROBES_GO_SPANS_EDGES_H
#define GORETAIN_PROBES_GO_SPANS_EDGES_H

#include "probes/go/heap.h"

/* Needs spans, types and the graph's extents. HEAP must outlive the source. */
void edges_init(struct heap *heap, struct edge_source *out);

#endif

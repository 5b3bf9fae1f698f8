/* How much memory the graph of a heap will take: told before the stop, from the list of spans and a sample of
 * their pages, while the target runs. */
#ifndef GORETAIN_PROBES_GO_SPANS_ESTIMATE_H
#define GORETAIN_PROBES_GO_SPANS_ESTIMATE_H

#include <stdint.h>

#include "probes/go/go.h"

/* What a heap consists of, as far as it decides what the graph takes. */
struct heap_size { uint64_t spans, objects, edges, goroutines; };

/* Estimate the heap behind GO: what cannot be read counts as nothing. */
void estimate_heap(struct go *go, struct heap_size *out);

/* Bytes that the graph of such a heap and the work on it take at their peak, the image left out. */
uint64_t estimate_graph(const struct heap_size *size);

#endif

/* Where the resident set went: the parts of the `memory` table. */
#ifndef GORETAIN_PROBES_GO_RESIDENT_H
#define GORETAIN_PROBES_GO_RESIDENT_H

#include "probes/go/heap.h"

/* Fill graph.memory: live heap, garbage (both set by graph_mark), free heap, stacks, the runtime's
 * own and what is not Go's. They add up to rss. */
bool resident_build(struct heap *heap, struct error *err);

#endif

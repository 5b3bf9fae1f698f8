/* Where the resident set went: the parts of the `memory` table and their details. */
#ifndef GORETAIN_PROBES_GO_RESIDENT_RESIDENT_H
#define GORETAIN_PROBES_GO_RESIDENT_RESIDENT_H

#include "probes/go/heap.h"

/* Fill graph.memory, graph.details, graph.absent and size_class.pinned; meta.rss becomes the parts' sum.
 * Memory of the process alone counts by its pages at the stop, all other by what the kernel said of its
 * mappings right after. Without either, as of a core file, there are no parts and the details say what is
 * allocated. */
bool resident_build(struct heap *heap, struct error *err);

#endif

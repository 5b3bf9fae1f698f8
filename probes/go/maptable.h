/* The graph's table of maps: how full each is, and what boxing its keys and values costs. */
#ifndef GORETAIN_PROBES_GO_MAPTABLE_H
#define GORETAIN_PROBES_GO_MAPTABLE_H

#include "probes/go/heap.h"

/* Fill graph.maps from the objects that typing found to be maps. Needs types and flags. */
bool maptable_build(struct heap *heap, struct progress *progress, struct error *err);

#endif

/* The graph's table of maps: how full each is, and what boxing its keys and values costs. */
#ifndef GORETAIN_PROBES_GO_MAPS_TABLE_H
#define GORETAIN_PROBES_GO_MAPS_TABLE_H

#include "probes/go/heap.h"

/* Fill graph.maps: the objects that typing found to be maps, sync.Maps in objects and globals, and maps
 * in frames (after frame_maps_place). Needs types and flags; sets OBJECT_MAP. */
bool maptable_build(struct heap *heap, struct progress *progress, struct error *err);

#endif

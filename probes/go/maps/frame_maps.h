/* Maps that nothing typed leads to, as those that goroutines' frames hold: a frame has no types, but the
 * code says which of its words it uses as maps of which type, and a map's own parts say it
 * (owners.h). What the map there looks like has to agree.
 *
 * Not found are maps that are empty, and in Go 1.24 and later those so small that their only group lies in
 * the frame, too. */
#ifndef GORETAIN_PROBES_GO_MAPS_FRAME_MAPS_H
#define GORETAIN_PROBES_GO_MAPS_FRAME_MAPS_H

#include "graph/base/progress.h"
#include "graph/graph.h"
#include "probes/go/types/types.h"

struct heap;
struct typing;

/* A map of TYPE whose header is at ADDR: an object that nothing else tells the type of, or part of a
 * frame (the map does not escape, as the compiler calls it). */
struct frame_map { uint64_t addr; uint32_t type; enum known known; };

/* What the code and the parts say, as often as it is met; after frame_maps_place those that are no objects, by
 * address. */
struct frame_maps {
	struct frame_map *items;
	uint32_t n, capacity;
};

/* Note that a map of TYPE may have its header at ADDR. False when out of memory. */
bool frame_maps_note(struct frame_maps *maps, uint64_t addr, uint32_t type, enum known known);

/* Note what its parts say of a map whose header may be at ADDR. Needs the types of objects. False when out
 * of memory. */
bool frame_maps_note_parts(struct heap *heap, uint64_t addr);

/* Type those that are, and what they are made of; to be followed by typing_propagate. False only when
 * cancelled. */
bool frame_maps_place(struct typing *typing, struct progress *progress, struct error *err);

#endif

/* Maps that goroutines' frames hold: a frame has no types, but the code says which of its words it
 * uses as maps of which type. What the map there looks like has to agree.
 *
 * Not found are maps that are empty, and in Go 1.24 and later those so small that their only group lies in
 * the frame, too. */
#ifndef GORETAIN_PROBES_GO_FRAME_MAPS_H
#define GORETAIN_PROBES_GO_FRAME_MAPS_H

#include "graph/progress.h"
#include "probes/go/stack.h"

struct heap;
struct typing;

/* A map of TYPE whose header is at ADDR: an object that nothing else tells the type of, or part of a
 * frame (the map does not escape, as the compiler calls it). */
struct frame_map { uint64_t addr; uint32_t type; };

/* What the code says, as often as it is met; after frame_maps_place those that are no objects, by
 * address. */
struct frame_maps {
	struct frame_map *items;
	uint32_t n, capacity;
};

/* Note what may be maps that the frames of STACK hold through live words. Needs the types of objects.
 * False when out of memory. */
bool frame_maps_note(struct heap *heap, const struct go_stack *stack);

/* Type those that are, and what they are made of; to be followed by typing_propagate. False only when
 * cancelled. */
bool frame_maps_place(struct typing *typing, struct progress *progress, struct error *err);

#endif

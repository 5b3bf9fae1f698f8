/* Maps that goroutines' frames hold: a frame has no types, but the code says which of its words it
 * uses as maps of which type. What the map there looks like has to agree. */
#ifndef GORETAIN_PROBES_GO_FRAME_MAPS_H
#define GORETAIN_PROBES_GO_FRAME_MAPS_H

#include "probes/go/stack.h"

struct heap;
struct typing;

/* A map of TYPE whose header is at ADDR: an object that nothing else tells the type of, or part of a
 * frame (the map does not escape, as the compiler calls it). */
struct frame_map { uint64_t addr; uint32_t type; };

struct frame_maps {
	struct frame_map *items;
	uint32_t n, capacity;
	uint64_t effort; /* of counting them */
};

/* Note the maps that the frames of STACK hold through live words. Needs the types of objects. False
 * when out of memory. */
bool frame_maps_note(struct heap *heap, const struct go_stack *stack);

/* Type all of these maps and what they are made of; to be followed by typing_propagate. Those that are
 * no objects stay in heap.frame_maps, by address. */
void frame_maps_place(struct typing *typing);

#endif

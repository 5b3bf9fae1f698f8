/* What goroutines' frames hold, by the code of their functions: a frame has no types, but what the code does
 * with a word says what it is. What lies there has to agree. */
#ifndef GORETAIN_PROBES_GO_TYPING_FRAME_VALUES_H
#define GORETAIN_PROBES_GO_TYPING_FRAME_VALUES_H

#include "graph/base/progress.h"
#include "graph/graph.h"
#include "probes/go/code/code.h"
#include "probes/go/stack/stack.h"

struct heap;
struct typing;

/* A word that leads to ADDR, in an object that nothing else tells the type of, is of FORM and TYPE: inferred where no
 * map says that the word is live. */
struct frame_value { uint64_t addr; uint32_t type; enum code_form form; enum known known; };

/* What the code says, as often as it is met. Maps are in struct frame_maps. */
struct frame_values {
	struct frame_value *items;
	uint32_t n, capacity;
};

/* Note what the live words of the frames of STACK may hold, maps included. Needs the types of objects.
 * False when out of memory. */
bool frame_values_note(struct heap *heap, const struct go_stack *stack);

/* Type what was noted, but for maps; to be followed by typing_propagate. False only when cancelled. */
bool frame_values_place(struct typing *typing, struct progress *progress, struct error *err);

#endif

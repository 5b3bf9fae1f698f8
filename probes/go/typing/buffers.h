/* Bytes told by the length and the capacity that stand beside a pointer to them: memory without pointers that
 * no type leads to, as what a frame reads from a connection into. */
#ifndef GORETAIN_PROBES_GO_TYPING_BUFFERS_H
#define GORETAIN_PROBES_GO_TYPING_BUFFERS_H

#include "probes/go/typing/typing.h"

/* Type such objects, marked inferred, where the numbers fit the object to its end: those of a slice's header
 * ([...]uint8), or else of a string's. To be called last. False only when cancelled. */
bool buffers_infer(struct typing *typing, struct progress *progress, struct error *err);

#endif

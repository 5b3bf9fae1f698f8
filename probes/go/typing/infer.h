/* The last rule of typing: an object that nothing names may still be the only struct of the program
 * with its size class and pointer mask, if its fields hold what such fields can hold. */
#ifndef GORETAIN_PROBES_GO_TYPING_INFER_H
#define GORETAIN_PROBES_GO_TYPING_INFER_H

#include "probes/go/typing/typing.h"

/* Can BYTES, of a whole value, be those of a TYPE: do what its fields refer to and their lengths make sense? */
bool infer_suits(struct typing *typing, uint32_t type, const uint8_t *bytes);

/* Type what is still unknown by shape, marked inferred, and propagate from there. Of the objects
 * judged elsewhere (by allocation sites) about 1 % of those so typed were wrong. */
bool infer_types(struct typing *typing, struct progress *progress, struct error *err);

#endif

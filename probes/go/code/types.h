/* Questions about types that the pass over the code asks. */
#ifndef GORETAIN_PROBES_GO_CODE_TYPES_H
#define GORETAIN_PROBES_GO_CODE_TYPES_H

#include "probes/go/code/code.h"

/* What lies OFFSET bytes into a value of TYPE, if that is a pointer, a slice, a map or a channel:
 * its form, and in *OF the type that goes with the form. False for everything else. */
bool code_word_at(const struct types *types, uint32_t type, uint64_t offset,
		  enum code_form *form, uint32_t *of);

/* Is an INNER, whole, what lies OFFSET bytes into a value of OUTER? */
bool code_holds_at(const struct types *types, uint32_t outer, uint64_t offset, uint32_t inner);

/* Is INNER what a value of OUTER begins with (the first field of its first field ..., or the first
 * element), OUTER itself included? */
bool code_begins_with(const struct types *types, uint32_t outer, uint32_t inner);

/* Is TYPE the struct { F uintptr; ... } that the compiler makes for a closure? */
bool code_is_closure(const struct types *types, uint32_t type);

/* Does TYPE stand for all types of one shape, as in code shared by instances of a generic one? */
bool code_is_shape(const struct types *types, uint32_t type);

#endif

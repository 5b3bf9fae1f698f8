/* Is a type that of a variable? The collector's own bitmaps of data and bss tell where pointers are. */
#ifndef GORETAIN_PROBES_GO_TYPES_VARIABLE_MASKS_H
#define GORETAIN_PROBES_GO_TYPES_VARIABLE_MASKS_H

#include "probes/go/types/types.h"

/* Has the collector its pointers exactly where N values of TYPE from ADDR on have theirs? What lies outside
 * of data and bss has none. */
bool variable_mask_agrees(const struct go *go, struct types *types, uint64_t addr, uint32_t type,
			  uint64_t n);

/* Is the word at ADDR a pointer to the collector? */
bool variable_mask_at(const struct go *go, uint64_t addr);

#endif

/* Types of which the program has no descriptor, made from its debug information: what lies in static data and
 * never meets an interface has none. */
#ifndef GORETAIN_PROBES_GO_TYPES_MADE_H
#define GORETAIN_PROBES_GO_TYPES_MADE_H

#include "probes/go/types/types.h"

/* For each type of the image's debug information the program's own, one made here, or NO_TYPE where neither
 * can be had or sizes and places in it disagree: an array of the caller's. NULL without memory. Before
 * other threads use the types. */
uint32_t *made_types(struct go *go, struct types *types, struct error *err);

#endif

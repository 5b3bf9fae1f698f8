/* What one operation does to the values that are followed, and what it tells about types. */
#ifndef GORETAIN_PROBES_GO_CODE_EFFECTS_H
#define GORETAIN_PROBES_GO_CODE_EFFECTS_H

#include "probes/go/code/state.h"

/* What the registers hold where a function begins, RECEIVER being the type whose method it is or NO_TYPE. */
void code_enter(struct code_walker *walker, uint32_t receiver);

/* Change what WALKER holds now as OP does, and note what it tells. False if OP is a call that does
 * not return. */
bool code_effect(struct code_walker *walker, const struct code_op *op);

/* At a function's end: maps made without a type that went to a place or a word of the frame and were
 * used with a type give that place the type. */
void code_map_events(struct code_walker *walker);

#endif

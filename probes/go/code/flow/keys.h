/* Which keys a closure's code asks a map for that it captured. One function is followed, and one captured word;
 * whatever cannot be followed to its end leaves the answer open. */
#ifndef GORETAIN_PROBES_GO_CODE_FLOW_KEYS_H
#define GORETAIN_PROBES_GO_CODE_FLOW_KEYS_H

#include "graph/lens.h"
#include "probes/go/code/program.h"

/* How the function at ENTRY uses the map that is the word at OFFSET of the closure's object or, if BOXED, in
 * the variable that this word points to. */
enum key_use code_key_use(const struct code_program *program, uint64_t entry, uint32_t offset, bool boxed);

#endif

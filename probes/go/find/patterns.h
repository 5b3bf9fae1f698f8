/* What single instructions of the Go compiler refer to, by their bytes: for passes over code that ask
 * for nothing else. One patterns_ARCH.c per architecture, of which the build compiles one.
 *
 * Each looks at the instruction, or the few, at BYTES, of which LENGTH are there and which the target has
 * at PC, and returns an address, 0 if it is not what is asked for. */
#ifndef GORETAIN_PROBES_GO_FIND_PATTERNS_H
#define GORETAIN_PROBES_GO_FIND_PATTERNS_H

#include <stdint.h>

/* The 32-bit variable that is tested for 0, as runtime.writeBarrier is before a pointer is stored. */
uint64_t pattern_test(const uint8_t *bytes, uint64_t length, uint64_t pc);

/* The function that is called. */
uint64_t pattern_call(const uint8_t *bytes, uint64_t length, uint64_t pc);

/* The variable whose address goes where a function has its first argument. */
uint64_t pattern_argument(const uint8_t *bytes, uint64_t length, uint64_t pc);

/* What is referred to in any way. Bytes that are no instruction may seem to, too: who asks checks what
 * is there. */
uint64_t pattern_reference(const uint8_t *bytes, uint64_t length, uint64_t pc);

#endif

/* What Go's compiler and runtime agree on for each machine. One file per architecture, of which the build
 * compiles one. */
#ifndef GORETAIN_PROBES_GO_LAYOUT_ABI_H
#define GORETAIN_PROBES_GO_LAYOUT_ABI_H

#include <stdbool.h>
#include <stdint.h>

extern const uint64_t abi_arena_base;      /* added to an address before the arena index is taken */
extern const uint32_t abi_int_registers, abi_float_registers; /* of arguments: internal/abi.RegArgs */
extern const uint32_t abi_cache_line;      /* internal/cpu.CacheLinePadSize */
extern const uint32_t abi_x_regs;          /* bytes of runtime.xRegState (Go 1.26 runtime/preempt_xreg.go) */

/* How functions call each other (Go 1.26 runtime/traceback.go, runtime/stkframe.go). */
struct abi_calls {
	bool link_register;     /* a call leaves its return address in a register; a function that calls
				 * on saves it at its stack pointer. Else it is on the stack, above the frame */
	uint32_t link;          /* number of that register among the general ones */
	uint32_t pushed;        /* bytes that a call puts on the stack */
	uint32_t to_arguments;  /* from the end of a frame to its arguments; also from its start */
	uint32_t injected;      /* bytes below a frame that a signal made call something */
	uint32_t least;         /* a frame with no more bytes than these has no variables */
};
extern const struct abi_calls abi_calls;

#endif

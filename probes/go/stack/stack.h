/* Stacks: frames and their pointer slots, as the garbage collector reads them
 * (runtime/traceback.go, runtime/stkframe.go, runtime/mgcstack.go). */
#ifndef GORETAIN_PROBES_GO_STACK_STACK_H
#define GORETAIN_PROBES_GO_STACK_STACK_H

#include "probes/go/stack/pclntab.h"
#include "probes/go/stack/sched.h"

struct go_frame {
	struct go_func func;
	uint64_t pc;        /* in this frame: where the call returns to, or where it stands */
	uint64_t line_pc;   /* for func_line and func_calls: inside the call */
	uint64_t sp, fp, varp, argp;
	uint64_t continpc;  /* where it will go on; 0 = dead: no slots */
	bool conservative;  /* its maps do not hold here: every word may be a pointer */
	bool innermost;
};

enum slot_kind { SLOT_FRAME, SLOT_STACK_OBJECT, SLOT_REGISTER };

#define NO_FRAME UINT32_MAX

/* One pointer slot: VALUE is what it holds. ADDR is 0 for a register of a thread, else where the
 * word is, on the stack or where the runtime saved it. FRAME is an index into frames; NO_FRAME
 * where there is none, as when a stack's frames could not be told. Conservative slots whose value
 * cannot be a pointer are left out. */
struct go_slot { uint64_t addr, value; uint32_t frame; uint8_t kind; bool conservative; };

struct go_stack {
	struct go_frame *frames;
	uint32_t n_frames, capacity_frames;
	struct go_slot *slots;
	uint32_t n_slots, capacity_slots;
	const char *problem;  /* why the unwinding ended early, NULL if it did not; static */
	struct stack_scratch *scratch; /* kept from call to call: what is known of code addresses */
};

/* Unwind GOROUTINE and list its live pointer slots: locals and arguments by stack maps, then stack
 * objects reached from them and from the records of its defers and panics, whose own words are not
 * included. A goroutine that ran at the stop: its registers and innermost frame conservatively, the
 * callers exactly. Where the unwinding fails the rest of the stack is read conservatively (roots
 * must not be missed) and PROBLEM says so. STACK is reused from call to call for stacks of one
 * image: zero-initialise once, stack_free at the end. False only without memory. */
bool stack_read(struct go *go, const struct goroutine *goroutine, struct go_stack *stack,
		struct error *err);
void stack_free(struct go_stack *stack);

#endif

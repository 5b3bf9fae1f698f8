/* Stacks: frames and their pointer slots, as the garbage collector reads them
 * (runtime/traceback.go, runtime/stkframe.go, runtime/mgcstack.go). */
#ifndef GORETAIN_PROBES_GO_STACK_H
#define GORETAIN_PROBES_GO_STACK_H

#include "probes/go/pclntab.h"
#include "probes/go/sched.h"

struct go_frame {
	struct go_func func;
	uint64_t pc;        /* in this frame: of the call, or where it stands */
	uint64_t sp, fp, varp, argp;
	uint64_t continpc;  /* where it will go on; 0 = dead: no slots */
	bool conservative;  /* its maps do not hold here: every word may be a pointer */
	bool innermost;
};

enum slot_kind { SLOT_FRAME, SLOT_STACK_OBJECT, SLOT_REGISTER };

/* One pointer slot: VALUE is what it holds. ADDR 0 for a register. FRAME is an index into frames. */
struct go_slot { uint64_t addr, value; uint32_t frame; uint8_t kind; bool conservative; };

struct go_stack {
	struct go_frame *frames;
	uint32_t n_frames, capacity_frames;
	struct go_slot *slots;
	uint32_t n_slots, capacity_slots;
	const char *problem;  /* why the unwinding ended early, NULL if it did not: a static string */
};

/* Unwind GOROUTINE and list its live pointer slots: locals and arguments by stack maps, then stack
 * objects reached from them, defers are not included. A goroutine that ran at the stop: its
 * registers and innermost frame conservatively, the callers exactly. Where the unwinding fails the
 * rest of the stack is read conservatively (roots must not be missed) and PROBLEM says so. STACK is
 * reused from call to call: zero-initialise once, stack_free at the end. */
bool stack_read(struct go *go, const struct goroutine *goroutine, struct go_stack *stack,
		struct error *err);
void stack_free(struct go_stack *stack);

#endif

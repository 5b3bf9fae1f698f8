/* The runtime's threads (runtime.m) and where each stood at the stop. */
#ifndef GORETAIN_PROBES_GO_STACK_MACHINES_H
#define GORETAIN_PROBES_GO_STACK_MACHINES_H

#include "probes/go/go.h"

struct machine {
	uint64_t addr;                     /* of the m */
	uint64_t g0, gsignal, curg;        /* 0 if none */
	const struct image_thread *thread; /* NULL if it was not found */
	/* Where the thread stood, or, if it was in a signal handler, where the signal met it; 0 if
	 * that is not known. */
	uint64_t sp, pc;
	bool in_signal;                    /* sp and pc are not the thread's registers */
	uint64_t saved_registers;          /* of what the signal met: address of the words */
	uint64_t vdso_sp, vdso_pc;         /* of the Go caller while in the vDSO, else 0 */
};

struct machines { struct machine *items; uint32_t n; }; /* by address */

/* All of go.allm, and those that the N_GS goroutines at GS (addresses of g's) are on, each with its
 * thread: by thread id, and where ids differ (the target lives in another pid namespace) by the g
 * that the thread has at hand or the stack that it is on. An unreadable list is an empty one. False
 * only without memory. */
bool machines_read(struct go *go, const uint64_t *gs, uint64_t n_gs, struct machines *out,
		   struct error *err);
void machines_free(struct machines *machines);

/* The machine at ADDR, NULL if it is not among them. */
const struct machine *machines_find(const struct machines *machines, uint64_t addr);

/* The bounds of a g's stack; false if they make no sense. */
bool g_stack(struct go *go, uint64_t g, uint64_t *lo, uint64_t *hi);

#endif

/* Goroutines and what they wait for: the runtime's g, m, sudog and hchan records. */
#ifndef GORETAIN_PROBES_GO_SCHED_H
#define GORETAIN_PROBES_GO_SCHED_H

#include "probes/go/go.h"

enum g_status { G_IDLE, G_RUNNABLE, G_RUNNING, G_SYSCALL, G_WAITING, G_DEAD = 6, G_COPYSTACK = 8,
		G_PREEMPTED = 9, G_LEAKED = 10, G_DEADEXTRA = 11 };

/* A goroutine (or the g0 or gsignal of an m). */
struct goroutine {
	uint64_t addr;          /* of the g */
	uint64_t id;
	uint32_t status;        /* enum g_status, scan bit removed */
	uint8_t wait_reason;
	uint64_t wait_since;    /* monotonic ns, 0 if not known */
	uint64_t stack_lo, stack_hi;
	uint64_t start_pc, go_pc;
	/* Where to begin unwinding. If RUNNING, from the thread's registers when on this stack. */
	uint64_t sp, pc;
	bool running;           /* on a thread at the stop: pc and sp are that thread's if on_stack */
	const struct image_thread *thread; /* NULL if none */
	bool system;            /* the runtime's own */
	bool m_stack;           /* a g0 or gsignal, not a goroutine */
	uint64_t m;             /* address of its m, 0 if none */
	uint64_t waits_on;      /* address of the channel or semaphore it waits on, 0 not known */
};

struct goroutines { struct goroutine *items; uint32_t n; };

/* All goroutines that are not dead, in allgs order, then the g0 and gsignal of each m. */
bool goroutines_read(struct go *go, struct goroutines *out, struct error *err);
void goroutines_free(struct goroutines *gs);

#endif

/* Goroutines and what they wait for: the runtime's g, m, sudog and hchan records. */
#ifndef GORETAIN_PROBES_GO_STACK_SCHED_H
#define GORETAIN_PROBES_GO_STACK_SCHED_H

#include "probes/go/go.h"

enum g_status { G_IDLE, G_RUNNABLE, G_RUNNING, G_SYSCALL, G_WAITING, G_DEAD = 6, G_COPYSTACK = 8,
		G_PREEMPTED = 9, G_LEAKED = 10, G_DEADEXTRA = 11 };

/* What is known of the place where a stack's unwinding begins. */
enum start_point {
	START_AT_CALL,   /* parked, in a system call, not yet started: its maps hold */
	START_SWITCHED,  /* runs, but on its m's system stack, which it went to from there */
	START_ANYWHERE,  /* any instruction, its registers saved by a signal: maps do not hold */
	START_REGISTERS, /* any instruction, and THREAD's registers are its own */
};

/* A goroutine (or the g0 or gsignal of an m). */
struct goroutine {
	uint64_t addr;          /* of the g */
	uint64_t id;
	uint32_t status;        /* enum g_status, scan bit removed */
	uint8_t wait_reason;
	uint64_t wait_since;    /* monotonic ns, 0 if not known */
	uint64_t stack_lo, stack_hi;
	uint64_t start_pc, go_pc;
	/* Where to begin unwinding. SP 0: nothing of an m's stack is in use; of a goroutine, that
	 * it runs on a thread that was not found. PC 0: no code of Go's, only words. */
	uint64_t sp, pc;
	enum start_point start;
	uint64_t saved_registers; /* START_ANYWHERE: address of what the signal saved, 0 unknown */
	bool stack_moving;      /* its stack may be half copied: pointers into it may be stale */
	bool running;           /* on a thread at the stop */
	const struct image_thread *thread; /* NULL if none */
	bool system;            /* the runtime's own */
	bool m_stack;           /* a g0 or gsignal, not a goroutine */
	uint64_t m;             /* address of its m, 0 if none */
	uint64_t waits_on;      /* address of the channel or semaphore it waits on, 0 not known */
	uint64_t sudog;         /* the record of that: where it is in the queue; 0 not known */
};

struct goroutines { struct goroutine *items; uint32_t n; };

/* All goroutines that are not dead, in allgs order, then the g0 and gsignal of each m. */
bool goroutines_read(struct go *go, struct goroutines *out, struct error *err);
void goroutines_free(struct goroutines *gs);

#endif

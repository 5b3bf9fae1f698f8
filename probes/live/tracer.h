/* Stopping every thread of a process, and letting all of them go.
 *
 * Only PTRACE_SEIZE and PTRACE_INTERRUPT are used: they send no signal and write no register, and
 * when this process dies, at whatever moment, the kernel lets the target go. */
#ifndef GORETAIN_PROBES_LIVE_TRACER_H
#define GORETAIN_PROBES_LIVE_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "graph/base/error.h"

enum hold { HOLD_PENDING, HOLD_STOPPED, HOLD_ENDED };

struct held_thread {
	pid_t tid;
	enum hold hold;
	int signal; /* that was about to be delivered: given back when the thread goes on */
};

struct tracer {
	pid_t pid;
	struct held_thread *threads;
	uint32_t n, capacity;
	uint32_t pending;   /* interrupted, not stopped yet */
	uint32_t next;      /* no thread before this one is pending */
	uint32_t *number;   /* of a thread, by its tid, plus 1 */
};

/* Ready to hold PID, until this process ends. Blocks SIGCHLD in this thread, which must be the one
 * that stops and resumes. */
bool tracer_init(struct tracer *t, pid_t pid, struct error *err);

/* Stop all threads. Fails with STATUS_GONE if none is left, STATUS_ATTACH if the kernel does not
 * permit it, STATUS_REFUSED at DEADLINE (monotonic nanoseconds): the caller then
 * resumes. */
bool tracer_stop(struct tracer *t, uint64_t deadline, struct error *err);

/* Let all threads go on. False if there are some that only the end of this process can release:
 * they never came to a stop. */
bool tracer_resume(struct tracer *t);

/* Take note of threads that ended, so that their parent learns of it. To be called whenever
 * SIGCHLD came. */
void tracer_reap(struct tracer *t);

#endif

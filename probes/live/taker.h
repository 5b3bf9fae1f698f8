/* The taker: the one process that touches the target. It stops it, copies, and lets it go; it knows
 * nothing of what the bytes mean, and it serves the reader over probes/live/wire.h. */
#ifndef GORETAIN_PROBES_LIVE_TAKER_H
#define GORETAIN_PROBES_LIVE_TAKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The target's identity: a PID alone may be given to another process. */
struct taker_target {
	pid_t pid;
	bool exists;
	int pidfd;           /* -1 if there was no such process, or before Linux 5.3 */
	uint64_t start_time; /* as proc_stat says */
};

/* Find the target's identity out. The descriptor is the caller's. */
void taker_find(pid_t pid, struct taker_target *out);

/* However the target is let go, it is within this time of its limit: by the taker itself at the
 * limit, by its own timer, by the broker's. */
#define TAKER_TIMER_NS 10000000u
#define TAKER_BROKER_NS 20000000u

/* Serve requests from READER until it or BROKER closes its socket. Whatever the reader asks, the target is
 * stopped once, for LIMIT_NS or for what the broker permits later. For a process of its own: the process
 * must end afterwards. */
void taker_run(const struct taker_target *target, uint64_t limit_ns, int reader, int broker);

#endif

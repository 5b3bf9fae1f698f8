#include "probes/live/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/grow.h"
#include "probes/live/clock.h"
#include "probes/proc/procfs.h"

#define TID_LIMIT (4u << 20) /* Linux include/linux/threads.h, PID_MAX_LIMIT */
#define ATTEMPTS 10
#define QUIET_NS (5u * NS_PER_MS)
#define LAGGARDS 4 /* threads without a report that one look at a time passes over */

bool tracer_init(struct tracer *t, pid_t pid, struct error *err)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	*t = (struct tracer){.pid = pid, .number = calloc(TID_LIMIT + 1, sizeof *t->number)};
	return t->number || fail_memory(err, "the list of threads");
}

static struct held_thread *find_thread(struct tracer *t, pid_t tid)
{
	uint32_t number = (uint32_t)tid <= TID_LIMIT ? t->number[tid] : 0;

	return number ? &t->threads[number - 1] : NULL;
}

/* Expect a report of thread TID. False without memory. */
static bool expect(struct tracer *t, pid_t tid)
{
	struct held_thread *known = find_thread(t, tid);

	if (!known) {
		known = GROW(t->threads, t->n, t->capacity);
		if (!known)
			return false;
		t->number[tid] = ++t->n;
	}
	*known = (struct held_thread){.tid = tid, .hold = HOLD_PENDING};
	t->pending++;
	return true;
}

/* Is THREAD stopped, or about to be? One that stopped is asked: it may have been killed since, or
 * an exec elsewhere in the process may have given its number to a thread that runs. */
static bool is_held(const struct held_thread *thread)
{
	unsigned long message;

	return thread->hold == HOLD_PENDING ||
	       (thread->hold == HOLD_STOPPED &&
		ptrace(PTRACE_GETEVENTMSG, thread->tid, 0, &message) == 0);
}

/* Does this process trace thread TID? */
static bool is_ours(pid_t tid)
{
	return proc_status(tid, "TracerPid:") == (uint64_t)getpid();
}

enum seized { SEIZED, SEIZE_DEAD, SEIZE_FORBIDDEN };

/* Make thread TID ours. One that is ending is refused like one that may not be traced, and so is
 * one that is ours already: killed, or under a number that an exec gave it. Since an exec can
 * change that between two looks, a refusal without a reason is believed only after some. */
static enum seized seize(pid_t pid, pid_t tid)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (ptrace(PTRACE_SEIZE, tid, 0, 0) == 0)
			return SEIZED;
		if (errno == ESRCH || proc_thread_dead(pid, tid))
			return SEIZE_DEAD;
		if (is_ours(tid))
			return SEIZED;
	}
	return SEIZE_FORBIDDEN;
}

static bool too_late(const struct tracer *t, struct error *err)
{
	if (proc_frozen(t->pid))
		return fail(err, STATUS_REFUSED, "%d cannot be stopped while its control group is "
			    "frozen", t->pid);
	return fail(err, STATUS_REFUSED, "gave up: %u of %u threads of %d did not stop in time",
		    t->pending, t->n, t->pid);
}

/* One pass over the threads: what it found. */
struct seizing { struct tracer *tracer; uint64_t deadline; bool found; struct error *err; };

static bool seize_thread(void *arg, pid_t tid)
{
	struct seizing *s = arg;
	const struct held_thread *known = find_thread(s->tracer, tid);
	enum seized seized;

	if (clock_ns() >= s->deadline)
		return too_late(s->tracer, s->err);
	if ((uint32_t)tid > TID_LIMIT || (known && is_held(known)))
		return true;
	seized = seize(s->tracer->pid, tid);
	if (seized == SEIZE_DEAD)
		return true;
	if (seized == SEIZE_FORBIDDEN)
		return fail(s->err, STATUS_ATTACH, "cannot attach to %d", s->tracer->pid);
	if (!expect(s->tracer, tid))
		return fail_memory(s->err, "the list of threads");
	s->found = true;
	ptrace(PTRACE_INTERRUPT, tid, 0, 0); /* fails only on a thread that is ending */
	return true;
}

static void settle(struct tracer *t, struct held_thread *thread, enum hold hold, int signal)
{
	if (thread->hold == HOLD_PENDING)
		t->pending--;
	thread->hold = hold;
	thread->signal = signal;
}

/* Take the report of THREAD, if it has one. It is asked for by its own id: the kernel (from Linux
 * 5.14 on) finds that one at once, and goes through all of ours for any. False if there is none yet.
 * A stop without an event is the delivery of a signal; one with an event is our interrupt, or a stop
 * of the whole process by SIGSTOP or its like, which stays. */
static bool collect(struct tracer *t, struct held_thread *thread)
{
	int status;
	pid_t tid = waitpid(thread->tid, &status, __WALL | WNOHANG);

	if (tid == 0)
		return false;
	if (tid > 0 && WIFSTOPPED(status))
		settle(t, thread, HOLD_STOPPED, status >> 16 ? 0 : WSTOPSIG(status));
	else
		settle(t, thread, HOLD_ENDED, 0); /* or an exec took its number away */
	return true;
}

/* Collect the reports of all threads that can have one. The end of a main thread is reported only
 * once all others were reaped: so until none came. */
static void collect_all(struct tracer *t)
{
	bool found;

	do {
		found = false;
		for (uint32_t i = t->n; i-- > 0;)
			if (t->threads[i].hold != HOLD_ENDED)
				found |= collect(t, &t->threads[i]);
	} while (found);
}

void tracer_reap(struct tracer *t)
{
	collect_all(t);
	/* What was killed while it was held cannot be let go, and is ours until its end is taken
	 * note of. */
	while (!t->n && waitpid(-1, NULL, __WALL | WNOHANG) > 0)
		;
}

/* Collect from interrupted threads in the order in which they were interrupted, which is about that in
 * which they stop, and not beyond the first few that did not: a look at all of them for each that
 * stops takes time that grows with the square of their number. */
static void collect_pending(struct tracer *t)
{
	unsigned lagging = 0;

	while (t->next < t->n && t->threads[t->next].hold != HOLD_PENDING)
		t->next++;
	for (uint32_t i = t->next; i < t->n && lagging < LAGGARDS; i++)
		if (t->threads[i].hold == HOLD_PENDING)
			lagging += !collect(t, &t->threads[i]);
}

/* No report came for a while. Two kinds of threads never send one: a main thread that ended before
 * the others, and one whose number an exec took away, which another thread may have got. */
static void forget_dead(struct tracer *t)
{
	collect_all(t);
	for (uint32_t i = 0; i < t->n; i++) {
		struct held_thread *thread = &t->threads[i];

		if (thread->hold == HOLD_PENDING &&
		    (!is_ours(thread->tid) || proc_thread_dead(t->pid, thread->tid)))
			settle(t, thread, HOLD_ENDED, 0);
	}
}

/* Sleep until a report comes, or for a moment; false at the deadline. */
static bool await_report(struct tracer *t, uint64_t deadline)
{
	struct timespec moment = {0, QUIET_NS};
	uint64_t now = clock_ns();
	sigset_t child;

	if (now >= deadline)
		return false;
	if (deadline - now < QUIET_NS)
		moment.tv_nsec = (long)(deadline - now);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigtimedwait(&child, NULL, &moment) < 0 && errno == EAGAIN)
		forget_dead(t);
	return true;
}

/* Wait until no interrupted thread runs any more. */
static bool await_stops(struct tracer *t, uint64_t deadline, struct error *err)
{
	for (t->next = 0;;) {
		collect_pending(t);
		if (!t->pending)
			return true;
		if (!await_report(t, deadline))
			return too_late(t, err);
	}
}

bool tracer_stop(struct tracer *t, uint64_t deadline, struct error *err)
{
	struct seizing s = {t, deadline, true, err};

	/* A thread that still runs can start others: it ends with a pass that finds no new one. */
	while (s.found) {
		s.found = false;
		if (!proc_each_thread(t->pid, seize_thread, &s))
			return fail(err, STATUS_GONE, "process %d ended", t->pid);
		if (!await_stops(t, deadline, err))
			return false;
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (t->threads[i].hold == HOLD_STOPPED)
			return true;
	return fail(err, STATUS_GONE, "process %d ended", t->pid);
}

bool tracer_resume(struct tracer *t)
{
	bool all = t->pending == 0;

	for (uint32_t i = 0; i < t->n; i++) {
		struct held_thread *thread = &t->threads[i];

		/* Fails only on a thread that was killed meanwhile. */
		if (thread->hold == HOLD_STOPPED)
			ptrace(PTRACE_DETACH, thread->tid, 0, thread->signal);
		t->number[thread->tid] = 0;
	}
	t->n = t->pending = 0;
	tracer_reap(t);
	return all;
}

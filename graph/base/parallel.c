#include "graph/base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* One call of parallel_for, shared by its workers. */
struct job {
	_Atomic uint64_t next; /* first item that nobody has taken */
	uint64_t n, grain;
	parallel_fn fn;
	void *ctx;
};

struct worker {
	struct job *job;
	unsigned number;
	pthread_t thread;
};

unsigned parallel_workers(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	n = CPU_COUNT(&set);
	if (n < 1)
		return 1;
	return n > PARALLEL_MAX ? PARALLEL_MAX : (unsigned)n;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct job *job = worker->job;

	for (;;) {
		uint64_t lo = atomic_fetch_add_explicit(&job->next, job->grain, memory_order_relaxed);
		uint64_t hi;

		if (lo >= job->n)
			return NULL;
		hi = job->n - lo > job->grain ? lo + job->grain : job->n;
		job->fn(job->ctx, worker->number, lo, hi);
	}
}

/* Start helpers 1 .. WANTED-1 and say how many run. They take no signals: those belong to the
 * thread that knows the terminal. */
static unsigned start_helpers(struct worker *workers, unsigned wanted)
{
	unsigned started = 1;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started < wanted &&
	       pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void parallel_for(uint64_t n, uint64_t grain, parallel_fn fn, void *ctx)
{
	struct job job = { .n = n, .grain = grain ? grain : 1, .fn = fn, .ctx = ctx };
	struct worker workers[PARALLEL_MAX];
	uint64_t pieces = n / job.grain + (n % job.grain != 0);
	unsigned wanted = parallel_workers();
	unsigned started = 1;

	if (pieces < wanted)
		wanted = (unsigned)pieces;
	for (unsigned i = 0; i < PARALLEL_MAX; i++)
		workers[i] = (struct worker){ .job = &job, .number = i };
	if (wanted > 1)
		started = start_helpers(workers, wanted);
	work(&workers[0]);
	while (started > 1)
		pthread_join(workers[--started].thread, NULL);
}

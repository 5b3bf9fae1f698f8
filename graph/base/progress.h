/* How far a long stage is, and the wish to end it. Shared by one worker and any number of
 * watchers; every field may be read and written at any time. */
#ifndef GORETAIN_GRAPH_BASE_PROGRESS_H
#define GORETAIN_GRAPH_BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	_Atomic(const char *) stage; /* what is being done, a static string: "edges" */
	_Atomic uint64_t done, total; /* in the stage's own unit; total 0 = not known */
	_Atomic bool cancel;          /* set by a watcher; the stage fails with STATUS_REFUSED */
	struct progress *beside;      /* the work that this runs beside, NULL if none: cancelled with it */

	/* Told of each stage when it begins, in the worker's thread; NULL if nobody asks. Set before
	 * the work begins. */
	void (*on_stage)(struct progress *progress, const char *stage);
	uint64_t since;               /* for on_stage: monotonic nanoseconds */
};

static inline void progress_begin(struct progress *p, const char *stage, uint64_t total)
{
	if (!p)
		return;
	atomic_store(&p->done, 0);
	atomic_store(&p->total, total);
	atomic_store(&p->stage, stage);
	if (p->on_stage)
		p->on_stage(p, stage);
}

static inline void progress_add(struct progress *p, uint64_t n)
{
	if (p)
		atomic_fetch_add_explicit(&p->done, n, memory_order_relaxed);
}

static inline bool progress_cancelled(struct progress *p)
{
	for (; p; p = p->beside)
		if (atomic_load_explicit(&p->cancel, memory_order_relaxed))
			return true;
	return false;
}

#endif

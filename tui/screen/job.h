/* A job: what may take longer than a frame runs on a thread of its own, and the screen goes on. */
#ifndef GORETAIN_TUI_SCREEN_JOB_H
#define GORETAIN_TUI_SCREEN_JOB_H

#include <pthread.h>

#include "graph/base/progress.h"

/* Must come back soon after progress->cancel is set. */
typedef void (*job_fn)(void *arg, struct progress *progress);

struct job {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool running;  /* started and not yet joined */
	bool finished; /* under the lock */
	struct progress progress;
	job_fn fn;
	void *arg;
	int wake;      /* a byte is written there when it is done */
};

void job_init(struct job *job, int wake);
/* Run FN(ARG); it is not running. Falls back to this thread when no other can be had. */
void job_start(struct job *job, job_fn fn, void *arg);
/* Wait up to MS milliseconds; true once FN has come back. Then job_end is still to be called. */
bool job_wait(struct job *job, unsigned ms);
/* Cancel if it runs, and wait until it has ended. */
void job_end(struct job *job);
void job_free(struct job *job);

/* Start a thread that takes no signals: those are the screen's. */
bool job_thread(pthread_t *thread, void *(*fn)(void *), void *arg);

#endif

#include "tui/screen/job.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

bool job_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	result = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0;
}

void job_init(struct job *job, int wake)
{
	pthread_condattr_t attr;

	*job = (struct job){ .wake = wake };
	pthread_mutex_init(&job->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&job->changed, &attr);
	pthread_condattr_destroy(&attr);
}

static void *run(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg, &job->progress);
	pthread_mutex_lock(&job->lock);
	job->finished = true;
	pthread_cond_broadcast(&job->changed);
	pthread_mutex_unlock(&job->lock);
	if (write(job->wake, "j", 1) < 0)
		return NULL; /* the pipe is full: the screen wakes anyway */
	return NULL;
}

void job_start(struct job *job, job_fn fn, void *arg)
{
	job->fn = fn;
	job->arg = arg;
	job->finished = false;
	atomic_store(&job->progress.cancel, false);
	progress_begin(&job->progress, "working", 0);
	job->running = job_thread(&job->thread, run, job);
	if (!job->running)
		run(job);
}

bool job_wait(struct job *job, unsigned ms)
{
	struct timespec until;
	bool finished;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&job->lock);
	while (!job->finished && ms)
		if (pthread_cond_timedwait(&job->changed, &job->lock, &until))
			break;
	finished = job->finished;
	pthread_mutex_unlock(&job->lock);
	return finished;
}

void job_end(struct job *job)
{
	atomic_store(&job->progress.cancel, true);
	if (job->running)
		pthread_join(job->thread, NULL);
	job->running = false;
	job->finished = false;
}

void job_free(struct job *job)
{
	job_end(job);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->changed);
}

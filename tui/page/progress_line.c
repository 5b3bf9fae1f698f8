#include "tui/page/progress_line.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 100000000

struct progress_line {
	struct progress *progress;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool end;
};

void progress_line_clear(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void draw(const struct progress *p)
{
	const char *stage = p->stage;
	uint64_t total = p->total, done = p->done;

	if (!stage)
		return;
	if (total)
		fprintf(stderr, "\r%s %3.0f %%\033[K", stage, 100.0 * (double)done / (double)total);
	else
		fprintf(stderr, "\r%s\033[K", stage);
}

static void *show(void *arg)
{
	struct progress_line *line = arg;
	struct timespec next;

	pthread_mutex_lock(&line->lock);
	clock_gettime(CLOCK_REALTIME, &next);
	while (!line->end) {
		draw(line->progress);
		next.tv_nsec += PERIOD_NS;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&line->ended, &line->lock, &next);
	}
	pthread_mutex_unlock(&line->lock);
	progress_line_clear();
	return NULL;
}

struct progress_line *progress_line_start(struct progress *progress)
{
	struct progress_line *line = isatty(STDERR_FILENO) ? calloc(1, sizeof *line) : NULL;

	if (!line)
		return NULL;
	line->progress = progress;
	pthread_mutex_init(&line->lock, NULL);
	pthread_cond_init(&line->ended, NULL);
	if (pthread_create(&line->thread, NULL, show, line) == 0)
		return line;
	free(line);
	return NULL;
}

void progress_line_end(struct progress_line *line)
{
	if (!line)
		return;
	pthread_mutex_lock(&line->lock);
	line->end = true;
	pthread_cond_signal(&line->ended);
	pthread_mutex_unlock(&line->lock);
	pthread_join(line->thread, NULL);
	pthread_cond_destroy(&line->ended);
	pthread_mutex_destroy(&line->lock);
	free(line);
}

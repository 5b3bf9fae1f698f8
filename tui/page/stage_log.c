#include "tui/page/stage_log.h"

#include <stdio.h>
#include <time.h>

#include "tui/page/progress_line.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void tell(struct progress *progress, const char *stage)
{
	progress_line_clear();
	fprintf(stderr, "goretain: %lu ms, %s\n", (now_ns() - progress->since) / 1000000, stage);
}

void stage_log_start(struct progress *progress)
{
	progress->since = now_ns();
	progress->on_stage = tell;
}

void stage_log_end(struct progress *progress, const char *what)
{
	if (progress->on_stage)
		progress->on_stage(progress, what);
}

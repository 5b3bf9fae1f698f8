#include "tui/screen/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "graph/analysis/path_tree.h"
#include "graph/base/cleanup.h"
#include "graph/builder.h"
#include "graph/lens.h"
#include "graph/suspects/suspects.h"
#include "tui/page/stage_log.h"
#include "tui/screen/job.h"

/* A snapshot and what is computed of it. */
struct look {
	struct graph *_Atomic graph;
	struct index *_Atomic index;
	struct change change;  /* since the one before */
	bool compared;
};

struct worker {
	struct source *source;
	uint64_t max_pause_ns;
	bool redact;
	int wake;
	pthread_t thread;
	struct look now, next; /* what is shown; what is being made, or is ready to take its place */
	bool joined;           /* there is no thread to wait for */
	bool again;            /* the thread's work is a second look */
	struct progress progress;

	pthread_mutex_t lock;     /* for all below */
	enum worker_state state;
	bool ready;            /* `next` is whole */
	struct error error;
};

static void wake_with(struct worker *w, char news)
{
	if (write(w->wake, &news, 1) < 0)
		return; /* the pipe is full: the screen wakes anyway */
}

static void wake(struct worker *w)
{
	wake_with(w, 'w');
}

/* Runs on the worker's thread, inside source->load. The question is put where the screen is, and all of us
 * stand still until it is answered. */
static bool on_forecast(void *arg, const struct forecast *forecast, struct error *err)
{
	struct worker *w = arg;
	bool yes;

	if (forecast->pause_ns <= w->max_pause_ns)
		return true;
	yes = w->source->consent(w->source, forecast, err);
	wake_with(w, WORKER_REDRAW);
	return yes;
}

/* Content is hidden from before the graph is looked at or put into words. Both threads write the
 * same. */
static void hide_content(const struct worker *w, const struct graph *g)
{
	if (w->redact && g->lens)
		g->lens->redact = true;
}

/* Every stage after loading; false at the first that fails. */
static bool analyse(struct worker *w, struct look *look, struct error *err)
{
	struct graph *g = atomic_load(&look->graph);

	wake(w);
	if (graph_stage(g) < STAGE_LIVE && !graph_mark(g, &w->progress, err))
		return false;
	wake(w);
	if (graph_stage(g) < STAGE_RETAINED && !graph_dominators(g, &w->progress, err))
		return false;
	wake(w);
	atomic_store(&look->index, index_make(g, &w->progress, err));
	if (!atomic_load(&look->index))
		return false;
	wake(w);
	hide_content(w, g);
	return graph_find_suspects(g, &w->progress, err);
}

static void free_look(struct look *look)
{
	index_free(atomic_load(&look->index));
	graph_free(atomic_load(&look->graph));
	change_free(&look->change);
	*look = (struct look){0};
}

static bool take(struct worker *w, struct look *look, struct error *err)
{
	return w->source->load(w->source, &look->graph, &w->progress, err) && analyse(w, look, err);
}

/* Take the next snapshot, and compare it with the one that is shown. */
static bool look_again(struct worker *w, struct error *err)
{
	autopathtree struct path_tree tree = {0};
	struct digest *old = NULL;
	bool good;

	if (path_tree_build(atomic_load(&w->now.graph), &tree, &w->progress, err))
		old = digest_make(atomic_load(&w->now.graph), &tree, err);
	good = old && take(w, &w->next, err) &&
	       change_find(atomic_load(&w->next.graph), old, &w->next.change, &w->progress, err);
	digest_free(old);
	w->next.compared = good;
	if (!good)
		free_look(&w->next);
	return good;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct error err = {0};
	bool good = w->again ? look_again(w, &err) : take(w, &w->now, &err);

	stage_log_end(&w->progress, good ? "complete" : "failed");
	pthread_mutex_lock(&w->lock);
	w->state = good ? WORKER_DONE : WORKER_FAILED;
	w->ready = good && w->again;
	w->error = err;
	pthread_mutex_unlock(&w->lock);
	wake(w);
	return NULL;
}

struct worker *worker_start(const struct request *request, struct source *source, int wake_fd,
			    struct error *err)
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w) {
		fail_memory(err, "the worker");
		return NULL;
	}
	w->source = source;
	w->max_pause_ns = request->max_pause_ms * 1000000;
	w->redact = request->redact;
	if (request->verbose)
		stage_log_start(&w->progress);
	w->wake = wake_fd;
	pthread_mutex_init(&w->lock, NULL);
	source->on_forecast = on_forecast;
	source->forecast_arg = w;
	if (!job_thread(&w->thread, run, w)) {
		fail(err, STATUS_REFUSED, "no thread can be started to compute with");
		free(w);
		return NULL;
	}
	return w;
}

bool worker_again(struct worker *w, struct error *err)
{
	pthread_join(w->thread, NULL);
	w->again = true;
	w->state = WORKER_RUNS;
	atomic_store(&w->progress.cancel, false);
	if (job_thread(&w->thread, run, w))
		return true;
	w->state = WORKER_FAILED;
	w->joined = true;
	return fail(err, STATUS_REFUSED, "no thread can be started to look again with");
}

bool worker_is_ready(struct worker *w)
{
	bool ready;

	pthread_mutex_lock(&w->lock);
	ready = w->ready;
	pthread_mutex_unlock(&w->lock);
	return ready;
}

void worker_renew(struct worker *w)
{
	free_look(&w->now);
	w->now = w->next;
	w->next = (struct look){0};
	w->ready = false;
}

const struct change *worker_change(struct worker *w)
{
	return w->now.compared ? &w->now.change : NULL;
}

const struct graph *worker_graph(struct worker *w)
{
	const struct graph *g = atomic_load(&w->now.graph);

	if (!g || graph_stage(g) < STAGE_SIZES)
		return NULL;
	hide_content(w, g);
	return g;
}

const struct index *worker_index(struct worker *w)
{
	return atomic_load(&w->now.index);
}

struct progress *worker_progress(struct worker *w)
{
	return &w->progress;
}

enum worker_state worker_state(struct worker *w, struct error *err)
{
	enum worker_state state;

	pthread_mutex_lock(&w->lock);
	state = w->state;
	if (err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return state;
}

void worker_cancel(struct worker *w)
{
	atomic_store(&w->progress.cancel, true);
}

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	worker_cancel(w);
	if (!w->joined)
		pthread_join(w->thread, NULL);
	w->source->on_forecast = NULL;
	free_look(&w->now);
	free_look(&w->next);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

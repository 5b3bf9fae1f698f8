/* The worker: the thread that takes the snapshot and computes, stage by stage, while the screen
 * shows what is published. */
#ifndef GORETAIN_TUI_SCREEN_WORKER_H
#define GORETAIN_TUI_SCREEN_WORKER_H

#include "graph/base/progress.h"
#include "graph/change/change.h"
#include "graph/graph.h"
#include "graph/source.h"
#include "tui/command.h"
#include "tui/page/index.h"

struct worker;

enum worker_state { WORKER_RUNS, WORKER_DONE, WORKER_FAILED };

/* What wakes the screen when the person was asked something on top of it. */
#define WORKER_REDRAW 'r'

/* Start on SOURCE, which outlives the worker. A byte goes to the descriptor WAKE whenever a
 * stage is whole or the work ends. A forecast above the REQUEST's longest pause needs consent. NULL with ERR set if no thread can be had. */
struct worker *worker_start(const struct request *request, struct source *source, int wake,
			    struct error *err);

/* NULL until it exists; the graph's own stage says how much of it is published. It is freed by
 * worker_stop. */
const struct graph *worker_graph(struct worker *worker);
/* NULL until it exists. */
const struct index *worker_index(struct worker *worker);
struct progress *worker_progress(struct worker *worker);
enum worker_state worker_state(struct worker *worker, struct error *err);

/* Take another snapshot of the process while what there is stays; only when the worker is at rest. It is
 * compared with the first; worker_is_ready when both are whole. If that fails all stays as it was, and
 * worker_state says why. */
bool worker_again(struct worker *worker, struct error *err);
bool worker_is_ready(struct worker *worker);
/* Put it in the place of what there was, which is freed: nothing may look at that any more. */
void worker_renew(struct worker *worker);
/* What changed since the snapshot before; NULL if there was none. */
const struct change *worker_change(struct worker *worker);

/* Ask the running stage to end; what is published stays. */
void worker_cancel(struct worker *worker);
/* Cancel, wait, and free all, the graph included. */
void worker_stop(struct worker *worker);

#endif

/* What -v says of the stages: a line on standard error when one begins, with the time until then. */
#ifndef GORETAIN_TUI_PAGE_STAGE_LOG_H
#define GORETAIN_TUI_PAGE_STAGE_LOG_H

#include "graph/base/progress.h"

/* Have the stages of PROGRESS told, from now on. "goretain: 1284 ms, edges": they began 1284 ms
 * after this call. The graph's own stages (graph/graph.h) follow from the names: sizes are there
 * when "types" begin, with edges pulled beside them; holders, types and maps at "marking",
 * retained sizes at "suspects". */
void stage_log_start(struct progress *progress);

/* One line more: the end, named WHAT. Does nothing if there is no log. */
void stage_log_end(struct progress *progress, const char *what);

#endif

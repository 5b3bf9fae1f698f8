/* Two arrays that the screens need beside the frozen graph: how many objects each node dominates,
 * and which roots point at an object. Made once, when the dominator tree is there. */
#ifndef GORETAIN_TUI_PAGE_INDEX_H
#define GORETAIN_TUI_PAGE_INDEX_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

struct index {
	const struct graph *graph;
	uint32_t *objects;  /* of each node: the objects it dominates, itself included */
	uint32_t *by_goal;  /* numbers of roots, sorted by the object they point at */
};

/* Needs STAGE_RETAINED. NULL with ERR set on failure; free with index_free. */
struct index *index_make(const struct graph *g, struct progress *progress, struct error *err);
void index_free(struct index *index);

/* The roots that point at object GOAL: by_goal[*first .. *first + result - 1]. */
uint32_t index_roots(const struct index *index, uint32_t goal, uint32_t *first);

#endif

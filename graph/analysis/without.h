/* What would be freed if several nodes were gone at once: mark again without them.
 *
 * The dominator tree answers that for one node. What two hold together hangs below neither of them, so that a
 * sum over the tree misses it. */
#ifndef GORETAIN_GRAPH_ANALYSIS_WITHOUT_H
#define GORETAIN_GRAPH_ANALYSIS_WITHOUT_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

struct freed {
	uint64_t objects; /* those of the set among them */
	uint64_t bytes;
};

/* What the N nodes GONE (objects, holders) keep as a set, to *OUT: the live objects that no root reaches but
 * through them. A node may be listed twice; garbage keeps nothing. References that hold nothing now are taken
 * to hold nothing then. PROGRESS is asked only whether to end. Needs STAGE_LIVE. Takes time in proportion to the
 * live objects and their edges, and 4 bytes and 2 bits an object. */
bool without_freed(const struct graph *g, const uint32_t *gone, size_t n, struct freed *out,
		   struct progress *progress, struct error *err);

/* Does a chain of references that hold lead from object FROM to object TO? An object reaches itself. Costs as
 * without_freed at most. Needs STAGE_LIVE. */
bool without_reaches(const struct graph *g, uint32_t from, uint32_t to, bool *out,
		     struct progress *progress, struct error *err);

#endif

/* The inside of marking, shared by its two files: what was seen, and what is still to be visited. */
#ifndef GORETAIN_GRAPH_ANALYSIS_MARKER_H
#define GORETAIN_GRAPH_ANALYSIS_MARKER_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

#define MARKER_RING 32 /* a power of two */

struct marker {
	struct graph *g;
	uint64_t *seen;     /* a bit for each object */
	uint64_t *strong;   /* what the first round saw; NULL in it */
	uint32_t *stack;    /* seen, but its edges not yet: each object goes there once at most */
	uint32_t depth;
	uint32_t ring[MARKER_RING]; /* taken from the stack; their rows are on the way to the cache */
	uint32_t fed;
	uint32_t visited;
	const uint64_t *awaited; /* a bit for each object that a task waits on; NULL: nobody asks */
	uint32_t *reached, n_reached; /* those of them that were visited */
	struct progress *progress;
};

static inline bool marker_bit(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/* Does an edge or root of this strength count in the first round? */
static inline bool marker_holds(enum strength strength)
{
	return strength == STRENGTH_STRONG || strength == STRENGTH_POOL;
}

void marker_see(struct marker *m, uint32_t id);

/* Visit all that was seen and what that leads to. False if cancelled. */
bool marker_drain(struct marker *m, struct error *err);

/* The first round from all roots that count in it, in such an order that it tells which tasks can never go
 * on: sets task.stuck (stuck.c). False if cancelled or without memory. */
bool stuck_mark(struct marker *m, struct error *err);

#endif

/* The one way to use both cores. */
#ifndef GORETAIN_GRAPH_BASE_PARALLEL_H
#define GORETAIN_GRAPH_BASE_PARALLEL_H

#include <stdint.h>

/* Worker WORKER (0 .. parallel_workers() - 1) handles the items LO .. HI-1. */
typedef void (*parallel_fn)(void *ctx, unsigned worker, uint64_t lo, uint64_t hi);

#define PARALLEL_MAX 16 /* never more workers: an array of so many serves every call */

/* How many workers parallel_for uses: the processors this process may run on, at most
 * PARALLEL_MAX. */
unsigned parallel_workers(void);

/* Call FN on the items 0..N-1, cut into pieces of GRAIN items that idle workers take in
 * ascending order, and return when all are done. Falls back to this thread alone when no other
 * can be started, so it never fails. Pieces run at the same time: FN must not write what
 * another piece touches. */
void parallel_for(uint64_t n, uint64_t grain, parallel_fn fn, void *ctx);

#endif

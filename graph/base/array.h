/* The large arrays that the graph and its analyses are made of. */
#ifndef GORETAIN_GRAPH_BASE_ARRAY_H
#define GORETAIN_GRAPH_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "graph/base/progress.h"

/* N elements of SIZE bytes, not initialised (array_zero: zeros; array_ones: every byte 0xff, which
 * is NO_NODE in an array of ids). Large ones ask the kernel for huge pages, since the analyses
 * visit them in no order a TLB likes. Free with free(). NULL without memory, with ERR set to say
 * that it was for WHAT; never NULL for N = 0. */
void *array_new(uint64_t n, size_t size, const char *what, struct error *err);
void *array_zero(uint64_t n, size_t size, const char *what, struct error *err);
void *array_ones(uint64_t n, size_t size, const char *what, struct error *err);

/* True, and ERR says "cancelled", once a watcher wished the work to end. */
bool array_cancelled(struct progress *progress, struct error *err);

#endif

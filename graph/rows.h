/* Compressed sparse rows: what belongs to i is items[row[i] .. row[i + 1] - 1]. */
#ifndef GORETAIN_GRAPH_ROWS_H
#define GORETAIN_GRAPH_ROWS_H

#include "graph/base/error.h"
#include "graph/base/progress.h"

/* Turn counts in ROW[1 .. N] into where each row begins. Their sum goes to *TOTAL; false if that is
 * more than 32 bits hold. */
bool rows_sum(uint32_t *row, uint64_t n, uint64_t *total, struct error *err);

/* Rows to be turned round: SRC refers to dst[row[src] .. row[src + 1] - 1], or to dst[src] alone if
 * ROW is NULL. A dst of N_DST or more refers to nothing. */
struct rows {
	const uint32_t *row, *dst;
	uint32_t n_src, n_dst;
};

/* Make the rows the other way: *ROW (of n_dst + 2 entries, the last one spare) and *ITEMS, the
 * sources in ascending order, one for each reference. Both are the caller's also on failure. */
bool rows_invert(const struct rows *rows, uint32_t **row, uint32_t **items,
		 struct progress *progress, struct error *err);

#endif

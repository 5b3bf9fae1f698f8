#include "graph/rows.h"

#include <inttypes.h>

#include "graph/base/array.h"
#include "graph/base/parallel.h"

#define REPORT 65536 /* sources or references between two looks at the progress */

bool rows_sum(uint32_t *row, uint64_t n, uint64_t *total, struct error *err)
{
	uint64_t sum = 0;

	row[0] = 0;
	for (uint64_t i = 1; i <= n; i++) {
		sum += row[i];
		row[i] = (uint32_t)sum;
	}
	*total = sum;
	return sum <= UINT32_MAX ||
	       fail(err, STATUS_REFUSED, "%" PRIu64 " edges are too many", sum);
}

/* The work is divided by destination: each worker reads all references and keeps those into its own
 * part. So nothing is shared, and sources come out in ascending order. */
struct inversion {
	const struct rows *rows;
	uint32_t *row, *items;
	uint64_t parts;
	struct progress *progress;
};

static uint32_t part_begin(const struct inversion *in, uint64_t part)
{
	return (uint32_t)(part * in->rows->n_dst / in->parts);
}

static uint64_t references(const struct rows *rows)
{
	return rows->row ? rows->row[rows->n_src] : rows->n_src;
}

/* Counts go to row[dst + 2]. */
static void count_part(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	const struct inversion *in = ctx;
	uint32_t begin = part_begin(in, lo), length = part_begin(in, hi) - begin;
	uint64_t n = references(in->rows);
	uint32_t *count = in->row + begin + 2;

	for (uint64_t i = 0; i < n; i++) {
		uint32_t dst = in->rows->dst[i] - begin;

		if (dst < length)
			count[dst]++;
		if (i % REPORT == 0 && progress_cancelled(in->progress))
			return;
	}
}

/* row[dst + 1], which begins as where dst's row begins, ends as where it ends. */
static void fill_part(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	const struct inversion *in = ctx;
	const struct rows *rows = in->rows;
	uint32_t begin = part_begin(in, lo), length = part_begin(in, hi) - begin;
	uint32_t *next = in->row + begin + 1;
	uint32_t i = 0;

	for (uint32_t src = 0; src < rows->n_src; src++) {
		uint32_t end = rows->row ? rows->row[src + 1] : src + 1;

		for (; i < end; i++) {
			uint32_t dst = rows->dst[i] - begin;

			if (dst < length)
				in->items[next[dst]++] = src;
		}
		if (src % REPORT == 0 && progress_cancelled(in->progress))
			return;
	}
	progress_add(in->progress, length);
}

bool rows_invert(const struct rows *rows, uint32_t **row, uint32_t **items,
		 struct progress *progress, struct error *err)
{
	struct inversion in = { .rows = rows, .progress = progress, .parts = parallel_workers() };
	uint64_t total;

	in.row = *row = array_zero(rows->n_dst + 2ull, sizeof **row, "rows of the graph", err);
	if (!in.row)
		return false;
	parallel_for(in.parts, 1, count_part, &in);
	if (array_cancelled(progress, err) || !rows_sum(in.row, rows->n_dst + 1ull, &total, err))
		return false;
	in.items = *items = array_new(total, sizeof **items, "rows of the graph", err);
	if (!in.items)
		return false;
	parallel_for(in.parts, 1, fill_part, &in);
	return !array_cancelled(progress, err);
}

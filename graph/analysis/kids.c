#include "graph/analysis/kids.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/rows.h"

#define NODE_GRAIN 16384
#define SHORT_LIST 32    /* lists up to here are sorted by insertion */
#define DIGIT_BITS 11

struct sort_pass {
	struct graph *g;
	struct progress *progress;
};

static void insertion_sort(const struct graph *g, uint32_t *kids, uint32_t n)
{
	uint64_t keys[SHORT_LIST];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t kid = kids[i], at = i;
		uint64_t key = graph_retained(g, kid);

		for (; at > 0 && keys[at - 1] < key; at--) {
			keys[at] = keys[at - 1];
			kids[at] = kids[at - 1];
		}
		keys[at] = key;
		kids[at] = kid;
	}
}

static int compare_kids(const void *a, const void *b, void *graph)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t x_retained = graph_retained(graph, x), y_retained = graph_retained(graph, y);

	if (x_retained != y_retained)
		return x_retained > y_retained ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* One pass of a stable radix sort by the DIGIT_BITS bits from SHIFT on. */
static void radix_pass(const uint64_t *from, uint64_t *to, uint32_t n, unsigned shift)
{
	uint32_t starts[(1 << DIGIT_BITS) + 1] = { 0 };
	const uint64_t mask = (1 << DIGIT_BITS) - 1;

	for (uint32_t i = 0; i < n; i++)
		starts[(from[i] >> shift & mask) + 1]++;
	for (unsigned i = 1; i <= mask; i++)
		starts[i] += starts[i - 1];
	for (uint32_t i = 0; i < n; i++)
		to[starts[from[i] >> shift & mask]++] = from[i];
}

static unsigned bits_of(uint64_t n)
{
	return n ? 64 - (unsigned)__builtin_clzll(n) : 0;
}

/* Sort a long list by words that have (most - retained) above the kid's place in the list, as long
 * as both fit: a list of ten million is common (everything under one slice). False if they do not
 * fit or there is no memory for it. */
static bool radix_sort(const struct graph *g, uint32_t *kids, uint32_t n)
{
	unsigned place_bits = bits_of(n - 1), key_bits;
	autofree uint64_t *words = NULL, *other = NULL;
	uint64_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t retained = graph_retained(g, kids[i]);

		most = retained > most ? retained : most;
	}
	key_bits = bits_of(most);
	if (key_bits + place_bits > 64)
		return false;
	words = array_new(n, sizeof *words, "sorting", NULL);
	other = array_new(n, sizeof *other, "sorting", NULL);
	if (!words || !other)
		return false;
	for (uint32_t i = 0; i < n; i++)
		words[i] = (most - graph_retained(g, kids[i])) << place_bits | i;
	for (unsigned done = 0; done < key_bits; done += DIGIT_BITS) {
		uint64_t *swap = words;

		radix_pass(words, other, n, place_bits + done);
		words = other;
		other = swap;
	}
	memcpy(other, kids, n * sizeof *kids);
	for (uint32_t i = 0; i < n; i++)
		kids[i] = ((uint32_t *)other)[words[i] & ((1ull << place_bits) - 1)];
	return true;
}

static void sort_list(struct graph *g, uint32_t *kids, uint32_t n)
{
	if (n <= SHORT_LIST)
		insertion_sort(g, kids, n);
	else if (!radix_sort(g, kids, n))
		qsort_r(kids, n, sizeof *kids, compare_kids, g);
}

static void sort_lists(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct sort_pass *pass = ctx;
	struct graph *g = pass->g;

	if (progress_cancelled(pass->progress))
		return;
	for (uint64_t node = lo; node < hi; node++) {
		uint32_t first = g->kid_row[node], n = g->kid_row[node + 1] - first;

		if (n > 1)
			sort_list(g, g->kids + first, n);
	}
}

bool kids_build(struct graph *g, struct progress *progress, struct error *err)
{
	uint32_t n = graph_root_node(g);
	struct rows rows = { .dst = g->idom, .n_src = n, .n_dst = n + 1 };
	struct sort_pass pass = { .g = g, .progress = progress };

	if (!rows_invert(&rows, &g->kid_row, &g->kids, progress, err))
		return false;
	parallel_for(n + 1ull, NODE_GRAIN, sort_lists, &pass);
	return !array_cancelled(progress, err);
}

#include "graph/builder.h"

#include <inttypes.h>
#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/pages.h"
#include "graph/rows.h"

#define EDGE_GRAIN 8192 /* objects that one call of pull answers for */
#define MAX_HOLDERS ((1u << 24) - 2)

/* Multiplying by ceil(2^32 / stride) divides exactly as long as the rounding error, carried
 * through the whole extent, stays below one part in 2^32 (Granlund, Montgomery: Division by
 * Invariant Integers). Where it does not, 0 says to divide. */
static uint32_t division_magic(const struct extent *e)
{
	uint64_t length = e->stride * e->slots;
	uint64_t magic, error;

	if (e->slots == 1 || e->stride < 2 || length >> 32)
		return 0;
	magic = ((1ull << 32) + e->stride - 1) / e->stride;
	error = magic * e->stride - (1ull << 32);
	return error && length > UINT32_MAX / error ? 0 : (uint32_t)magic;
}

static bool check_extents(struct graph *g, struct error *err)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < g->n_extents; i++) {
		struct extent *e = &g->extents[i];
		uint64_t length, next;

		if (!e->slots || !e->stride ||
		    __builtin_mul_overflow(e->stride, (uint64_t)e->slots, &length) ||
		    __builtin_add_overflow(e->base, length, &next))
			return fail(err, STATUS_BAD_FILE, "the heap has a span of no sensible size "
				    "at 0x%" PRIx64, e->base);
		if (e->base < end)
			return fail(err, STATUS_BAD_FILE,
				    "the heap's spans overlap at 0x%" PRIx64, e->base);
		end = next;
		e->magic = division_magic(e);
	}
	return true;
}

static void flag_noscan(struct graph *g)
{
	for (uint32_t i = 0; i < g->n_extents; i++) {
		const struct extent *e = &g->extents[i];

		for (uint32_t id = e->first; e->noscan && id < e->first + e->count; id++)
			g->flags[id] = OBJECT_NOSCAN;
	}
}

bool graph_set_extents(struct graph *g, struct extent *extents, uint32_t n_extents, uint64_t *bits,
		       struct error *err)
{
	g->extents = extents;
	g->n_extents = n_extents;
	g->bits = bits;
	if (!check_extents(g, err) || !pages_build(g, err))
		return false;
	g->type = array_ones(g->n_objects, sizeof *g->type, "the objects' types", err);
	g->flags = array_zero(g->n_objects, sizeof *g->flags, "the objects' flags", err);
	if (!g->type || !g->flags)
		return false;
	flag_noscan(g);
	for (uint32_t i = 0; i < n_extents; i++)
		g->meta.heap_explained += extents[i].stride * extents[i].count;
	return true;
}

/* A pass over all objects' edges. */
struct edge_pass {
	struct graph *g;
	const struct edge_source *source;
	struct progress *progress;
	uint32_t *scratch;    /* fill: EDGE_GRAIN counts for each worker */
	_Atomic bool changed; /* the source gave another answer the second time */
};

/* Counts go to fwd_row[i + 1]. */
static void count_edges(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct edge_pass *pass = ctx;

	if (progress_cancelled(pass->progress))
		return;
	pass->source->pull(pass->source->ctx, (uint32_t)lo, (uint32_t)hi,
			   pass->g->fwd_row + lo + 1, NULL);
	progress_add(pass->progress, hi - lo);
}

static void fill_edges(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct edge_pass *pass = ctx;
	struct graph *g = pass->g;
	uint32_t *counts = pass->scratch + (size_t)worker * EDGE_GRAIN;

	if (progress_cancelled(pass->progress))
		return;
	pass->source->pull(pass->source->ctx, (uint32_t)lo, (uint32_t)hi, counts,
			   g->fwd_dst + g->fwd_row[lo]);
	for (uint64_t i = lo; i < hi; i++)
		if (counts[i - lo] != g->fwd_row[i + 1] - g->fwd_row[i])
			atomic_store_explicit(&pass->changed, true, memory_order_relaxed);
	progress_add(pass->progress, hi - lo);
}

static bool pull_forward(struct edge_pass *pass, struct error *err)
{
	struct graph *g = pass->g;
	autofree uint32_t *scratch = NULL;

	g->fwd_row = array_new(g->n_objects + 1ull, sizeof *g->fwd_row, "edges", err);
	if (!g->fwd_row)
		return false;
	progress_begin(pass->progress, "edges", 3ull * g->n_objects);
	parallel_for(g->n_objects, EDGE_GRAIN, count_edges, pass);
	if (array_cancelled(pass->progress, err) ||
	    !rows_sum(g->fwd_row, g->n_objects, &g->n_edges, err))
		return false;
	g->fwd_dst = array_new(g->n_edges, sizeof *g->fwd_dst, "edges", err);
	scratch = array_new(PARALLEL_MAX * EDGE_GRAIN, sizeof *scratch, "edges", err);
	if (!g->fwd_dst || !scratch)
		return false;
	pass->scratch = scratch;
	parallel_for(g->n_objects, EDGE_GRAIN, fill_edges, pass);
	if (array_cancelled(pass->progress, err))
		return false;
	if (atomic_load(&pass->changed))
		return fail(err, STATUS_REFUSED, "the heap changed while its edges were read");
	return true;
}

static bool make_reverse(struct edge_pass *pass, struct error *err)
{
	struct graph *g = pass->g;
	struct rows rows = { .row = g->fwd_row, .dst = g->fwd_dst, .n_src = g->n_objects,
			     .n_dst = g->n_objects };

	return rows_invert(&rows, &g->rev_row, &g->rev_src, pass->progress, err);
}

bool graph_pull_edges(struct graph *g, const struct edge_source *source, struct progress *progress,
		      struct error *err)
{
	struct edge_pass pass = { .g = g, .source = source, .progress = progress };

	g->edges = source;
	return pull_forward(&pass, err) && make_reverse(&pass, err);
}

void graph_set_strengths(struct graph *g, struct edge_strength *special, uint32_t n_special)
{
	g->special = special;
	g->n_special = n_special;
}

static bool check_roots(const struct graph *g, struct error *err)
{
	if (g->n_holders > MAX_HOLDERS)
		return fail(err, STATUS_REFUSED, "%" PRIu32 " holders are too many", g->n_holders);
	for (uint32_t i = 0; i < g->n_roots; i++)
		if (g->roots[i].holder >= g->n_holders || g->roots[i].dst >= g->n_objects)
			return fail(err, STATUS_BAD_FILE, "root %" PRIu32 " at 0x%" PRIx64
				    " has no holder or points at no object", i, g->roots[i].addr);
	return true;
}

/* Sort the roots by holder; those of one holder stay in the order they were given in. */
static bool group_roots(struct graph *g, struct error *err)
{
	struct root *sorted = array_new(g->n_roots, sizeof *sorted, "roots", err);
	uint32_t at = 0;

	if (!sorted)
		return false;
	for (uint32_t h = 0; h < g->n_holders; h++)
		g->holders[h].n_roots = 0;
	for (uint32_t i = 0; i < g->n_roots; i++)
		g->holders[g->roots[i].holder].n_roots++;
	for (uint32_t h = 0; h < g->n_holders; h++) {
		g->holders[h].first_root = at;
		at += g->holders[h].n_roots;
		g->holders[h].n_roots = 0;
	}
	for (uint32_t i = 0; i < g->n_roots; i++) {
		struct holder *holder = &g->holders[g->roots[i].holder];

		sorted[holder->first_root + holder->n_roots++] = g->roots[i];
	}
	free(g->roots);
	g->roots = sorted;
	return true;
}

bool graph_set_holders(struct graph *g, struct holder *holders, uint32_t n_holders,
		       struct root *roots, uint32_t n_roots, struct error *err)
{
	g->holders = holders;
	g->n_holders = n_holders;
	g->roots = roots;
	g->n_roots = n_roots;
	return check_roots(g, err) && group_roots(g, err);
}

void graph_publish(struct graph *g, enum stage stage)
{
	atomic_store_explicit(&g->stage, stage, memory_order_release);
}

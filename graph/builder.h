/* How a producer fills a graph: in this order, each call once. The graph takes ownership of arrays
 * handed in (made with malloc). On failure the graph is still to be freed with graph_free. */
#ifndef GORETAIN_GRAPH_BUILDER_H
#define GORETAIN_GRAPH_BUILDER_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

/* Edges are pulled, never pushed: the builder asks for the edges of a range of objects twice, to
 * count and to fill, from several threads at once. */
struct edge_source {
	/* Write the destinations (object ids) of the pointer slots of the objects LO..HI-1 that point
	 * into an allocated object, one for each slot in slot order, to OUT, one object after the
	 * other; and to COUNTS[i - LO] how many object i has. OUT NULL: only count. Must give the
	 * same answer each time. */
	void (*pull)(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out);

	/* Byte offset from the base of object SRC of its K-th such slot, and in *DST_OFFSET how far
	 * into the destination it points. UINT64_MAX if there is none. */
	uint64_t (*offset)(void *ctx, uint32_t src, uint32_t k, uint64_t *dst_offset);
	void *ctx;
};

/* STAGE_SIZES. EXTENTS sorted by base, not overlapping; fields first, count and magic are computed
 * here. BITS has the bitmaps, each beginning with a word of its own. At most 2^31 - 2^24 objects.
 * Makes g->type (all NO_NODE) and g->flags (OBJECT_NOSCAN as the extents say) for the producer to
 * fill in, and sums meta.heap_explained. The producer calls graph_publish(g, STAGE_SIZES), when
 * meta is there too. */
bool graph_set_extents(struct graph *g, struct extent *extents, uint32_t n_extents, uint64_t *bits,
		       struct error *err);

/* Forward and reverse edges. SOURCE must outlive the graph. */
bool graph_pull_edges(struct graph *g, const struct edge_source *source, struct progress *progress,
		      struct error *err);

/* The edges that are not strong: SPECIAL, sorted by edge. */
void graph_set_strengths(struct graph *g, struct edge_strength *special, uint32_t n_special);

/* Holders and their roots, sorted by holder here; sets first_root and n_roots. */
bool graph_set_holders(struct graph *g, struct holder *holders, uint32_t n_holders,
		       struct root *roots, uint32_t n_roots, struct error *err);

/* Publish STAGE_SIZES or STAGE_EDGES; before the latter types, type, flags, tasks, frames and maps
 * were set directly. The later stages publish themselves. */
void graph_publish(struct graph *g, enum stage stage);

/* STAGE_LIVE: mark in two rounds, strong first, then the runtime's bookkeeping from what is left;
 * marks edges that do not hold with EDGE_IDLE: weak ones, bookkeeping into what the first round
 * reached, and whatever leads there from what only bookkeeping keeps. Sums live and typed bytes,
 * types, and of meta what the last collection kept; sets map.live. Of graph.memory and its
 * details it fills "live heap" and "garbage": the producer puts the bytes of all objects into "garbage",
 * and what is live is moved over, but for what graph.absent says of it. */
bool graph_mark(struct graph *g, struct progress *progress, struct error *err);

/* STAGE_RETAINED: dominator tree, retained sizes, nearest roots (graph/analysis/dominators.c). */
bool graph_dominators(struct graph *g, struct progress *progress, struct error *err);

#endif

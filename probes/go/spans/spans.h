/* The heap's spans and which of their slots are allocated (runtime/mheap.go, mbitmap.go). */
#ifndef GORETAIN_PROBES_GO_SPANS_SPANS_H
#define GORETAIN_PROBES_GO_SPANS_SPANS_H

#include "graph/base/progress.h"
#include "graph/graph.h"
#include "probes/go/go.h"

#define GO_PAGE 8192u
#define GO_ARENA (64ull << 20)
#define GO_CLASSES 68u
#define NO_SLOT UINT32_MAX
#define HEADER_LIMIT 512u /* larger slots with pointers begin with a type word (1.22 on) */

/* A span in use (mspan.state 1). Sorted by base; span i is extent i of the graph. */
struct go_span {
	uint64_t addr;        /* of the mspan */
	uint64_t base, bytes; /* of its pages */
	uint64_t elemsize;
	uint64_t large_type;  /* descriptor of a large object with pointers (1.22 on), or 0 */
	uint64_t specials;    /* first special, or 0 */
	uint64_t mask_words;  /* of a large object: words up to the end of its mask (masks_measure) */
	const uint8_t *data;  /* its bytes here; only the first `present` of them */
	uint64_t present;
	uint32_t nelems;
	uint32_t allocated;   /* slots, as the runtime counts them: of a span that is not swept yet, before that */
	uint32_t in_flight;   /* the slot of an object that is just being allocated, or NO_SLOT */
	uint8_t class;        /* size class, 0 = large */
	bool noscan;
	bool user_arena;
};

struct go_spans {
	struct go_span *items;
	uint32_t n;
	uint64_t *allocated;  /* bitmaps of all spans, one after the other, word-aligned */
	uint64_t *survived;   /* the same: kept by the last collection */
	uint64_t *first_word; /* of each span in the two above */
	uint64_t *arenas;     /* arena index -> address of its heapArena, sorted pairs */
	uint32_t n_arenas;
	uint32_t sweepgen;
	uint64_t bytes;       /* of allocated slots */
	uint64_t in_use;      /* of the spans' pages */
};

/* Read the span whose mspan lies at ADDR, but nothing of its memory. False if it is not in use. */
bool spans_peek(struct go *go, uint64_t addr, struct go_span *out);

/* Read all spans. The image must be the stop's. */
bool spans_read(struct go *go, struct go_spans *out, struct progress *progress, struct error *err);
void spans_free(struct go_spans *spans);

/* Give the graph its extents (STAGE_SIZES is then the caller's to publish). */
bool spans_to_graph(const struct go_spans *spans, struct graph *g, struct error *err);

/* Is the slot allocated? Did the last collection keep it? */
bool spans_allocated(const struct go_spans *spans, uint32_t span, uint32_t slot);
bool spans_survived(const struct go_spans *spans, uint32_t span, uint32_t slot);

/* Address of the heapArena that covers ADDR, 0 if none. */
uint64_t spans_arena(const struct go_spans *spans, uint64_t addr);

/* Bytes of the slot that an allocation of SIZE bytes gets. */
uint64_t spans_class_size(uint64_t size);

/* The runtime's own figure of HeapAlloc: heapStats and what the mcaches have not flushed. 0 if its
 * counters were not found. */
uint64_t spans_heap_alloc(struct go *go, const struct go_spans *spans);

#endif

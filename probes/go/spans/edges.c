#include "probes/go/spans/edges.h"

#include <string.h>

/* The object that the pointer at byte AT of a span points into, or NO_NODE. */
static uint32_t destination(const struct heap *heap, const struct go_span *span, uint64_t at,
			    uint64_t *dst_offset)
{
	uint64_t word = image_word(span->data + at);

	if (word < heap->lowest || word >= heap->highest)
		return NO_NODE;
	return graph_find(heap->graph, word, dst_offset);
}

/* The destinations of one object, to OUT unless that is NULL; how many. */
static uint32_t edges_of(struct heap *heap, struct mask_reader *reader, uint32_t span,
			 uint32_t slot, uint32_t *out)
{
	const struct go_span *s = &heap->spans.items[span];
	uint64_t base = slot * s->elemsize, offset;
	struct mask_iter it;
	uint32_t n = 0;

	mask_begin(&it, reader, span, slot);
	while ((offset = mask_next(&it)) != UINT64_MAX) {
		uint32_t dst = destination(heap, s, base + offset, NULL);

		if (dst == NO_NODE) {
			if (!out) /* the first of two passes */
				statics_refer(&heap->statics, image_word(s->data + base + offset));
			continue;
		}
		if (out)
			out[n] = dst;
		n++;
	}
	return n;
}

static void pull(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out)
{
	struct heap *heap = ctx;
	const struct graph *g = heap->graph;
	struct mask_reader reader;

	masks_init(&reader, &heap->go, &heap->spans, heap->types);
	for (const struct extent *e = graph_extent(g, lo); e < g->extents + g->n_extents; e++) {
		uint32_t id = e->first;

		for (uint32_t slot = 0; slot < e->slots && id < hi; slot++) {
			uint32_t n = 0;

			if (!(g->bits[e->bits + slot / 64] >> (slot % 64) & 1))
				continue;
			if (id >= lo) {
				if (!e->noscan)
					n = edges_of(heap, &reader, e->tag, slot, out);
				counts[id - lo] = n;
				if (out)
					out += n;
			}
			id++;
		}
		if (id >= hi)
			return;
	}
}

/* Goes on to the next edge of the walk's object, if it has one. */
static bool walk_next(const struct heap *heap, struct edge_walk *walk)
{
	const struct go_span *s = &heap->spans.items[walk->span];
	uint64_t base = walk->slot * s->elemsize, offset;

	while ((offset = mask_next(&walk->it)) != UINT64_MAX) {
		if (destination(heap, s, base + offset, &walk->dst_offset) == NO_NODE)
			continue;
		walk->offset = offset;
		walk->k++;
		return true;
	}
	return false;
}

/* To the K-th edge of SRC. Who asks for the edges of one object in order does not start again at
 * its first slot each time: a table of a million pointers would take forever. */
static bool walk_to(struct heap *heap, struct edge_walk *walk, uint32_t src, uint32_t k)
{
	if (walk->src != src || walk->k > (uint64_t)k + 1) {
		struct heap_object o;

		walk->src = NO_NODE;
		if (!heap_object(heap, src, &o))
			return false;
		walk->span = o.span;
		walk->slot = o.slot;
		mask_begin(&walk->it, &walk->reader, walk->span, walk->slot);
		walk->src = src;
		walk->k = 0;
	}
	while (walk->k <= k)
		if (!walk_next(heap, walk))
			return false;
	return true;
}

static uint64_t edge_offset(void *ctx, uint32_t src, uint32_t k, uint64_t *dst_offset)
{
	struct heap *heap = ctx;
	struct edge_walk *walk = &heap->walk;
	uint64_t offset = UINT64_MAX;

	pthread_mutex_lock(&walk->lock);
	if (walk_to(heap, walk, src, k)) {
		offset = walk->offset;
		if (dst_offset)
			*dst_offset = walk->dst_offset;
	} else {
		walk->src = NO_NODE;
	}
	pthread_mutex_unlock(&walk->lock);
	return offset;
}

void edges_init(struct heap *heap, struct edge_source *out)
{
	pthread_mutex_init(&heap->walk.lock, NULL);
	masks_init(&heap->walk.reader, &heap->go, &heap->spans, heap->types);
	heap->walk.src = NO_NODE;
	*out = (struct edge_source){ .pull = pull, .offset = edge_offset, .ctx = heap };
}

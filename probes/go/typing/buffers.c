#include "probes/go/typing/buffers.h"

#include "graph/base/array.h"
#include "probes/go/heap.h"

#define LEAST 64u /* bytes of an object: small numbers are in the range of a small one by chance */
#define REPORT 4096u /* words between two looks at the progress */

/* A word and, behind it, what may be the rest of a header; 0 where nothing is. */
struct header { uint64_t addr, length, capacity; };

static void place(struct typing *t, const struct header *h, enum form form, uint32_t type, uint64_t n)
{
	struct typed_place p = { .addr = h->addr, .n = n, .type = type, .form = (uint16_t)form,
				 .known = KNOWN_INFERRED };

	typing_place(t, &p);
}

/* Do N bytes make use of the whole object, but for what the allocator rounds up? Elements of several bytes
 * are too few for that. */
static bool fills(const struct heap_object *o, uint64_t n)
{
	return n && n <= o->size && spans_class_size(n) == o->size;
}

static void try_header(struct typing *t, const struct header *h, uint32_t byte)
{
	struct heap_object o;

	if (!heap_find(t->heap, h->addr, &o) || o.offset || t->heap->graph->type[o.id] != NO_NODE ||
	    !t->heap->spans.items[o.span].noscan || o.size <= LEAST)
		return;
	if (h->length <= h->capacity && fills(&o, h->capacity))
		place(t, h, FORM_ARRAY, byte, h->capacity);
	else if (fills(&o, h->length))
		place(t, h, FORM_STRING, NO_TYPE, h->length);
}

/* What globals and frames hold. */
static bool try_roots(struct typing *t, uint32_t byte, struct progress *progress, struct error *err)
{
	const struct graph *g = t->heap->graph;

	for (uint32_t i = 0; i < g->n_roots; i++) {
		const struct root *r = &g->roots[i];
		struct header h;

		if (i % REPORT == 0 && array_cancelled(progress, err))
			return false;
		if (!r->addr || g->type[r->dst] != NO_NODE)
			continue;
		h = (struct header){ image_u64(t->heap->image, r->addr),
				     image_u64(t->heap->image, r->addr + 8),
				     image_u64(t->heap->image, r->addr + 16) };
		try_header(t, &h, byte);
	}
	return true;
}

/* What objects hold that have no type themselves. */
static void try_object(struct typing *t, uint32_t span, uint32_t slot, uint32_t byte)
{
	const struct go_span *s = &t->heap->spans.items[span];
	const uint8_t *bytes = s->data + slot * s->elemsize;
	struct mask_iter it;
	uint64_t offset;

	mask_begin(&it, &t->reader, span, slot);
	while ((offset = mask_next(&it)) != UINT64_MAX) {
		uint64_t left = s->elemsize - offset;
		struct header h = { image_word(bytes + offset),
				    left >= 16 ? image_word(bytes + offset + 8) : 0,
				    left >= 24 ? image_word(bytes + offset + 16) : 0 };

		try_header(t, &h, byte);
	}
}

bool buffers_infer(struct typing *t, struct progress *progress, struct error *err)
{
	uint32_t byte = types_by_name(t->heap->types, "uint8");
	const struct go_spans *spans = &t->heap->spans;
	const struct graph *g = t->heap->graph;

	if (byte == NO_TYPE)
		return true;
	if (!try_roots(t, byte, progress, err))
		return false;
	for (uint32_t i = 0; i < spans->n; i++) {
		const struct go_span *s = &spans->items[i];
		uint32_t id = g->extents[i].first;

		if (s->noscan || s->present < s->bytes)
			continue;
		for (uint32_t slot = 0; slot < s->nelems; slot++)
			if (spans_allocated(spans, i, slot) && g->type[id++] == NO_NODE)
				try_object(t, i, slot, byte);
		if (array_cancelled(progress, err))
			return false;
	}
	return true;
}

#include "probes/go/typing/infer.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/heap.h"

#define MAX_ALIKE 6u /* structs of one shape that are tried on an object */

/* A struct by its shape: slot size and pointer mask of up to 64 words. */
struct shape { uint64_t size, mask; uint32_t type; };

struct shapes { struct shape *items; uint32_t n; };

static int by_shape(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (x->mask > y->mask) - (x->mask < y->mask);
}

static bool is_plain(uint16_t kind)
{
	return kind == REF_POINTER || kind == REF_TIMER || kind == REF_FUNC;
}

/* Enough to tell it from an array of pointers: two references, and not all of them plain. */
static bool is_telling(struct typing *t, uint32_t type)
{
	const struct ref_program *p = refs_of(&t->refs, type);
	bool telling = false;

	for (uint32_t i = 0; p && i < p->n; i++) {
		if (p->items[i].kind == REF_REPEAT)
			return false;
		telling |= !is_plain(p->items[i].kind);
	}
	return p && p->n >= 2 && telling;
}

static bool shape_of(struct typing *t, uint32_t type, struct shape *out)
{
	const struct rtype *r = types_get(t->heap->types, type);
	const uint8_t *mask;

	if (r->kind != KIND_STRUCT || !r->ptr_bytes || r->size > HEADER_LIMIT ||
	    strstr(r->name, "go.shape.") || !is_telling(t, type))
		return false;
	mask = types_mask(t->heap->types, type);
	if (!mask)
		return false;
	*out = (struct shape){ .size = spans_class_size(r->size), .type = type };
	for (uint64_t w = 0; w < r->ptr_bytes / 8; w++)
		out->mask |= (uint64_t)(mask[w / 8] >> (w % 8) & 1) << w;
	return true;
}

static bool collect_shapes(struct typing *t, struct shapes *out, struct error *err)
{
	uint32_t n = types_count(t->heap->types);

	out->items = malloc((n + 1) * sizeof *out->items);
	if (!out->items)
		return fail_memory(err, "types' shapes");
	for (uint32_t i = 0; i < n; i++)
		out->n += shape_of(t, i, &out->items[out->n]);
	qsort(out->items, out->n, sizeof *out->items, by_shape);
	return true;
}

/* ---- do an object's words suit a struct's fields? ---- */

/* Is ADDR nil, elsewhere in mapped memory, or in an object with room for N elements of TYPE? */
static bool pointer_suits(struct typing *t, uint64_t addr, uint32_t type, uint64_t n)
{
	const struct rtype *r = types_find(t->heap->types, type);
	struct heap_object o;

	if (!addr)
		return true;
	if (!heap_find(t->heap, addr, &o))
		return (addr < t->heap->lowest || addr >= t->heap->highest) &&
		       image_range(t->heap->image, addr);
	if (!r || !r->size)
		return true;
	return n <= (o.size - o.offset) / r->size &&
	       !(r->ptr_bytes && t->heap->spans.items[o.span].noscan);
}

static bool string_suits(struct typing *t, uint64_t addr, uint64_t length)
{
	struct heap_object o;

	if (!length)
		return true;
	if (heap_find(t->heap, addr, &o))
		return length <= o.size - o.offset && t->heap->spans.items[o.span].noscan;
	return image_at(t->heap->image, addr, length) != NULL;
}

static bool header_suits(struct typing *t, uint64_t addr, uint64_t size)
{
	struct heap_object o;

	return !addr || (heap_find(t->heap, addr, &o) && !o.offset && o.size >= size);
}

static bool func_suits(struct typing *t, uint64_t addr)
{
	struct go_func f;
	uint64_t entry = image_u64(t->heap->image, addr);

	return !addr || (func_find(&t->heap->go, entry, &f) && f.entry == entry);
}

static bool interface_suits(struct typing *t, uint64_t type_word, uint64_t data)
{
	return type_word ? typing_interface(t, type_word) != NO_TYPE : !data;
}

static bool ref_suits(struct typing *t, const struct ref *ref, const uint8_t *p)
{
	switch ((enum ref_kind)ref->kind) {
	case REF_POINTER: case REF_TIMER: return pointer_suits(t, image_word(p), ref->type, 1);
	case REF_SLICE:
		return image_word(p + 8) <= image_word(p + 16) &&
		       pointer_suits(t, image_word(p), ref->type, image_word(p + 16));
	case REF_STRING: return string_suits(t, image_word(p), image_word(p + 8));
	case REF_MAP: return header_suits(t, image_word(p), layout_map_header(&t->heap->go.layout));
	case REF_CHAN: return header_suits(t, image_word(p), (uint64_t)t->heap->go.layout.hchan_size);
	case REF_FUNC: return func_suits(t, image_word(p));
	case REF_INTERFACE: return interface_suits(t, image_word(p), image_word(p + 8));
	case REF_REFLECT: return interface_suits(t, image_word(p), image_word(p + 8));
	default: return true;
	}
}

bool infer_suits(struct typing *t, uint32_t type, const uint8_t *bytes)
{
	const struct ref_program *program = refs_of(&t->refs, type);

	for (uint32_t i = 0; i < program->n; i++)
		if (!ref_suits(t, &program->items[i], bytes + program->items[i].offset))
			return false;
	return true;
}

/* ---- the objects ---- */

static bool all_nil(struct typing *t, uint32_t span, uint32_t slot, const uint8_t *bytes)
{
	struct mask_iter it;
	uint64_t offset;

	mask_begin(&it, &t->reader, span, slot);
	while ((offset = mask_next(&it)) != UINT64_MAX)
		if (image_word(bytes + offset))
			return false;
	return true;
}

/* The one struct of the program that the object can be; NO_TYPE if there is none or more. */
static uint32_t only_candidate(struct typing *t, const struct shapes *shapes, struct shape want,
			       const uint8_t *bytes)
{
	uint32_t lo = 0, hi = shapes->n, found = NO_TYPE, tried = 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (by_shape(&shapes->items[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < shapes->n && !by_shape(&shapes->items[lo], &want); lo++) {
		if (++tried > MAX_ALIKE)
			return NO_TYPE;
		if (!infer_suits(t, shapes->items[lo].type, bytes))
			continue;
		if (found != NO_TYPE)
			return NO_TYPE;
		found = shapes->items[lo].type;
	}
	return found;
}

static void infer_object(struct typing *t, const struct shapes *shapes, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &t->heap->spans.items[span];
	const uint8_t *bytes = s->data + slot * s->elemsize;
	struct typed_place p = { .addr = s->base + slot * s->elemsize, .n = 1, .form = FORM_VALUE,
				 .known = KNOWN_INFERRED };
	struct shape want = { .size = s->elemsize };

	want.mask = mask_words(&t->reader, span, slot, 0);
	if (!want.mask || all_nil(t, span, slot, bytes))
		return;
	p.type = only_candidate(t, shapes, want, bytes);
	if (p.type != NO_TYPE)
		typing_place(t, &p);
}

bool infer_types(struct typing *t, struct progress *progress, struct error *err)
{
	const struct go_spans *spans = &t->heap->spans;
	const struct graph *g = t->heap->graph;
	struct shapes shapes = { 0 };
	autofree struct shape *owned = NULL;

	if (!collect_shapes(t, &shapes, err))
		return false;
	owned = shapes.items;
	for (uint32_t i = 0; i < spans->n; i++) {
		const struct go_span *s = &spans->items[i];
		uint32_t id = g->extents[i].first;

		if (s->noscan || s->elemsize > HEADER_LIMIT || s->present < s->bytes)
			continue;
		for (uint32_t slot = 0; slot < s->nelems; slot++)
			if (spans_allocated(spans, i, slot) && g->type[id++] == NO_NODE)
				infer_object(t, &shapes, i, slot);
		if (!typing_propagate(t, progress, err))
			return false;
	}
	return true;
}

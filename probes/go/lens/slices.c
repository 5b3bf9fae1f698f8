/* What a word that points into an array is: a slice's, an array's, an element's, an interface's. */
#include "probes/go/lens/lens.h"

/* The elements of an array in the heap: from where on, how large, how many fit. */
struct elements { uint64_t base, size, n; };

static bool elements_of(struct heap *heap, uint32_t array, struct elements *out)
{
	const struct form_entry *f = lens_form(heap, array);
	const struct rtype *t = f ? types_find(heap->types, f->type) : NULL;
	struct heap_object o;
	uint64_t before;

	if (t && f->form == FORM_VALUE && t->kind == KIND_ARRAY)
		t = types_find(heap->types, t->elem);
	else if (f && f->form != FORM_ARRAY)
		t = NULL;
	if (!t || !t->size || !heap_object(heap, array, &o))
		return false;
	before = mask_value_offset(&heap->go, &heap->spans.items[o.span]);
	*out = (struct elements){ o.addr + before, t->size, (o.size - before) / t->size };
	return true;
}

/* Where the pointer lies, and what its type is: NO_TYPE if that is not known. */
static uint64_t look_at(struct heap *heap, uint32_t src, uint64_t at, uint32_t *type, uint64_t *rest)
{
	const struct graph *g = heap->graph;

	*rest = at;
	if (src == NO_NODE) {
		*type = lens_type_of_root(heap, (uint32_t)at, rest);
		return g->roots[at].addr;
	}
	*type = lens_type_in(heap, src, rest);
	return graph_addr(g, src) + at;
}

/* Three words that can hardly be anything but a slice: its room ends where the array's does. In a variable
 * whose type is not known. */
static bool looks_like_slice(struct heap *heap, uint64_t word, const struct elements *e)
{
	uint64_t to = image_u64(heap->image, word), len = image_u64(heap->image, word + 8);
	uint64_t cap = image_u64(heap->image, word + 16), end = e->base + e->n * e->size;

	return len <= cap && cap <= e->n && to <= end && (end - to) / e->size == cap;
}

static bool is_wide_global(const struct graph *g, uint32_t src, uint64_t at)
{
	const struct root *r = &g->roots[at];

	return src == NO_NODE && r->kind == ROOT_GLOBAL && g->holders[r->holder].type == NO_NODE &&
	       r->addr >= g->holders[r->holder].lo && g->holders[r->holder].hi - r->addr >= 24;
}

bool lens_window(struct lens *lens, uint32_t src, uint64_t at, uint32_t array, struct window *out)
{
	struct heap *heap = lens_heap(lens);
	struct elements e;
	uint32_t type;
	uint64_t rest, word = look_at(heap, src, at, &type, &rest);
	const struct rtype *t = types_find(heap->types, type), *elem = t ? types_find(heap->types, t->elem) : NULL;
	uint64_t to = image_u64(heap->image, word);

	if (!word || !elements_of(heap, array, &e) || to < e.base || (to - e.base) % e.size)
		return false;
	*out = (struct window){ .first = (to - e.base) / e.size };
	if (t && t->kind == KIND_SLICE && !rest && elem && elem->size == e.size) {
		out->length = image_u64(heap->image, word + 8);
	} else if (t && t->kind == KIND_POINTER && !rest && elem) {
		out->one = elem->kind != KIND_ARRAY || elem->size == e.size;
		out->length = out->one ? 1 : elem->len;
	} else if (!t && is_wide_global(heap->graph, src, at) && looks_like_slice(heap, word, &e)) {
		out->length = image_u64(heap->image, word + 8);
	} else {
		return false;
	}
	return true;
}

/* The word before an interface's pointer is a type or an itab. A malloc header looks the same, but is of no
 * value. */
bool lens_dynamic(struct lens *lens, uint32_t src, uint64_t at, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	uint32_t type, dynamic;
	uint64_t rest, word = look_at(heap, src, at, &type, &rest);
	const struct rtype *t = types_find(heap->types, type);
	struct heap_object o;

	if (word < 8 || (t && (t->kind != KIND_INTERFACE || rest != 8)))
		return false;
	if (heap_find(heap, word - 8, &o) &&
	    o.offset < mask_value_offset(&heap->go, &heap->spans.items[o.span]))
		return false;
	dynamic = types_of_interface_word(heap->types, image_u64(heap->image, word - 8));
	if (dynamic == NO_TYPE)
		return false;
	text_puts(out, packages_type_name(heap, dynamic));
	return !types_get(heap->types, dynamic)->direct;
}

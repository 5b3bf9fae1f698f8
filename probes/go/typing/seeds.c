/* Where typing begins: the places at which a type is written down or follows from what the runtime
 * itself keeps. The rules, in the order of what they are worth: malloc headers, the runtime's own
 * records, interface words, channels, closures, globals by the code that uses them. */
#include <stdlib.h>
#include <string.h>

#include "probes/go/heap.h"
#include "probes/go/maps/sync_globals.h"
#include "probes/go/typing/seed_specials.h"
#include "probes/go/typing/seed_timers.h"

#define MAX_CLOSURE 2048u

/* Visit each allocated slot that may hold pointers, or each noscan one when NOSCAN. */
typedef void (*slot_fn)(struct typing *t, uint32_t span, uint32_t slot);

static bool each_slot(struct typing *t, bool noscan, slot_fn fn, struct progress *progress,
		      struct error *err)
{
	const struct go_spans *spans = &t->heap->spans;

	for (uint32_t i = 0; i < spans->n; i++) {
		const struct go_span *s = &spans->items[i];

		if (s->noscan != noscan)
			continue;
		for (uint32_t slot = 0; slot < s->nelems; slot++)
			if (spans_allocated(spans, i, slot) &&
			    (slot + 1) * s->elemsize <= s->present)
				fn(t, i, slot);
		if (!typing_propagate(t, progress, err))
			return false;
		progress_add(progress, t->heap->graph->extents[i].count);
	}
	return true;
}

static const uint8_t *slot_bytes(struct typing *t, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &t->heap->spans.items[span];

	return s->data + slot * s->elemsize;
}

static uint64_t slot_addr(struct typing *t, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &t->heap->spans.items[span];

	return s->base + slot * s->elemsize;
}

/* ---- H: malloc headers and the types of large objects (1.22 on) ---- */

/* A chunk of a user arena is one object to the collector, and no one value's. */
static void seed_arena(struct typing *t, uint32_t span)
{
	struct graph *g = t->heap->graph;
	uint32_t id = g->extents[span].first;

	g->type[id] = forms_of(&t->forms, FORM_ARENA, NO_TYPE, 0);
	g->flags[id] = (uint16_t)((g->flags[id] & ~OBJECT_KNOWN) | KNOWN_EXACT);
	t->fit[id] = FIT_HEADER;
}

static void seed_header(struct typing *t, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &t->heap->spans.items[span];
	uint64_t header = mask_header(&t->reader, span, slot);
	uint64_t before = mask_value_offset(&t->heap->go, s);
	uint32_t type = header ? types_at(t->heap->types, header) : NO_TYPE;
	const struct rtype *r = types_find(t->heap->types, type);
	struct typed_place p = { .addr = slot_addr(t, span, slot) + before, .type = type,
				 .known = KNOWN_EXACT };
	uint32_t id;

	if (s->user_arena)
		seed_arena(t, span);
	if (!r || !r->size || r->size > s->elemsize - before)
		return;
	p.n = (s->elemsize - before) / r->size;
	if (spans_class_size(r->size + before) == s->elemsize)
		p.n = 1;
	p.form = p.n == 1 ? FORM_VALUE : FORM_ARRAY;
	typing_place(t, &p);
	id = graph_find(t->heap->graph, p.addr, NULL);
	if (id != NO_NODE && t->heap->graph->type[id] != NO_NODE)
		t->fit[id] = FIT_HEADER;
}

/* ---- R: the runtime's own records ---- */

static void seed_value(struct typing *t, uint64_t addr, uint32_t type)
{
	struct typed_place p = { .addr = addr, .n = 1, .type = type, .form = FORM_VALUE,
				 .known = KNOWN_DERIVED };

	if (type != NO_TYPE)
		typing_place(t, &p);
}

/* The backing array of the slice at SLICE, whose elements are of the type called ELEMENT. */
static void seed_backing(struct typing *t, uint64_t slice, const char *element)
{
	struct typed_place p = { .addr = image_u64(t->heap->image, slice),
				 .n = image_u64(t->heap->image, slice + 16),
				 .type = types_by_name(t->heap->types, element),
				 .form = FORM_ARRAY, .known = KNOWN_DERIVED };

	if (p.type != NO_TYPE)
		typing_place(t, &p);
}

/* A list of the runtime's: the pointers in it and its backing array. */
static void seed_list(struct typing *t, uint64_t slice, const char *element, const char *pointer)
{
	struct image *image = t->heap->image;
	uint64_t at = image_u64(image, slice), n = image_u64(image, slice + 8);
	uint32_t type = types_by_name(t->heap->types, element);

	for (uint64_t i = 0; slice && i < n && i < 1u << 24; i++)
		seed_value(t, image_u64(image, at + 8 * i), type);
	if (slice)
		seed_backing(t, slice, pointer);
}

/* sync.Pool: { noCopy, local, localSize, victim, victimSize, New }. */
static void seed_pool(struct typing *t, uint64_t pool)
{
	struct image *image = t->heap->image;

	for (unsigned at = 0; at <= 16; at += 16)
		typing_pool_locals(t, image_u64(image, pool + at), image_u64(image, pool + at + 8),
				   KNOWN_EXACT);
}

/* The lists of all pools are among the words that sync uses when it empties them. */
static void seed_pools(struct typing *t)
{
	const struct go *go = &t->heap->go;

	for (uint32_t i = 0; t->refs.pool_local != NO_TYPE && i < GO_WORDS && go->pool_words[i]; i++) {
		uint64_t n = image_u64(go->image, go->pool_words[i] + 8);
		struct heap_object list;

		if (!heap_find(t->heap, image_u64(go->image, go->pool_words[i]), &list) ||
		    list.offset || !list.data || n > list.size / 8)
			continue;
		for (uint64_t k = 0; k < n; k++)
			seed_pool(t, image_word(list.data + 8 * k));
		seed_backing(t, go->pool_words[i], "*sync.Pool");
	}
}

/* { size, count, entries [size]*itab }, filled to three quarters at the most, in memory that the collector
 * does not look into (runtime/iface.go). */
static bool is_itab_table(const struct heap_object *o)
{
	uint64_t size = o->size >= 16 && o->data ? image_word(o->data) : 0, filled = 0;

	if (o->offset || !size || size & (size - 1) || size > o->size / 8 ||
	    spans_class_size(8 * (size + 2)) != o->size)
		return false;
	for (uint64_t i = 0; i < size; i++)
		filled += image_word(o->data + 16 + 8 * i) != 0;
	return filled == image_word(o->data + 8);
}

static void seed_itabs(struct typing *t)
{
	const struct go *go = &t->heap->go;

	for (uint32_t i = 0; i < GO_WORDS && go->itab_words[i]; i++) {
		struct typed_place p = { .addr = image_u64(go->image, go->itab_words[i]),
					 .type = NO_TYPE, .form = FORM_ITABS, .known = KNOWN_DERIVED };
		struct heap_object table;

		if (!heap_find(t->heap, p.addr, &table) || !t->heap->spans.items[table.span].noscan ||
		    !is_itab_table(&table))
			continue;
		p.n = image_word(table.data) + 2;
		typing_place(t, &p);
	}
}

static void seed_runtime(struct typing *t)
{
	struct go *go = &t->heap->go;
	uint64_t m = go->allm ? image_u64(go->image, go->allm) : 0;
	uint32_t type = types_by_name(t->heap->types, "runtime.m");

	seed_list(t, go->allgs, "runtime.g", "*runtime.g");
	seed_list(t, go->allp, "runtime.p", "*runtime.p");
	seed_specials(t);
	seed_pools(t);
	seed_itabs(t);
	seed_timers(t);
	for (unsigned i = 0; m && i < 100000; i++) {
		seed_value(t, m, type);
		m = image_u64(go->image, m + (uint64_t)go->layout.m_alllink);
	}
}

/* ---- I: a word that is a type or an itab, followed by a pointer ---- */

static void seed_interfaces(struct typing *t, uint32_t span, uint32_t slot)
{
	const uint8_t *bytes = slot_bytes(t, span, slot);
	/* A malloc header is a type's word, too, but no interface's. */
	uint64_t first = mask_value_offset(&t->heap->go, &t->heap->spans.items[span]) + 8, offset;
	struct mask_iter it;

	mask_begin(&it, &t->reader, span, slot);
	while ((offset = mask_next(&it)) != UINT64_MAX)
		if (offset >= first)
			typing_follow_interface(t, image_word(bytes + offset - 8), image_word(bytes + offset));
}

/* The same in a module's data or bss, whose pointers a bitmap tells. */
static void seed_segment(struct typing *t, uint64_t lo, uint64_t mask, uint64_t bits)
{
	struct image *image = t->heap->image;

	for (uint64_t i = 1; i < bits; i++) {
		if (i % 8 == 0 && !image_u8(image, mask + i / 8)) {
			i += 7;
			continue;
		}
		if (!(image_u8(image, mask + i / 8) >> (i % 8) & 1))
			continue;
		typing_in_global(t, lo + 8 * i, NULL, 0);
		typing_follow_interface(t, image_u64(image, lo + 8 * (i - 1)),
					image_u64(image, lo + 8 * i));
	}
	typing_in_global(t, 0, NULL, 0);
}

static void seed_segments(struct typing *t)
{
	for (uint32_t i = 0; i < t->heap->go.n_modules; i++) {
		const struct go_module *m = &t->heap->go.modules[i];

		seed_segment(t, m->data, m->data_mask, m->n_data_mask);
		seed_segment(t, m->bss, m->bss_mask, m->n_bss_mask);
	}
}

/* ---- C: a channel names its element's type ---- */

/* The program has no type for such a channel, but its buffer is an array like others. */
static void seed_channel_buffer(struct typing *t, uint64_t addr, const uint8_t *bytes, uint32_t elem)
{
	const struct layout *l = &t->heap->go.layout;
	struct typed_place p = { .addr = image_word(bytes + l->hchan_buf), .type = elem,
				 .n = image_word(bytes + l->hchan_dataqsiz), .form = FORM_ARRAY,
				 .known = KNOWN_EXACT };

	if (p.addr < addr || p.addr >= addr + (uint64_t)l->hchan_size)
		typing_place(t, &p);
}

/* Is the object at ADDR of no type, or known only as what the runtime has for channels of all types? */
static bool may_be_channel(struct typing *t, uint64_t addr)
{
	uint32_t have = t->heap->graph->type[graph_find(t->heap->graph, addr, NULL)];
	const struct form_entry *form = have != NO_NODE ? &t->forms.items[have] : NULL;

	return !form || (form->form == FORM_VALUE && form->type != NO_TYPE &&
			 !strcmp(types_get(t->heap->types, form->type)->name, "runtime.hchan"));
}

static void seed_channel(struct typing *t, uint32_t span, uint32_t slot)
{
	const struct layout *l = &t->heap->go.layout;
	const struct go_span *s = &t->heap->spans.items[span];
	const uint8_t *bytes = slot_bytes(t, span, slot);
	struct typed_place p = { .addr = slot_addr(t, span, slot), .n = 1, .form = FORM_CHAN,
				 .known = KNOWN_EXACT };
	uint16_t elem_size;
	uint32_t elem;

	if (s->elemsize < (uint64_t)l->hchan_size)
		return;
	if (image_word(bytes) > image_word(bytes + l->hchan_dataqsiz) || image_word(bytes + l->hchan_buf) < IMAGE_PAGE)
		return;
	elem = typing_interface(t, image_word(bytes + l->hchan_elemtype));
	memcpy(&elem_size, bytes + l->hchan_elemsize, 2);
	if (elem == NO_TYPE || types_get(t->heap->types, elem)->size != elem_size ||
	    !may_be_channel(t, p.addr))
		return;
	p.type = types_chan_of(t->heap->types, elem);
	if (p.type != NO_TYPE)
		typing_place(t, &p);
	else
		seed_channel_buffer(t, p.addr, bytes, elem);
}

/* ---- K: a closure's first word is a function's entry ---- */

static void seed_closure(struct typing *t, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &t->heap->spans.items[span];
	struct typed_place p = { .addr = slot_addr(t, span, slot), .n = 1, .form = FORM_CLOSURE,
				 .known = KNOWN_EXACT };

	if (s->elemsize > MAX_CLOSURE)
		return;
	p.entry = image_word(slot_bytes(t, span, slot));
	if (!go_module_of_pc(&t->heap->go, p.entry))
		return;
	p.type = code_closure_type(&t->heap->code, p.entry);
	if (p.type != NO_TYPE && types_get(t->heap->types, p.type)->size <= s->elemsize)
		typing_place(t, &p);
}

/* ---- G: globals by the code that uses them ---- */

static void seed_global(struct typing *t, const struct code_global *global)
{
	struct image *image = t->heap->image;
	struct typed_place p = { .addr = image_u64(image, global->addr), .n = 1,
				 .type = global->type, .form = FORM_VALUE, .known = KNOWN_DERIVED };
	const uint8_t *bytes;

	switch (global->form) {
	case CODE_VALUE:
		bytes = image_at(image, global->addr, types_get(t->heap->types, p.type)->size);
		if (!bytes)
			return;
		typing_in_global(t, global->addr, bytes, types_get(t->heap->types, p.type)->size);
		typing_follow(t, p.type, bytes, KNOWN_DERIVED);
		typing_in_global(t, 0, NULL, 0);
		return;
	case CODE_POINTER: break;
	case CODE_SLICE:
		p.form = FORM_ARRAY;
		p.n = image_u64(image, global->addr + 16);
		break;
	case CODE_MAP: p.form = FORM_MAP; break;
	case CODE_CHAN: p.form = FORM_CHAN; break;
	}
	typing_in_global(t, global->addr, NULL, 0);
	typing_place(t, &p);
	typing_in_global(t, 0, NULL, 0);
}

static void seed_globals(struct typing *t)
{
	for (uint32_t i = 0; i < t->heap->code.n_globals; i++)
		seed_global(t, &t->heap->code.globals[i]);
}

/* ---- frames: values by the code that uses them, and I once more ---- */

bool typing_run_frames(struct typing *t, struct progress *progress, struct error *err)
{
	const struct graph *g = t->heap->graph;
	struct image *image = t->heap->image;

	if (!frame_maps_place(t, progress, err) || !typing_propagate(t, progress, err) ||
	    !frame_values_place(t, progress, err) || !typing_propagate(t, progress, err))
		return false;
	for (uint32_t i = 0; i < g->n_roots; i++) {
		const struct root *r = &g->roots[i];

		if ((r->kind == ROOT_FRAME || r->kind == ROOT_STACK_OBJECT) && r->addr > 8 &&
		    r->known == KNOWN_EXACT && g->type[r->dst] == NO_NODE)
			typing_follow_interface(t, image_u64(image, r->addr - 8),
						image_u64(image, r->addr));
	}
	return typing_propagate(t, progress, err);
}

bool typing_run(struct typing *t, struct progress *progress, struct error *err)
{
	/* Typed once, and visited by two passes over all and by two over those with pointers. */
	progress_begin(progress, "types", 5ull * t->heap->graph->n_objects);
	if (!each_slot(t, false, seed_header, progress, err))
		return false;
	seed_runtime(t);
	if (!typing_propagate(t, progress, err) ||
	    !each_slot(t, false, seed_interfaces, progress, err))
		return false;
	seed_segments(t);
	if (!sync_globals_find(t->heap, err))
		return false;
	seed_globals(t);
	if (!typing_propagate(t, progress, err) ||
	    !each_slot(t, false, seed_closure, progress, err) ||
	    !each_slot(t, true, seed_closure, progress, err) ||
	    !each_slot(t, false, seed_channel, progress, err) ||
	    !each_slot(t, true, seed_channel, progress, err))
		return false;
	return true;
}

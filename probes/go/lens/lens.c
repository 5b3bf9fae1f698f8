#include "probes/go/lens/lens.h"

#include <inttypes.h>
#include <string.h>

#include "probes/go/code/flow/keys.h"
#include "probes/go/maps/maps.h"

#define PREVIEW 256u

/* A walk over parts: which come, and to whom. */
struct walk {
	struct lens *lens;
	struct heap *heap;
	uint64_t first, n; /* to be skipped; counted so far */
	part_fn fn;
	void *arg;
	bool done;
};

/* Count one part; true if it is to be handed out. */
static bool wanted(struct walk *w)
{
	return w->n++ >= w->first && !w->done;
}

static bool has_inside(const struct rtype *t)
{
	return t && ((t->kind == KIND_STRUCT && t->n_fields) || (t->kind == KIND_ARRAY && t->len));
}

/* Hand out the value of TYPE at ADDR under LABEL. */
static void hand_out(struct walk *w, const char *label, uint32_t type, uint64_t addr,
		     uint64_t offset)
{
	struct heap *heap = w->heap;
	const struct rtype *t = types_find(heap->types, type), *shown;
	autotext struct text value = { 0 };
	struct part part = { .label = label, .type = "", .value = "", .offset = offset,
			     .known = t ? KNOWN_DERIVED : KNOWN_NO, .target = NO_NODE };
	uint32_t dynamic;
	uint64_t to = lens_target(heap, type, addr, &dynamic, &part.boxed);

	shown = types_find(heap->types, dynamic);
	if (t) {
		lens_value(heap, type, addr, w->lens->redact, PREVIEW, &value);
		part.type = packages_type_name(heap, shown ? dynamic : type);
		part.size = t->size;
	}
	part.value = text_string(&value);
	if (to)
		part.target = graph_find(heap->graph, to, &part.target_offset);
	part.inside.kind = SUBJECT_PLACE;
	if (has_inside(part.boxed ? shown : t)) {
		part.inside.addr = part.boxed ? to : addr;
		part.inside.token = part.boxed ? dynamic : type;
	}
	w->done = !w->fn(w->arg, &part);
}

static void struct_parts(struct walk *w, const struct rtype *t, uint64_t addr, const char *prefix)
{
	for (uint32_t i = 0; i < t->n_fields && !w->done; i++) {
		const struct rfield *f = &t->fields[i];
		autotext struct text label = { 0 };

		if (!wanted(w))
			continue;
		text_printf(&label, "%s%s", prefix, f->name);
		hand_out(w, text_string(&label), f->type, addr + f->offset, f->offset);
	}
}

static void array_parts(struct walk *w, uint32_t elem, uint64_t n, uint64_t addr)
{
	const struct rtype *t = types_find(w->heap->types, elem);

	if (!t || !t->size)
		return;
	for (uint64_t i = w->first < n ? w->first : n; i < n && !w->done; i++) {
		autotext struct text label = { 0 };

		text_printf(&label, "[%" PRIu64 "]", i);
		hand_out(w, text_string(&label), elem, addr + i * t->size, i * t->size);
	}
	w->n = n;
}

static void map_parts_of(struct walk *w, uint32_t type, uint64_t header)
{
	struct map_view map;
	struct map_cursor cursor;
	struct map_slot slot;

	if (!map_open(&map, &w->heap->go, w->heap->types, type, header))
		return;
	map_begin(&cursor, &map);
	while (!w->done && map_next(&cursor, &slot)) {
		autotext struct text label = { 0 };

		if (!wanted(w))
			continue;
		lens_key(w->heap, map.key, slot.key, w->lens->redact, &label);
		hand_out(w, text_string(&label), map.elem, slot.elem, slot.number);
	}
	w->n = map.entries;
}

static void value_parts(struct walk *w, uint32_t type, uint64_t addr)
{
	const struct rtype *t = types_find(w->heap->types, type);
	struct sync_layout sync;

	if (!t)
		return;
	if (sync_layout_of(w->heap->types, type, &sync))
		map_parts_of(w, type, addr);
	else if (t->kind == KIND_STRUCT)
		struct_parts(w, t, addr, ".");
	else if (t->kind == KIND_ARRAY)
		array_parts(w, t->elem, t->len, addr);
	else if (wanted(w))
		hand_out(w, "", type, addr, 0);
}

static void closure_parts(struct walk *w, uint32_t type, uint64_t addr)
{
	const struct rtype *t = types_find(w->heap->types, type);
	struct rtype captures;

	if (!t || t->kind != KIND_STRUCT)
		return;
	/* What stands first in every closure is the code's address: captured by nobody. */
	captures = *t;
	if (captures.n_fields && !captures.fields[0].offset) {
		captures.fields++;
		captures.n_fields--;
	}
	struct_parts(w, &captures, addr, "captured ");
}

static void chan_parts(struct walk *w, uint32_t type, uint64_t addr)
{
	const struct layout *l = &w->heap->go.layout;
	struct image *image = w->heap->image;
	const struct rtype *t = types_find(w->heap->types, type);
	uint64_t n = image_u64(image, addr + (uint64_t)l->hchan_qcount);

	if (t)
		array_parts(w, t->elem, n, image_u64(image, addr + (uint64_t)l->hchan_buf));
}

/* An object of unknown type: its pointers, by offset. */
static void raw_parts(struct walk *w, uint32_t id)
{
	const struct graph *g = w->heap->graph;

	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1] && !w->done; e++) {
		struct part part = { .type = "", .value = "", .target = EDGE_NODE(g->fwd_dst[e]) };
		autotext struct text label = { 0 };

		if (!wanted(w))
			continue;
		part.offset = g->edges->offset(g->edges->ctx, id, e - g->fwd_row[id],
					       &part.target_offset);
		text_printf(&label, "+%" PRIu64, part.offset);
		part.label = text_string(&label);
		part.size = 8;
		w->done = !w->fn(w->arg, &part);
	}
}

static void object_parts(struct walk *w, uint32_t id)
{
	const struct form_entry *f = lens_form(w->heap, id);
	const struct rtype *t = f ? types_find(w->heap->types, f->type) : NULL;
	struct heap_object o;
	uint64_t before;

	if (w->heap->graph->flags[id] & OBJECT_MAP) {
		const struct map *map = graph_map_of(w->heap->graph, id);

		if (map)
			map_parts_of(w, w->heap->typing.forms.items[map->type].type, map->addr);
		return;
	}
	if (!heap_object(w->heap, id, &o))
		return;
	before = mask_value_offset(&w->heap->go, &w->heap->spans.items[o.span]);
	if (!f) {
		raw_parts(w, id);
		return;
	}
	switch (f->form) {
	case FORM_VALUE: value_parts(w, f->type, o.addr + before); break;
	case FORM_ARRAY:
		if (t && t->size)
			array_parts(w, f->type, (o.size - before) / t->size, o.addr + before);
		break;
	case FORM_CHAN_BUFFER:
		t = types_find(w->heap->types, t->elem);
		if (t && t->size)
			array_parts(w, types_get(w->heap->types, f->type)->elem,
				    (o.size - before) / t->size, o.addr + before);
		break;
	case FORM_MAP: map_parts_of(w, f->type, o.addr + before); break;
	case FORM_CHAN: chan_parts(w, f->type, o.addr + before); break;
	case FORM_CLOSURE: closure_parts(w, f->type, o.addr + before); break;
	case FORM_STRING: case FORM_TINY: case FORM_ITABS: break;
	default: raw_parts(w, id); break;
	}
}

static void holder_parts(struct walk *w, uint32_t holder)
{
	const struct graph *g = w->heap->graph;
	const struct holder *h = &g->holders[holder];

	for (uint32_t i = h->first_root; i < h->first_root + h->n_roots && !w->done; i++) {
		const struct root *r = &g->roots[i];
		autotext struct text label = { 0 }, type = { 0 };
		struct part part = { .value = "", .target = r->dst, .target_offset = r->dst_offset,
				     .known = r->known };

		if (!wanted(w))
			continue;
		lens_root_label(w->lens, i, &label);
		graph_type_label(g, r->dst, &type);
		part.label = text_string(&label);
		part.type = text_string(&type);
		part.size = 8;
		w->done = !w->fn(w->arg, &part);
	}
}

static uint64_t op_parts(struct lens *lens, const struct subject *subject, uint64_t first,
			 part_fn fn, void *arg)
{
	struct walk w = { .lens = lens, .heap = lens_heap(lens), .first = first, .fn = fn,
			  .arg = arg };

	switch (subject->kind) {
	case SUBJECT_OBJECT: object_parts(&w, subject->id); break;
	case SUBJECT_HOLDER: holder_parts(&w, subject->id); break;
	case SUBJECT_PLACE: value_parts(&w, (uint32_t)subject->token, subject->addr); break;
	}
	return w.n;
}

/* ---- map entries ---- */

static const char *type_name(struct heap *heap, uint32_t type)
{
	const struct rtype *t = types_find(heap->types, type);

	return t ? t->name : NULL;
}

/* The object that the key or element at ADDR refers to, if any. */
static uint32_t side_object(struct heap *heap, uint32_t type, uint64_t addr, uint32_t *dynamic,
			    bool *boxed, uint64_t *offset)
{
	uint64_t to = lens_target(heap, type, addr, dynamic, boxed);

	*offset = 0;
	return to ? graph_find(heap->graph, to, offset) : NO_NODE;
}

static void op_map_entries(struct lens *lens, uint32_t map_index, map_entry_fn fn, void *arg)
{
	struct heap *heap = lens_heap(lens);
	const struct map *m = &heap->graph->maps[map_index];
	uint32_t type = heap->typing.forms.items[m->type].type;
	struct map_view map;
	struct map_cursor cursor;
	struct map_slot slot;
	bool more = true;

	if (!map_open(&map, &heap->go, heap->types, type, m->addr))
		return;
	map_begin(&cursor, &map);
	while (more && map_next(&cursor, &slot)) {
		autotext struct text key = { 0 }, value = { 0 };
		struct map_entry e = { .slot = slot.number };
		uint32_t key_type, value_type;
		uint64_t offset;
		bool boxed;

		e.key_object = side_object(heap, map.key, slot.key, &key_type, &boxed, &offset);
		e.value_object = side_object(heap, map.elem, slot.elem, &value_type, &e.boxed,
					     &e.value_offset);
		lens_value(heap, map.key, slot.key, lens->redact, PREVIEW, &key);
		lens_value(heap, map.elem, slot.elem, lens->redact, PREVIEW, &value);
		e.key = text_string(&key);
		e.value = text_string(&value);
		e.key_type = type_name(heap, key_type);
		e.value_type = type_name(heap, value_type);
		more = fn(arg, &e);
	}
}

/* ---- previews ---- */

static void bytes_preview(struct lens *lens, const struct heap_object *o, struct text *out)
{
	uint64_t n = o->size < PREVIEW ? o->size : PREVIEW;

	if (lens->redact || !o->data)
		return;
	/* Slots are rounded up: what follows the last byte that is not zero is not content. */
	while (n && !o->data[n - 1])
		n--;
	text_quote(out, (const char *)o->data, n, PREVIEW);
}

static void object_preview(struct lens *lens, uint32_t id, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	const struct form_entry *f = lens_form(heap, id);
	struct heap_object o;
	const struct map *stands_for =
		heap->graph->flags[id] & OBJECT_MAP ? graph_map_of(heap->graph, id) : NULL;
	struct map_view map;
	uint64_t before;

	if (stands_for)
		text_counted(out, stands_for->entries, "entry");
	if (stands_for || !f || !heap_object(heap, id, &o))
		return;
	before = mask_value_offset(&heap->go, &heap->spans.items[o.span]);
	if (f->form == FORM_STRING)
		bytes_preview(lens, &o, out);
	else if (f->form == FORM_VALUE)
		lens_value(heap, f->type, o.addr + before, lens->redact, PREVIEW, out);
	else if (f->form == FORM_MAP && map_open(&map, &heap->go, heap->types, f->type, o.addr))
		text_counted(out, map.entries, "entry");
	else if (f->form == FORM_CHAN)
		text_printf(out, "%" PRIu64 " of %" PRIu64,
			    image_u64(heap->image, o.addr + (uint64_t)heap->go.layout.hchan_qcount),
			    image_u64(heap->image, o.addr + (uint64_t)heap->go.layout.hchan_dataqsiz));
}

static void op_preview(struct lens *lens, const struct subject *subject, struct text *out)
{
	if (subject->kind == SUBJECT_OBJECT)
		object_preview(lens, subject->id, out);
	else if (subject->kind == SUBJECT_PLACE)
		lens_value(lens_heap(lens), (uint32_t)subject->token, subject->addr, lens->redact,
			   PREVIEW, out);
}

static void op_declaration(struct lens *lens, uint32_t object, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	const struct form_entry *f = lens_form(heap, object);
	const struct rtype *t = f ? types_find(heap->types, f->type) : NULL;

	if (!t || t->kind != KIND_STRUCT || f->form != FORM_VALUE)
		return;
	text_printf(out, "type %s struct {", t->name);
	for (uint32_t i = 0; i < t->n_fields; i++) {
		const struct rtype *field = types_find(heap->types, t->fields[i].type);

		text_printf(out, "%s %s %s", i ? ";" : "", t->fields[i].name, field ? field->name : "?");
	}
	text_puts(out, " }");
}

/* Does the key's string lie in the program itself (a literal), not in the heap or elsewhere? */
static bool op_is_schema_key(struct lens *lens, uint32_t map_index, uint64_t number)
{
	struct heap *heap = lens_heap(lens);
	const struct map *m = &heap->graph->maps[map_index];
	struct map_view map;
	struct map_cursor cursor;
	struct map_slot slot;

	if (!map_open(&map, &heap->go, heap->types, heap->typing.forms.items[m->type].type, m->addr) ||
	    map.key == NO_TYPE || types_get(heap->types, map.key)->kind != KIND_STRING)
		return false;
	map_begin(&cursor, &map);
	while (map_next(&cursor, &slot)) {
		if (slot.number == number)
			return image_is_literal(heap->image, image_u64(heap->image, slot.key),
						image_u64(heap->image, slot.key + 8));
	}
	return false;
}

static enum key_use op_key_use(struct lens *lens, uint32_t closure, uint64_t offset, bool boxed)
{
	struct heap *heap = lens_heap(lens);
	struct heap_object o;

	if (!heap->code.program || !heap_object(heap, closure, &o) || offset > UINT32_MAX)
		return KEYS_UNKNOWN;
	return code_key_use(heap->code.program, image_u64(heap->image, o.addr), (uint32_t)offset, boxed);
}

static const struct lens_ops ops = {
	.parts = op_parts, .map_entries = op_map_entries, .preview = op_preview,
	.edge_label = lens_edge_label, .root_label = lens_root_label,
	.window = lens_window, .dynamic = lens_dynamic,
	.global = lens_global, .declaration = op_declaration, .advice = lens_advice, .is_schema_key = op_is_schema_key,
	.key_use = op_key_use, .container_use = lens_container_use, .counterparts = lens_counterparts,
};

void lens_init(struct heap *heap)
{
	heap->lens = (struct lens){ .ops = &ops, .graph = heap->graph };
	heap->graph->lens = &heap->lens;
	heap->graph->edges = &heap->edges;
}

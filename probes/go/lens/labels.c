/* How one object refers to another, as a Go expression would say it. */
#include <inttypes.h>
#include <string.h>

#include "graph/naming.h"
#include "probes/go/lens/lens.h"
#include "probes/go/maps/sync.h"

#define CELLS 8u
#define MAX_DEPTH 64

/* The last field of a struct that begins at or before OFFSET and reaches over it. */
static const struct rfield *field_at(const struct heap *heap, const struct rtype *t, uint64_t offset)
{
	for (uint32_t i = t->n_fields; i > 0; i--) {
		const struct rfield *f = &t->fields[i - 1];
		const struct rtype *type = types_find(heap->types, f->type);

		if (f->offset <= offset && type && offset - f->offset < type->size)
			return f;
	}
	return NULL;
}

/* From a value of TYPE to the innermost part of it at byte *OFFSET, saying how one gets there: its type,
 * and *OFFSET from its own beginning. */
static uint32_t descend(struct heap *heap, uint32_t type, uint64_t *offset, struct text *out)
{
	struct sync_layout sync;

	for (unsigned depth = 0; depth < MAX_DEPTH; depth++) {
		const struct rtype *t = types_find(heap->types, type);
		const struct rtype *elem = t ? types_find(heap->types, t->elem) : NULL;
		const struct rfield *f;

		if (t && t->kind == KIND_ARRAY && elem && elem->size) {
			text_printf(out, "[%" PRIu64 "]", *offset / elem->size);
			*offset %= elem->size;
			type = t->elem;
			continue;
		}
		f = t && t->kind == KIND_STRUCT ? field_at(heap, t, *offset) : NULL;
		if (!f || (sync_layout_of(heap->types, type, &sync) && sync.design == SYNC_TRIE))
			break;
		if (f->name[0] && strcmp(f->name, "_"))
			text_printf(out, ".%s", f->name);
		*offset -= f->offset;
		type = f->type;
	}
	return type;
}

void lens_path(struct heap *heap, uint32_t type, uint64_t offset, struct text *out)
{
	descend(heap, type, &offset, out);
}

/* A captured variable: the compiler names the closure's fields after the variables, or X0, X1. */
static void captured(struct heap *heap, uint32_t type, uint64_t offset, struct text *out)
{
	const struct rtype *t = types_find(heap->types, type);
	const struct rfield *f = t && t->kind == KIND_STRUCT ? field_at(heap, t, offset) : NULL;

	if (!f) {
		text_printf(out, "captured +%" PRIu64, offset);
		return;
	}
	text_printf(out, "captured %s", f->name);
	lens_path(heap, f->type, offset - f->offset, out);
}

/* Offsets of cell CELL's key and element in a group or bucket. */
static void cell_places(const struct heap *heap, const struct rtype *map, unsigned cell,
			uint64_t *key, uint64_t *elem)
{
	if (heap->go.layout.maps == MAPS_SWISS) {
		*key = map->keys_offset + cell * (uint64_t)map->key_stride;
		*elem = map->elems_offset + cell * (uint64_t)map->elem_stride;
	} else {
		*key = CELLS + cell * (uint64_t)map->key_size;
		*elem = CELLS + CELLS * (uint64_t)map->key_size + cell * (uint64_t)map->elem_size;
	}
}

static uint64_t size_of(const struct heap *heap, uint32_t type, bool indirect)
{
	const struct rtype *t = types_find(heap->types, type);

	return indirect ? 8 : t ? t->size : 0;
}

/* A cell of a group or bucket, and the byte looked for in its key or element. */
struct cell { uint64_t key_addr, within; bool in_key; };

/* In an array of groups or buckets at ADDR: the cell that OFFSET lies in. */
static bool cell_at(struct heap *heap, const struct rtype *map, uint64_t addr, uint64_t offset,
		    struct cell *out)
{
	uint64_t unit = heap->go.layout.maps == MAPS_SWISS ? map->group_size : map->bucket_size;
	uint64_t block = unit ? addr + offset / unit * unit : 0, within = unit ? offset % unit : 0;

	for (unsigned cell = 0; block && cell < CELLS; cell++) {
		uint64_t key, elem;

		cell_places(heap, map, cell, &key, &elem);
		out->key_addr = map->indirect_key ? image_u64(heap->image, block + key) : block + key;
		out->in_key = within >= key && within - key < size_of(heap, map->key, map->indirect_key);
		out->within = within - (out->in_key ? key : elem);
		if (out->in_key || (within >= elem &&
				    within - elem < size_of(heap, map->elem, map->indirect_elem)))
			return true;
	}
	return false;
}

/* In an array of groups or buckets at ADDR: the key of the cell that OFFSET lies in. */
static void entry(struct heap *heap, const struct rtype *map, uint64_t addr, uint64_t offset,
		  bool redact, struct text *out)
{
	struct cell cell;

	if (!cell_at(heap, map, addr, offset, &cell))
		return;
	text_puts(out, cell.in_key ? "key " : "");
	lens_key(heap, map->key, cell.key_addr, redact, out);
	if (!cell.in_key && !map->indirect_elem)
		lens_path(heap, map->elem, cell.within, out);
}

static void element(struct heap *heap, uint32_t type, uint64_t offset, struct text *out)
{
	const struct rtype *t = types_find(heap->types, type);

	if (!t || !t->size)
		return;
	text_printf(out, "[%" PRIu64 "]", offset / t->size);
	lens_path(heap, type, offset % t->size, out);
}

/* In a node of a sync.Map: the entry's key; nothing where it is the map's own inside. False if an object
 * of TYPE at ADDR is no such node. */
static bool node_label(struct heap *heap, uint32_t type, uint64_t addr, uint64_t offset, bool redact,
		       struct text *out)
{
	const struct rtype *t = types_find(heap->types, type);
	enum sync_part part = t ? sync_part_of(t) : SYNC_NO_PART;
	const struct rfield *key, *at;

	if (part == SYNC_ENTRY && (at = sync_entry_field(heap->types, t, offset, &key))) {
		text_puts(out, at == key ? "key " : "");
		lens_key(heap, key->type, addr + key->offset, redact, out);
		if (at != key)
			lens_path(heap, at->type, offset - at->offset, out);
	}
	return part != SYNC_NO_PART;
}

void lens_edge_label(struct lens *lens, uint32_t src, uint64_t offset, struct text *out,
		     enum known *known)
{
	struct heap *heap = lens_heap(lens);
	const struct form_entry *f = lens_form(heap, src);
	struct heap_object o;
	uint64_t before;

	*known = heap->graph->flags[src] & OBJECT_KNOWN;
	if (!heap_object(heap, src, &o))
		return;
	before = mask_value_offset(&heap->go, &heap->spans.items[o.span]);
	if (!f || offset < before) {
		text_printf(out, "+%" PRIu64, offset);
		return;
	}
	offset -= before;
	switch (f->form) {
	case FORM_VALUE:
		if (!node_label(heap, f->type, o.addr + before, offset, lens->redact, out))
			lens_path(heap, f->type, offset, out);
		break;
	case FORM_ARRAY: element(heap, f->type, offset, out); break;
	case FORM_CHAN_BUFFER: element(heap, types_get(heap->types, f->type)->elem, offset, out); break;
	case FORM_CLOSURE: captured(heap, f->type, offset, out); break;
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS:
		entry(heap, types_get(heap->types, f->type), o.addr + before, offset, lens->redact, out);
		break;
	default: break;
	}
}

/* ---- the type of a word ---- */

static uint32_t type_in(struct heap *heap, uint32_t type, uint64_t *offset)
{
	autotext struct text unsaid = { 0 };

	return descend(heap, type, offset, &unsaid);
}

static uint32_t type_in_map(struct heap *heap, const struct rtype *map, uint64_t addr, uint64_t *offset)
{
	struct cell cell;

	if (!cell_at(heap, map, addr, *offset, &cell) || (cell.in_key ? map->indirect_key : map->indirect_elem))
		return NO_TYPE;
	*offset = cell.within;
	return type_in(heap, cell.in_key ? map->key : map->elem, offset);
}

static uint32_t type_in_array(struct heap *heap, uint32_t elem, uint64_t *offset)
{
	const struct rtype *t = types_find(heap->types, elem);

	if (!t || !t->size)
		return NO_TYPE;
	*offset %= t->size;
	return type_in(heap, elem, offset);
}

uint32_t lens_type_in(struct heap *heap, uint32_t object, uint64_t *offset)
{
	const struct form_entry *f = lens_form(heap, object);
	const struct rtype *t = f ? types_find(heap->types, f->type) : NULL;
	struct heap_object o;
	uint64_t before;

	if (!t || !heap_object(heap, object, &o))
		return NO_TYPE;
	before = mask_value_offset(&heap->go, &heap->spans.items[o.span]);
	if (*offset < before)
		return NO_TYPE;
	*offset -= before;
	switch (f->form) {
	case FORM_VALUE: case FORM_CLOSURE: return type_in(heap, f->type, offset);
	case FORM_ARRAY: return type_in_array(heap, f->type, offset);
	case FORM_CHAN_BUFFER: return type_in_array(heap, t->elem, offset);
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS:
		return type_in_map(heap, t, o.addr + before, offset);
	default: return NO_TYPE;
	}
}

uint32_t lens_type_of_root(struct heap *heap, uint32_t root, uint64_t *offset)
{
	const struct root *r = &heap->graph->roots[root];
	const struct holder *h = &heap->graph->holders[r->holder];

	if (r->kind != ROOT_GLOBAL || h->type == NO_NODE)
		return NO_TYPE;
	*offset = r->addr - h->lo;
	return type_in(heap, heap->typing.forms.items[h->type].type, offset);
}

/* ---- roots ---- */

static void frame_label(const struct graph *g, const struct root *r, const char *what,
			struct text *out)
{
	if (r->frame == NO_NODE) {
		text_puts(out, what);
		return;
	}
	text_printf(out, "%s in ", what);
	naming_put(g, g->frames[r->frame].function, out);
	if (g->frames[r->frame].line)
		text_printf(out, ":%u", g->frames[r->frame].line);
}

void lens_root_label(struct lens *lens, uint32_t root, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	const struct graph *g = heap->graph;
	const struct root *r = &g->roots[root];
	const struct holder *h = &g->holders[r->holder];

	switch ((enum root_kind)r->kind) {
	case ROOT_GLOBAL:
		naming_put(g, h->name, out);
		if (h->type != NO_NODE)
			lens_path(heap, heap->typing.forms.items[h->type].type, r->addr - h->lo, out);
		else if (r->addr > h->lo)
			text_printf(out, " +%" PRIu64, r->addr - h->lo);
		break;
	case ROOT_FRAME: frame_label(g, r, "variable", out); break;
	case ROOT_STACK_OBJECT: frame_label(g, r, "local", out); break;
	case ROOT_REGISTER: frame_label(g, r, "register", out); break;
	case ROOT_TASK: text_puts(out, "its own record"); break;
	case ROOT_DEFER: frame_label(g, r, "deferred call", out); break;
	case ROOT_PANIC: frame_label(g, r, "panic", out); break;
	default: naming_put(g, h->name, out); break;
	}
}

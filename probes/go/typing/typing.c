#include "probes/go/typing/typing.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/grow.h"
#include "probes/go/heap.h"
#include "probes/go/maps/maps.h"

#define INTERFACE_CACHE (1u << 16)
#define MAX_NESTING 8   /* of arrays of arrays, when walked */
#define CHECKED_WORDS 64u
#define TINY_SLOT 16u
#define MOST_PARTS (1u << 20) /* that are noted */
#define SUDOG_LEAST 64u /* bytes of the record of a goroutine that waits, at least */
#define MAX_POOL_LOCALS 65536u /* one for each processor */
#define REPORT 4096u    /* places between two looks at the progress */
#define LONG_ARRAY 64u  /* elements; what is followed of shorter ones is not remembered */
#define AT_A_TIME 1024u /* elements that are followed before what they lead to */

bool typing_init(struct typing *t, struct heap *heap, struct error *err)
{
	uint32_t n = heap->graph->n_objects;

	memset(t, 0, sizeof *t);
	t->heap = heap;
	if (!forms_init(&t->forms, &heap->go, heap->types, err))
		return false;
	refs_init(&t->refs, heap->types);
	masks_init(&t->reader, &heap->go, &heap->spans, heap->types);
	t->size_seen = 1u << 16;
	t->from = NO_TYPE;
	t->senders_left = image_most(heap->image) / SUDOG_LEAST;
	t->fit = array_zero(n, sizeof *t->fit, "typing", err);
	t->covered = array_zero(n, sizeof *t->covered, "typing", err);
	t->seen = calloc(t->size_seen, sizeof *t->seen);
	t->interfaces = calloc(INTERFACE_CACHE, sizeof *t->interfaces);
	if (!t->fit || !t->covered || !t->seen || !t->interfaces)
		return fail_memory(err, "typing");
	return true;
}

void typing_finish(struct typing *t)
{
	free(t->fit);
	free(t->covered);
	free(t->work);
	free(t->parts);
	free(t->seen);
	free(t->interfaces);
	followed_free(&t->followed);
	t->fit = NULL;
	t->covered = NULL;
	t->work = NULL;
	t->parts = NULL;
	t->seen = NULL;
	t->interfaces = NULL;
}

void typing_free(struct typing *t)
{
	typing_finish(t);
	refs_free(&t->refs);
	forms_free(&t->forms);
}

/* ---- the set of references seen ---- */

static uint64_t *seen_bucket(struct typing *t, uint64_t key)
{
	uint32_t mask = t->size_seen - 1;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (t->seen[i] && t->seen[i] != key)
		i = (i + 1) & mask;
	return &t->seen[i];
}

static bool grow_seen(struct typing *t)
{
	uint64_t *old = t->seen;
	uint32_t size = t->size_seen;

	t->seen = calloc(2 * (size_t)size, sizeof *t->seen);
	if (!t->seen) {
		t->seen = old;
		return false;
	}
	t->size_seen = 2 * size;
	for (uint32_t i = 0; i < size; i++)
		if (old[i])
			*seen_bucket(t, old[i]) = old[i];
	free(old);
	return true;
}

/* Enter a reference; false if it was there. Of slices that begin at one place those count that are twice
 * as long as others. */
static bool see(struct typing *t, const struct typed_place *p)
{
	uint64_t key = p->addr * 0xff51afd7ed558ccdull ^ (uint64_t)p->type << 8 ^ p->form ^
		       (uint64_t)(63 - __builtin_clzll(p->n | 1)) << 40;
	uint64_t *bucket;

	key |= 1;
	if (2 * t->n_seen >= t->size_seen && !grow_seen(t)) {
		t->failed = true;
		return false;
	}
	bucket = seen_bucket(t, key);
	if (*bucket)
		return false;
	*bucket = key;
	t->n_seen++;
	return true;
}

static void push(struct typing *t, const struct typed_place *p)
{
	struct typed_place *place = GROW(t->work, t->n_work, t->capacity_work);

	if (!place) {
		t->failed = true;
		return;
	}
	*place = *p;
	t->n_work++;
}

/* ---- does a reference fit its slot? ---- */

/* A place with its slot, looked at once. */
struct candidate {
	const struct typed_place *place;
	struct heap_object object;
	const struct go_span *span;
	uint64_t start;      /* of the value, from where values begin in the slot */
	uint64_t room;       /* bytes from there to the slot's end */
	uint64_t unit, bytes; /* of one element, of all */
	bool pointers;       /* may the value have pointers */
};

/* Bytes of one element of a place, and whether it may hold pointers. */
static void measure(struct typing *t, struct candidate *c)
{
	const struct typed_place *p = c->place;
	const struct rtype *type = types_find(t->heap->types, p->type), *inner = type;

	c->pointers = true;
	c->unit = 0;
	switch (p->form) {
	case FORM_STRING: c->unit = 1; c->pointers = false; return;
	case FORM_MAP: c->unit = layout_map_header(&t->heap->go.layout); return;
	case FORM_MAP_TABLE: c->unit = 32; return;
	case FORM_MAP_DIRECTORY: c->unit = 8; return;
	case FORM_MAP_EXTRA: c->unit = 24; return;
	case FORM_CHAN: c->unit = (uint64_t)t->heap->go.layout.hchan_size; return;
	case FORM_ITABS: c->unit = 8; c->pointers = false; return;
	case FORM_CHAN_BUFFER: inner = types_find(t->heap->types, type->elem); break;
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS: inner = types_find(t->heap->types, type->bucket); break;
	default: break;
	}
	if (inner) {
		c->unit = inner->size;
		c->pointers = inner->ptr_bytes > 0;
	}
}

/* The pointer bits that the value should have, for its first 64 words. */
static bool expected_bits(struct typing *t, const struct candidate *c, uint64_t *bits)
{
	const struct typed_place *p = c->place;
	const struct rtype *type = types_find(t->heap->types, p->type);
	const struct layout *l = &t->heap->go.layout;
	uint32_t of = p->type;
	const uint8_t *mask;
	uint64_t words;

	*bits = 0;
	switch (p->form) {
	case FORM_MAP:
		*bits = l->maps == MAPS_SWISS ? 0x04 : 0x0c | 1ull << l->hmap_extra / 8;
		return true;
	case FORM_MAP_TABLE: *bits = 0x04; return true;
	case FORM_MAP_EXTRA: *bits = 0x07; return true;
	case FORM_MAP_DIRECTORY:
		*bits = p->n >= CHECKED_WORDS ? ~0ull : (1ull << p->n) - 1;
		return true;
	case FORM_CHAN: return false;
	case FORM_CHAN_BUFFER: of = type->elem; break;
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS: of = type->bucket; break;
	default: break;
	}
	if (!c->pointers)
		return true;
	mask = of == NO_TYPE ? NULL : types_mask(t->heap->types, of);
	if (!mask || !c->unit || c->unit % 8)
		return false;
	words = types_get(t->heap->types, of)->ptr_bytes / 8;
	for (uint64_t e = 0; e < p->n && e * c->unit / 8 < CHECKED_WORDS; e++)
		for (uint64_t w = 0; w < words; w++) {
			uint64_t at = e * c->unit / 8 + w;

			if (at < CHECKED_WORDS && mask[w / 8] >> (w % 8) & 1)
				*bits |= 1ull << at;
		}
	return true;
}

/* Do the slot's pointer bits agree with the value's, as far as the first 64 words tell? */
static bool bits_agree(struct typing *t, const struct candidate *c)
{
	uint64_t words = c->bytes / 8 < CHECKED_WORDS ? c->bytes / 8 : CHECKED_WORDS;
	uint64_t want, have, within;

	if (c->span->noscan)
		return !c->pointers || c->place->form == FORM_CHAN ||
		       c->place->form == FORM_CLOSURE;
	if (!expected_bits(t, c, &want))
		return true;
	if (!words)
		return true;
	have = mask_words(&t->reader, c->object.span, c->object.slot, c->object.offset / 8);
	within = words < CHECKED_WORDS ? (1ull << words) - 1 : ~0ull;
	return (have & within) == (want & within);
}

static bool array_like(uint16_t form)
{
	return form == FORM_ARRAY || form == FORM_STRING || form == FORM_MAP_BUCKETS ||
	       form == FORM_MAP_GROUPS || form == FORM_CHAN_BUFFER;
}

/* No pointer in the slot behind the value, as far as one look tells. */
static bool nothing_behind(struct typing *t, const struct candidate *c)
{
	uint64_t end = c->object.offset + c->bytes;
	bool by_type = t->heap->go.layout.masks == MASKS_HEADERS &&
		       (!c->span->class || c->object.size > HEADER_LIMIT);

	/* A mask that comes from the element's type goes on to the slot's end. */
	return by_type || c->span->noscan || end + 8 > c->object.size || end % 8 ||
	       !mask_words(&t->reader, c->object.span, c->object.slot, end / 8);
}

static enum fit fit_of(struct typing *t, const struct candidate *c)
{
	uint64_t before = c->object.offset - c->start; /* the malloc header */

	if (!c->start && spans_class_size(c->bytes + before) == c->object.size)
		return nothing_behind(t, c) ? FIT_WHOLE : FIT_INSIDE;
	if (!array_like(c->place->form) || !c->unit)
		return FIT_INSIDE;
	if (c->start % c->unit == 0 &&
	    spans_class_size(c->start + c->bytes + before) == c->object.size)
		return nothing_behind(t, c) ? FIT_ARRAY : FIT_INSIDE;
	return c->unit == 1 && c->span->noscan ? FIT_PART : FIT_INSIDE;
}

/* A channel's own words must agree with its type (runtime/chan.go). */
static bool channel_agrees(struct typing *t, const struct candidate *c)
{
	const struct layout *l = &t->heap->go.layout;
	const struct rtype *type = types_find(t->heap->types, c->place->type);
	uint64_t elem;

	if (!c->object.data || c->start || c->object.size < c->unit || type->elem == NO_TYPE)
		return false;
	memcpy(&elem, c->object.data + c->object.offset + l->hchan_elemtype, 8);
	return elem == types_get(t->heap->types, type->elem)->addr;
}

/* The candidate's object is known: take its measure. False if the value does not fit into it. */
static bool look_at(struct typing *t, struct candidate *c)
{
	const struct heap *heap = t->heap;
	uint64_t before;

	c->span = &heap->spans.items[c->object.span];
	before = mask_value_offset(&heap->go, c->span);
	if (c->object.offset < before)
		return false;
	c->start = c->object.offset - before;
	c->room = c->object.size - c->object.offset;
	measure(t, c);
	if (c->unit && c->place->n > c->room / c->unit)
		return false;
	c->bytes = c->unit * c->place->n;
	return true;
}

/* ---- who wins ---- */

/* A map's or channel's own form says more than the bare struct or array that is in it. */
static bool says_more(const struct typing *t, const struct candidate *c, uint32_t have)
{
	const struct form_entry *f = &t->forms.items[have];

	return (f->form == FORM_ARRAY || f->form == FORM_VALUE) &&
	       ((c->place->form >= FORM_MAP && c->place->form <= FORM_CHAN_BUFFER) ||
		c->place->form == FORM_CLOSURE);
}

/* Is C the bare array that form HAVE is made of? The runtime writes down only that one's type, and
 * it seems to explain more where the allocator rounded up: a table of 128 groups in a slot for 136. */
static bool says_less(const struct typing *t, const struct candidate *c, uint32_t have)
{
	const struct form_entry *f = &t->forms.items[have];
	const struct rtype *of = types_find(t->heap->types, f->type);

	if (!of || (c->place->form != FORM_ARRAY && c->place->form != FORM_VALUE))
		return false;
	switch (f->form) {
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS: return c->place->type == of->bucket;
	case FORM_CHAN_BUFFER: return c->place->type == of->elem;
	case FORM_MAP_DIRECTORY: return c->unit == 8;
	default: return false;
	}
}

static bool beats(const struct typing *t, const struct candidate *c, enum fit fit)
{
	const struct graph *g = t->heap->graph;
	uint32_t id = c->object.id, have = g->type[id];
	uint32_t bytes = c->bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)c->bytes;

	if (fit < FIT_PART)
		return false;
	if (have == NO_NODE)
		return true;
	if (says_less(t, c, have))
		return false;
	if (t->fit[id] == FIT_HEADER)
		return says_more(t, c, have);
	if (fit != t->fit[id])
		return fit > t->fit[id];
	if (bytes != t->covered[id])
		return bytes > t->covered[id];
	return says_more(t, c, have) || (c->unit > 1 && forms_unit(&t->forms, have) == 1);
}

/* Blocks of the tiny allocator hold several values: the block has no type of its own. */
static bool is_tiny(const struct candidate *c)
{
	return c->span->noscan && c->object.size == TINY_SLOT && c->bytes < TINY_SLOT &&
	       !c->pointers;
}

static void assign(struct typing *t, const struct candidate *c, uint32_t form, enum fit fit)
{
	struct graph *g = t->heap->graph;
	uint32_t id = c->object.id;

	t->n_typed += g->type[id] == NO_NODE;
	g->type[id] = form;
	g->flags[id] = (uint16_t)((g->flags[id] & ~OBJECT_KNOWN) | c->place->known);
	t->fit[id] = (uint8_t)fit;
	t->covered[id] = c->bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)c->bytes;
}

/* Old bucket arrays are longer than 2^B: overflow buckets are kept ready behind. */
static void widen_buckets(struct candidate *c, struct typed_place *wide)
{
	if (c->place->form != FORM_MAP_BUCKETS || c->start || !c->unit)
		return;
	*wide = *c->place;
	if (c->place->n > 1)
		wide->n = c->room / c->unit;
	c->place = wide;
	c->bytes = wide->n * c->unit;
}

/* Put the candidate on the work list, without the elements that were followed already. */
static void push_new(struct typing *t, const struct candidate *c)
{
	struct followed_array array = {
		.id = c->object.id, .type = c->place->type, .lo = c->object.offset,
		.kind = (uint32_t)c->place->form << 1 | (c->place->known == KNOWN_INFERRED),
		.phase = c->unit ? (uint32_t)(c->object.offset % c->unit) : 0,
		.hi = c->object.offset + c->bytes,
	};
	struct followed_part parts[2];
	unsigned n = 0;

	if (!array_like(c->place->form) || c->place->n < LONG_ARRAY || !c->unit) {
		push(t, c->place);
		return;
	}
	if (!followed_enter(&t->followed, &array, parts, &n))
		t->failed = true;
	for (unsigned i = 0; i < n; i++) {
		struct typed_place part = *c->place;

		part.addr = c->place->addr + (parts[i].lo - array.lo);
		part.n = (parts[i].hi - parts[i].lo) / c->unit;
		push(t, &part);
	}
}

/* The place is a part of something larger. */
static void note_part(struct typing *t, const struct candidate *c)
{
	const struct typed_place *p = c->place;
	struct typed_part *part;

	if ((p->form != FORM_VALUE && p->form != FORM_ARRAY) || c->span->noscan || t->n_parts == MOST_PARTS ||
	    t->heap->graph->type[c->object.id] != NO_NODE)
		return;
	part = GROW(t->parts, t->n_parts, t->capacity_parts);
	if (part)
		*part = (struct typed_part){ c->object.id, p->type, t->from, c->start };
	t->n_parts += part != NULL;
}

/* typing_place, when the place's object is known. */
static void place_in(struct typing *t, const struct typed_place *place,
		     const struct heap_object *object)
{
	struct candidate c = { .place = place, .object = *object };
	struct typed_place wide;
	uint32_t form;
	enum fit fit;

	if (!look_at(t, &c))
		return;
	widen_buckets(&c, &wide);
	if (is_tiny(&c)) {
		form = forms_of(&t->forms, FORM_TINY, NO_TYPE, 0);
		if (t->heap->graph->type[c.object.id] == NO_NODE)
			assign(t, &c, form, FIT_WHOLE);
		return;
	}
	form = forms_of(&t->forms, c.place->form, place->form == FORM_STRING ? NO_TYPE : place->type,
			place->entry);
	if (t->heap->graph->type[c.object.id] == form && c.bytes <= t->covered[c.object.id])
		return; /* the usual case: one more reference to the same */
	if (place->form == FORM_CHAN ? !channel_agrees(t, &c) : !bits_agree(t, &c))
		return;
	fit = place->form == FORM_CHAN || place->form == FORM_CLOSURE
		? (c.start ? FIT_INSIDE : FIT_WHOLE) : fit_of(t, &c);
	if (fit == FIT_INSIDE)
		note_part(t, &c);
	if (beats(t, &c, fit))
		assign(t, &c, form, fit);
	else if (!c.pointers || !see(t, c.place))
		return;
	if (c.pointers)
		push_new(t, &c);
}

static bool in_heap(const struct typing *t, uint64_t addr)
{
	return addr >= t->heap->lowest && addr < t->heap->highest;
}

/* PLACE lies in data or bss. It is noted for each word of a global that leads there, since one may have a
 * name, and followed once. */
static void place_static(struct typing *t, const struct typed_place *place)
{
	bool is_new = see(t, place);

	if ((is_new || t->word) && statics_note(t->heap, place, t->word) && is_new)
		push(t, place);
}

void typing_place(struct typing *t, const struct typed_place *place)
{
	struct heap_object object;

	if (!in_heap(t, place->addr)) {
		if ((place->form == FORM_VALUE || place->form == FORM_ARRAY) &&
		    statics_covers(t->heap, place))
			place_static(t, place);
	} else if (heap_find(t->heap, place->addr, &object)) {
		place_in(t, place, &object);
	}
}

/* ---- following references ---- */

static void place(struct typing *t, uint64_t addr, enum form form, uint32_t type, uint64_t n,
		  enum known known)
{
	struct typed_place p = { .addr = addr, .n = n, .type = type, .form = (uint16_t)form,
				 .known = (uint16_t)known };

	typing_place(t, &p);
}

static void place_closure(struct typing *t, uint64_t addr, enum known known)
{
	struct heap_object o;
	struct go_func f;
	struct typed_place p = { .addr = addr, .n = 1, .form = FORM_CLOSURE };

	if (!in_heap(t, addr) || !heap_find(t->heap, addr, &o) || !o.data || o.offset + 8 > o.size)
		return;
	p.entry = image_word(o.data + o.offset);
	p.type = code_closure_type(&t->heap->code, p.entry);
	if (p.type == NO_TYPE && (!func_find(&t->heap->go, p.entry, &f) || f.entry != p.entry))
		return;
	p.known = (uint16_t)(p.type == NO_TYPE ? known : KNOWN_EXACT);
	typing_place(t, &p);
}

uint32_t typing_interface(struct typing *t, uint64_t w)
{
	uint32_t i = (uint32_t)(w >> 3) % INTERFACE_CACHE;

	if (w < IMAGE_PAGE || w % 8 || w >> arch_address_bits)
		return NO_TYPE;
	if (t->interfaces[i].word != w) {
		t->interfaces[i].word = w;
		t->interfaces[i].type = types_of_interface_word(t->heap->types, w);
	}
	return t->interfaces[i].type;
}

/* A pointer-shaped value of TYPE whose word is DATA. */
static void follow_direct(struct typing *t, uint32_t type, uint64_t data, enum known known)
{
	const struct rtype *r = types_get(t->heap->types, type);

	switch (r->kind) {
	case KIND_POINTER:
		if (r->elem != NO_TYPE)
			place(t, data, FORM_VALUE, r->elem, 1, known);
		break;
	case KIND_MAP: place(t, data, FORM_MAP, type, 1, known); break;
	case KIND_CHAN: place(t, data, FORM_CHAN, type, 1, known); break;
	case KIND_FUNC: place_closure(t, data, known); break;
	case KIND_STRUCT: case KIND_ARRAY:
		typing_follow(t, type, (const uint8_t *)&data, known);
		break;
	default: break;
	}
}

void typing_follow_interface(struct typing *t, uint64_t type_word, uint64_t data)
{
	uint32_t type = data >= IMAGE_PAGE ? typing_interface(t, type_word) : NO_TYPE;
	struct typed_place p = { .addr = data, .n = 1, .type = type, .form = FORM_VALUE,
				 .known = KNOWN_EXACT };
	struct heap_object box;

	if (type == NO_TYPE)
		return;
	if (types_get(t->heap->types, type)->direct) {
		follow_direct(t, type, data, KNOWN_EXACT);
	} else if (!in_heap(t, data)) {
		place(t, data, FORM_VALUE, type, 1, KNOWN_EXACT);
	} else if (heap_find(t->heap, data, &box)) {
		place_in(t, &p, &box);
		t->heap->graph->flags[box.id] |= OBJECT_BOXED;
	}
}

static void follow_slice(struct typing *t, const struct ref *ref, const uint8_t *p, enum known known)
{
	uint64_t cap = image_word(p + 16);

	place(t, image_word(p), FORM_ARRAY, ref->type, cap ? cap : 1, known);
}

/* reflect.Value: type word, pointer, flags of which bit 7 says that the pointer points at it. */
static void follow_reflect(struct typing *t, const uint8_t *p)
{
	uint32_t type = typing_interface(t, image_word(p));

	if (type == NO_TYPE)
		return;
	if (image_word(p + 16) & 0x80 || !types_get(t->heap->types, type)->direct)
		place(t, image_word(p + 8), FORM_VALUE, type, 1, KNOWN_EXACT);
	else
		follow_direct(t, type, image_word(p + 8), KNOWN_EXACT);
}

/* A *time.Timer points to the whole record of the runtime's that begins with one (runtime/time.go). It may
 * as well point to a time.Timer that the program has made itself: that one is not initialised. */
static void follow_timer(struct typing *t, const struct ref *ref, uint64_t addr, enum known known)
{
	struct heap_object o;
	uint32_t type = ref->type;

	if (in_heap(t, addr) && heap_find(t->heap, addr, &o) && o.data && !o.offset &&
	    o.size == spans_class_size(types_get(t->heap->types, t->refs.timer)->size) && o.data[8] == 1)
		type = t->refs.timer;
	place(t, addr, FORM_VALUE, type, 1, known);
}

/* Victims that a Get has found empty have their length set to 0 and stay (sync/pool.go, getSlow). */
void typing_pool_locals(struct typing *t, uint64_t addr, uint64_t n, enum known known)
{
	const struct rtype *local = types_find(t->heap->types, t->refs.pool_local);
	struct heap_object o;

	if (!local || !local->size || n > MAX_POOL_LOCALS)
		return;
	if (!n && in_heap(t, addr) && heap_find(t->heap, addr, &o) && !o.offset)
		n = o.size / local->size;
	if (n)
		place(t, addr, FORM_ARRAY, t->refs.pool_local, n, known);
}

static void run(struct typing *t, uint32_t type, const uint8_t *bytes, enum known known,
		unsigned depth);

static void follow(struct typing *t, const struct ref *ref, const uint8_t *p, enum known known,
		   unsigned depth)
{
	t->word = t->global && (uint64_t)(p - t->global_bytes) < t->global_size
			  ? t->global + (uint64_t)(p - t->global_bytes) : 0;
	switch (ref->kind) {
	case REF_POINTER: place(t, image_word(p), FORM_VALUE, ref->type, 1, known); break;
	case REF_SLICE: follow_slice(t, ref, p, known); break;
	case REF_STRING: place(t, image_word(p), FORM_STRING, NO_TYPE, image_word(p + 8), known); break;
	case REF_MAP: place(t, image_word(p), FORM_MAP, ref->type, 1, known); break;
	case REF_CHAN: place(t, image_word(p), FORM_CHAN, ref->type, 1, known); break;
	case REF_FUNC: place_closure(t, image_word(p), known); break;
	case REF_INTERFACE: typing_follow_interface(t, image_word(p), image_word(p + 8)); break;
	case REF_POOL:
		typing_pool_locals(t, image_word(p), image_word(p + 8), known);
		break;
	case REF_REFLECT: follow_reflect(t, p); break;
	case REF_TIMER: follow_timer(t, ref, image_word(p), known); break;
	case REF_TRIE_NODE:
		place(t, image_word(p), FORM_VALUE,
		      image_u8(t->heap->image, image_word(p)) ? ref->type : ref->count, 1, known);
		break;
	case REF_REPEAT:
		for (uint32_t i = 0; i < ref->count && depth < MAX_NESTING; i++)
			run(t, ref->type, p + i * ref->stride, known, depth + 1);
		break;
	}
}

static void run(struct typing *t, uint32_t type, const uint8_t *bytes, enum known known,
		unsigned depth)
{
	const struct ref_program *program = refs_of(&t->refs, type);
	const struct ref *items = program ? program->items : NULL;
	uint32_t n = program ? program->n : 0;

	for (uint32_t i = 0; i < n; i++)
		follow(t, &items[i], bytes + items[i].offset, known, depth);
}

void typing_in_global(struct typing *t, uint64_t addr, const uint8_t *bytes, uint64_t size)
{
	t->global = addr;
	t->global_bytes = bytes;
	t->global_size = size;
	t->word = addr;
}

void typing_follow(struct typing *t, uint32_t type, const uint8_t *bytes, enum known known)
{
	run(t, type, bytes, known, 0);
}

/* Follow elements of TYPE that lie in data or bss. */
static void follow_static(struct typing *t, const struct typed_place *p, uint32_t type, uint64_t size,
			  enum known known)
{
	const uint8_t *bytes = image_at(t->heap->image, p->addr, p->n * size);

	if (!bytes)
		return;
	typing_in_global(t, p->addr, bytes, p->n * size);
	for (uint64_t i = 0; i < p->n; i++)
		run(t, type, bytes + i * size, known, 0);
	typing_in_global(t, 0, NULL, 0);
}

/* Follow N elements of TYPE at ADDR, as many as are here. Of many those behind wait on the work list, below
 * what the first ones lead to: else that would grow to as many places as the array has elements. */
static void follow_elements(struct typing *t, const struct typed_place *p, uint32_t type)
{
	struct heap_object o;
	uint64_t size = type == NO_TYPE ? 0 : types_get(t->heap->types, type)->size, n;
	enum known known = p->known == KNOWN_INFERRED ? KNOWN_INFERRED : KNOWN_DERIVED;

	if (size && !in_heap(t, p->addr)) {
		follow_static(t, p, type, size, known);
		return;
	}
	if (!size || !heap_find(t->heap, p->addr, &o) || !o.data)
		return;
	n = (o.size - o.offset) / size;
	if (n > p->n)
		n = p->n;
	if (n > AT_A_TIME) {
		struct typed_place rest = *p;

		rest.addr += AT_A_TIME * size;
		rest.n = n - AT_A_TIME;
		push(t, &rest);
		n = AT_A_TIME;
	}
	for (uint64_t i = 0; i < n; i++)
		run(t, type, o.data + o.offset + i * size, known, 0);
}

struct part_context { struct typing *typing; uint32_t map; enum known known; };

static void place_part(void *arg, enum form form, uint64_t addr, uint64_t n)
{
	struct part_context *part = arg;

	place(part->typing, addr, form, part->map, n, part->known);
}

void typing_follow_map(struct typing *t, const struct typed_place *p)
{
	struct part_context part = {
		t, p->type, p->known == KNOWN_INFERRED ? KNOWN_INFERRED : KNOWN_DERIVED,
	};
	struct map_view map;

	if (map_open(&map, &t->heap->go, t->heap->types, p->type, p->addr))
		map_parts(&map, place_part, &part);
}

/* What goroutines that wait to send would send: it lies on their stacks, or where it is copied from. */
static void follow_senders(struct typing *t, const struct typed_place *p)
{
	const struct layout *l = &t->heap->go.layout;
	struct image *image = t->heap->image;
	uint32_t elem = types_get(t->heap->types, p->type)->elem;
	uint64_t sudog = image_u64(image, p->addr + (uint64_t)l->hchan_sendq);

	for (; sudog && t->senders_left; t->senders_left--) {
		uint64_t at = image_u64(image, sudog + (uint64_t)l->sudog_elem_value);
		const uint8_t *bytes = image_at(image, at, types_get(t->heap->types, elem)->size);

		if (bytes && image_u64(image, sudog + (uint64_t)l->sudog_c_value) == p->addr)
			typing_follow(t, elem, bytes, KNOWN_DERIVED);
		sudog = image_u64(image, sudog + (uint64_t)l->sudog_next);
	}
}

static void follow_chan(struct typing *t, const struct typed_place *p)
{
	const struct layout *l = &t->heap->go.layout;
	struct image *image = t->heap->image;
	uint64_t buf = image_u64(image, p->addr + (uint64_t)l->hchan_buf);
	uint64_t n = image_u64(image, p->addr + (uint64_t)l->hchan_dataqsiz);

	if (buf < p->addr || buf >= p->addr + (uint64_t)l->hchan_size)
		place(t, buf, FORM_CHAN_BUFFER, p->type, n, KNOWN_DERIVED);
	follow_senders(t, p);
}

static void work_on(struct typing *t, const struct typed_place *p)
{
	const struct rtype *type = types_find(t->heap->types, p->type);

	switch (p->form) {
	case FORM_VALUE: case FORM_ARRAY: case FORM_CLOSURE: follow_elements(t, p, p->type); break;
	case FORM_MAP: typing_follow_map(t, p); break;
	case FORM_MAP_GROUPS: case FORM_MAP_BUCKETS: follow_elements(t, p, type->bucket); break;
	case FORM_CHAN: follow_chan(t, p); break;
	case FORM_CHAN_BUFFER: follow_elements(t, p, type->elem); break;
	default: break;
	}
}

bool typing_propagate(struct typing *t, struct progress *progress, struct error *err)
{
	uint32_t since = 0;

	while (t->n_work) {
		struct typed_place p = t->work[--t->n_work];

		t->from = p.type;
		work_on(t, &p);
		if (++since % REPORT == 0 && array_cancelled(progress, err))
			return false;
		if (t->n_typed >= REPORT) {
			progress_add(progress, t->n_typed);
			t->n_typed = 0;
		}
	}
	t->from = NO_TYPE;
	return t->failed ? fail_memory(err, "typing") : !array_cancelled(progress, err);
}

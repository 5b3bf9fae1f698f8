/* Pointer masks of types: as they stand in the program, from a GC program (to 1.23), or made from
 * the type's structure where the runtime makes them on demand (1.24 on). */
#include <stdlib.h>
#include <string.h>

#include "probes/go/types_private.h"

#define TFLAG_MASK_ON_DEMAND 16
#define MAX_MASK_BITS (1ull << 31)
#define MAX_DEPTH 256 /* of types inside types */

static void set_bit(uint8_t *bits, uint64_t i)
{
	bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

static bool get_bit(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

/* ---- GC programs (runtime/mbitmap.go, runGCProg) ----
 * 0: end; 0nnnnnnn: n literal bits follow; 1nnnnnnn c: repeat the last n bits c times (n = 0: n is
 * a varint). */

struct program { struct image *image; uint64_t at; uint8_t *bits; uint64_t n, limit; };

static uint64_t program_varint(struct program *p)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = image_u8(p->image, p->at++);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static void program_literal(struct program *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++, p->n++) {
		uint8_t byte = image_u8(p->image, p->at + i / 8);

		if (p->n < p->limit && byte >> (i % 8) & 1)
			set_bit(p->bits, p->n);
	}
	p->at += (n + 7) / 8;
}

static bool program_repeat(struct program *p, uint64_t n)
{
	uint64_t times = program_varint(p);

	if (!n || n > p->n)
		return false;
	for (; times && p->n < p->limit; times--)
		for (uint64_t i = 0; i < n && p->n < p->limit; i++, p->n++)
			if (get_bit(p->bits, p->n - n))
				set_bit(p->bits, p->n);
	return true;
}

static bool run_program(struct image *image, uint64_t at, uint8_t *bits, uint64_t limit)
{
	struct program p = { .image = image, .at = at, .bits = bits, .limit = limit };

	while (p.n < limit) {
		uint8_t op = image_u8(image, p.at++);

		if (!op)
			return true;
		if (!(op & 0x80))
			program_literal(&p, op);
		else if (!program_repeat(&p, op & 0x7f ? op & 0x7f : program_varint(&p)))
			return false;
	}
	return true;
}

/* ---- from the structure ---- */

/* A piece of a type that is still to be written into the mask. */
struct piece { uint32_t type; uint64_t offset, repeat, index; };

/* A struct with a field that marks it as not in the heap: pointers to it are not the collector's. */
static bool not_in_heap(struct types *types, uint32_t type)
{
	const struct rtype *t = type == NO_TYPE ? NULL : types_slot(types, type);

	for (uint32_t i = 0; t && t->kind == KIND_STRUCT && i < t->n_fields; i++) {
		uint32_t f = t->fields[i].type;
		const char *name = f == NO_TYPE ? NULL : types_slot(types, f)->name;

		if (name && (!strcmp(name, "sys.NotInHeap") || !strcmp(name, "sys.nih") ||
			     !strcmp(name, "cgo.Incomplete")))
			return true;
	}
	return false;
}

/* Write the pointers of a type without parts at byte OFFSET. Of an interface only the data word is
 * marked. */
static void write_leaf(struct types *types, const struct rtype *t, uint64_t offset, uint8_t *bits,
		       uint64_t n)
{
	uint64_t word = offset / 8;

	switch (t->kind) {
	case KIND_POINTER:
		if (not_in_heap(types, t->elem))
			return;
		break;
	case KIND_INTERFACE:
		word++;
		break;
	case KIND_CHAN: case KIND_FUNC: case KIND_MAP: case KIND_SLICE: case KIND_STRING:
	case KIND_UNSAFE_POINTER:
		break;
	default:
		return;
	}
	if (word < n)
		set_bit(bits, word);
}

/* Walk arrays and structs with a stack of our own; types nest only so deep. */
static bool write_structure(struct types *types, uint32_t index, uint8_t *bits, uint64_t n)
{
	struct piece stack[MAX_DEPTH] = { { .type = index } };
	unsigned depth = 1;

	while (depth) {
		struct piece *p = &stack[depth - 1];
		const struct rtype *t = types_slot(types, p->type);
		struct piece next = { .type = NO_TYPE };

		if (t->kind == KIND_ARRAY && p->index < t->len && t->elem != NO_TYPE) {
			uint64_t size = types_slot(types, t->elem)->size;

			next = (struct piece){ .type = t->elem, .offset = p->offset + p->index * size };
		} else if (t->kind == KIND_STRUCT && p->index < t->n_fields) {
			const struct rfield *f = &t->fields[p->index];

			next = (struct piece){ .type = f->type, .offset = p->offset + f->offset };
		} else {
			write_leaf(types, t, p->offset, bits, n);
			depth--;
			continue;
		}
		p->index++;
		if (next.offset / 8 >= n || next.type == NO_TYPE ||
		    !types_slot(types, next.type)->ptr_bytes) {
			if (t->kind == KIND_ARRAY)
				p->index = t->len; /* all elements are alike */
			continue;
		}
		if (depth == MAX_DEPTH)
			return false;
		stack[depth++] = next;
	}
	return true;
}

/* ---- choosing ---- */

static const uint8_t *stored_mask(struct types *types, const struct rtype *t, uint64_t bits)
{
	struct image *image = types->go->image;
	uint64_t at = t->gc_data;

	if (t->tflag & TFLAG_MASK_ON_DEMAND && types->go->layout.minor >= 24)
		at = image_u64(image, at); /* the cell of the mask; 0 or odd: not made yet */
	if (t->gc_program || at < IMAGE_PAGE)
		return NULL;
	return image_at(image, at, (bits + 7) / 8);
}

static void make_mask(struct types *types, uint32_t index, struct mask *mask)
{
	const struct rtype *t = types_slot(types, index);
	uint64_t bits = t->ptr_bytes / 8;

	mask->tried = true;
	if (!bits || bits > MAX_MASK_BITS)
		return;
	mask->bits = stored_mask(types, t, bits);
	if (mask->bits || t->mask_only)
		return;
	mask->owned = calloc((bits + 7) / 8, 1);
	if (!mask->owned)
		return;
	if (t->gc_program ? run_program(types->go->image, t->gc_data + 4, mask->owned, bits)
			  : write_structure(types, index, mask->owned, bits))
		mask->bits = mask->owned;
}

const uint8_t *types_mask(struct types *types, uint32_t index)
{
	struct mask *mask = &types->masks[index / TYPES_CHUNK][index % TYPES_CHUNK];
	const uint8_t *bits;

	pthread_mutex_lock(&types->lock);
	if (!mask->tried)
		make_mask(types, index, mask);
	bits = mask->bits;
	pthread_mutex_unlock(&types->lock);
	return bits;
}

/* Pointer masks of types: as they stand in the program, from a GC program (to 1.23), or made from
 * the type's structure where the runtime makes them on demand (1.24 on). */
#include <stdlib.h>
#include <string.h>

#include "probes/go/types/gcprog.h"
#include "probes/go/types/private.h"

#define TFLAG_MASK_ON_DEMAND 16
#define MAX_MASK_BITS (1ull << 31)
#define MAX_DEPTH 256 /* of types inside types */

static void set_bit(uint8_t *bits, uint64_t i)
{
	bits[i / 8] |= (uint8_t)(1u << (i % 8));
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

	if (t->tflag & TFLAG_MASK_ON_DEMAND && types->go->layout.mask_in_cell)
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
	if (mask->bits || t->mask_only || bits / 8 > types->mask_room)
		return;
	types->mask_room -= bits / 8;
	mask->owned = calloc((bits + 7) / 8, 1);
	if (!mask->owned)
		return;
	if (t->gc_program ? gc_program_run(types->go->image, t->gc_data + 4, mask->owned, bits)
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

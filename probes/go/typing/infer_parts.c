#include "probes/go/typing/infer_parts.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/sorted.h"
#include "probes/go/code/types.h"
#include "probes/go/heap.h"
#include "probes/go/typing/infer.h"

#define MASK_WORDS 64u
#define MOST_TRIED (1u << 26) /* structs, on all objects together */

/* A struct that fills slots of SIZE bytes. */
struct sized { uint64_t size; uint32_t type; };

struct search {
	struct typing *typing;
	struct sized *structs; /* by size */
	uint32_t n;
	uint32_t tried;
};

static int by_size(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
}

static bool list_structs(struct search *s, struct error *err)
{
	const struct types *types = s->typing->heap->types;
	uint32_t n = types_count(types);

	s->structs = malloc((n + 1ul) * sizeof *s->structs);
	if (!s->structs)
		return fail_memory(err, "structs by size");
	for (uint32_t i = 0; i < n; i++) {
		const struct rtype *t = types_get(types, i);

		if (t->kind == KIND_STRUCT && t->ptr_bytes && !code_is_shape(types, i))
			s->structs[s->n++] = (struct sized){ spans_class_size(t->size), i };
	}
	qsort(s->structs, s->n, sizeof *s->structs, by_size);
	return true;
}

static uint32_t first_of_size(const struct search *s, uint64_t size)
{
	return sorted_from(s->structs, s->n, sizeof *s->structs, size);
}

/* Are the pointers of the object's first words where TYPE has them? */
static bool mask_agrees(struct typing *t, const struct heap_object *o, uint32_t type)
{
	const uint8_t *mask = types_mask(t->heap->types, type);
	uint64_t words = types_get(t->heap->types, type)->ptr_bytes / 8, want = 0;
	uint64_t within = o->size / 8 < MASK_WORDS ? (1ull << o->size / 8) - 1 : ~0ull;

	if (!mask)
		return false;
	for (uint64_t w = 0; w < words && w < MASK_WORDS; w++)
		want |= (uint64_t)(mask[w / 8] >> (w % 8) & 1) << w;
	return (mask_words(&t->reader, o->span, o->slot, 0) & within) == want;
}

static bool can_be(struct typing *t, const struct heap_object *o, uint32_t type, const struct typed_part *parts,
		   uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!code_holds_at(t->heap->types, type, parts[i].offset, parts[i].type))
			return false;
	return mask_agrees(t, o, type) && infer_suits(t, type, o->data);
}

/* Is TYPE of the package of what refers to a part? Of two copies of a package each refers to its own types. */
static bool is_at_home(const struct types *types, uint32_t type, const struct typed_part *part)
{
	const struct rtype *from = types_find(types, part->from);

	return from && !strcmp(from->package, types_get(types, type)->package);
}

/* The one struct of the program that the object with these parts can be; NO_TYPE if there is none or more
 * than one that is at home, or more than one at all. */
static uint32_t only_struct(struct search *s, const struct heap_object *o, const struct typed_part *parts,
			    uint32_t n)
{
	const struct types *types = s->typing->heap->types;
	uint32_t found = NO_TYPE, n_found = 0, home = NO_TYPE, n_home = 0;

	for (uint32_t i = first_of_size(s, o->size); i < s->n && s->structs[i].size == o->size; i++) {
		if (s->tried++ == MOST_TRIED)
			return NO_TYPE;
		if (!can_be(s->typing, o, s->structs[i].type, parts, n))
			continue;
		found = s->structs[i].type;
		n_found++;
		if (is_at_home(types, found, parts)) {
			home = found;
			n_home++;
		}
	}
	if (n_home)
		return n_home == 1 ? home : NO_TYPE;
	return n_found == 1 ? found : NO_TYPE;
}

static int by_object(const void *a, const void *b)
{
	const struct typed_part *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

/* Each once. */
static uint32_t sort(struct typed_part *parts, uint32_t n)
{
	uint32_t kept = 0;

	if (n)
		qsort(parts, n, sizeof *parts, by_object);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || by_object(&parts[kept - 1], &parts[i]))
			parts[kept++] = parts[i];
	return kept;
}

static void infer_object(struct search *s, const struct typed_part *parts, uint32_t n)
{
	struct typed_place p = { .n = 1, .form = FORM_VALUE, .known = KNOWN_INFERRED };
	struct heap *heap = s->typing->heap;
	struct heap_object o;

	if (heap->graph->type[parts->object] != NO_NODE || !heap_object(heap, parts->object, &o) || !o.data ||
	    mask_value_offset(&heap->go, &heap->spans.items[o.span]))
		return;
	p.addr = o.addr;
	p.type = only_struct(s, &o, parts, n);
	if (p.type != NO_TYPE)
		typing_place(s->typing, &p);
}

bool infer_parts(struct typing *t, struct progress *progress, struct error *err)
{
	struct search s = { .typing = t };
	autofree struct typed_part *parts = t->parts;
	autofree struct sized *owned = NULL;
	uint32_t n = sort(parts, t->n_parts);

	t->parts = NULL; /* what is noted from now on is not looked at */
	t->n_parts = t->capacity_parts = 0;
	if (!list_structs(&s, err))
		return false;
	owned = s.structs;
	for (uint32_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && parts[next].object == parts[i].object; next++)
			;
		infer_object(&s, parts + i, next - i);
		if (!typing_propagate(t, progress, err))
			return false;
	}
	return true;
}

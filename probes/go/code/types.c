#include "probes/go/code/types.h"

#include <string.h>

#define MAX_DEPTH 64 /* of values within values */

/* The field of the struct T that contains OFFSET; NULL if there is none. Fields lie in ascending
 * order; of several at one offset only the last may have a size. */
static const struct rfield *field_at(const struct types *types, const struct rtype *t,
				     uint64_t offset)
{
	uint32_t lo = 0, hi = t->n_fields;
	const struct rfield *f;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->fields[mid].offset <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	f = lo ? &t->fields[lo - 1] : NULL;
	return f && f->type != NO_TYPE && offset - f->offset < types_get(types, f->type)->size
		       ? f : NULL;
}

static bool word_form(const struct rtype *t, uint32_t type, enum code_form *form, uint32_t *of)
{
	switch (t->kind) {
	case KIND_POINTER: *form = CODE_POINTER; *of = t->elem; break;
	case KIND_SLICE: *form = CODE_SLICE; *of = t->elem; break;
	case KIND_MAP: *form = CODE_MAP; *of = type; break;
	case KIND_CHAN: *form = CODE_CHAN; *of = type; break;
	default: return false;
	}
	return *of != NO_TYPE;
}

bool code_word_at(const struct types *types, uint32_t type, uint64_t offset,
		  enum code_form *form, uint32_t *of)
{
	for (unsigned depth = 0; type != NO_TYPE && depth < MAX_DEPTH; depth++) {
		const struct rtype *t = types_get(types, type);

		if (t->kind == KIND_STRUCT) {
			const struct rfield *f = field_at(types, t, offset);

			if (!f)
				return false;
			type = f->type;
			offset -= f->offset;
		} else if (t->kind == KIND_ARRAY) {
			type = t->elem;
			if (offset >= t->size || type == NO_TYPE || !types_get(types, type)->size)
				return false;
			offset %= types_get(types, type)->size;
		} else {
			return offset == 0 && word_form(t, type, form, of);
		}
	}
	return false;
}

bool code_holds_at(const struct types *types, uint32_t outer, uint64_t offset, uint32_t inner)
{
	for (unsigned depth = 0; outer != NO_TYPE && depth < MAX_DEPTH; depth++) {
		const struct rtype *t = types_get(types, outer), *of;
		const struct rfield *f;

		if (!offset && outer == inner)
			return true;
		if (t->kind == KIND_STRUCT) {
			f = field_at(types, t, offset);
			outer = f ? f->type : NO_TYPE;
			offset -= f ? f->offset : 0;
		} else if (t->kind == KIND_ARRAY) {
			of = types_find(types, t->elem);
			if (!of || !of->size || offset >= t->size)
				return false;
			outer = t->elem;
			offset %= of->size;
		} else {
			return false;
		}
	}
	return false;
}

bool code_begins_with(const struct types *types, uint32_t outer, uint32_t inner)
{
	for (unsigned depth = 0; outer != NO_TYPE && depth < MAX_DEPTH; depth++) {
		const struct rtype *t = types_get(types, outer);
		const struct rfield *f;

		if (outer == inner)
			return true;
		if (t->kind == KIND_ARRAY) {
			outer = t->elem;
		} else if (t->kind == KIND_STRUCT) {
			f = field_at(types, t, 0);
			outer = f ? f->type : NO_TYPE;
		} else {
			return false;
		}
	}
	return false;
}

bool code_is_closure(const struct types *types, uint32_t type)
{
	const struct rtype *t = types_get(types, type), *first;
	const char *name;

	if (t->kind != KIND_STRUCT || t->named || !t->n_fields || t->fields[0].type == NO_TYPE)
		return false;
	first = types_get(types, t->fields[0].type);
	name = t->fields[0].name;
	return first->kind == KIND_UINTPTR && (!strcmp(name, "F") || !strcmp(name, ".F"));
}

bool code_is_shape(const struct types *types, uint32_t type)
{
	return strstr(types_get(types, type)->name, "go.shape.") != NULL;
}

#include "probes/go/types/made.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/types/debug_names.h"
#include "probes/go/types/map_types.h"
#include "probes/go/types/private.h"
#include "probes/go/types/symbols.h"
#include "probes/image/variables.h"

#define MOST_BYTES (1ull << 40) /* of one value */
#define MAX_ROUNDS 64u          /* of types that contain others */
#define UNKNOWN UINT64_MAX

struct maker {
	struct go *go;
	struct types *types;
	const struct variables *variables;
	struct debug_names names;
	uint32_t *made;        /* the result */
	uint64_t *ptr_bytes;   /* of each: UNKNOWN until all that it is made of is known */
};

static const struct debug_type *type_of(const struct maker *m, uint32_t place)
{
	return &m->variables->types.items[place];
}

static const char *text_of(const struct maker *m, uint32_t name)
{
	return m->variables->text + name;
}

/* ---- those that the program has ---- */

/* By its descriptor, or by its name: the linker leaves the reference to a descriptor out where only
 * reflection leads to it. */
static uint32_t find(struct maker *m, const struct debug_type *t)
{
	const struct go_module *module = &m->go->modules[0];
	uint64_t at = t->descriptor;
	const struct rtype *found;
	uint32_t type;

	if (t->descriptor_kind != DESCRIPTOR_NONE)
		return types_at(m->types, at < module->etypes - module->types
						  ? module->types + at : at + m->variables->bias);
	if (!debug_type_is_named(text_of(m, t->name)))
		return NO_TYPE;
	type = types_by_path(m->types, text_of(m, t->name));
	found = types_find(m->types, type);
	return found && found->kind == t->kind && found->size == t->size ? type : NO_TYPE;
}

static void find_all(struct maker *m)
{
	for (uint32_t i = 0; i < m->variables->types.n; i++) {
		m->made[i] = find(m, type_of(m, i));
		m->ptr_bytes[i] = m->made[i] == NO_TYPE ? UNKNOWN
							: types_get(m->types, m->made[i])->ptr_bytes;
	}
}

/* ---- those that make sense ---- */

static uint64_t size_of(const struct maker *m, uint32_t place)
{
	return m->made[place] == NO_TYPE ? type_of(m, place)->size
					 : types_get(m->types, m->made[place])->size;
}

/* Bytes up to the end of the last pointer; UNKNOWN as long as the element's are. */
static uint64_t measure_array(const struct maker *m, const struct debug_type *t)
{
	uint64_t unit, elem;

	if (!t->elem || m->ptr_bytes[t->elem - 1] == UNKNOWN)
		return UNKNOWN;
	unit = size_of(m, t->elem - 1);
	elem = m->ptr_bytes[t->elem - 1];
	if (unit ? t->size / unit != t->count || t->size % unit : t->size)
		return UNKNOWN;
	return t->count && elem ? (t->count - 1) * unit + elem : 0;
}

/* The same of a struct, whose members follow each other and lie in it. */
static uint64_t measure_struct(const struct maker *m, const struct debug_type *t)
{
	const struct debug_member *member = m->variables->types.members + t->members;
	uint64_t end = 0, pointers = 0;

	for (uint32_t i = 0; i < t->n_members; i++, member++) {
		uint64_t size, inside;

		if (!member->type || (inside = m->ptr_bytes[member->type - 1]) == UNKNOWN)
			return UNKNOWN;
		size = size_of(m, member->type - 1);
		if (member->offset < end || member->offset > t->size || size > t->size - member->offset)
			return UNKNOWN;
		end = member->offset + size;
		pointers = inside ? member->offset + inside : pointers;
	}
	return pointers;
}

static uint64_t measure(const struct maker *m, const struct debug_type *t)
{
	if (t->descriptor_kind != DESCRIPTOR_NONE || t->size > MOST_BYTES || !*text_of(m, t->name))
		return UNKNOWN;
	switch (t->kind) {
	case KIND_BOOL ... KIND_COMPLEX128: return t->size && t->size <= 16 ? 0 : UNKNOWN;
	case KIND_ARRAY: return measure_array(m, t);
	case KIND_INTERFACE: return 16;
	case KIND_STRUCT: return measure_struct(m, t);
	case KIND_MAP: case KIND_CHAN: case KIND_FUNC: case KIND_POINTER: case KIND_SLICE:
	case KIND_STRING: case KIND_UNSAFE_POINTER: return 8;
	default: return UNKNOWN;
	}
}

/* What contains others comes after them: a round for each level of nesting. */
static void measure_all(struct maker *m)
{
	bool more = true;

	for (unsigned round = 0; more && round < MAX_ROUNDS; round++) {
		more = false;
		for (uint32_t i = 0; i < m->variables->types.n; i++) {
			if (m->ptr_bytes[i] != UNKNOWN)
				continue;
			m->ptr_bytes[i] = measure(m, type_of(m, i));
			more |= m->ptr_bytes[i] != UNKNOWN;
		}
	}
}

/* ---- made ---- */

static bool is_direct(const struct debug_type *t)
{
	return t->kind == KIND_POINTER || t->kind == KIND_MAP || t->kind == KIND_CHAN ||
	       t->kind == KIND_FUNC || t->kind == KIND_UNSAFE_POINTER;
}

/* Enter the type without the others that it refers to, which may not be there yet. */
static void enter(struct maker *m, uint32_t place)
{
	const struct debug_type *t = type_of(m, place);
	const char *raw = text_of(m, t->name);
	autotext struct text name = { 0 }, package = { 0 };

	debug_type_name(&m->names, raw, &name);
	if (debug_type_is_named(raw))
		debug_type_package(raw, &package);

	const struct rtype model = {
		.size = t->size, .ptr_bytes = m->ptr_bytes[place], .name = text_string(&name),
		.package = text_string(&package), .kind = t->kind, .direct = is_direct(t),
		.named = debug_type_is_named(raw), .elem = NO_TYPE, .key = NO_TYPE, .bucket = NO_TYPE,
		.len = t->kind == KIND_ARRAY ? t->count : 0,
		.n_methods = t->kind == KIND_INTERFACE ? (uint32_t)t->count : 0,
	};

	m->made[place] = types_make(m->types, &model, false);
}

static uint32_t made_of(const struct maker *m, uint32_t number)
{
	return number ? m->made[number - 1] : NO_TYPE;
}

/* False without memory. */
static bool put_fields(struct maker *m, const struct debug_type *t, struct rtype *out)
{
	const struct debug_member *member = m->variables->types.members + t->members;
	struct rfield *fields = calloc(t->n_members + 1ul, sizeof *fields);

	if (!fields)
		return false;
	free(out->fields);
	out->fields = fields;
	for (; out->n_fields < t->n_members; out->n_fields++, member++) {
		autotext struct text name = { 0 };
		struct rfield *f = &fields[out->n_fields];

		symbol_text(&name, text_of(m, member->name), strlen(text_of(m, member->name)), 0);
		*f = (struct rfield){ .name = strdup(text_string(&name)), .offset = member->offset,
				      .type = made_of(m, member->type), .embedded = member->embedded };
		if (!f->name)
			return false;
	}
	return true;
}

static bool complete(struct maker *m, uint32_t place)
{
	const struct debug_type *t = type_of(m, place);
	struct rtype *out = types_slot(m->types, m->made[place]);

	out->elem = made_of(m, t->elem);
	out->key = made_of(m, t->key);
	return t->kind != KIND_STRUCT || put_fields(m, t, out);
}

/* A map's insides need its key and element whole. One whose insides are not known is a pointer to nobody
 * knows what. */
static void complete_map(struct maker *m, uint32_t type)
{
	struct rtype *out = types_slot(m->types, type);

	if (out->elem == NO_TYPE || out->key == NO_TYPE ||
	    !map_type_make(m->types, &m->go->layout, out))
		out->kind = KIND_UNSAFE_POINTER;
}

static bool make_all(struct maker *m)
{
	uint32_t n = m->variables->types.n, first = types_count(m->types), end;

	for (uint32_t i = 0; i < n; i++)
		if (m->made[i] == NO_TYPE && m->ptr_bytes[i] != UNKNOWN)
			enter(m, i);
	end = types_count(m->types);
	for (uint32_t i = 0; i < n; i++)
		if (m->made[i] != NO_TYPE && m->made[i] >= first && !complete(m, i))
			return false;
	for (uint32_t i = first; i < end; i++)
		if (types_get(m->types, i)->kind == KIND_MAP)
			complete_map(m, i);
	return true;
}

uint32_t *made_types(struct go *go, struct types *types, struct error *err)
{
	struct maker m = { .go = go, .types = types, .variables = go->image->variables };
	size_t n = m.variables->types.n + 1ul;
	autofree uint64_t *ptr_bytes = m.ptr_bytes = malloc(n * sizeof *ptr_bytes);
	bool good;

	m.made = malloc(n * sizeof *m.made);
	good = m.ptr_bytes && m.made && debug_names_begin(&m.names, m.variables);
	if (good) {
		find_all(&m);
		measure_all(&m);
		good = make_all(&m);
		debug_names_end(&m.names);
	}
	if (good)
		return m.made;
	free(m.made);
	fail_memory(err, "types of debug information");
	return NULL;
}

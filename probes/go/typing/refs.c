#include "probes/go/typing/refs.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "probes/go/maps/sync.h"

#define MAX_DEPTH 256  /* of structs and arrays in each other */
#define UNROLL 16      /* arrays of up to so many elements are written out */
#define MAX_REFS 65536u

void refs_init(struct refs *refs, struct types *types)
{
	memset(refs, 0, sizeof *refs);
	refs->types = types;
	refs->pool_local = types_by_name(types, "sync.poolLocal");
	refs->interface = types_by_name(types, "interface {}");
	refs->sudog = types_by_name(types, "runtime.sudog");
	refs->timer = types_by_name(types, "runtime.timeTimer");
}

void refs_free(struct refs *refs)
{
	for (uint32_t i = 0; i < refs->capacity; i++)
		free(refs->programs[i].items);
	free(refs->programs);
	memset(refs, 0, sizeof *refs);
}

/* A type still to be written into the program. */
struct piece { uint32_t type, index; uint64_t offset; };

struct maker { struct refs *refs; struct ref *items; uint32_t n, capacity; };

static bool emit(struct maker *m, struct ref ref)
{
	struct ref *place = m->n < MAX_REFS ? GROW(m->items, m->n, m->capacity) : NULL;

	if (!place)
		return false;
	*place = ref;
	m->n++;
	return true;
}

/* atomic.Pointer[T] hides its pointer in an unsafe.Pointer; T is told by its field `_ [0]*T`. */
static uint32_t atomic_pointee(struct types *types, const struct rtype *t)
{
	if (strncmp(t->name, "atomic.Pointer[", 15))
		return NO_TYPE;
	for (uint32_t i = 0; i < t->n_fields; i++) {
		uint32_t type = t->fields[i].type;
		const struct rtype *array = types_find(types, type);

		if (array && array->kind == KIND_ARRAY && !array->len && array->elem != NO_TYPE &&
		    types_get(types, array->elem)->kind == KIND_POINTER)
			return types_get(types, array->elem)->elem;
	}
	return NO_TYPE;
}

/* The pointer of an atomic.Pointer. */
static void emit_atomic(struct maker *m, uint32_t pointee, uint32_t offset)
{
	struct types *types = m->refs->types;
	struct ref ref = { .offset = offset, .type = pointee, .kind = REF_POINTER };

	if (sync_node_types(types, types_get(types, pointee), &ref.count, &ref.type))
		ref.kind = REF_TRIE_NODE;
	else
		ref.type = pointee;
	emit(m, ref);
}

/* What waits for a sync.Cond: the list's head and tail are unsafe.Pointers to the runtime's records
 * (sync/runtime.go, runtime/sema.go). */
static void emit_waiters(struct maker *m, const struct rtype *t, uint32_t offset)
{
	struct types *types = m->refs->types;

	for (uint32_t i = 0; i < t->n_fields && m->refs->sudog != NO_TYPE; i++) {
		const struct rtype *field = types_find(types, t->fields[i].type);

		if (field && field->kind == KIND_UNSAFE_POINTER)
			emit(m, (struct ref){ .offset = offset + (uint32_t)t->fields[i].offset,
					      .type = m->refs->sudog, .kind = REF_POINTER });
	}
}

/* Types that hide what they refer to. True if T is one and was written. */
static bool emit_special(struct maker *m, const struct rtype *t, uint32_t offset)
{
	uint32_t pointee;

	if (t->kind != KIND_STRUCT)
		return false;
	pointee = atomic_pointee(m->refs->types, t);
	if (pointee != NO_TYPE) {
		emit_atomic(m, pointee, offset + (uint32_t)t->size - 8);
		return true;
	}
	/* To Go 1.19 its one field is an unsafe.Pointer to an interface {}. */
	if (!strcmp(t->name, "sync.entry") && t->size == 8 && m->refs->interface != NO_TYPE) {
		emit(m, (struct ref){ .offset = offset, .type = m->refs->interface,
				      .kind = REF_POINTER });
		return true;
	}
	if (!strcmp(t->name, "sync.Pool") && t->size == 40) {
		emit(m, (struct ref){ .offset = offset, .kind = REF_POOL });
		emit(m, (struct ref){ .offset = offset + 16, .kind = REF_POOL });
		emit(m, (struct ref){ .offset = offset + 32, .kind = REF_FUNC });
		return true;
	}
	if (!strcmp(t->name, "sync.notifyList")) {
		emit_waiters(m, t, offset);
		return true;
	}
	if (!strcmp(t->name, "reflect.Value") && t->size == 24) {
		emit(m, (struct ref){ .offset = offset, .kind = REF_REFLECT });
		return true;
	}
	return false;
}

static bool is_timer(const struct rtype *t)
{
	return t && (!strcmp(t->name, "time.Timer") || !strcmp(t->name, "time.Ticker"));
}

static bool emit_leaf(struct maker *m, uint32_t type, uint32_t offset)
{
	const struct rtype *t = types_get(m->refs->types, type);
	struct ref ref = { .offset = offset, .type = type };

	switch (t->kind) {
	case KIND_POINTER: ref.kind = REF_POINTER; ref.type = t->elem; break;
	case KIND_SLICE: ref.kind = REF_SLICE; ref.type = t->elem; break;
	case KIND_STRING: ref.kind = REF_STRING; break;
	case KIND_MAP: ref.kind = REF_MAP; break;
	case KIND_CHAN: ref.kind = REF_CHAN; break;
	case KIND_FUNC: ref.kind = REF_FUNC; break;
	case KIND_INTERFACE: ref.kind = REF_INTERFACE; break;
	default: return true;
	}
	if (ref.type == NO_TYPE && ref.kind != REF_STRING)
		return true;
	if (ref.kind == REF_POINTER && m->refs->timer != NO_TYPE &&
	    is_timer(types_find(m->refs->types, ref.type)))
		ref.kind = REF_TIMER;
	return emit(m, ref);
}

/* The next part of the piece on top of the stack; false when it has no more. */
static bool next_part(struct maker *m, struct piece *p, struct piece *part)
{
	const struct rtype *t = types_get(m->refs->types, p->type);

	if (t->kind == KIND_STRUCT && p->index < t->n_fields) {
		const struct rfield *f = &t->fields[p->index++];

		*part = (struct piece){ .type = f->type, .offset = p->offset + f->offset };
		return true;
	}
	if (t->kind == KIND_ARRAY && t->elem != NO_TYPE && t->len <= UNROLL && p->index < t->len) {
		uint64_t size = types_get(m->refs->types, t->elem)->size;

		*part = (struct piece){ .type = t->elem, .offset = p->offset + size * p->index++ };
		return true;
	}
	return false;
}

/* Is there nothing more to open in TYPE: write it, if it is a leaf or a long array. */
static bool emit_whole(struct maker *m, const struct piece *p)
{
	const struct rtype *t = types_get(m->refs->types, p->type);
	uint32_t offset = (uint32_t)p->offset;

	if (t->kind == KIND_ARRAY && t->len > UNROLL && t->elem != NO_TYPE && t->len <= UINT32_MAX) {
		emit(m, (struct ref){ .offset = offset, .type = t->elem, .count = (uint32_t)t->len,
				      .kind = REF_REPEAT,
				      .stride = types_get(m->refs->types, t->elem)->size });
		return true;
	}
	if (emit_special(m, t, offset))
		return true;
	if (t->kind == KIND_STRUCT || t->kind == KIND_ARRAY)
		return false;
	emit_leaf(m, p->type, offset);
	return true;
}

static bool make(struct refs *refs, uint32_t type, struct ref_program *out)
{
	struct maker m = { .refs = refs };
	struct piece stack[MAX_DEPTH] = { { .type = type } };
	unsigned depth = emit_whole(&m, &stack[0]) ? 0 : 1;

	while (depth) {
		struct piece part;

		if (!next_part(&m, &stack[depth - 1], &part)) {
			depth--;
			continue;
		}
		if (part.type == NO_TYPE || part.offset > UINT32_MAX / 2 ||
		    !types_get(refs->types, part.type)->ptr_bytes || emit_whole(&m, &part))
			continue;
		if (depth < MAX_DEPTH)
			stack[depth++] = part;
	}
	*out = (struct ref_program){ .items = m.items, .n = m.n, .made = true };
	return true;
}

const struct ref_program *refs_of(struct refs *refs, uint32_t type)
{
	if (type >= refs->capacity) {
		uint32_t capacity = types_count(refs->types) + 1024;
		struct ref_program *programs = reallocarray(refs->programs, capacity,
							    sizeof *programs);

		if (!programs)
			return NULL;
		memset(programs + refs->capacity, 0,
		       (capacity - refs->capacity) * sizeof *programs);
		refs->programs = programs;
		refs->capacity = capacity;
	}
	if (!refs->programs[type].made)
		make(refs, type, &refs->programs[type]);
	return &refs->programs[type];
}

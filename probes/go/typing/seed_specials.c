#include "probes/go/typing/seed_specials.h"

#include "probes/go/code/place.h"
#include "probes/go/heap.h"
#include "probes/go/spans/specials.h"
#include "probes/go/typing/infer.h"

#define CAPTURES 4 /* words of the closure that AddCleanup makes, at most */

/* cleanupFn of 1.26 on: { call, fn *funcval, arg unsafe.Pointer } (runtime/mcleanup.go). */
enum { CLEANUP_FUNCTION = 8, CLEANUP_ARGUMENT = 16 };

static void seed_value(struct typing *t, uint64_t addr, uint32_t type, enum known known)
{
	struct typed_place p = { .addr = addr, .n = 1, .type = type, .form = FORM_VALUE,
				 .known = (uint16_t)known };

	if (type != NO_TYPE)
		typing_place(t, &p);
}

/* A finalizer's record has the pointer type of its object. */
static void seed_finalizer(struct typing *t, uint64_t object, uint64_t pointer_type)
{
	const struct rtype *pointer = types_find(t->heap->types,
						 types_at(t->heap->types, pointer_type));

	if (pointer && pointer->kind == KIND_POINTER)
		seed_value(t, object, pointer->elem, KNOWN_EXACT);
}

static void seed_due(struct typing *t)
{
	struct finalizer_walk queue = finalizers_start(t->heap);
	struct due_finalizer due;

	while (finalizers_next(&queue, &due))
		seed_finalizer(t, due.object, due.pointer_type);
}

/* ---- cleanups: what a function's first argument is, the cleanup's is, too ---- */

/* T, if the function that the closure at ADDR runs is known to get a *T first, by its name if it is a
 * method of it; else NO_TYPE. */
static uint32_t pointee_of_argument(const struct heap *heap, uint64_t closure)
{
	uint64_t entry = closure ? image_u64(heap->image, closure) : 0;
	const struct code_function *f =
		entry && heap->code.program ? program_function(heap->code.program, entry) : NULL;
	const struct code_global *known = f ? code_known(&heap->code, place_of(entry, PLACE_ARGUMENT)) : NULL;

	if (!f || f->receiver != NO_TYPE)
		return f ? f->receiver : NO_TYPE;
	return known && known->form == CODE_POINTER ? known->type : NO_TYPE;
}

/* Does ADDR begin an object that nothing is known of and that can be a TYPE? */
static bool can_be(struct typing *t, uint64_t addr, uint32_t type)
{
	const struct rtype *r = types_find(t->heap->types, type);
	struct heap_object o;

	return r && heap_find(t->heap, addr, &o) && o.data && t->heap->graph->type[o.id] == NO_NODE &&
	       r->size <= o.size - o.offset && infer_suits(t, type, o.data + o.offset);
}

/* The pointer at AT is what is handed to the function. */
static void seed_argument(struct typing *t, uint64_t at, uint32_t pointee)
{
	uint64_t value = image_u64(t->heap->image, at);

	if (can_be(t, value, pointee))
		seed_value(t, value, pointee, KNOWN_DERIVED);
}

/* The argument lies in an object of its own. */
static void seed_boxed_argument(struct typing *t, uint64_t cleanup)
{
	struct image *image = t->heap->image;
	uint32_t pointee = pointee_of_argument(t->heap, image_u64(image, cleanup + CLEANUP_FUNCTION));
	uint64_t box = image_u64(image, cleanup + CLEANUP_ARGUMENT);

	if (pointee == NO_TYPE)
		return;
	seed_value(t, box, types_wrapping(t->heap->types, KIND_POINTER, pointee), KNOWN_DERIVED);
	seed_argument(t, box, pointee);
}

/* To 1.25 a closure of AddCleanup's has captured the function, in 1.25 as a variable, and behind it the
 * variable that is the argument. */
static void seed_captured_argument(struct typing *t, uint64_t closure)
{
	struct image *image = t->heap->image;
	uint32_t pointee = NO_TYPE;

	for (uint64_t at = closure + 8; closure && at < closure + 8 * CAPTURES; at += 8) {
		uint64_t word = image_u64(image, at);

		pointee = pointee_of_argument(t->heap, word);
		if (pointee == NO_TYPE && word)
			pointee = pointee_of_argument(t->heap, image_u64(image, word));
		if (pointee == NO_TYPE)
			continue;
		seed_argument(t, image_u64(image, at + 8), pointee);
		return;
	}
}

static void seed_cleanup(struct typing *t, const struct special *s)
{
	const struct layout *l = &t->heap->go.layout;

	if (l->cleanup_cleanup >= 0)
		seed_boxed_argument(t, s->addr + (uint64_t)l->cleanup_cleanup);
	else
		seed_captured_argument(t, image_u64(t->heap->image, s->addr + (uint64_t)l->cleanup_fn));
}

/* ---- weak handles: a word, or an array of two, that is no pointer to the collector ---- */

static void seed_handle(struct typing *t, uint64_t addr)
{
	struct typed_place p = { .addr = addr, .type = types_by_name(t->heap->types, "uintptr"),
				 .form = FORM_ARRAY, .known = KNOWN_DERIVED };
	struct heap_object o;

	if (p.type == NO_TYPE || !heap_find(t->heap, addr, &o) || o.offset || o.size > 16)
		return;
	p.n = o.size / 8;
	if (p.n == 1)
		p.form = FORM_VALUE;
	typing_place(t, &p);
}

void seed_specials(struct typing *t)
{
	const struct layout *l = &t->heap->go.layout;
	struct special_walk specials = specials_start(t->heap);
	struct special s;

	while (specials_next(&specials, &s)) {
		if (s.kind == l->special_kind_finalizer)
			seed_finalizer(t, s.object,
				       image_u64(t->heap->image, s.addr + special_pointer_type(l)));
		else if (s.kind == l->special_kind_cleanup)
			seed_cleanup(t, &s);
		else if (s.kind == l->special_kind_weak)
			seed_handle(t, image_u64(t->heap->image, s.addr + (uint64_t)l->weak_handle));
	}
	seed_due(t);
}

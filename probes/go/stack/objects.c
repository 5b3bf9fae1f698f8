/* Variables whose address is taken: pointer maps leave them out, and they are live only while
 * something live points at them (Go 1.26 runtime/mgcstack.go, mgcmark.go, scanstack). */
#include <stdlib.h>
#include <string.h>

#include "graph/base/sorted.h"
#include "probes/go/layout/abi.h"
#include "probes/go/stack/private.h"
#include "probes/go/types/gcprog.h"

/* runtime.stackObjectRecord. OFF is from the arguments if it is not negative, else from the locals'
 * end. Up to Go 1.23 a negative PTRDATA says that the mask is a GC program. */
struct record { int32_t off, size, ptrdata; uint32_t mask; };

static bool add_object(struct stack_reader *r, struct stack_object object)
{
	struct stack_scratch *s = r->scratch;

	if (!stack_room(r, &s->objects, s->n_objects, &s->capacity_objects, sizeof *s->objects))
		return true;
	s->objects[s->n_objects++] = object;
	return true;
}

static bool add_record(struct stack_reader *r, uint32_t i, const struct record *record)
{
	const struct go_frame *frame = &r->out->frames[i];
	uint64_t base = record->off >= 0 ? frame->argp : frame->varp;
	uint64_t end = record->off >= 0 ? stack_arguments_end(r, i) : frame->varp;
	int64_t ptrdata = record->ptrdata;
	struct stack_object object = {
		.addr = base + (uint64_t)(int64_t)record->off, .size = (uint32_t)record->size,
		.mask = frame->func.module->rodata + record->mask, .frame = i,
	};

	if (object.addr < frame->sp) /* not yet in the frame */
		return true;
	if (record->size < 0 || object.addr > end || object.size > end - object.addr)
		return false;
	if (ptrdata < 0) {
		if (!r->go->layout.gc_programs)
			return false;
		ptrdata = -ptrdata;
		object.program = true;
	}
	if (ptrdata > record->size)
		return false;
	object.words = (uint32_t)(ptrdata / 8);
	return add_object(r, object);
}

bool stack_object_records(struct stack_reader *r, uint32_t i, const struct pc_fact *fact)
{
	const struct go_frame *frame = &r->out->frames[i];
	uint64_t at = fact->objects, n;
	const uint8_t *bytes;
	struct record record;

	if (!at)
		return true;
	if (!image_read(r->go->image, at, &n, sizeof n) ||
	    n > (stack_arguments_end(r, i) - frame->sp) / 8)
		return false;
	bytes = n ? image_at(r->go->image, at + 8, n * sizeof record) : NULL;
	if (n && !bytes)
		return false;
	for (uint64_t k = 0; k < n; k++) {
		memcpy(&record, bytes + k * sizeof record, sizeof record);
		if (!add_record(r, i, &record))
			return false;
	}
	return true;
}

/* The registers that a reflect stub was called with: an internal/abi.RegArgs at the end of its
 * locals, {Ints, Floats, Ptrs, ...}, of which only Ptrs are pointers (Go 1.26
 * runtime/stkframe.go). */
void stack_object_stub(struct stack_reader *r, uint32_t i)
{
	const struct go_frame *frame = &r->out->frames[i];
	uint32_t ints = abi_int_registers, words = 2 * ints + abi_float_registers;
	uint32_t size = (words * 8 + (ints + 7) / 8 + 7) & ~7u;

	if (frame->varp - frame->sp >= size)
		add_object(r, (struct stack_object){ .addr = frame->varp - size, .size = size,
						     .words = words, .frame = i, .stub = true });
}

static int compare_objects(const void *a, const void *b)
{
	const struct stack_object *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Frames come inner to outer and their objects in order, so that there is seldom anything to do. */
static void sort_objects(struct stack_scratch *s)
{
	for (uint32_t i = 1; i < s->n_objects; i++)
		if (s->objects[i].addr < s->objects[i - 1].addr) {
			qsort(s->objects, s->n_objects, sizeof *s->objects, compare_objects);
			return;
		}
}

static struct stack_object *find_object(struct stack_scratch *s, uint64_t addr)
{
	uint32_t to = sorted_to(s->objects, s->n_objects, sizeof *s->objects, addr);

	if (!to || addr - s->objects[to - 1].addr >= s->objects[to - 1].size)
		return NULL;
	return &s->objects[to - 1];
}

/* The object's pointer bits, NULL if they cannot be read. */
static const uint8_t *object_bits(struct stack_reader *r, const struct stack_object *object)
{
	struct stack_scratch *s = r->scratch;
	uint64_t bytes = (object->words + 7ull) / 8;
	uint8_t *bits;

	if (!object->program)
		return image_at(r->go->image, object->mask, bytes);
	if (bytes > s->capacity_bits) {
		bits = realloc(s->bits, bytes);
		if (!bits)
			return NULL;
		s->bits = bits;
		s->capacity_bits = bytes;
	}
	/* The program's length stands before it. */
	return gc_program_run(r->go->image, object->mask + 4, s->bits, object->words) ? s->bits :
											 NULL;
}

static void scan(struct stack_reader *r, struct stack_object *object, bool conservative)
{
	uint32_t first = object->stub ? object->words - abi_int_registers : 0;
	const uint8_t *bits;

	object->done = true;
	if (!object->words)
		return;
	bits = object->stub ? NULL : object_bits(r, object);
	if (!object->stub && !bits) {
		stack_words(r, object->addr, object->addr + object->size, object->frame,
			    SLOT_STACK_OBJECT);
		return;
	}
	for (uint32_t i = first; i < object->words; i++) {
		uint64_t addr = object->addr + 8ull * i;

		if (!bits || bits[i / 8] >> (i % 8) & 1)
			stack_slot(r, addr, stack_word(r, addr), object->frame, SLOT_STACK_OBJECT,
				   conservative);
	}
}

/* The next pointer to follow, those first that are surely pointers. */
static bool next_pointer(struct stack_scratch *s, uint64_t *value, bool *conservative)
{
	*conservative = !s->n_exact;
	if (s->n_exact)
		*value = s->exact[--s->n_exact];
	else if (s->n_doubtful)
		*value = s->doubtful[--s->n_doubtful];
	else
		return false;
	return true;
}

void stack_objects(struct stack_reader *r, bool all)
{
	struct stack_scratch *s = r->scratch;
	bool conservative;
	uint64_t value;

	sort_objects(s);
	while (!r->memory_out && next_pointer(s, &value, &conservative)) {
		struct stack_object *object = find_object(s, value);

		if (object && !object->done)
			scan(r, object, conservative);
	}
	for (uint32_t i = 0; all && i < s->n_objects; i++)
		if (!s->objects[i].done)
			scan(r, &s->objects[i], true);
}

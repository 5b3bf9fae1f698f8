#include "probes/go/typing/seed_timers.h"

#include <string.h>

#include "probes/go/heap.h"

#define MOST_TIMERS (1u << 24) /* more than any program's processors have */

/* Does package time use the timer at ADDR, whose function sends a time or starts another function? */
static bool of_time(struct typing *t, uint64_t addr)
{
	const struct layout *l = &t->heap->go.layout;
	uint64_t closure = image_u64(t->heap->image, addr + (uint64_t)l->timer_f);
	uint64_t entry = image_u64(t->heap->image, closure);
	struct go_func f;

	return entry && func_find(&t->heap->go, entry, &f) && f.entry == entry &&
	       (!strcmp(f.name, "time.sendTime") || !strcmp(f.name, "time.goFunc"));
}

/* What the timer at ADDR is the last field of: to Go 1.22 a time.Timer or, if it fires again, a
 * time.Ticker (time/sleep.go, tick.go), from 1.23 on the runtime's record of either (runtime/time.go). */
static uint32_t record_of(struct typing *t, uint64_t addr)
{
	uint64_t period = image_u64(t->heap->image, addr + (uint64_t)t->heap->go.layout.timer_period);

	if (t->refs.timer != NO_TYPE)
		return t->refs.timer;
	return types_by_name(t->heap->types, period ? "time.Ticker" : "time.Timer");
}

static void seed_timer(struct typing *t, uint64_t addr)
{
	const struct rtype *record;
	struct heap_object o;
	struct typed_place p = { .n = 1, .form = FORM_VALUE, .known = KNOWN_DERIVED };

	if (!heap_find(t->heap, addr, &o) || !of_time(t, addr))
		return;
	p.type = record_of(t, addr);
	record = types_find(t->heap->types, p.type);
	if (!record || !record->n_fields || record->fields[record->n_fields - 1].offset != o.offset ||
	    spans_class_size(record->size) != o.size)
		return;
	p.addr = addr - o.offset;
	typing_place(t, &p);
}

/* As roots_timers walks them. */
void seed_timers(struct typing *t)
{
	const struct layout *l = &t->heap->go.layout;
	struct image *image = t->heap->image;
	uint64_t in_timers = l->timers_heap >= 0 ? (uint64_t)l->timers_heap : 0;
	uint64_t stride = l->timers_heap >= 0 ? 16 : 8, left = MOST_TIMERS, p;

	for (uint64_t i = 0; go_next_processor(&t->heap->go, &i, &p);) {
		uint64_t slice = p + (uint64_t)l->p_timers + in_timers;
		uint64_t at = image_u64(image, slice), n = image_u64(image, slice + 8);

		for (uint64_t k = 0; k < n && left && image_at(image, at + stride * k, 8); k++, left--)
			seed_timer(t, image_u64(image, at + stride * k));
	}
}

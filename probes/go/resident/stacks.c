/* What stacks take: of goroutines, used and unused, and stacks that nobody has (runtime/stack.go). */
#include <stdlib.h>

#include "graph/base/sorted.h"
#include "probes/go/resident/private.h"

static int by_address(const void *a, const void *b)
{
	const struct manual_span *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* The span of stacks that contains ADDR, NULL if none. */
static const struct manual_span *span_of(const struct residence *r, uint64_t addr)
{
	uint32_t i = sorted_above(r->manual, r->n_manual, sizeof *r->manual, addr);

	if (i == r->n_manual || addr < r->manual[i].lo || !r->manual[i].stacks)
		return NULL;
	return &r->manual[i];
}

/* Add what is resident of G's stack, above its stack pointer and below. Of an m's stack that is not in use,
 * nothing is. */
static void add_stack(const struct residence *r, const struct goroutine *g, uint64_t *used,
		      uint64_t *unused)
{
	const struct manual_span *s = span_of(r, g->stack_lo);
	uint64_t sp = g->sp > g->stack_lo && g->sp < g->stack_hi ? g->sp : g->stack_hi;

	if (!s || g->stack_hi > s->hi)
		return;
	*used += image_resident(r->heap->image, sp, g->stack_hi);
	*unused += image_resident(r->heap->image, g->stack_lo, sp);
}

void residence_stacks(struct residence *r)
{
	uint64_t used = 0, unused = 0, stacks = 0, work = 0;

	if (r->n_manual)
		qsort(r->manual, r->n_manual, sizeof *r->manual, by_address);
	for (uint32_t i = 0; i < r->n_manual; i++)
		*(r->manual[i].stacks ? &stacks : &work) +=
			image_resident(r->heap->image, r->manual[i].lo, r->manual[i].hi);
	for (uint32_t i = 0; i < r->heap->goroutines.n; i++)
		add_stack(r, &r->heap->goroutines.items[i], &used, &unused);
	if (used > stacks)
		used = stacks;
	if (unused > stacks - used)
		unused = stacks - used;
	residence_add(r, PART_STACKS, "used", used, 1);
	residence_add(r, PART_STACKS, "unused", unused, 1);
	residence_add(r, PART_STACKS, "free", stacks - used - unused, 1);
	residence_add(r, PART_RUNTIME, "work of the collector", work, 1);
}

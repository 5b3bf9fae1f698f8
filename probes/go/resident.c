#include "probes/go/resident.h"

#include <stdlib.h>

static uint64_t present_in_arenas(const struct heap *heap)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < heap->spans.n_arenas; i++) {
		uint64_t lo = heap->spans.arenas[2 * i] * GO_ARENA - arch_arena_base;

		bytes += image_copied(heap->image, lo, lo + GO_ARENA);
	}
	return bytes;
}

/* Resident anonymous memory outside the arenas: the runtime's tables and, with cgo, C's heap. */
static uint64_t present_elsewhere(const struct heap *heap)
{
	const struct image *image = heap->image;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];

		if (r->file == NO_FILE && !spans_arena(&heap->spans, r->lo))
			bytes += image_copied(image, r->lo, r->hi);
	}
	return bytes;
}

/* Goroutines' stacks lie in spans of their own. */
static uint64_t stack_bytes(const struct heap *heap)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < heap->goroutines.n; i++) {
		const struct goroutine *g = &heap->goroutines.items[i];

		if (!g->m_stack && g->stack_hi > g->stack_lo)
			bytes += image_copied(heap->image,
					      g->stack_lo & ~(uint64_t)(IMAGE_PAGE - 1),
					      g->stack_hi);
	}
	return bytes;
}

bool resident_build(struct heap *heap, struct error *err)
{
	struct graph *g = heap->graph;
	uint64_t rss = heap->image->rss, arenas = present_in_arenas(heap);
	uint64_t stacks = stack_bytes(heap), runtime = present_elsewhere(heap), objects, sum;

	/* Of a core file it is not known what was resident: a page of zeros may be none. */
	if (!rss && arenas < heap->spans.bytes + stacks)
		arenas = heap->spans.bytes + stacks;
	objects = heap->spans.bytes < arenas ? heap->spans.bytes : arenas;
	if (stacks > arenas - objects)
		stacks = arenas - objects;
	sum = arenas + runtime;
	if (rss < sum)
		rss = sum; /* it was read before the stop, and memory grew since */
	g->meta.rss = rss;
	g->memory = calloc(6, sizeof *g->memory);
	if (!g->memory)
		return fail_memory(err, "the parts of memory");
	g->n_memory = 6;
	g->memory[0] = (struct named_bytes){ "live heap", 0 };
	g->memory[1] = (struct named_bytes){ "garbage", objects };
	g->memory[2] = (struct named_bytes){ "free heap", arenas - objects - stacks };
	g->memory[3] = (struct named_bytes){ "stacks", stacks };
	g->memory[4] = (struct named_bytes){ "runtime", runtime };
	g->memory[5] = (struct named_bytes){ "files, cgo", rss - sum };
	return true;
}

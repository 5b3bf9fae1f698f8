#include "probes/go/resident/resident.h"

#include <stdlib.h>

#include "probes/go/resident/private.h"

/* A core file does not tell what was resident: what is allocated is all that can be said. */
static void only_allocated(struct residence *r)
{
	const struct heap *heap = r->heap;
	uint64_t stacks = 0, slots = 0;

	for (uint32_t i = 0; i < heap->spans.n; i++)
		slots += heap->spans.items[i].bytes;
	for (uint32_t i = 0; i < heap->goroutines.n; i++)
		if (!heap->goroutines.items[i].m_stack)
			stacks += heap->goroutines.items[i].stack_hi -
				  heap->goroutines.items[i].stack_lo;
	residence_add(r, PART_LIVE, "allocated", 0, -1);
	residence_add(r, PART_GARBAGE, "allocated", heap->spans.bytes, -1);
	residence_add(r, PART_FREE, "free slots of spans in use", slots - heap->spans.bytes, -1);
	residence_add(r, PART_STACKS, "of goroutines", stacks, -1);
}

static void measure(struct residence *r)
{
	/* These two are filled by graph_mark. */
	residence_add(r, PART_LIVE, "touched", 0, 1);
	residence_add(r, PART_LIVE, "never touched", 0, 0);
	residence_spans(r);
	residence_stacks(r);
	residence_modules(r);
	residence_runtime(r);
	residence_c(r);
	residence_rest(r);
	residence_mappings(r);
}

/* The parts, in their order; zeros too. */
static bool publish_parts(struct residence *r)
{
	struct graph *g = r->heap->graph;

	g->memory = calloc(N_PARTS, sizeof *g->memory);
	if (!g->memory)
		return false;
	g->meta.rss = 0;
	for (uint32_t i = 0; i < N_PARTS; i++) {
		g->memory[i] = (struct named_bytes){ part_names[i], r->parts[i] };
		g->meta.rss += r->parts[i];
	}
	g->n_memory = N_PARTS;
	return true;
}

bool resident_build(struct heap *heap, struct error *err)
{
	struct residence r = { .heap = heap };
	struct graph *g = heap->graph;
	bool known = heap->image->usages.n || heap->image->rss;

	if (known)
		measure(&r);
	else
		only_allocated(&r);
	free(r.claims);
	free(r.manual);
	g->details = r.details;
	g->n_details = r.n_details;
	g->absent = r.absent;
	g->n_absent = r.n_absent;
	if (r.failed || (known && !publish_parts(&r)))
		return fail_memory(err, "the parts of memory");
	return true;
}

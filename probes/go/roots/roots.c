#include "probes/go/roots/roots.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

uint32_t roots_holder(struct roots *roots, enum holder_kind kind, const char *name,
		      const char *package, enum known known)
{
	struct holder *holder = GROW(roots->holders, roots->n_holders, roots->capacity_holders);
	bool runtime = strcmp(package, "runtime") == 0 || strncmp(package, "runtime/", 8) == 0;

	if (!holder) {
		roots->failed = true;
		return NO_NODE;
	}
	*holder = (struct holder){ .kind = kind, .known = known, .name = name, .package = package,
				   .system = runtime || kind == HOLDER_RUNTIME, .task = NO_NODE, .type = NO_NODE };
	return roots->n_holders++;
}

void roots_add(struct roots *roots, uint32_t holder, uint64_t addr, uint64_t value,
	       enum root_kind kind, enum strength strength, enum known known, uint32_t frame)
{
	uint64_t offset;
	uint32_t dst;
	struct root *root;

	if (value < roots->heap->lowest || value >= roots->heap->highest || holder == NO_NODE)
		return;
	dst = graph_find(roots->heap->graph, value, &offset);
	if (dst == NO_NODE)
		return;
	root = GROW(roots->items, roots->n, roots->capacity);
	if (!root) {
		roots->failed = true;
		return;
	}
	*root = (struct root){ .addr = addr, .holder = holder, .dst = dst, .frame = frame,
			       .dst_offset = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset,
			       .kind = (uint8_t)kind, .known = (uint8_t)known,
			       .strength = (uint8_t)strength };
	roots->n++;
}

bool roots_spend(struct roots *roots, uint64_t bytes)
{
	if (bytes > roots->left)
		roots->overspent = true;
	else
		roots->left -= bytes;
	return !roots->overspent;
}

const char *roots_function(struct roots *roots, uint64_t closure)
{
	struct go_func f;
	uint64_t entry = closure ? image_u64(roots->heap->image, closure) : 0;

	if (!entry || !func_find(&roots->heap->go, entry, &f) || f.entry != entry)
		return NULL;
	return name_pool_symbol(roots->names, f.name);
}

bool roots_build(struct heap *heap, struct progress *progress, struct error *err)
{
	struct graph *g = heap->graph;
	struct roots roots = { .heap = heap, .names = &heap->names,
			       .left = image_most(heap->image) };

	progress_begin(progress, "roots", 0);
	if (!goroutines_read(&heap->go, &heap->goroutines, err))
		return false;
	roots_origins(&roots);
	roots_refer(&roots);
	roots_globals(&roots);
	if (roots_tasks(&roots, progress, err)) {
		roots_specials(&roots);
		roots_due(&roots);
		roots_caches(&roots);
		roots_timers(&roots);
	}
	g->tasks = roots.tasks;
	g->n_tasks = roots.n_tasks;
	g->waits = roots.waits;
	g->n_waits = roots.n_waits;
	g->frames = roots.frames;
	g->n_frames = roots.n_frames;
	if (roots.failed)
		fail_memory(err, "roots");
	if (roots.overspent)
		fail(err, STATUS_BAD_FILE, "the runtime's lists of goroutines, defers, timers and specials "
		     "are larger than all memory: the snapshot is damaged, or it is no Go's");
	if (err->code) {
		free(roots.holders);
		free(roots.items);
		return false;
	}
	return graph_set_holders(g, roots.holders, roots.n_holders, roots.items, roots.n, err);
}

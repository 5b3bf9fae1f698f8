#include "probes/go/find/counting.h"

#include <string.h>

#include "graph/base/cleanup.h"

/* runtime/mcache.go, mgcsweep.go, mstats.go, arena.go of Go 1.18 to 1.27. None of them can be
 * preempted, so whoever is in one of them is on a thread. */
static const char *const functions[] = {
	"runtime.(*mcache).refill", "runtime.(*mcache).releaseAll", "runtime.(*mcache).allocLarge",
	"runtime.(*sweepLocked).sweep", "runtime.(*consistentHeapStats).read",
	"runtime.(*mheap).allocUserArenaChunk", "runtime.freeUserArenaChunk",
};

const char *counting_function(const struct go_stack *stack)
{
	for (uint32_t i = 0; i < stack->n_frames; i++)
		for (size_t k = 0; k < ARRAY_SIZE(functions); k++)
			if (!strcmp(stack->frames[i].func.name, functions[k]))
				return functions[k];
	return NULL;
}

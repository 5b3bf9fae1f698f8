/* Timers that will fire: each processor keeps a heap of them, and each bubble of testing/synctest
 * (runtime/time.go, runtime/synctest.go). */
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/roots/roots.h"

#define TIMER_LEAST 64 /* bytes of a timer, at least */
#define TIMER_DELETED 3 /* its status, to 1.22 */
#define TIMER_ZOMBIE 4  /* a bit of its state, from 1.23 on */

/* Has it been stopped, and still has its place until somebody clears it away? From 1.23 on that is so
 * of a channel's timer as well while nobody reads from it. */
static bool is_idle(struct roots *roots, uint64_t timer)
{
	const struct layout *l = &roots->heap->go.layout;
	uint64_t at = timer + (uint64_t)l->timer_state;

	return l->timers_heap >= 0 ? image_u8(roots->heap->image, at) & TIMER_ZOMBIE
				   : image_u32(roots->heap->image, at) == TIMER_DELETED;
}

/* What fires, in words: time.goFunc runs the function that is its argument, others act themselves. */
static void timer_name(struct roots *roots, uint64_t timer, struct text *name)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t period = image_u64(image, timer + (uint64_t)l->timer_period);
	const char *f = roots_function(roots, image_u64(image, timer + (uint64_t)l->timer_f));

	if (f && !strcmp(f, "time.goFunc"))
		f = roots_function(roots, image_u64(image, timer + (uint64_t)l->timer_arg + 8));
	text_printf(name, "timer %s", f ? f : "?");
	if (is_idle(roots, timer))
		text_puts(name, " (stopped)");
	else if (period) {
		text_puts(name, " (every ");
		text_duration(name, period);
		text_puts(name, ")");
	}
}

static void add_timer(struct roots *roots, uint64_t timer)
{
	const struct layout *l = &roots->heap->go.layout;
	autotext struct text name = { 0 };
	uint64_t arg = timer + (uint64_t)l->timer_arg + 8;
	uint32_t holder;

	if (!image_at(roots->heap->image, timer, (uint64_t)l->timer_size))
		return;
	timer_name(roots, timer, &name);
	holder = roots_holder(roots, HOLDER_TIMER, name_pool_copy(roots->names, text_string(&name)), "",
			      KNOWN_EXACT);
	roots_add(roots, holder, 0, timer, ROOT_TIMER, STRENGTH_STRONG, KNOWN_EXACT, NO_NODE);
	/* A timer inside another record (a pollDesc) is not in the heap: what it calls may be. */
	if (graph_find(roots->heap->graph, timer, NULL) == NO_NODE)
		roots_add(roots, holder, arg, image_u64(roots->heap->image, arg), ROOT_TIMER,
			  STRENGTH_RUNTIME, KNOWN_EXACT, NO_NODE);
}

/* The timers at TIMERS: a slice of pointers to 1.22, of {pointer, when} from 1.23 on. */
static void add_timers(struct roots *roots, uint64_t timers)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t slice = timers + (l->timers_heap >= 0 ? (uint64_t)l->timers_heap : 0);
	uint64_t stride = l->timers_heap >= 0 ? 16 : 8;
	uint64_t at = image_u64(image, slice), n = image_u64(image, slice + 8);

	for (uint64_t i = 0; i < n && image_at(image, at + stride * i, 8); i++) {
		uint64_t timer = image_u64(image, at + stride * i);

		if (!roots_spend(roots, TIMER_LEAST))
			return;
		if (timer)
			add_timer(roots, timer);
	}
}

/* A bubble of testing/synctest has timers of its own, for the time that it makes up. All its goroutines
 * refer to it: it is found by the one that began it. */
static void add_bubbles(struct roots *roots)
{
	const struct layout *l = &roots->heap->go.layout;
	const struct goroutines *gs = &roots->heap->goroutines;
	struct image *image = roots->heap->image;

	for (uint32_t i = 0; l->g_bubble >= 0 && i < gs->n; i++) {
		uint64_t bubble = image_u64(image, gs->items[i].addr + (uint64_t)l->g_bubble);

		if (bubble && image_u64(image, bubble + (uint64_t)l->bubble_root) == gs->items[i].addr)
			add_timers(roots, bubble + (uint64_t)l->bubble_timers);
	}
}

void roots_timers(struct roots *roots)
{
	struct go *go = &roots->heap->go;
	uint64_t p;

	for (uint64_t i = 0; go_next_processor(go, &i, &p);)
		add_timers(roots, p + (uint64_t)go->layout.p_timers);
	add_bubbles(roots);
}

/* Which tasks can never go on: those that only something can wake which nothing that can run reaches.
 *
 * A task that waits on objects is no root until one of these is reached: then somebody may wake it, and what
 * it refers to is reached, too. Who is left when nothing more is reached waits for ever (Saioc, Shiyanbola,
 * Lange, Chabbi: Dynamic Partial Deadlock Detection and Recovery via Garbage Collection). Marking visits each
 * object once, whoever leads to it, so that this costs it no second pass. */
#include <stdlib.h>

#include "graph/analysis/marker.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"

struct wait { uint32_t object, task; };

static int by_object(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;

	return (x->object > y->object) - (x->object < y->object);
}

/* Who waits, by what for; and a bit for each such object. Returns how many. */
static uint32_t list_waits(const struct graph *g, struct wait *waits, uint64_t *awaited)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < g->n_tasks; t++)
		for (uint32_t i = 0; g->tasks[t].stuck > 0 && i < g->tasks[t].n_waits; i++) {
			uint32_t object = g->waits[g->tasks[t].first_wait + i];

			waits[n++] = (struct wait){ object, t };
			awaited[object / 64] |= 1ull << object % 64;
		}
	qsort(waits, n, sizeof *waits, by_object);
	return n;
}

static void see_holder(struct marker *m, uint32_t holder)
{
	const struct graph *g = m->g;
	const struct holder *h = &g->holders[holder];

	for (uint32_t i = h->first_root; i < h->first_root + h->n_roots; i++)
		if (marker_holds((enum strength)g->roots[i].strength))
			marker_see(m, g->roots[i].dst);
}

static bool is_asleep(const struct graph *g, uint32_t holder)
{
	uint32_t task = g->holders[holder].task;

	return task < g->n_tasks && g->tasks[task].stuck > 0;
}

/* Object was reached: who waits on it can go on. */
static void wake(struct marker *m, const struct wait *waits, uint32_t n, uint32_t object)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (waits[mid].object < object)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && waits[lo].object == object; lo++) {
		struct task *task = &m->g->tasks[waits[lo].task];

		if (task->stuck > 0 && task->holder < m->g->n_holders)
			see_holder(m, task->holder);
		task->stuck = 0;
	}
}

static bool wake_reached(struct marker *m, const struct wait *waits, uint32_t n, struct error *err)
{
	do {
		while (m->n_reached)
			wake(m, waits, n, m->reached[--m->n_reached]);
		if (!marker_drain(m, err))
			return false;
	} while (m->n_reached);
	return true;
}

/* What only those hold who wait for ever, lives as well. */
static bool see_rest(struct marker *m, struct error *err)
{
	struct graph *g = m->g;

	m->awaited = NULL;
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (is_asleep(g, h))
			see_holder(m, h);
	for (uint32_t t = 0; t < g->n_tasks; t++)
		if (g->tasks[t].first && g->tasks[t].stuck > 0)
			g->tasks[t].stuck = -1;
	return marker_drain(m, err);
}

bool stuck_mark(struct marker *m, struct error *err)
{
	struct graph *g = m->g;
	autofree struct wait *waits = array_new(g->n_waits + 1, sizeof *waits, "waits", err);
	autofree uint32_t *reached = array_new(g->n_waits + 1, sizeof *reached, "waits", err);
	autofree uint64_t *awaited = array_zero(g->n_objects / 64 + 1, sizeof *awaited, "waits", err);
	uint32_t n;

	if (!waits || !reached || !awaited)
		return false;
	n = list_waits(g, waits, awaited);
	m->awaited = n ? awaited : NULL;
	m->reached = reached;
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (!is_asleep(g, h))
			see_holder(m, h);
	return marker_drain(m, err) && wake_reached(m, waits, n, err) && see_rest(m, err);
}

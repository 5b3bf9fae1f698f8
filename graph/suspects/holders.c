/* Backwards from an object to everybody who holds it, within bounds. */
#include <string.h>

#include "graph/suspects/rule.h"

#define MAX_WALK 2048                /* objects of one walk */
#define TABLE_SIZE (2 * MAX_WALK)    /* a power of two */
#define MAX_REFERRERS 256            /* of one object that are followed */

struct walk {
	const struct hunt *hunt;
	struct hunt_holders *out;
	uint32_t queue[MAX_WALK], n;
	uint32_t seen[TABLE_SIZE];   /* hash table of ids + 1, linear probing */
};

/* Put ID into the queue unless it was there. */
static void enqueue(struct walk *w, uint32_t id)
{
	uint32_t at = id * 0x9e3779b1u % TABLE_SIZE;

	while (w->seen[at] && w->seen[at] != id + 1)
		at = (at + 1) % TABLE_SIZE;
	if (w->seen[at])
		return;
	if (w->n == MAX_WALK) {
		w->out->complete = false;
		return;
	}
	w->seen[at] = id + 1;
	w->queue[w->n++] = id;
}

static void add_holder(struct hunt_holders *out, uint32_t holder)
{
	for (uint32_t i = 0; i < out->n; i++)
		if (out->items[i] == holder)
			return;
	if (out->n == sizeof out->items / sizeof out->items[0])
		out->complete = false;
	else
		out->items[out->n++] = holder;
}

static void visit(struct walk *w, uint32_t id)
{
	const struct hunt *hunt = w->hunt;
	const struct graph *g = hunt->g;
	uint32_t referrers[MAX_REFERRERS], n;

	/* Everything above it has the same one holder: no need to go there. */
	if (g->above[id] != NO_NODE) {
		add_holder(w->out, g->above[id]);
		return;
	}
	for (uint32_t r = hunt->root_row[id]; r < hunt->root_row[id + 1]; r++)
		add_holder(w->out, g->roots[hunt->root_ids[r]].holder);
	n = hunt_referrers(g, id, referrers, MAX_REFERRERS);
	if (n > MAX_REFERRERS) {
		w->out->complete = false;
		n = MAX_REFERRERS;
	}
	for (uint32_t i = 0; i < n; i++)
		enqueue(w, referrers[i]);
}

void hunt_holders(const struct hunt *hunt, uint32_t id, struct hunt_holders *out)
{
	struct walk w = { .hunt = hunt, .out = out };

	*out = (struct hunt_holders){ .complete = true };
	enqueue(&w, id);
	for (uint32_t i = 0; i < w.n; i++)
		visit(&w, w.queue[i]);
}

#include "graph/change/gather.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/text.h"
#include "graph/query/label.h"

#define REPORT (1u << 20) /* objects between two looks at the progress */
#define MAX_STEPS 6       /* from a place to what has been replaced below it */
#define MOST_OF_IT 10     /* what is named has all but a tenth of the growth */

static uint64_t distance(int64_t a)
{
	return a < 0 ? (uint64_t)-a : (uint64_t)a;
}

static struct place *add_place(struct places *places, struct place place, struct error *err)
{
	struct place *p = GROW(places->items, places->n, places->capacity);

	if (!p) {
		fail_memory(err, "what grew");
		return NULL;
	}
	*p = place;
	places->n++;
	return p;
}

/* A place for each key of holders, and of each holder its place. */
static bool add_holders(const struct gathering *in, const struct digest_sums *now, struct places *places,
			uint32_t *place_of, struct error *err)
{
	const struct graph *g = in->tree->g;
	autotext struct text key = { 0 };
	const struct digest_sum *sum;

	for (uint32_t i = 0; i < now->n; i++) {
		const struct digest_sum *n = &now->items[i];
		const struct digest_sum *o = digest_find(&in->old->by_holder, n->key);
		struct place p = { .object = NO_NODE, .holder = NO_NODE, .above = NO_NODE };

		p.delta = (int64_t)(n->bytes + n->stacks) - (int64_t)(o ? o->bytes + o->stacks : 0);
		p.objects_delta = (int64_t)n->objects - (int64_t)(o ? o->objects : 0);
		p.grew = p.delta;
		p.objects = p.objects_delta;
		if (!add_place(places, p, err))
			return false;
	}
	for (uint32_t h = 0; h < g->n_holders; h++) {
		text_clear(&key);
		digest_holder_key(g, h, &key);
		sum = digest_find(now, text_string(&key));
		if (!sum)
			return fail_memory(err, "what grew"); /* for the whole key */
		place_of[h] = (uint32_t)(sum - now->items);
		places->items[place_of[h]].holder = h;
	}
	return true;
}

/* The runtime's own structures are one place. */
static bool is_system(const struct gathering *in, const struct places *places, uint32_t place)
{
	const struct place *p = &places->items[place];

	return p->object == NO_NODE && p->holder != NO_NODE && in->tree->g->holders[p->holder].system;
}

/* Is object ID, which was there before, a place? The parts of a map are none: they are the map. */
static bool is_place(const struct gathering *in, uint32_t id, struct place *out)
{
	uint32_t was = in->was[id];

	if (was == NO_NODE || label_is_map_part(in->tree->g, id))
		return false;
	out->delta = (int64_t)in->tree->bytes[id] - (int64_t)in->old->bytes[was];
	out->objects_delta = (int64_t)in->objects[id] - (int64_t)in->old->objects[was];
	return distance(out->delta) >= in->least;
}

static bool add_objects(const struct gathering *in, struct places *places, const uint32_t *of_holder,
			struct progress *progress, struct error *err)
{
	const struct path_tree *t = in->tree;
	autofree uint32_t *place_of = array_new(t->g->n_objects, sizeof *place_of, "what grew", err);

	if (!place_of)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t id = t->order[i], parent = t->parent[id];
		struct place p = { .object = id, .holder = NO_NODE };

		p.above = parent < t->g->n_objects
				  ? place_of[parent]
				  : of_holder[t->g->roots[parent - t->g->n_objects].holder];
		place_of[id] = p.above;
		if (!is_system(in, places, p.above) && is_place(in, id, &p)) {
			p.grew = p.delta;
			p.objects = p.objects_delta;
			place_of[id] = places->n;
			if (!add_place(places, p, err))
				return false;
		}
		if (i % REPORT == 0 && array_cancelled(progress, err))
			return false;
	}
	return true;
}

/* Each place behind the one above it, so that backwards all that is below is known. */
static void pass_on(const struct gathering *in, struct places *places)
{
	for (uint32_t i = places->n; i-- > 0;) {
		const struct place *p = &places->items[i];

		if (p->above == NO_NODE)
			continue;
		places->items[p->above].grew -= p->delta;
		places->items[p->above].objects -= p->objects_delta;
		places->items[p->above].below++;
	}
	for (uint32_t i = 0; i < places->n; i++) {
		struct place *p = &places->items[i];
		const struct place *above = p->above == NO_NODE ? NULL : &places->items[p->above];
		bool passes = above && above->object != NO_NODE && above->below == 1 &&
			      distance(above->grew) < in->least;

		p->head = passes ? above->head : i;
	}
}

bool gather_find(const struct gathering *in, const struct digest_sums *now, struct places *out,
		 struct progress *progress, struct error *err)
{
	autofree uint32_t *of_holder = array_new(in->tree->g->n_holders, sizeof *of_holder, "what grew", err);

	*out = (struct places){ 0 };
	progress_begin(progress, "what grew", in->tree->n);
	if (!of_holder || !add_holders(in, now, out, of_holder, err) ||
	    !add_objects(in, out, of_holder, progress, err))
		return false;
	pass_on(in, out);
	return true;
}

/* --- names --- */

/* The new object of ID's children in the tree on which most hangs; NO_NODE if that is less than LEAST. */
static uint32_t new_child(const struct gathering *in, uint32_t id, uint64_t least)
{
	const struct graph *g = in->tree->g;
	uint32_t best = NO_NODE;

	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		uint32_t child = EDGE_NODE(g->fwd_dst[e]);

		if (in->tree->parent[child] != id || in->was[child] != NO_NODE ||
		    in->tree->bytes[child] < least)
			continue;
		if (best == NO_NODE || in->tree->bytes[child] > in->tree->bytes[best])
			best = child;
	}
	return best;
}

/* The same of what HOLDER's roots refer to. */
static uint32_t new_top(const struct gathering *in, uint32_t holder, uint64_t least)
{
	const struct graph *g = in->tree->g;
	const struct holder *h = &g->holders[holder];
	uint32_t best = NO_NODE;

	for (uint32_t r = h->first_root; r < h->first_root + h->n_roots; r++) {
		uint32_t dst = g->roots[r].dst;

		if (in->tree->parent[dst] != g->n_objects + r || in->was[dst] != NO_NODE ||
		    in->tree->bytes[dst] < least)
			continue;
		if (best == NO_NODE || in->tree->bytes[dst] > in->tree->bytes[best])
			best = dst;
	}
	return best;
}

/* Down as long as one new object has nearly all of what grew. One of its parent's own type is the next of a
 * list, which is named by its first. */
uint32_t gather_name(const struct gathering *in, const struct place *p)
{
	const struct graph *g = in->tree->g;
	uint64_t least = p->grew > 0 ? (uint64_t)p->grew - (uint64_t)p->grew / MOST_OF_IT : UINT64_MAX;
	uint32_t at = p->object, next;

	for (unsigned step = 0; step < MAX_STEPS; step++, at = next) {
		next = at != NO_NODE	       ? new_child(in, at, least)
		       : p->holder != NO_NODE ? new_top(in, p->holder, least)
					      : NO_NODE;
		if (next == NO_NODE || (at != NO_NODE && g->type[next] == g->type[at]))
			break;
	}
	return at == NO_NODE ? at : label_visible(g, at);
}

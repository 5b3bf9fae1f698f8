/* Rule closure-map: closures that captured a map and are all that keeps it. A closure often needs
 * one value of the map, and cannot have that without keeping the map. One that asks for whatever key
 * comes needs the map: only those are told of that ask for fixed keys alone, or many alike of which
 * nobody can say. */
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/builder.h"
#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/query/chain.h"
#include "graph/query/label.h"
#include "graph/suspects/rule.h"

#define BOX_BYTES 64    /* a variable that a closure shares with its maker has a box of its own */
#define MAX_SHARERS 64  /* closures that keep one map together */
#define MANY 32         /* closures of one function: a few are a program's routes */

static bool concerns(const struct type *type)
{
	return type->shape == SHAPE_CLOSURE;
}

/* The map that object ID is, or that is in the box ID of a variable; NO_NODE. */
static uint32_t map_behind(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);
	uint32_t end = g->fwd_row[id + 1], inside = NO_NODE;

	if (hunt_is_map(g, id))
		return id;
	if (graph_size(g, id) > BOX_BYTES ||
	    (type && (type->kind != TYPE_MAP || type->shape != SHAPE_NONE)))
		return NO_NODE;
	for (uint32_t e = g->fwd_row[id]; e < end; e++) {
		if (inside != NO_NODE)
			return NO_NODE;
		inside = g->fwd_dst[e];
	}
	return inside < g->n_objects && hunt_is_map(g, inside) ? inside : NO_NODE;
}

/* Are all that refer to ID closures, or boxes that closures alone refer to? *N counts the closures,
 * *FIRST is the one at the lowest address. */
static bool only_closures(const struct hunt *hunt, uint32_t id, bool boxes, uint32_t *n,
			  uint32_t *first)
{
	const struct graph *g = hunt->g;
	uint32_t items[MAX_SHARERS], count = hunt_referrers(g, id, items, MAX_SHARERS);

	if (!count || count > MAX_SHARERS || hunt_root_count(hunt, id))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (hunt_shape(g, items[i]) == SHAPE_CLOSURE) {
			++*n;
			if (items[i] < *first)
				*first = items[i];
		} else if (!boxes || map_behind(g, items[i]) != id ||
			   !only_closures(hunt, items[i], false, n, first)) {
			return false;
		}
	}
	return true;
}

/* Does closure ID keep MAP, alone or with other closures, of which it is the first? *SHARERS says
 * how many. */
static bool keeps(const struct hunt *hunt, uint32_t id, uint32_t map, uint32_t *sharers)
{
	const struct graph *g = hunt->g;
	uint32_t above = g->idom[map], first = NO_NODE;

	*sharers = 1;
	if (above == id || (graph_is_object(g, above) && g->idom[above] == id &&
			    map_behind(g, above) == map))
		return true;
	*sharers = 0;
	return only_closures(hunt, map, true, sharers, &first) && first == id;
}

/* The map that closure ID keeps, the largest of several; NO_NODE. *SLOT: which capture it is. */
static uint32_t kept_map(const struct hunt *hunt, uint32_t id, uint32_t *slot)
{
	const struct graph *g = hunt->g;
	uint32_t best = NO_NODE, sharers;

	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		uint32_t map = g->fwd_dst[e] & EDGE_IDLE ? NO_NODE : map_behind(g, g->fwd_dst[e]);

		if (map == NO_NODE || !keeps(hunt, id, map, &sharers) ||
		    (best != NO_NODE && g->retained[map] <= g->retained[best]))
			continue;
		best = map;
		*slot = e - g->fwd_row[id];
	}
	return best;
}

static bool look(const struct hunt *hunt, uint32_t id, struct finding *found)
{
	uint32_t slot = 0, map = kept_map(hunt, id, &slot);

	if (map == NO_NODE)
		return false;
	*found = (struct finding){ .object = map, .via = id,
				   .key = { hunt->g->type[id], hunt->g->above[map], slot } };
	return true;
}

/* ---- which keys ---- */

/* What the code of CLOSURE does with MAP: the worse of what it does with each word that leads there. */
static enum key_use use_of(const struct graph *g, uint32_t closure, uint32_t map)
{
	uint32_t row = g->fwd_row[closure], n = g->fwd_row[closure + 1] - row;
	enum key_use worst = KEYS_FIXED;
	uint64_t into;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t dst = EDGE_NODE(g->fwd_dst[row + k]);
		enum key_use use;

		if (dst >= g->n_objects || map_behind(g, dst) != map)
			continue;
		use = g->lens && g->lens->ops->key_use
			? g->lens->ops->key_use(g->lens, closure,
						g->edges->offset(g->edges->ctx, closure, k, &into),
						dst != map)
			: KEYS_UNKNOWN;
		if (use != KEYS_FIXED)
			worst = worst == KEYS_VARY ? worst : use;
	}
	return worst;
}

/* The same for all closures that refer to ID, MAP or a box of it, except in further boxes. */
static enum key_use use_of_all(const struct hunt *hunt, uint32_t id, uint32_t map)
{
	const struct graph *g = hunt->g;
	uint32_t items[MAX_SHARERS], count = hunt_referrers(g, id, items, MAX_SHARERS);
	enum key_use worst = count > MAX_SHARERS ? KEYS_UNKNOWN : KEYS_FIXED;

	for (uint32_t i = 0; i < count && i < MAX_SHARERS; i++) {
		enum key_use use = KEYS_FIXED;

		if (hunt_shape(g, items[i]) == SHAPE_CLOSURE)
			use = use_of(g, items[i], map);
		else if (id == map)
			use = use_of_all(hunt, items[i], map);
		if (use != KEYS_FIXED)
			worst = worst == KEYS_VARY ? worst : use;
	}
	return worst;
}

/* Do N closures, of which F is one, keep more than they need, as far as their code tells? */
static bool needs_less(const struct hunt *hunt, const struct finding *f, uint32_t n)
{
	enum key_use use = use_of_all(hunt, f->object, f->object);

	return use == KEYS_FIXED || (use == KEYS_UNKNOWN && n >= MANY);
}

/* ---- words ---- */

/* The name of the variable that holds the map, between BEFORE and AFTER; nothing if it is not known
 * or one that the compiler made up by numbering: X0. */
static void put_variable(const struct graph *g, const struct finding *f, const char *before,
			 const char *after, struct text *out)
{
	static const char captured[] = "captured ";
	uint32_t slot = EDGE_NODE(g->fwd_dst[g->fwd_row[f->via] + f->key[2]]);
	autotext struct text label = { 0 };
	enum known known;
	const char *name;

	label_edge(g, f->via, slot, &label, &known);
	if (strncmp(text_string(&label), captured, sizeof captured - 1))
		return;
	name = text_string(&label) + sizeof captured - 1;
	if (strspn(name, "+X0123456789") < strlen(name))
		text_printf(out, "%s%s%s", before, name, after);
}

static void put_title(const struct hunt *hunt, const struct finding *f, uint32_t n,
		      struct text *out)
{
	const struct graph *g = hunt->g;
	autotext struct text head = { 0 }, tail = { 0 };

	if (n == 1)
		chain_nearest(g, f->via, &head);
	else if (g->above[f->object] != NO_NODE)
		naming_put(g, g->holders[g->above[f->object]].name, &head);
	text_puts(&tail, ": ");
	if (n > 1)
		text_count(&tail, n);
	text_puts(&tail, n > 1 ? " closures " : "closure ");
	words_function(g, f->via, &tail);
	text_puts(&tail, n > 1 ? " keep a map each" : " keeps a map");
	if (n == 1)
		put_variable(g, f, ": ", "", &tail);
	words_title(out, text_string(&head), text_string(&tail));
}

static void explain_one(const struct hunt *hunt, const struct finding *f, const struct story *story,
			struct text *out)
{
	const struct graph *g = hunt->g;
	uint32_t sharers;

	keeps(hunt, f->via, f->object, &sharers);
	text_puts(out, "The closure captured ");
	put_variable(g, f, "", ", ", out);
	text_puts(out, "a ");
	words_map(g, f->object, out);
	if (sharers > 1) {
		text_puts(out, ". It shares that with ");
		text_counted(out, sharers - 1, "other closure");
		text_puts(out, ", and nothing else refers to the map: ");
	} else {
		text_puts(out, ", and nothing else keeps that map: ");
	}
	words_amount(story->retained, story->objects, out);
	text_puts(out, ". The closure is reached as ");
	chain_nearest(g, f->via, out);
	text_puts(out, " and ");
	words_held(hunt, f->via, out);
	text_putc(out, '.');
}

static void explain_many(const struct hunt *hunt, const struct finding *f, uint32_t n,
			 const struct story *story, struct text *out)
{
	const struct graph *g = hunt->g;

	text_counted(out, n, "closure");
	text_puts(out, " of this function each captured a map");
	put_variable(g, f, " (", ")", out);
	text_puts(out, " that nothing but closures keeps: together ");
	words_amount(story->retained, story->objects, out);
	text_puts(out, ". The largest, reached as ");
	chain_nearest(g, f->via, out);
	text_puts(out, ", keeps a ");
	words_largest(hunt, f->object, f->via, out);
}

static bool tell(const struct hunt *hunt, const struct finding *items, uint32_t n,
		 struct story *story, struct error *err)
{
	const struct finding *f = hunt_largest(hunt, items, n);
	struct anatomy anatomy;

	if (!needs_less(hunt, f, n))
		return true;
	if (!hunt_anatomy(hunt, items, n, &anatomy, err))
		return false;
	story->worth = true;
	story->objects = anatomy.objects;
	story->holder = hunt->g->above[f->object];
	story->object = f->via;
	put_title(hunt, f, n, &story->title);
	if (n == 1)
		explain_one(hunt, f, story, &story->explanation);
	else
		explain_many(hunt, f, n, story, &story->explanation);
	if ((hunt->g->flags[f->via] & OBJECT_KNOWN) == KNOWN_INFERRED)
		text_puts(&story->explanation, " That it is this closure is inferred (~).");
	return true;
}

const struct rule rule_closure_map = {
	.name = "closure-map", .confidence = CONFIDENCE_LIKELY,
	.fix = "Take the values that the closure uses out of the map before it is made, and let it "
	       "capture these instead of the map.",
	.concerns = concerns, .look = look, .tell = tell,
};

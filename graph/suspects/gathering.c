/* Rule gathering: a container with many entries that are alike and together keep much. Whether that is a
 * leak, the graph alone cannot tell: a cache looks the same. What the code says of who takes entries out, and
 * entries that came since the last collection, decide how sure this is. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/query/chain.h"
#include "graph/query/label.h"
#include "graph/suspects/census.h"
#include "graph/suspects/rule.h"

#define LEAST (2u << 20) /* bytes that entries keep together at least */
#define SHARE 10         /* and this part of what lives */
#define MANY 64          /* entries */
#define LONG 256         /* of a list, where each hangs on the one before */
#define ALIKE 2          /* half of them, or more, are of one type */
#define OWNERS 5         /* objects from the container up that are asked what could take out */
#define MOST 8           /* containers that are told of */

/* An object on which much hangs. */
struct spot {
	uint32_t object;
	uint32_t up;         /* the spot above it, NO_NODE */
	uint32_t head;       /* of a list: the spot of its first element; else its own number */
	uint32_t run;        /* elements before it */
	uint64_t rest;       /* bytes that hang on it and on no spot below */
};

struct spots { struct spot *items; uint32_t n, capacity; };

struct candidate { uint32_t object; uint64_t bytes; bool list; uint32_t length; };

/* --- where much hangs --- */

/* The spot of the element before this one, if it is the next of a list: the same type one or two steps above. */
static uint32_t before_in_list(const struct graph *g, const struct spots *spots, const struct spot *s)
{
	uint32_t type = g->type[s->object], up = s->up;

	for (int step = 0; step < 2 && up != NO_NODE && type < g->n_types; step++) {
		if (g->type[spots->items[up].object] == type)
			return up;
		up = spots->items[up].up;
	}
	return NO_NODE;
}

static bool add_spot(const struct path_tree *t, struct spots *spots, uint32_t *spot_of, uint32_t id,
		     struct error *err)
{
	uint32_t parent = t->parent[id], before;
	struct spot *s;

	/* A map's insides are the map. */
	if (parent < t->g->n_objects && label_is_map_part(t->g, id)) {
		spot_of[id] = spot_of[parent];
		return true;
	}
	s = GROW(spots->items, spots->n, spots->capacity);
	if (!s)
		return fail_memory(err, "suspects");
	*s = (struct spot){ .object = id, .up = NO_NODE, .head = spots->n, .rest = t->bytes[id] };
	if (parent < t->g->n_objects) {
		s->up = spot_of[parent];
		spots->items[s->up].rest -= t->bytes[id];
	}
	before = before_in_list(t->g, spots, s);
	if (before != NO_NODE) {
		s->run = spots->items[before].run + 1;
		s->head = spots->items[before].head;
	}
	spot_of[id] = spots->n++;
	return true;
}

static bool find_spots(const struct path_tree *t, uint64_t least, struct spots *spots, struct error *err)
{
	autofree uint32_t *spot_of = array_new(t->g->n_objects, sizeof *spot_of, "suspects", err);

	if (!spot_of)
		return false;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->bytes[t->order[i]] >= least && !add_spot(t, spots, spot_of, t->order[i], err))
			return false;
	return true;
}

/* Keep C if it is among the largest; one object once. */
static void offer(struct candidate *best, uint32_t *n, struct candidate c)
{
	uint32_t at = *n;

	for (uint32_t i = 0; i < *n; i++)
		if (best[i].object == c.object)
			return;
	if (*n == MOST) {
		if (best[MOST - 1].bytes >= c.bytes)
			return;
		at = MOST - 1;
	} else {
		++*n;
	}
	for (; at > 0 && best[at - 1].bytes < c.bytes; at--)
		best[at] = best[at - 1];
	best[at] = c;
}

/* Lists hang on what refers to their first element; all else gathers where it does not go on to one place. */
static uint32_t choose(const struct path_tree *t, const struct spots *spots, uint64_t least,
		       struct candidate *best)
{
	uint32_t n = 0;

	for (uint32_t i = spots->n; i-- > 0;) {
		const struct spot *s = &spots->items[i], *head = &spots->items[s->head];

		if (s->run >= LONG) {
			uint32_t top = head->up == NO_NODE ? head->object : spots->items[head->up].object;

			offer(best, &n, (struct candidate){ top, t->bytes[top], true, s->run });
		} else if (s->rest >= least) {
			offer(best, &n, (struct candidate){ label_visible(t->g, s->object), s->rest });
		}
	}
	return n;
}

/* --- words --- */

struct gathering {
	struct hunt *hunt;
	const struct path_tree *tree;
	struct candidate c;
	struct census census;    /* of what is gathered */
	uint64_t retained;
	const struct map *map;   /* NULL if it is none */
	struct container_use use; /* what the code says */
	struct text counterparts; /* what could take out, and is called nowhere */
};

static void put_way(const struct gathering *a, struct text *out)
{
	struct path path;

	if (!path_tree_path(a->tree, a->c.object, &path, NULL))
		return;
	chain_path(a->hunt->g, &path, out);
	free(path.objects);
}

/* "12,004 entries", "12,004 × main.session" */
static void put_entries(const struct gathering *a, struct text *out)
{
	if (a->map) {
		text_counted(out, a->map->entries, "entry");
		return;
	}
	text_count(out, a->census.count);
	text_puts(out, " × ");
	census_put_type(a->hunt->g, &a->census, out);
}

static void put_what(const struct gathering *a, struct text *out)
{
	const struct graph *g = a->hunt->g;

	if (a->c.list)
		text_puts(out, "a list that begins at a ");
	else if (!a->map && hunt_shape(g, a->c.object) == SHAPE_ARRAY)
		text_puts(out, "the array of a slice, ");
	else
		text_puts(out, "a ");
	graph_type_label(g, a->c.object, out);
}

static void put_each(const struct gathering *a, struct text *out)
{
	if (!a->census.count)
		return;
	text_puts(out, ", mostly ");
	text_count(out, a->census.count);
	text_puts(out, " × ");
	census_put_type(a->hunt->g, &a->census, out);
	text_puts(out, ", about ");
	text_size(out, a->c.bytes / a->census.count, false);
	text_puts(out, " each");
}

/* What would stay if the container went: what others keep as well. */
static void put_shared(const struct gathering *a, struct text *out)
{
	uint64_t own = a->retained;

	if (own >= a->c.bytes - a->c.bytes / 10) {
		text_puts(out, " Nothing else keeps them.");
		return;
	}
	text_puts(out, " Only ");
	text_size(out, own, false);
	text_puts(out, " would go with it: others refer to the rest as well.");
}

static void put_fresh(const struct gathering *a, struct text *out)
{
	if (!a->census.fresh)
		return;
	text_puts(out, " ");
	text_counted(out, a->census.fresh, "object");
	text_puts(out, " in it came since the last collection.");
}

static void put_functions(const struct gathering *a, const struct container_function *f, uint32_t n,
			  uint32_t all, struct text *out)
{
	for (uint32_t i = 0; i < n; i++) {
		text_puts(out, !i ? "" : i + 1 == n && all == n ? " and " : ", ");
		naming_put(a->hunt->g, f[i].name, out);
		if (*f[i].file)
			text_printf(out, " (%s:%u)", f[i].file, f[i].line);
	}
	if (all > n)
		text_printf(out, " and %u more", all - n);
}

/* Who puts in, and who takes out, as the code says. */
static void put_code(const struct gathering *a, struct text *out)
{
	const struct container_use *u = &a->use;

	if (!u->known)
		return;
	if (!u->n_takers) {
		text_puts(out, " Nothing in this program's code takes entries out of a map of this type");
	} else {
		text_puts(out, " Entries are taken out of maps of this type by ");
		put_functions(a, u->takers, u->shown_takers, u->n_takers, out);
		text_puts(out, u->running ? ", which a goroutine is in now" : "; no goroutine is in it now");
	}
	if (u->n_adders) {
		text_puts(out, "; they are put in by ");
		put_functions(a, u->adders, u->shown_adders, u->n_adders, out);
	}
	text_putc(out, '.');
}

/* Likely where nothing takes out and entries still come: else it may be by design. */
static enum confidence judge(const struct gathering *a)
{
	if (a->use.known && !a->use.n_takers && a->use.n_adders && a->census.fresh)
		return CONFIDENCE_LIKELY;
	return CONFIDENCE_NOTE;
}

static void put_counterparts(const struct gathering *a, struct text *out)
{
	if (!a->counterparts.length)
		return;
	text_printf(out, " Nothing in this program calls %s.", text_string(&a->counterparts));
}

static void put_explanation(const struct gathering *a, struct text *out)
{
	put_way(a, out);
	text_puts(out, ", ");
	put_what(a, out);
	if (a->map) {
		text_puts(out, " of ");
		text_counted(out, a->map->entries, "entry");
	}
	text_puts(out, ", keeps ");
	text_size(out, a->c.bytes, false);
	put_each(a, out);
	text_putc(out, '.');
	put_code(a, out);
	put_counterparts(a, out);
	put_fresh(a, out);
	put_shared(a, out);
	text_puts(out, " It is ");
	words_held(a->hunt, a->c.object, out);
	text_putc(out, '.');
	if (judge(a) == CONFIDENCE_NOTE)
		text_puts(out, " This may be so by design: it is told of because it is large.");
}

/* --- a suspect --- */

static void put_fix(const struct gathering *a, struct text *out)
{
	if (a->counterparts.length)
		text_printf(out, "Call %s where what was put in is done with. Or: ",
			    text_string(&a->counterparts));
	if (a->c.list) {
		text_puts(out, "Take elements off the list when they are done with, or bound its length where one "
			  "is added.");
	} else if (!a->map) {
		text_puts(out, "Let go of elements when they are done with, or bound the length where one is "
			  "appended.");
	} else {
		text_puts(out, "Delete the entry when what it stands for ends, or bound the map (a limit, an age) "
			  "where entries are put in");
		if (a->use.n_users) {
			text_puts(out, a->use.indirect ? ", through " : ": ");
			put_functions(a, a->use.users, a->use.n_users, a->use.n_users, out);
		}
		text_putc(out, '.');
	}
}

static bool tell(struct gathering *a, struct suspect_list *list, struct error *err)
{
	const struct graph *g = a->hunt->g;
	struct suspect s = { .rule = rule_gathering.name, .confidence = judge(a), .retained = a->retained,
			     .objects = a->census.objects, .holder = g->above[a->c.object],
			     .object = a->c.object };
	autotext struct text title = { 0 }, explanation = { 0 }, head = { 0 }, tail = { 0 };
	autotext struct text query = { 0 }, fix = { 0 };
	bool ok;

	put_way(a, &head);
	text_puts(&tail, " gathers ");
	put_entries(a, &tail);
	words_title(&title, text_string(&head), text_string(&tail));
	put_explanation(a, &explanation);
	put_fix(a, &fix);
	text_printf(&query, "select type, count(*), sum(size) from objects where idom = %u or id in (select value_object "
		    "from map_entries where map = (select id from maps where object = %u)) group by 1 order by 3 desc",
		    a->c.object, a->c.object);
	s.title = title.bytes;
	s.explanation = explanation.bytes;
	s.query = query.bytes;
	ok = !title.failed && !explanation.failed && !query.failed && !fix.failed
		     ? hunt_add(a->hunt, &s, text_string(&fix), list, err)
		     : fail_memory(err, "a suspect's words");
	hunt_tell(a->hunt, a->c.object);
	return ok;
}

/* Ask the types of what the container lies in, up to the holder, and then that of its entries. */
static void find_counterparts(struct gathering *a)
{
	const struct graph *g = a->hunt->g;
	const struct lens *lens = g->lens;
	uint32_t at = a->c.object;

	if (!lens || !lens->ops->counterparts)
		return;
	for (unsigned step = 0; step < OWNERS && at < g->n_objects && !a->counterparts.length; step++) {
		uint32_t parent = a->tree->parent[at], type = NO_NODE;

		if (step && g->type[at] < g->n_types)
			type = g->type[at];
		if (type < g->n_types)
			lens->ops->counterparts(g->lens, type, &a->counterparts);
		if (parent >= g->n_objects && !a->counterparts.length) {
			type = g->holders[g->roots[parent - g->n_objects].holder].type;
			if (type < g->n_types)
				lens->ops->counterparts(g->lens, type, &a->counterparts);
		}
		at = parent;
	}
	if (!a->counterparts.length && a->census.type < g->n_types)
		lens->ops->counterparts(g->lens, a->census.type, &a->counterparts);
}

static bool look(struct gathering *a, struct suspect_list *list, struct error *err)
{
	const struct graph *g = a->hunt->g;
	const struct lens *lens = g->lens;

	if (hunt_is_told(a->hunt, a->c.object) || hunt_shape(g, a->c.object) == SHAPE_RUNTIME)
		return true;
	if (!census_take(a->tree, a->hunt->told, a->c.object, &a->census, err))
		return false;
	a->map = graph_map_of(g, a->c.object);
	a->retained = a->map ? graph_map_retained(g, a->map) : g->retained[a->c.object];
	if (a->census.told >= a->c.bytes / 2 || a->census.count < MANY || a->census.count < a->census.entries / ALIKE)
		return true;
	if (a->retained < a->c.bytes / 2)
		a->retained = a->c.bytes;
	if (lens && lens->ops->container_use && a->map)
		lens->ops->container_use(g->lens, (uint32_t)(a->map - g->maps), &a->use);
	find_counterparts(a);
	return tell(a, list, err);
}

static bool survey(struct hunt *hunt, struct suspect_list *list, struct error *err)
{
	uint64_t least = hunt->g->live_bytes / SHARE > LEAST ? hunt->g->live_bytes / SHARE : LEAST;
	const struct path_tree *tree;
	struct candidate best[MOST];
	struct spots spots = { 0 };
	uint32_t n;
	bool ok;

	if (hunt->g->live_bytes < least)
		return true;
	tree = hunt_tree(hunt, err);
	ok = tree && find_spots(tree, least, &spots, err);
	n = ok ? choose(tree, &spots, least, best) : 0;
	free(spots.items);
	for (uint32_t i = 0; ok && i < n; i++) {
		struct gathering one = { .hunt = hunt, .tree = tree, .c = best[i] };

		ok = look(&one, list, err) && !array_cancelled(hunt->progress, err);
		text_free(&one.counterparts);
	}
	return ok;
}

const struct rule rule_gathering = { .name = "gathering", .survey = survey };

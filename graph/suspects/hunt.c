/* The search for suspects that every rule shares: look at all objects, group what was found, leave
 * out what is told already, and have the rest told. */
#include "graph/suspects/rule.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/parallel.h"
#include "graph/lens.h"

#define GRAIN 65536     /* objects of a piece */
#define MAX_GROUPS 64   /* of one rule that are put into words: the rest are smaller */

/* What was found among the objects of one piece, in their order. */
struct haul { struct finding *items; uint32_t n, capacity; };

struct scan {
	const struct hunt *hunt;
	const struct rule *rule;
	const bool *concerned; /* types */
	struct haul *hauls;    /* of each piece */
	_Atomic bool failed;
};

/* Findings with one key. */
struct group { uint32_t key[3]; uint32_t count, first; uint64_t retained; };

struct groups {
	struct group *items;
	uint32_t n, capacity;
	uint32_t *table;       /* hash table of numbers + 1, linear probing */
	uint32_t table_size;   /* a power of two, at least twice n */
};

/* ---- look at every object ---- */

static bool haul_add(struct haul *haul, const struct finding *found)
{
	struct finding *place = GROW(haul->items, haul->n, haul->capacity);

	if (!place)
		return false;
	*place = *found;
	haul->n++;
	return true;
}

static void look_at_piece(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct scan *scan = ctx;
	const struct graph *g = scan->hunt->g;

	if (progress_cancelled(scan->hunt->progress))
		return;
	for (uint64_t id = lo; id < hi; id++) {
		struct finding found = { .object = NO_NODE, .via = NO_NODE };
		uint32_t type = g->type[id];

		if (type >= g->n_types || !scan->concerned[type] || !(g->flags[id] & OBJECT_LIVE) ||
		    !scan->rule->look(scan->hunt, (uint32_t)id, &found))
			continue;
		if (!haul_add(&scan->hauls[lo / GRAIN], &found))
			scan->failed = true;
	}
	progress_add(scan->hunt->progress, hi - lo);
}

/* All findings in one array, in the order of the objects looked at. */
static bool gather(const struct scan *scan, uint64_t pieces, struct finding **out, uint32_t *n,
		   struct error *err)
{
	uint64_t total = 0;
	struct finding *items;

	for (uint64_t i = 0; i < pieces; i++)
		total += scan->hauls[i].n;
	items = array_new(total, sizeof *items, "suspects", err);
	if (!items)
		return false;
	*out = items;
	*n = (uint32_t)total;
	for (uint64_t i = 0; i < pieces; i++) {
		if (scan->hauls[i].n)
			memcpy(items, scan->hauls[i].items, scan->hauls[i].n * sizeof *items);
		items += scan->hauls[i].n;
	}
	return true;
}

static bool look_at_all(const struct hunt *hunt, const struct rule *rule, struct finding **out,
			uint32_t *n, struct error *err)
{
	const struct graph *g = hunt->g;
	uint64_t pieces = g->n_objects / GRAIN + 1;
	autofree bool *concerned = array_zero(g->n_types, sizeof *concerned, "suspects", err);
	autofree struct haul *hauls = array_zero(pieces, sizeof *hauls, "suspects", err);
	struct scan scan = { .hunt = hunt, .rule = rule, .concerned = concerned, .hauls = hauls };
	bool ok, any = false;

	if (!concerned || !hauls)
		return false;
	for (uint32_t t = 0; t < g->n_types; t++)
		any |= concerned[t] = rule->concerns(&g->types[t]);
	if (any)
		parallel_for(g->n_objects, GRAIN, look_at_piece, &scan);
	ok = !scan.failed ? gather(&scan, pieces, out, n, err) : fail_memory(err, "suspects");
	for (uint64_t i = 0; i < pieces; i++)
		free(hauls[i].items);
	return ok && !array_cancelled(hunt->progress, err);
}

/* ---- group by key ---- */

static uint32_t hash_key(const uint32_t key[3])
{
	uint64_t hash = key[0] * 0x9e3779b97f4a7c15u;

	hash = (hash ^ hash >> 29 ^ key[1]) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 32 ^ key[2]) * 0x94d049bb133111ebu;
	return (uint32_t)(hash >> 32);
}

/* The place of KEY in the table: that of its group, or the empty one where it belongs. */
static uint32_t *place_of(const struct groups *groups, const uint32_t key[3])
{
	uint32_t mask = groups->table_size - 1, at = hash_key(key) & mask;

	while (groups->table[at] &&
	       memcmp(groups->items[groups->table[at] - 1].key, key, sizeof(uint32_t[3])) != 0)
		at = (at + 1) & mask;
	return &groups->table[at];
}

static bool grow_groups(struct groups *groups)
{
	uint32_t capacity = groups->capacity ? 2 * groups->capacity : 64;
	struct group *items = realloc(groups->items, capacity * sizeof *items);
	uint32_t *table = calloc(2ull * capacity, sizeof *table);

	if (items)
		groups->items = items;
	if (!items || !table) {
		free(table);
		return false;
	}
	free(groups->table);
	groups->table = table;
	groups->table_size = 2 * capacity;
	groups->capacity = capacity;
	for (uint32_t i = 0; i < groups->n; i++)
		*place_of(groups, groups->items[i].key) = i + 1;
	return true;
}

static bool group_of(struct groups *groups, const uint32_t key[3], uint32_t *out)
{
	uint32_t *place;

	if (groups->n == groups->capacity && !grow_groups(groups))
		return false;
	place = place_of(groups, key);
	if (!*place) {
		groups->items[groups->n] = (struct group){ .count = 0 };
		memcpy(groups->items[groups->n].key, key, sizeof(uint32_t[3]));
		*place = ++groups->n;
	}
	*out = *place - 1;
	return true;
}

/* Number the groups and bring the findings into their order; the order within one stays. */
static bool group_findings(const struct hunt *hunt, struct groups *groups, struct finding **items,
			   uint32_t n, struct error *err)
{
	struct finding *sorted = array_new(n, sizeof *sorted, "suspects", err);
	uint32_t at = 0;

	if (!sorted)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!group_of(groups, (*items)[i].key, &(*items)[i].group)) {
			free(sorted);
			return fail_memory(err, "suspects");
		}
		groups->items[(*items)[i].group].count++;
		groups->items[(*items)[i].group].retained += hunt->g->retained[(*items)[i].object];
	}
	for (uint32_t k = 0; k < groups->n; k++) {
		groups->items[k].first = at;
		at += groups->items[k].count;
		groups->items[k].count = 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct group *group = &groups->items[(*items)[i].group];

		sorted[group->first + group->count++] = (*items)[i];
	}
	free(*items);
	*items = sorted;
	return true;
}

static int by_retained(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained > y->retained ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* ---- leave out what is told already ---- */

static bool is_told(const struct hunt *hunt, uint32_t id)
{
	return hunt->told[id / 64] >> id % 64 & 1;
}

static void set_told(struct hunt *hunt, uint32_t id, bool told)
{
	uint64_t bit = 1ull << id % 64;

	hunt->told[id / 64] = told ? hunt->told[id / 64] | bit : hunt->told[id / 64] & ~bit;
}

enum { NOT_ASKED, NOT_UNDER, UNDER };

/* Does something that is told of dominate ID? Every object on the way up remembers the answer, so
 * that each is passed once however many ask. */
static bool is_under_told(struct hunt *hunt, uint32_t id)
{
	const struct graph *g = hunt->g;
	uint32_t at = g->idom[id], up;
	uint8_t answer;

	for (up = at; graph_is_object(g, up) && !hunt->under[up] && !is_told(hunt, up);)
		up = g->idom[up];
	if (!graph_is_object(g, up))
		answer = NOT_UNDER;
	else
		answer = is_told(hunt, up) ? UNDER : hunt->under[up];
	for (; at != up; at = g->idom[at])
		hunt->under[at] = answer;
	return answer == UNDER;
}

/* Mark a group's objects as told and keep the findings that were not yet, each object once, none
 * inside another. Returns how many are kept. */
static uint32_t claim(struct hunt *hunt, struct finding *items, uint32_t n, uint64_t *retained)
{
	uint32_t fresh = 0, kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (is_told(hunt, items[i].object))
			continue;
		set_told(hunt, items[i].object, true);
		items[fresh++] = items[i];
	}
	memset(hunt->under, NOT_ASKED, hunt->g->n_objects);
	*retained = 0;
	for (uint32_t i = 0; i < fresh; i++) {
		struct finding item = items[i];

		if (is_under_told(hunt, item.object)) {
			set_told(hunt, item.object, false);
			continue;
		}
		*retained += hunt->g->retained[item.object];
		items[kept++] = item;
	}
	return kept;
}

static void unclaim(struct hunt *hunt, const struct finding *items, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		set_told(hunt, items[i].object, false);
}

/* ---- tell ---- */

bool hunt_add(const struct hunt *hunt, struct suspect *s, const char *fix, struct suspect_list *list,
	      struct error *err)
{
	const struct lens *lens = hunt->g->lens;
	autotext struct text words = { 0 };

	if (lens && lens->ops->advice)
		lens->ops->advice(hunt->g->lens, s, &words);
	if (!words.length)
		text_puts(&words, fix);
	s->fix = words.bytes;
	if (words.failed)
		return fail_memory(err, "a suspect's words");
	return suspect_add(list, s, err);
}

static bool tell_story(const struct hunt *hunt, const struct rule *rule, struct story *story,
		       struct suspect_list *list, struct error *err)
{
	struct suspect s = { .rule = rule->name, .retained = story->retained,
			     .objects = story->objects, .holder = story->holder,
			     .object = story->object };

	s.confidence = rule->confidence;
	s.title = story->title.bytes;
	s.explanation = story->explanation.bytes;
	if (story->title.failed || story->explanation.failed)
		return fail_memory(err, "a suspect's words");
	return hunt_add(hunt, &s, rule->fix, list, err);
}

static bool tell_group(struct hunt *hunt, const struct rule *rule, struct finding *items,
		       uint32_t n, struct suspect_list *list, struct error *err)
{
	struct story story = { .holder = NO_NODE, .object = NO_NODE };
	bool ok = true;

	n = claim(hunt, items, n, &story.retained);
	if (story.retained >= hunt->threshold)
		ok = rule->tell(hunt, items, n, &story, err);
	if (ok && story.worth)
		ok = tell_story(hunt, rule, &story, list, err);
	else
		unclaim(hunt, items, n);
	text_free(&story.title);
	text_free(&story.explanation);
	return ok && !array_cancelled(hunt->progress, err);
}

bool hunt_rule(struct hunt *hunt, const struct rule *rule, struct suspect_list *list,
	       struct error *err)
{
	autofree struct finding *items = NULL;
	struct groups groups = { 0 };
	uint32_t n = 0;
	bool ok = look_at_all(hunt, rule, &items, &n, err) &&
		  group_findings(hunt, &groups, &items, n, err);

	if (ok && groups.n)
		qsort(groups.items, groups.n, sizeof *groups.items, by_retained);
	for (uint32_t i = 0; ok && i < groups.n && i < MAX_GROUPS; i++) {
		const struct group *group = &groups.items[i];

		if (group->retained < hunt->threshold)
			break;
		ok = tell_group(hunt, rule, items + group->first, group->count, list, err);
	}
	free(groups.items);
	free(groups.table);
	return ok;
}

/* ---- for the rules ---- */

const struct path_tree *hunt_tree(struct hunt *hunt, struct error *err)
{
	if (!hunt->tree.g && !path_tree_build(hunt->g, &hunt->tree, hunt->progress, err))
		return NULL;
	return &hunt->tree;
}

bool hunt_is_told(struct hunt *hunt, uint32_t id)
{
	for (; graph_is_object(hunt->g, id); id = hunt->g->idom[id])
		if (is_told(hunt, id))
			return true;
	return false;
}

void hunt_tell(struct hunt *hunt, uint32_t id)
{
	set_told(hunt, id, true);
}

enum type_shape hunt_shape(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type ? type->shape : SHAPE_NONE;
}

bool hunt_is_map(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type && (type->shape == SHAPE_MAP ||
			(type->shape == SHAPE_JSON_TREE && type->kind == TYPE_MAP));
}

const struct finding *hunt_largest(const struct hunt *hunt, const struct finding *items, uint32_t n)
{
	const struct finding *largest = items;

	for (uint32_t i = 1; i < n; i++)
		if (hunt->g->retained[items[i].object] > hunt->g->retained[largest->object])
			largest = &items[i];
	return largest;
}

uint32_t hunt_referrers(const struct graph *g, uint32_t id, uint32_t *out, uint32_t max)
{
	uint32_t n = 0, last = NO_NODE;

	for (uint32_t r = g->rev_row[id]; r < g->rev_row[id + 1] && n <= max; r++) {
		uint32_t src = g->rev_src[r];

		/* Sorted: edges from one object stand side by side. */
		if (src & EDGE_IDLE || src == last || !(g->flags[src] & OBJECT_LIVE))
			continue;
		if (out && n < max)
			out[n] = src;
		last = src;
		n++;
	}
	return n;
}

uint32_t hunt_root_count(const struct hunt *hunt, uint32_t id)
{
	return hunt->root_row[id + 1] - hunt->root_row[id];
}

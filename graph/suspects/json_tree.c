/* Rule json-tree: a decoded JSON document, maps and slices of interface values one in the other,
 * that one reference keeps. The value that is needed of it is small, but there is no part of such a tree
 * that does not come with all that is below. */
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/naming.h"
#include "graph/query/chain.h"
#include "graph/query/label.h"
#include "graph/suspects/rule.h"

#define MAX_CLIMB 64     /* a map's inside and boxes between two values of a tree */
#define MAX_REFERRERS 64

static bool concerns(const struct type *type)
{
	return type->shape == SHAPE_JSON_TREE;
}

/* May object ID stand between two values of a tree: a map's inside, the box of a slice? */
static bool is_between(const struct graph *g, uint32_t id)
{
	const struct type *type = graph_type(g, id);

	return type && (type->shape == SHAPE_MAP_PART ||
			(type->shape == SHAPE_NONE && type->kind == TYPE_SLICE));
}

/* Is object ID, a value of a tree, the top one? */
static bool is_top(const struct graph *g, uint32_t id)
{
	uint32_t up = g->idom[id];

	for (unsigned i = 0; i < MAX_CLIMB && graph_is_object(g, up) && is_between(g, up); i++)
		up = g->idom[up];
	return !graph_is_object(g, up) || hunt_shape(g, up) != SHAPE_JSON_TREE;
}

/* The object by which ID is reached: what dominates it if that refers to it, else a referrer that
 * is nearest to a root; NO_NODE if a root slot refers to it and is nearer. */
static uint32_t referrer_of(const struct hunt *hunt, uint32_t id)
{
	const struct graph *g = hunt->g;
	uint32_t items[MAX_REFERRERS], best = NO_NODE;
	uint32_t n = hunt_referrers(g, id, items, MAX_REFERRERS);

	if (hunt_root_count(hunt, id))
		return NO_NODE;
	for (uint32_t i = 0; i < n && i < MAX_REFERRERS; i++) {
		if (items[i] == g->idom[id])
			return items[i];
		if (best == NO_NODE || g->depth[items[i]] < g->depth[best])
			best = items[i];
	}
	return best;
}

/* Which field of a value of its type the reference from VIA to ID is: the same for all elements of
 * an array, and for all entries of a map. */
static uint32_t field_of(const struct graph *g, uint32_t via, uint32_t id)
{
	const struct type *type = graph_type(g, via);
	uint64_t offset;

	if (!type || type->shape == SHAPE_MAP_PART)
		return 0;
	offset = label_edge_offset(g, via, label_find_edge(g, via, id));
	if (offset == UINT64_MAX)
		return 0;
	return (uint32_t)(type->shape == SHAPE_ARRAY && type->size ? offset % type->size : offset);
}

static bool look(const struct hunt *hunt, uint32_t id, struct finding *found)
{
	const struct graph *g = hunt->g;
	uint32_t via;

	if (!is_top(g, id))
		return false;
	via = referrer_of(hunt, id);
	*found = (struct finding){ .object = id, .via = via, .key = { NO_NODE, g->above[id], 0 } };
	if (via != NO_NODE) {
		found->key[0] = g->type[via];
		found->key[2] = field_of(g, via, id);
	}
	return true;
}

/* ---- words ---- */

/* The object that a person sees behind F.via: of a map's inside the map, of a slice's box its
 * owner. */
static uint32_t owner_of(const struct graph *g, const struct finding *f)
{
	uint32_t via = f->via;

	if (via != NO_NODE && hunt_shape(g, via) == SHAPE_NONE && is_between(g, via) &&
	    graph_is_object(g, g->idom[via]))
		via = g->idom[via];
	return via == NO_NODE ? NO_NODE : label_visible(g, via);
}

static void put_field(const struct graph *g, const struct finding *f, struct text *out)
{
	enum known known;

	if (f->via != NO_NODE && hunt_shape(g, f->via) != SHAPE_MAP_PART &&
	    hunt_shape(g, f->via) != SHAPE_ARRAY)
		label_edge(g, f->via, f->object, out, &known);
}

static void put_title(const struct hunt *hunt, const struct finding *f, uint32_t n,
		      const struct anatomy *anatomy, struct text *out)
{
	const struct graph *g = hunt->g;
	autotext struct text head = { 0 }, tail = { 0 }, field = { 0 };
	uint32_t owner = owner_of(g, f);

	put_field(g, f, &field);
	if (n == 1) {
		chain_nearest(g, f->object, &head);
		text_puts(&tail, " keeps a decoded JSON tree of ");
		text_counted(&tail, anatomy->objects, "object");
	} else {
		if (g->above[f->object] != NO_NODE)
			naming_put(g, g->holders[g->above[f->object]].name, &head);
		text_puts(&tail, ": ");
		if (owner != NO_NODE && field.length) {
			text_count(&tail, n);
			text_puts(&tail, " × ");
			graph_type_label(g, owner, &tail);
			text_printf(&tail, ", each keeps decoded JSON in %s", text_string(&field));
		} else {
			text_counted(&tail, n, "decoded JSON tree");
		}
	}
	words_title(out, text_string(&head), text_string(&tail));
}

/* "8,002 maps and 2 slices of interface values, nested 5 deep" */
static void put_shape(const struct anatomy *anatomy, struct text *out)
{
	if (anatomy->maps)
		text_counted(out, anatomy->maps, "map");
	if (anatomy->maps && anatomy->arrays)
		text_puts(out, " and ");
	if (anatomy->arrays)
		text_counted(out, anatomy->arrays, "slice");
	text_printf(out, " of interface values, nested %u deep", anatomy->depth);
}

/* How many references keep the tree. */
static void put_references(const struct hunt *hunt, const struct finding *f, struct text *out)
{
	const struct graph *g = hunt->g;
	uint32_t objects = hunt_referrers(g, f->object, NULL, MAX_REFERRERS);
	uint32_t all = objects + hunt_root_count(hunt, f->object);
	uint32_t owner = owner_of(g, f);

	if (all == 1) {
		text_puts(out, " Nothing else refers to it: this one reference");
		if (owner != NO_NODE) {
			text_puts(out, ", from a ");
			graph_type_label(g, owner, out);
			text_puts(out, " of ");
			text_size(out, graph_size(g, owner), false);
			text_putc(out, ',');
		}
		text_puts(out, " keeps all of it.");
	} else if (objects <= MAX_REFERRERS) {
		text_printf(out, " %u references lead to it.", all);
	} else {
		text_printf(out, " More than %u references lead to it.", all - 1);
	}
}

static void explain_one(const struct hunt *hunt, const struct finding *f, const struct story *story,
			const struct anatomy *anatomy, struct text *out)
{
	const struct graph *g = hunt->g;

	chain_nearest(g, f->object, out);
	text_puts(out, hunt_is_map(g, f->object) ? ", a " : ", the array of a slice (");
	words_map(g, f->object, out);
	text_puts(out, hunt_is_map(g, f->object) ? ", is the top of " : "), is the top of ");
	put_shape(anatomy, out);
	text_puts(out, ": ");
	words_amount(story->retained, story->objects, out);
	text_putc(out, '.');
	put_references(hunt, f, out);
	text_puts(out, " It is ");
	words_held(hunt, f->object, out);
	text_putc(out, '.');
}

static void explain_many(const struct hunt *hunt, const struct finding *f, uint32_t n,
			 const struct story *story, const struct anatomy *anatomy, struct text *out)
{
	const struct graph *g = hunt->g;
	autotext struct text field = { 0 };
	uint32_t owner = owner_of(g, f);

	put_field(g, f, &field);
	text_counted(out, n, "tree");
	if (owner != NO_NODE) {
		text_puts(out, field.length ? ", each kept by a " : " in ");
		graph_type_label(g, owner, out);
	}
	if (field.length)
		text_printf(out, " through %s", text_string(&field));
	text_puts(out, ": ");
	put_shape(anatomy, out);
	text_puts(out, ", together ");
	words_amount(story->retained, story->objects, out);
	text_puts(out, ". The largest is ");
	chain_nearest(g, f->object, out);
	text_puts(out, ", a ");
	words_largest(hunt, f->object, f->object, out);
}

/* Are these decoded documents? They are nested, and hardly anything in them is something that a
 * decoder of JSON does not make: a map[string]interface {} of services is none. */
static bool looks_decoded(const struct anatomy *anatomy, uint32_t n, uint64_t retained)
{
	return anatomy->maps + anatomy->arrays >= 2ull * n &&
	       anatomy->foreign_bytes <= retained / 8;
}

/* Is object ID where the program itself put it, once for ever: in a global, or in fields of structs from
 * there on? So a server keeps its configuration. What stands in a map, a slice or a goroutine came while
 * the program ran. */
static bool is_placed(const struct hunt *hunt, uint32_t id)
{
	const struct graph *g = hunt->g;
	uint32_t above = g->above[id];

	if (above == NO_NODE || g->holders[above].kind != HOLDER_GLOBAL)
		return false;
	for (unsigned i = 0; i < MAX_CLIMB; i++) {
		const struct type *type;

		id = referrer_of(hunt, id);
		if (id == NO_NODE)
			return true;
		type = graph_type(g, id);
		if (!type || type->kind != TYPE_STRUCT || type->shape != SHAPE_NONE)
			return false;
	}
	return false;
}

static bool tell(const struct hunt *hunt, const struct finding *items, uint32_t n,
		 struct story *story, struct error *err)
{
	const struct finding *f = hunt_largest(hunt, items, n);
	struct anatomy anatomy;

	if (n == 1 && is_placed(hunt, f->object))
		return true;
	if (!hunt_anatomy(hunt, items, n, &anatomy, err))
		return false;
	story->worth = looks_decoded(&anatomy, n, story->retained);
	if (!story->worth)
		return true;
	story->objects = anatomy.objects;
	story->holder = hunt->g->above[f->object];
	story->object = f->object;
	put_title(hunt, f, n, &anatomy, &story->title);
	if (n == 1)
		explain_one(hunt, f, story, &anatomy, &story->explanation);
	else
		explain_many(hunt, f, n, story, &anatomy, &story->explanation);
	text_puts(&story->explanation, " That this is decoded JSON, or the like, is inferred from "
		  "its shape (~).");
	return true;
}

const struct rule rule_json_tree = {
	.name = "json-tree", .confidence = CONFIDENCE_LIKELY,
	.fix = "Decode into a struct with the fields that are used, or copy these out and let the "
	       "tree go.",
	.concerns = concerns, .look = look, .tell = tell,
};

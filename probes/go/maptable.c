#include "probes/go/maptable.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "graph/array.h"
#include "graph/parallel.h"
#include "probes/go/maps.h"

#define TALLY_GRAIN 1024
#define TINY_SHARE 8u /* two boxes of the tiny allocator share a slot of 16 bytes */

struct tally { struct heap *heap; struct map *map; uint64_t largest; };

static void count_part(void *arg, enum form form, uint64_t addr, uint64_t n)
{
	struct tally *t = arg;
	uint32_t id = graph_find(t->heap->graph, addr, NULL);
	uint64_t size;

	if (id == NO_NODE)
		return;
	size = graph_size(t->heap->graph, id);
	t->map->table_bytes += size;
	if (form == FORM_MAP_GROUPS || form == FORM_MAP_BUCKETS) {
		if (size > t->largest) {
			t->largest = size;
			t->map->table = id;
		}
	}
}

/* Is the interface value at ADDR in a box? Adds what the box costs. */
static void count_box(struct heap *heap, uint64_t addr, uint64_t *boxes, uint64_t *bytes)
{
	const struct graph *g = heap->graph;
	uint64_t data = image_u64(heap->image, addr + 8);
	uint32_t id;

	if (data < heap->lowest || data >= heap->highest)
		return;
	id = graph_find(g, data, NULL);
	if (id == NO_NODE || !(g->flags[id] & OBJECT_BOXED))
		return;
	++*boxes;
	*bytes += g->type[id] != NO_NODE &&
		  heap->typing.forms.items[g->type[id]].form == FORM_TINY ? TINY_SHARE
									   : graph_size(g, id);
}

static bool is_interface(struct heap *heap, uint32_t type)
{
	return type != NO_TYPE && types_get(heap->types, type)->kind == KIND_INTERFACE;
}

/* SLOTS: of all maps so far. A slot has a byte or more, so maps that have more than all memory share
 * their tables: those behind are not walked. */
struct tally_pass { struct heap *heap; struct progress *progress; _Atomic uint64_t slots; };

static bool is_too_much(struct tally_pass *pass, uint64_t slots)
{
	uint64_t most = image_most(pass->heap->image);

	return slots > most || atomic_fetch_add(&pass->slots, slots) > most;
}

static void tally_map(struct tally_pass *pass, struct map *map)
{
	struct heap *heap = pass->heap;
	const struct rtype *t = types_get(heap->types, heap->typing.forms.items[map->type].type);
	bool keys = is_interface(heap, t->key), values = is_interface(heap, t->elem);
	struct tally tally = { heap, map, 0 };
	struct map_view view;
	struct map_cursor cursor;
	struct map_slot slot;

	map->table_bytes = graph_size(heap->graph, map->object);
	if (!map_open(&view, &heap->go, heap->types, heap->typing.forms.items[map->type].type,
		      map->addr))
		return;
	map->entries = view.entries;
	map->slots = map_slots(&view);
	if (is_too_much(pass, map->slots))
		return;
	map_parts(&view, count_part, &tally);
	map_begin(&cursor, &view);
	while ((keys || values) && map_next(&cursor, &slot)) {
		if (keys)
			count_box(heap, slot.key, &map->boxed_keys, &map->boxed_key_bytes);
		if (values)
			count_box(heap, slot.elem, &map->boxed_values, &map->boxed_bytes);
	}
}

static void tally_piece(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct tally_pass *pass = ctx;

	for (uint64_t i = lo; i < hi && !progress_cancelled(pass->progress); i++)
		tally_map(pass, &pass->heap->graph->maps[i]);
	progress_add(pass->progress, hi - lo);
}

static enum boxes boxes_of(struct heap *heap, const struct rtype *t)
{
	const uint32_t sides[] = { t->key, t->elem };
	enum boxes found = BOXES_NONE;

	for (unsigned i = 0; i < 2; i++) {
		if (!is_interface(heap, sides[i]))
			continue;
		if (!types_get(heap->types, sides[i])->n_methods)
			return BOXES_EMPTY;
		found = BOXES_METHODS;
	}
	return found;
}

static uint32_t value_form(struct heap *heap, uint32_t type)
{
	return type == NO_TYPE ? NO_NODE : forms_of(&heap->typing.forms, FORM_VALUE, type, 0);
}

/* What all maps of one form share: looked up once, since a heap has few kinds of maps. */
static void describe(struct heap *heap, uint32_t form, struct map *out)
{
	const struct rtype *t = types_get(heap->types, heap->typing.forms.items[form].type);

	*out = (struct map){ .type = form, .table = NO_NODE, .boxes = boxes_of(heap, t) };
	out->key_type = value_form(heap, t->key);
	out->elem_type = value_form(heap, t->elem);
}

static uint32_t count_maps(const struct heap *heap)
{
	const struct graph *g = heap->graph;
	uint32_t n = 0;

	for (uint32_t id = 0; id < g->n_objects; id++)
		n += g->type[id] != NO_NODE &&
		     heap->typing.forms.items[g->type[id]].form == FORM_MAP;
	return n;
}

bool maptable_build(struct heap *heap, struct progress *progress, struct error *err)
{
	struct graph *g = heap->graph;
	uint32_t n = count_maps(heap);
	struct map shared = { .type = NO_NODE };
	struct tally_pass pass = { heap, progress };

	progress_begin(progress, "maps", n);
	g->maps = calloc(n + 1, sizeof *g->maps);
	if (!g->maps)
		return fail_memory(err, "the table of maps");
	for (uint32_t id = 0; g->n_maps < n && !progress_cancelled(progress); id++) {
		uint32_t form = g->type[id];

		if (form == NO_NODE || heap->typing.forms.items[form].form != FORM_MAP)
			continue;
		if (shared.type != form)
			describe(heap, form, &shared);
		shared.object = id;
		shared.addr = graph_addr(g, id);
		g->maps[g->n_maps++] = shared;
	}
	parallel_for(g->n_maps, TALLY_GRAIN, tally_piece, &pass);
	return !array_cancelled(progress, err);
}

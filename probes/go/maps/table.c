#include "probes/go/maps/table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/grow.h"
#include "graph/base/parallel.h"
#include "probes/go/maps/maps.h"

#define TALLY_GRAIN 1024
#define TINY_SHARE 8u /* two boxes of the tiny allocator share a slot of 16 bytes */
#define MALLOC_HEADER 8u
#define MAX_NESTING 64u
#define MAX_PLACES 65536u /* of maps in one type */

struct tally { struct heap *heap; struct map *map; uint64_t largest; };

static void count_part(void *arg, enum form form, uint64_t addr, uint64_t n)
{
	struct tally *t = arg;
	uint64_t size, offset;
	uint32_t id = graph_find(t->heap->graph, addr, &offset);

	/* Overflow buckets that were kept ready lie behind the array's own, in the same object. */
	if (id == NO_NODE || offset > MALLOC_HEADER)
		return;
	size = graph_size(t->heap->graph, id);
	t->map->table_bytes += size;
	if ((form == FORM_MAP_GROUPS || form == FORM_MAP_BUCKETS) && size > t->largest) {
		t->largest = size;
		t->map->table = id;
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

/* EFFORT: on all maps so far. Those behind one that is too much are not walked. */
struct tally_pass { struct heap *heap; struct progress *progress; _Atomic uint64_t effort; };

/* The objects that a map is reached through whose header is none. Beside the first of them: while it grows,
 * the old buckets; what lists overflow buckets; and a single table and its groups, to which a loop over the
 * map has pointers of its own. */
static void note_tops(struct heap *heap, const struct map_view *view, struct map *map)
{
	uint64_t top = view->directory | view->buckets;
	uint64_t beside = view->n_tables == 1 ? image_u64(heap->image, view->directory) : view->extra;

	map->beside[0] = graph_find(heap->graph, beside, NULL);
	map->beside[1] = view->n_tables == 1 ? map->table /* the largest: the groups */
					     : graph_find(heap->graph, view->old_buckets, NULL);
	map->table = graph_find(heap->graph, top, NULL);
	if (map->beside[1] == map->beside[0]) /* memory that is damaged: not to be counted twice */
		map->beside[1] = NO_NODE;
}

/* The object through which all of a sync.Map is reached, if there is one. */
static uint32_t sync_top(struct heap *heap, const struct map_view *view)
{
	const struct sync_layout *sync = &view->sync;
	uint64_t read, dirty;

	if (sync->design == SYNC_TRIE)
		return graph_find(heap->graph, view->trie.root, NULL);
	read = image_u64(heap->image, view->self + sync->read);
	dirty = image_u64(heap->image, view->self + sync->dirty);
	return read && dirty ? NO_NODE : graph_find(heap->graph, read + dirty, NULL);
}

static void tally_map(struct tally_pass *pass, struct map *map)
{
	struct heap *heap = pass->heap;
	uint32_t type = heap->typing.forms.items[map->type].type;
	struct tally tally = { heap, map, 0 };
	struct map_view view;
	struct map_cursor cursor;
	struct map_slot slot;
	bool keys, values;

	map->table_bytes = map->object != NO_NODE ? graph_size(heap->graph, map->object) : 0;
	if (!map_open(&view, &heap->go, heap->types, type, map->addr))
		return;
	keys = is_interface(heap, view.key);
	values = is_interface(heap, view.elem);
	map->entries = view.entries;
	if (!map_affordable(&view, &pass->effort, &map->slots))
		return;
	map_parts(&view, count_part, &tally);
	if (view.sync.design != SYNC_NONE)
		map->table = sync_top(heap, &view);
	else if (map->object == NO_NODE)
		note_tops(heap, &view, map);
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

/* ---- where maps are ---- */

static enum boxes boxes_of(struct heap *heap, uint32_t key, uint32_t elem)
{
	const uint32_t sides[] = { key, elem };
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

/* A map that each value of some form has at that offset, with all that such maps share: looked up
 * once, since a heap has few kinds of maps. */
struct map_place { uint64_t offset; struct map map; };

struct finder {
	struct heap *heap;
	struct map_place *places; /* of all forms, */
	uint32_t n, capacity;
	uint32_t *first;          /* those of form F from first[F] on, up to first[F + 1] */
	uint32_t n_forms;
	uint32_t capacity_maps;   /* of graph.maps */
	bool failed;
};

static void add_place(struct finder *f, uint64_t offset, uint32_t form, uint32_t key, uint32_t elem)
{
	struct map_place *place = GROW(f->places, f->n, f->capacity);

	if (!place) {
		f->failed = true;
		return;
	}
	f->n++;
	place->offset = offset;
	place->map = (struct map){ .object = NO_NODE, .around = NO_NODE, .table = NO_NODE,
				   .beside = { NO_NODE, NO_NODE }, .type = form, .key_type = value_form(f->heap, key),
				   .elem_type = value_form(f->heap, elem),
				   .boxes = boxes_of(f->heap, key, elem) };
}

/* A struct or array that is being looked into; PLACES: how many there were before. */
struct opened { uint32_t type, index; uint64_t offset; uint32_t places; };

/* The next part of what is opened; false when it has no more. Of an array whose first element has no
 * map none has. */
static bool next_part(const struct finder *f, struct opened *o, struct opened *part)
{
	const struct types *types = f->heap->types;
	const struct rtype *t = types_get(types, o->type), *elem;

	if (t->kind == KIND_STRUCT && o->index < t->n_fields) {
		const struct rfield *field = &t->fields[o->index++];

		*part = (struct opened){ .type = field->type, .offset = o->offset + field->offset };
		return true;
	}
	elem = types_find(types, t->elem);
	if (t->kind == KIND_ARRAY && elem && o->index < t->len && (!o->index || f->n > o->places)) {
		*part = (struct opened){ .type = t->elem,
					 .offset = o->offset + elem->size * o->index++ };
		return true;
	}
	return false;
}

/* Add the sync.Maps that lie in a value of TYPE. */
static void sync_places(struct finder *f, uint32_t type)
{
	const struct types *types = f->heap->types;
	struct opened stack[MAX_NESTING] = { { .type = type } }, part = stack[0];
	uint32_t before = f->n, depth = 0;
	struct sync_layout sync;

	do {
		const struct rtype *t = types_find(types, part.type);

		if (sync_layout_of(f->heap->types, part.type, &sync))
			add_place(f, part.offset, value_form(f->heap, part.type), sync.key, sync.elem);
		else if (t && t->ptr_bytes && depth < MAX_NESTING &&
			 (t->kind == KIND_STRUCT || t->kind == KIND_ARRAY))
			stack[depth++] = (struct opened){ .type = part.type, .offset = part.offset,
							  .places = f->n };
		while (depth && (f->n - before > MAX_PLACES ||
				 !next_part(f, &stack[depth - 1], &part)))
			depth--;
	} while (depth);
}

static bool find_places(struct finder *f)
{
	struct forms *forms = &f->heap->typing.forms;

	f->n_forms = forms->n;
	f->first = calloc(f->n_forms + 1, sizeof *f->first);
	for (uint32_t i = 0; f->first && i < f->n_forms; i++) {
		const struct form_entry form = forms->items[i];
		const struct rtype *t = types_find(f->heap->types, form.type);

		f->first[i] = f->n;
		if (t && form.form == FORM_MAP)
			add_place(f, 0, i, t->key, t->elem);
		else if (t && (form.form == FORM_VALUE || form.form == FORM_ARRAY))
			sync_places(f, form.type);
		f->first[i + 1] = f->n;
	}
	return f->first && !f->failed;
}

static void add_map(struct finder *f, const struct map_place *place, uint64_t base, uint32_t in,
		    bool whole)
{
	struct graph *g = f->heap->graph;
	struct map *map = GROW(g->maps, g->n_maps, f->capacity_maps);

	if (!map) {
		f->failed = true;
		return;
	}
	g->n_maps++;
	*map = place->map;
	map->addr = base + place->offset;
	map->object = whole ? in : NO_NODE;
	map->around = whole ? NO_NODE : in;
}

/* The sync.Maps in an object whose form has places for some. */
static void maps_in_object(struct finder *f, uint32_t id)
{
	uint32_t form = f->heap->graph->type[id];
	const struct form_entry *entry = &f->heap->typing.forms.items[form];
	uint64_t unit = forms_unit(&f->heap->typing.forms, form), before, n = 1;
	struct heap_object o;

	if (!unit || !heap_object(f->heap, id, &o))
		return;
	before = mask_value_offset(&f->heap->go, &f->heap->spans.items[o.span]);
	if (entry->form == FORM_ARRAY)
		n = (o.size - before) / unit;
	for (uint64_t i = 0; i < n && !f->failed; i++)
		for (uint32_t p = f->first[form]; p < f->first[form + 1]; p++) {
			const struct map_place *place = &f->places[p];

			add_map(f, place, o.addr + before + i * unit, id, place->map.type == form);
		}
}

/* sync.Maps in globals: a plain map's header never lies there, only the pointer to it. */
static void maps_of_globals(struct finder *f)
{
	const struct code_facts *code = &f->heap->code;

	for (uint32_t i = 0; i < code->n_globals && !f->failed; i++) {
		uint32_t first = f->n;

		if (code->globals[i].form == CODE_VALUE)
			sync_places(f, code->globals[i].type);
		for (uint32_t p = first; p < f->n; p++)
			add_map(f, &f->places[p], code->globals[i].addr, NO_NODE, false);
		f->n = first;
	}
}

static void maps_of_frames(struct finder *f)
{
	const struct frame_maps *maps = &f->heap->frame_maps;

	for (uint32_t i = 0; i < maps->n && !f->failed; i++) {
		uint32_t form = forms_of(&f->heap->typing.forms, FORM_MAP, maps->items[i].type, 0);

		if (form < f->n_forms)
			add_map(f, &f->places[f->first[form]], maps->items[i].addr, NO_NODE, false);
	}
}

/* Room for all maps but sync.Maps and those of frames, of which there are few. */
static void make_room(struct finder *f)
{
	struct graph *g = f->heap->graph;
	uint32_t n = 0;

	for (uint32_t id = 0; id < g->n_objects; id++)
		n += g->type[id] != NO_NODE &&
		     f->heap->typing.forms.items[g->type[id]].form == FORM_MAP;
	g->maps = malloc((n + 1) * sizeof *g->maps);
	f->capacity_maps = g->maps ? n + 1 : 0;
}

static void find_maps(struct finder *f, struct progress *progress)
{
	const struct graph *g = f->heap->graph;
	const struct form_entry *forms = f->heap->typing.forms.items;

	make_room(f);
	for (uint32_t id = 0; id < g->n_objects && !f->failed; id++) {
		uint32_t form = g->type[id];

		if (id % TALLY_GRAIN == 0 && progress_cancelled(progress))
			return;
		if (form >= f->n_forms || f->first[form] == f->first[form + 1])
			continue;
		if (forms[form].form == FORM_MAP)
			add_map(f, &f->places[f->first[form]], graph_addr(g, id), id, true);
		else
			maps_in_object(f, id);
	}
	maps_of_globals(f);
	maps_of_frames(f);
}

/* What stands for maps in frames and globals. */
static void flag_tops(struct graph *g)
{
	for (uint32_t i = 0; i < g->n_maps; i++) {
		const struct map *map = &g->maps[i];

		if (map->object == NO_NODE && map->around == NO_NODE && map->table != NO_NODE)
			g->flags[map->table] |= OBJECT_MAP;
	}
}

bool maptable_build(struct heap *heap, struct progress *progress, struct error *err)
{
	struct finder finder = { .heap = heap };
	struct tally_pass pass = { heap, progress };
	bool good = find_places(&finder);

	if (good)
		find_maps(&finder, progress);
	free(finder.first);
	free(finder.places);
	if (!good || finder.failed)
		return fail_memory(err, "the table of maps");
	progress_begin(progress, "maps", heap->graph->n_maps);
	parallel_for(heap->graph->n_maps, TALLY_GRAIN, tally_piece, &pass);
	flag_tops(heap->graph);
	return !array_cancelled(progress, err);
}

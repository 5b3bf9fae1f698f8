#include "probes/go/maps/frame_maps.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/grow.h"
#include "probes/go/heap.h"
#include "probes/go/maps/maps.h"
#include "probes/go/maps/owners.h"

#define MOST_NOTED (1u << 22) /* more than any program's goroutines have frames with maps */
#define REPORT 256u /* maps between two looks at the progress */

bool frame_maps_note(struct frame_maps *maps, uint64_t addr, uint32_t type, enum known known)
{
	const struct frame_map *last = maps->n ? &maps->items[maps->n - 1] : NULL;
	struct frame_map *item;

	/* What a function passes down is seen again in each frame below. */
	if (maps->n == MOST_NOTED || (last && last->addr == addr && last->type == type))
		return true;
	item = GROW(maps->items, maps->n, maps->capacity);
	if (!item)
		return false;
	*item = (struct frame_map){ .addr = addr, .type = type, .known = known };
	maps->n++;
	return true;
}

bool frame_maps_note_parts(struct heap *heap, uint64_t addr)
{
	enum known known;
	uint32_t type = map_owners_told(heap, addr, &known);

	return type == NO_TYPE || frame_maps_note(&heap->frame_maps, addr, type, known);
}

/* The objects of no type that are as large as a map's header. */
static bool note_objects(struct heap *heap)
{
	uint64_t size = spans_class_size(layout_map_header(&heap->go.layout));
	const struct graph *g = heap->graph;

	for (uint32_t i = 0; i < heap->spans.n; i++) {
		const struct go_span *s = &heap->spans.items[i];
		uint32_t id = g->extents[i].first;

		if (s->noscan || s->elemsize != size)
			continue;
		for (uint32_t slot = 0; slot < s->nelems; slot++)
			if (spans_allocated(&heap->spans, i, slot) && g->type[id++] == NO_NODE &&
			    !frame_maps_note_parts(heap, s->base + slot * s->elemsize))
				return false;
	}
	return true;
}

/* ---- which of them are maps ---- */

static int by_addr(const void *a, const void *b)
{
	const struct frame_map *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->known > y->known) - (x->known < y->known);
}

static bool same(const struct frame_map *a, const struct frame_map *b)
{
	return a->addr == b->addr && a->type == b->type;
}

/* Each once, as what is known best. */
static void sort(struct frame_maps *maps)
{
	uint32_t n = 0;

	if (maps->n)
		qsort(maps->items, maps->n, sizeof *maps->items, by_addr);
	for (uint32_t i = 0; i < maps->n; i++)
		if (!n || !same(&maps->items[n - 1], &maps->items[i]))
			maps->items[n++] = maps->items[i];
	maps->n = n;
}

/* Is there a map with as many entries as its header says (or one that is just being added or taken away)?
 * One that is empty proves nothing. EFFORT: see map_affordable. */
static bool is_map(struct heap *heap, const struct frame_map *item, _Atomic uint64_t *effort)
{
	struct map_cursor cursor;
	struct map_slot slot;
	struct map_view map;
	uint64_t slots, n = 0;

	if (!map_open(&map, &heap->go, heap->types, item->type, item->addr) || !map.entries ||
	    !map_affordable(&map, effort, &slots) || map.entries > slots)
		return false;
	map_begin(&cursor, &map);
	while (n <= map.entries + 1 && map_next(&cursor, &slot))
		n++;
	return n + 1 >= map.entries && n <= map.entries + 1;
}

/* Type a map. True if it is in a frame. */
static bool place(struct typing *typing, const struct frame_map *map)
{
	struct typed_place header = { .addr = map->addr, .n = 1, .type = map->type,
				      .form = FORM_MAP, .known = (uint16_t)map->known };

	if (graph_find(typing->heap->graph, map->addr, NULL) != NO_NODE) {
		typing_place(typing, &header);
		return false;
	}
	typing_follow_map(typing, &header);
	if (forms_of(&typing->forms, FORM_MAP, map->type, 0) == NO_NODE)
		typing->failed = true;
	return true;
}

bool frame_maps_place(struct typing *typing, struct progress *progress, struct error *err)
{
	struct frame_maps *maps = &typing->heap->frame_maps;
	_Atomic uint64_t effort = 0;
	uint32_t n;

	if (!note_objects(typing->heap))
		return fail_memory(err, "maps of unknown type");
	sort(maps);
	n = maps->n;
	maps->n = 0;
	for (uint32_t i = 0, next; i < n; i = next) {
		struct frame_map map = maps->items[i];
		uint32_t found = 0; /* types that it may be of: one, or nothing is known */

		for (next = i; next < n && maps->items[next].addr == map.addr; next++)
			if (is_map(typing->heap, &maps->items[next], &effort) && !found++)
				map = maps->items[next];
		if (found == 1 && place(typing, &map))
			maps->items[maps->n++] = map;
		if (i % REPORT == 0 && array_cancelled(progress, err))
			return false;
	}
	return true;
}

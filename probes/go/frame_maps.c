#include "probes/go/frame_maps.h"

#include <stdlib.h>

#include "graph/array.h"
#include "graph/grow.h"
#include "probes/go/heap.h"
#include "probes/go/maps.h"

#define MOST_NOTED (1u << 22) /* more than any program's goroutines have frames with maps */
#define REPORT 256u /* maps between two looks at the progress */

static bool note(struct frame_maps *maps, uint64_t addr, uint32_t type)
{
	const struct frame_map *last = maps->n ? &maps->items[maps->n - 1] : NULL;
	struct frame_map *item;

	/* What a function passes down is seen again in each frame below. */
	if (maps->n == MOST_NOTED || (last && last->addr == addr && last->type == type))
		return true;
	item = GROW(maps->items, maps->n, maps->capacity);
	if (!item)
		return false;
	*item = (struct frame_map){ .addr = addr, .type = type };
	maps->n++;
	return true;
}

/* Note what the code says of OFFSET in the function at ENTRY, if the map's header is at ADDR. */
static bool note_all(struct heap *heap, uint64_t entry, uint64_t offset, bool header, uint64_t addr)
{
	const struct code_facts *code = &heap->code;
	uint32_t i = offset <= UINT32_MAX ? code_local_find(code, entry, (uint32_t)offset)
					  : code->n_locals;

	for (; i < code->n_locals; i++) {
		const struct code_local *local = &code->locals[i];

		if (local->entry != entry || local->offset != offset)
			break;
		if (local->header == header && !note(&heap->frame_maps, addr, local->type))
			return false;
	}
	return true;
}

/* May there be the header of a map at ADDR, to which a frame's word points? In the heap that is an object
 * of no type, elsewhere another part of the stack. */
static bool may_be_header(const struct heap *heap, uint64_t addr, const struct go_stack *stack)
{
	uint32_t id = graph_find(heap->graph, addr, NULL);

	return id != NO_NODE ? heap->graph->type[id] == NO_NODE
			     : addr >= stack->frames[0].sp && addr < stack->frames[stack->n_frames - 1].fp;
}

bool frame_maps_note(struct heap *heap, const struct go_stack *stack)
{
	for (uint32_t i = 0; i < stack->n_slots; i++) {
		const struct go_slot *s = &stack->slots[i];
		const struct go_frame *frame;
		uint64_t offset;

		if (s->conservative || s->kind == SLOT_REGISTER || s->frame >= stack->n_frames)
			continue;
		frame = &stack->frames[s->frame];
		offset = s->addr - frame->sp;
		if (may_be_header(heap, s->value, stack) &&
		    !note_all(heap, frame->func.entry, offset, false, s->value))
			return false;
		if (offset >= MAP_FIRST_POINTER && graph_find(heap->graph, s->value, NULL) != NO_NODE &&
		    !note_all(heap, frame->func.entry, offset - MAP_FIRST_POINTER, true,
			      s->addr - MAP_FIRST_POINTER))
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
	return (x->type > y->type) - (x->type < y->type);
}

/* Each once. */
static void sort(struct frame_maps *maps)
{
	uint32_t n = 0;

	if (maps->n)
		qsort(maps->items, maps->n, sizeof *maps->items, by_addr);
	for (uint32_t i = 0; i < maps->n; i++)
		if (!n || by_addr(&maps->items[n - 1], &maps->items[i]))
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
				      .form = FORM_MAP, .known = KNOWN_DERIVED };

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

	sort(maps);
	n = maps->n;
	maps->n = 0;
	for (uint32_t i = 0, next; i < n; i = next) {
		struct frame_map map = maps->items[i];
		uint32_t found = 0; /* types that it may be of: one, or nothing is known */

		for (next = i; next < n && maps->items[next].addr == map.addr; next++)
			if (is_map(typing->heap, &maps->items[next], &effort) && !found++)
				map.type = maps->items[next].type;
		if (found == 1 && place(typing, &map))
			maps->items[maps->n++] = map;
		if (i % REPORT == 0 && array_cancelled(progress, err))
			return false;
	}
	return true;
}

#include "probes/go/frame_maps.h"

#include <stdlib.h>

#include "graph/grow.h"
#include "probes/go/heap.h"
#include "probes/go/maps.h"

#define FIRST_POINTER 16u /* in a map's header, of both designs: its buckets, groups or directory */

/* Has the map as many entries as its header says (or is one just being added or taken away)? One
 * that is empty proves nothing. */
static bool adds_up(struct heap *heap, const struct map_view *map)
{
	uint64_t slots = map_slots(map), most = image_most(heap->image), n = 0;
	uint64_t effort = map_effort(map, slots), *spent = &heap->frame_maps.effort;
	struct map_cursor cursor;
	struct map_slot slot;

	*spent += effort < most ? effort : most + 1;
	if (!map->entries || map->entries > slots || *spent > most)
		return false;
	map_begin(&cursor, map);
	while (n <= map->entries + 1 && map_next(&cursor, &slot))
		n++;
	return n + 1 >= map->entries && n <= map->entries + 1;
}

static bool note(struct heap *heap, uint64_t addr, const struct code_local *local)
{
	struct frame_maps *maps = &heap->frame_maps;
	struct frame_map *item;
	struct map_view map;

	if (maps->effort > image_most(heap->image) ||
	    !map_open(&map, &heap->go, heap->types, local->type, addr) || !adds_up(heap, &map))
		return true;
	item = GROW(maps->items, maps->n, maps->capacity);
	if (!item)
		return false;
	*item = (struct frame_map){ .addr = addr, .type = local->type };
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
		if (local->header == header && !note(heap, addr, local))
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
		if (offset >= FIRST_POINTER && graph_find(heap->graph, s->value, NULL) != NO_NODE &&
		    !note_all(heap, frame->func.entry, offset - FIRST_POINTER, true,
			      s->addr - FIRST_POINTER))
			return false;
	}
	return true;
}

static int by_addr(const void *a, const void *b)
{
	const struct frame_map *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
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

void frame_maps_place(struct typing *typing)
{
	struct frame_maps *maps = &typing->heap->frame_maps;
	uint32_t n = maps->n;

	maps->n = 0;
	if (n)
		qsort(maps->items, n, sizeof *maps->items, by_addr);
	for (uint32_t i = 0, next; i < n; i = next) {
		bool one = true;

		for (next = i + 1; next < n && maps->items[next].addr == maps->items[i].addr; next++)
			one &= maps->items[next].type == maps->items[i].type;
		if (one && place(typing, &maps->items[i]))
			maps->items[maps->n++] = maps->items[i];
	}
}

#include "probes/go/maps/owners.h"

#include <stdlib.h>

#include "probes/go/heap.h"
#include "probes/go/maps/maps.h"

/* Of map types with the same groups the one without a name comes first. */
static int by_part(const void *a, const void *b, void *arg)
{
	const struct map_owner *x = a, *y = b;
	const struct types *types = arg;
	bool x_named = types_get(types, x->map)->named, y_named = types_get(types, y->map)->named;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x_named != y_named ? x_named - y_named : (x->map > y->map) - (x->map < y->map);
}

/* Leave one for each part, none where all that have it are named. */
static void choose(struct map_owners *owners, const struct types *types)
{
	uint32_t n = 0;

	for (uint32_t i = 0, next; i < owners->n; i = next) {
		struct map_owner one = owners->items[i];

		for (next = i + 1; next < owners->n; next++)
			if (owners->items[next].part != one.part)
				break;
		if (next - i > 1 && types_get(types, one.map)->named)
			continue;
		one.known = next - i > 1 ? KNOWN_INFERRED : KNOWN_DERIVED;
		owners->items[n++] = one;
	}
	owners->n = n;
}

bool map_owners_init(struct map_owners *owners, const struct types *types, struct error *err)
{
	uint32_t n = types_count(types);

	owners->items = malloc((n + 1ul) * sizeof *owners->items);
	if (!owners->items)
		return fail_memory(err, "map types");
	for (uint32_t i = 0; i < n; i++) {
		const struct rtype *t = types_get(types, i);

		if (t->kind == KIND_MAP && t->bucket != NO_TYPE)
			owners->items[owners->n++] = (struct map_owner){ .part = t->bucket, .map = i };
	}
	if (owners->n)
		qsort_r(owners->items, owners->n, sizeof *owners->items, by_part, (void *)types);
	choose(owners, types);
	return true;
}

void map_owners_free(struct map_owners *owners)
{
	free(owners->items);
	*owners = (struct map_owners){ 0 };
}

static uint32_t owner_of(const struct map_owners *owners, uint32_t part, enum known *known)
{
	uint32_t lo = 0, hi = owners->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (owners->items[mid].part < part)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == owners->n || owners->items[lo].part != part)
		return NO_TYPE;
	*known = owners->items[lo].known;
	return owners->items[lo].map;
}

uint32_t map_owners_told(const struct heap *heap, uint64_t addr, enum known *known)
{
	uint64_t offset, block = map_first_block(&heap->go, addr);
	uint32_t id = graph_find(heap->graph, block, &offset);
	const struct form_entry *form;

	if (id == NO_NODE || heap->graph->type[id] == NO_NODE || offset > 8) /* a malloc header */
		return NO_TYPE;
	form = &heap->typing.forms.items[heap->graph->type[id]];
	*known = KNOWN_DERIVED;
	if (form->form == FORM_MAP_GROUPS || form->form == FORM_MAP_BUCKETS)
		return form->type;
	if ((form->form != FORM_ARRAY && form->form != FORM_VALUE) || form->type == NO_TYPE)
		return NO_TYPE;
	return owner_of(&heap->map_owners, form->type, known);
}

#include "graph/graph.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/naming.h"
#include "graph/pages.h"

struct graph *graph_new(void)
{
	return calloc(1, sizeof(struct graph));
}

static void free_suspects(struct graph *g)
{
	for (uint32_t i = 0; i < g->n_suspects; i++) {
		free(g->suspects[i].title);
		free(g->suspects[i].explanation);
		free(g->suspects[i].fix);
		free(g->suspects[i].query);
	}
	free(g->suspects);
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	if (g->release)
		g->release(g);
	free_suspects(g);
	pages_free(g->pages);
	void *arrays[] = {
		g->extents, g->bits, g->memory, g->details, g->absent, g->classes, g->type, g->flags, g->types,
		g->fwd_row, g->fwd_dst, g->rev_row, g->rev_src, g->special, g->holders, g->roots,
		g->tasks, g->waits, g->origins, g->frames, g->maps, g->packages, g->idom, g->above, g->retained, g->depth, g->root,
		g->kid_row, g->kids,
	};

	for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
		free(arrays[i]);
	free(g);
}

const struct extent *graph_extent(const struct graph *g, uint32_t id)
{
	return &g->extents[pages_extent_of(g, id)];
}

/* Place of the N-th set bit of WORD, which has more than N. */
static unsigned nth_bit(uint64_t word, uint32_t n)
{
	if (word == UINT64_MAX)
		return n;
	while (n--)
		word &= word - 1;
	return (unsigned)__builtin_ctzll(word);
}

uint64_t graph_addr(const struct graph *g, uint32_t id)
{
	const struct extent *e = graph_extent(g, id);
	const struct slot_word *words = &g->pages->words[e->bits];
	uint32_t lo = 0, hi = (e->slots - 1) / 64;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo + 1) / 2;

		if (words[mid].first <= id)
			lo = mid;
		else
			hi = mid - 1;
	}
	return e->base + e->stride * (lo * 64ull + nth_bit(words[lo].bits, id - words[lo].first));
}

uint64_t graph_size(const struct graph *g, uint32_t id)
{
	return graph_extent(g, id)->stride;
}

uint32_t graph_slot_object(const struct graph *g, const struct extent *e, uint32_t slot)
{
	const struct slot_word *word = &g->pages->words[e->bits + slot / 64];
	uint64_t bit = 1ull << slot % 64;

	if (!(word->bits & bit))
		return NO_NODE;
	return word->first + pages_popcount(word->bits & (bit - 1));
}

/* The extent that ADDR lies in: on most pages there is but one to ask. */
static uint32_t find_extent(const struct graph *g, uint64_t addr)
{
	uint32_t i = pages_first_extent(g->pages, addr);

	for (; i < g->n_extents && g->extents[i].base <= addr; i++) {
		const struct extent *e = &g->extents[i];

		if (addr - e->base < e->stride * e->slots)
			return i;
	}
	return NO_EXTENT;
}

bool graph_locate(const struct graph *g, uint64_t addr, struct graph_place *out)
{
	const struct extent *e;
	uint64_t from_base, slot;

	out->extent = find_extent(g, addr);
	if (out->extent == NO_EXTENT)
		return false;
	e = &g->extents[out->extent];
	from_base = addr - e->base;
	slot = e->magic ? from_base * e->magic >> 32 : from_base / e->stride;
	out->slot = (uint32_t)slot;
	out->offset = from_base - slot * e->stride;
	out->id = graph_slot_object(g, e, out->slot);
	return out->id != NO_NODE;
}

uint32_t graph_find(const struct graph *g, uint64_t addr, uint64_t *offset)
{
	struct graph_place place;

	if (!graph_locate(g, addr, &place))
		return NO_NODE;
	if (offset)
		*offset = place.offset;
	return place.id;
}

const char *graph_confidence(enum confidence confidence)
{
	static const char *const words[] = { "note", "likely", "proven" };

	return words[confidence];
}

enum strength graph_edge_strength(const struct graph *g, uint64_t edge)
{
	uint32_t lo = 0, hi = g->n_special;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (g->special[mid].edge < edge)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < g->n_special && g->special[lo].edge == edge)
		return (enum strength)g->special[lo].strength;
	return STRENGTH_STRONG;
}

bool graph_root_holds(const struct graph *g, uint32_t root)
{
	const struct root *r = &g->roots[root];

	if (r->strength == STRENGTH_RUNTIME)
		return g->flags[r->dst] & OBJECT_RUNTIME_ONLY;
	return r->strength != STRENGTH_WEAK;
}

uint32_t graph_finalizer(const struct graph *g, uint32_t id)
{
	for (uint32_t i = 0; i < g->n_roots; i++) {
		const struct root *r = &g->roots[i];

		if (r->dst == id && r->kind == ROOT_FINALIZER && r->strength == STRENGTH_WEAK)
			return r->holder;
	}
	return NO_NODE;
}

const struct type *graph_type(const struct graph *g, uint32_t id)
{
	uint32_t type = g->type ? g->type[id] : NO_NODE;

	return type < g->n_types ? &g->types[type] : NULL;
}

const struct map *graph_map_of(const struct graph *g, uint32_t id)
{
	for (uint32_t i = 0; i < g->n_maps; i++)
		if (graph_map_node(&g->maps[i]) == id)
			return &g->maps[i];
	return NULL;
}

void graph_type_label(const struct graph *g, uint32_t id, struct text *out)
{
	const struct map *map = g->flags[id] & OBJECT_MAP ? graph_map_of(g, id) : NULL;
	const struct type *type = map && map->type < g->n_types ? &g->types[map->type]
								: graph_type(g, id);

	if (!type) {
		text_puts(out, "? ");
		text_size(out, graph_size(g, id), false);
		text_puts(out, g->flags[id] & OBJECT_NOSCAN ? " noscan" : " scan");
		return;
	}
	if ((g->flags[id] & OBJECT_KNOWN) == KNOWN_INFERRED)
		text_putc(out, '~');
	naming_type(g, type, out);
}

uint64_t graph_retained(const struct graph *g, uint32_t node)
{
	if (graph_is_object(g, node))
		return g->retained[node];
	if (graph_is_holder(g, node))
		return g->holders[node - g->n_objects].retained;
	return g->live_bytes;
}

uint32_t graph_holder_at(const struct graph *g, uint64_t addr)
{
	for (uint32_t i = 0; i < g->n_holders; i++)
		if (addr >= g->holders[i].lo && addr < g->holders[i].hi)
			return i;
	return NO_NODE;
}

/* The global that is the map and nothing else, NO_NODE if none is. Not looked for if the map is empty: a
 * global may be an array of very many. */
static uint32_t whole_global(const struct graph *g, const struct map *map)
{
	uint32_t holder = map->entries && graph_map_in(map) == NO_NODE
				  ? graph_holder_at(g, map->addr) : NO_NODE;

	return holder != NO_NODE && g->holders[holder].lo == map->addr &&
	       g->holders[holder].type == map->type ? holder : NO_NODE;
}

uint32_t graph_map_holder(const struct graph *g, const struct map *map)
{
	uint32_t node = graph_map_node(map);

	if (node == NO_NODE)
		return whole_global(g, map);
	return g->flags[node] & OBJECT_LIVE ? g->above[node] : NO_NODE;
}

uint64_t graph_map_retained(const struct graph *g, const struct map *map)
{
	uint32_t node = graph_map_node(map);
	uint64_t sum;

	if (node == NO_NODE) {
		uint32_t holder = whole_global(g, map);

		return holder == NO_NODE ? 0 : g->holders[holder].retained;
	}
	if (!(g->flags[node] & OBJECT_LIVE))
		return 0;
	sum = g->retained[node];
	for (unsigned i = 0; i < ARRAY_SIZE(map->beside) && map->object == NO_NODE; i++) {
		uint32_t beside = map->beside[i];

		if (beside != NO_NODE && beside != node && g->idom[beside] == g->idom[node])
			sum += g->retained[beside];
	}
	return sum;
}

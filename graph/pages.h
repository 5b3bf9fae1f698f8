/* The page index: from an address to the object there in a handful of loads, and from an object
 * back to its address. Only graph.c and builder.c see it. */
#ifndef GORETAIN_GRAPH_PAGES_H
#define GORETAIN_GRAPH_PAGES_H

#include "graph/base/error.h"
#include "graph/graph.h"

#define NO_EXTENT UINT32_MAX

/* 64 slots of an extent, and how many objects of the graph lie before them. */
struct slot_word {
	uint64_t bits;
	uint32_t first;
};

/* 64 MB of addresses that extents lie in: number + 1 of the region, 0 for an empty place. */
struct page_region {
	uint64_t key;
	uint32_t first_page; /* its part of `pages` */
};

struct page_index {
	struct page_region *regions; /* hash table, linear probing, never full */
	unsigned hash_shift;
	uint64_t hash_mask;
	uint32_t *pages;             /* of each 8 kB page: the first extent that touches it */
	struct slot_word *words;     /* like graph.bits, cut to the extents' slots */
	uint32_t *samples;           /* extent of every 64th object */
};

/* Index G's extents, which were checked; fills g->pages. Ids are counted from the bitmaps here:
 * sets first and count of each extent and n_objects. */
bool pages_build(struct graph *g, struct error *err);
void pages_free(struct page_index *p);

/* First extent that touches the page of ADDR, or NO_EXTENT. */
uint32_t pages_first_extent(const struct page_index *p, uint64_t addr);

/* Extent of object ID. */
uint32_t pages_extent_of(const struct graph *g, uint32_t id);

/* Set bits in X. Spelled out, since the plain x86-64 that we build for has no instruction for it
 * and the compiler's own function looks up a table. */
static inline unsigned pages_popcount(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(x * 0x0101010101010101u >> 56);
}

#endif

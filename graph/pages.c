#include "graph/pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"

#define PAGE_SHIFT 13
#define REGION_SHIFT 26
#define REGION_PAGES (1u << (REGION_SHIFT - PAGE_SHIFT))
#define MAX_REGIONS (1u << 18) /* 16 TB of heap */
#define MAX_OBJECTS ((1u << 31) - (1u << 24))
#define SAMPLE_SHIFT 6

static uint64_t extent_last(const struct extent *e)
{
	return e->base + e->stride * e->slots - 1;
}

static uint64_t hash(const struct page_index *p, uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u >> p->hash_shift;
}

/* The place of region KEY in the table, or the empty one where it would go. */
static struct page_region *region_place(const struct page_index *p, uint64_t key)
{
	uint64_t at = hash(p, key);

	while (p->regions[at].key && p->regions[at].key != key)
		at = (at + 1) & p->hash_mask;
	return &p->regions[at];
}

uint32_t pages_first_extent(const struct page_index *p, uint64_t addr)
{
	const struct page_region *region = region_place(p, (addr >> REGION_SHIFT) + 1);

	if (!region->key)
		return NO_EXTENT;
	return p->pages[region->first_page + (addr >> PAGE_SHIFT & (REGION_PAGES - 1))];
}

uint32_t pages_extent_of(const struct graph *g, uint32_t id)
{
	const struct page_index *p = g->pages;
	uint32_t lo = p->samples[id >> SAMPLE_SHIFT];
	uint32_t hi = p->samples[(id >> SAMPLE_SHIFT) + 1];

	/* The last extent that begins at or before ID: of several that begin there all but the last
	 * are empty. */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo + 1) / 2;

		if (g->extents[mid].first <= id)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* How many regions the extents touch. They are sorted, so that a region is new unless the extent
 * before ended in it. */
static uint64_t count_regions(const struct graph *g)
{
	uint64_t n = 0, last = UINT64_MAX;

	for (uint32_t i = 0; i < g->n_extents; i++) {
		uint64_t lo = g->extents[i].base >> REGION_SHIFT;
		uint64_t hi = extent_last(&g->extents[i]) >> REGION_SHIFT;

		n += hi - lo + (lo != last);
		last = hi;
	}
	return n;
}

static bool make_regions(struct graph *g, struct error *err)
{
	struct page_index *p = g->pages;
	uint64_t n = count_regions(g);
	unsigned log = 1;

	if (n > MAX_REGIONS)
		return fail(err, STATUS_REFUSED, "the heap is spread over too many addresses: %" PRIu64
			    " regions of 64 MB", n);
	while (1ull << log < 2 * n + 2)
		log++;
	p->hash_shift = 64 - log;
	p->hash_mask = (1ull << log) - 1;
	p->regions = array_zero(1ull << log, sizeof *p->regions, "the page index", err);
	if (!p->regions)
		return false;
	p->pages = array_ones(n * REGION_PAGES, sizeof *p->pages, "the page index", err);
	return p->pages != NULL;
}

/* Name extent NUMBER as the first on each of its pages that has none yet. */
static void fill_extent_pages(struct graph *g, uint32_t number, uint32_t *n_regions)
{
	struct page_index *p = g->pages;
	uint64_t page = g->extents[number].base >> PAGE_SHIFT;
	uint64_t last = extent_last(&g->extents[number]) >> PAGE_SHIFT;

	while (page <= last) {
		uint64_t region = page >> (REGION_SHIFT - PAGE_SHIFT);
		struct page_region *place = region_place(p, region + 1);
		uint64_t end = (region + 1) * REGION_PAGES;

		if (!place->key) {
			place->key = region + 1;
			place->first_page = (*n_regions)++ * REGION_PAGES;
		}
		for (; page <= last && page < end; page++) {
			uint32_t *entry = &p->pages[place->first_page + page % REGION_PAGES];

			if (*entry == NO_EXTENT)
				*entry = number;
		}
	}
}

static bool make_words(struct graph *g, struct error *err)
{
	struct page_index *p = g->pages;
	uint64_t n = 0, count = 0;

	for (uint32_t i = 0; i < g->n_extents; i++) {
		uint64_t end = g->extents[i].bits + ((uint64_t)g->extents[i].slots + 63) / 64;

		n = end > n ? end : n;
	}
	p->words = array_zero(n, sizeof *p->words, "the page index", err);
	if (!p->words)
		return false;
	for (uint32_t i = 0; i < g->n_extents; i++) {
		struct extent *e = &g->extents[i];
		uint64_t first = count;

		for (uint64_t slot = 0; slot < e->slots; slot += 64) {
			struct slot_word *word = &p->words[e->bits + slot / 64];

			word->bits = g->bits[e->bits + slot / 64];
			if (e->slots - slot < 64)
				word->bits &= (1ull << (e->slots - slot)) - 1;
			word->first = (uint32_t)count;
			count += pages_popcount(word->bits);
		}
		if (count > MAX_OBJECTS)
			return fail(err, STATUS_REFUSED, "more than %u objects are too many",
				    MAX_OBJECTS);
		e->first = (uint32_t)first;
		e->count = (uint32_t)(count - first);
	}
	g->n_objects = (uint32_t)count;
	return true;
}

static bool make_samples(struct graph *g, struct error *err)
{
	struct page_index *p = g->pages;
	uint32_t n = (g->n_objects >> SAMPLE_SHIFT) + 2;
	uint32_t at = 0;

	p->samples = array_new(n, sizeof *p->samples, "the page index", err);
	if (!p->samples)
		return false;
	for (uint32_t i = 0; i < g->n_extents; i++) {
		uint64_t end = (uint64_t)g->extents[i].first + g->extents[i].count;

		while (at < n && (uint64_t)at << SAMPLE_SHIFT < end)
			p->samples[at++] = i;
	}
	while (at < n)
		p->samples[at++] = g->n_extents ? g->n_extents - 1 : 0;
	return true;
}

bool pages_build(struct graph *g, struct error *err)
{
	uint32_t n_regions = 0;

	g->pages = calloc(1, sizeof *g->pages);
	if (!g->pages)
		return fail_memory(err, "the page index");
	if (!make_regions(g, err) || !make_words(g, err) || !make_samples(g, err))
		return false;
	for (uint32_t i = 0; i < g->n_extents; i++)
		fill_extent_pages(g, i, &n_regions);
	return true;
}

void pages_free(struct page_index *p)
{
	if (!p)
		return;
	free(p->regions);
	free(p->pages);
	free(p->words);
	free(p->samples);
	free(p);
}

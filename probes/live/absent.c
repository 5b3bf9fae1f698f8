#include "probes/live/absent.h"

#include <sys/mman.h>

#include "probes/proc/mappings.h"

#define MOST_RUNS 24000u /* of the 65,530 mappings of vm.max_map_count */

static unsigned class_of(uint64_t n)
{
	unsigned class = 63 - (unsigned)__builtin_clzll(n);

	return class < ABSENT_CLASSES ? class : ABSENT_CLASSES - 1;
}

void absent_add(struct absent_runs *runs, uint64_t n)
{
	runs->runs[class_of(n)]++;
	runs->pages[class_of(n)] += n;
}

/* The first class all of whose runs, and all longer ones, can be covered. */
static unsigned first_covered(const struct absent_runs *runs)
{
	unsigned class = ABSENT_CLASSES;
	uint64_t n = 0;

	while (class && (n += runs->runs[class - 1]) <= MOST_RUNS)
		class--;
	return class;
}

uint64_t absent_scattered(const struct absent_runs *runs)
{
	unsigned class = first_covered(runs);
	uint64_t pages = 0;

	while (class)
		pages += runs->pages[--class];
	return pages;
}

/* The first page from FIRST on, before END, that is absent or not, as asked for; END if there is none. */
static uint64_t next_page(const struct image *image, uint64_t first, uint64_t end, bool absent)
{
	while (first < end && (image->state[first] == PAGE_ZERO) != absent)
		first++;
	return first;
}

typedef void (*run_fn)(struct image *image, void *ctx, uint64_t first, uint64_t n);

/* Each run of absent pages, range by range. */
static void each_run(struct image *image, run_fn fn, void *ctx)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t at = r->offset / IMAGE_PAGE, end = at + (r->hi - r->lo) / IMAGE_PAGE;

		while (range_is_private(r) && (at = next_page(image, at, end, true)) < end) {
			uint64_t first = at;

			at = next_page(image, at, end, false);
			fn(image, ctx, first, at - first);
		}
	}
}

static void count_run(struct image *image, void *ctx, uint64_t first, uint64_t n)
{
	absent_add(ctx, n);
}

static void cover_run(struct image *image, void *ctx, uint64_t first, uint64_t n)
{
	const unsigned *least = ctx;

	if (class_of(n) >= *least)
		mmap(image->memory + first * IMAGE_PAGE, n * IMAGE_PAGE, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void absent_cover(struct image *image)
{
	struct absent_runs runs = {0};
	unsigned least;

	each_run(image, count_run, &runs);
	least = first_covered(&runs);
	each_run(image, cover_run, &least);
}

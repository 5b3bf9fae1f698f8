/* Fuzzes what goretain makes of a target's bytes: words of a good image are changed, where the runtime
 * keeps what is read, before goretain has seen any of it or between its preparation and the stop.
 *
 *   fuzz-payload SNAPSHOT SEED FIRST COUNT SECONDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore.h"
#include "graph/base/cleanup.h"
#include "harness.h"
#include "probes/image/snapfile.h"

#define MAX_AREAS 4096
#define MOST_CHANGES 64

/* Addresses that belong together: each kind gets its share of changes, however small it is. */
struct area { unsigned kind; uint64_t lo, hi; };

enum kind { ANYWHERE, MODULES, CODE_TABLES, TYPES, READ_ONLY, GLOBALS, RUNTIME, SPANS, OBJECTS, MAPS,
	    TASKS, STACKS, CODE, KINDS };

struct seed {
	struct image *image;
	struct heap *prepared;       /* of the image */
	struct graph *graph;         /* of the same snapshot, for what lies where */
	struct area areas[MAX_AREAS];
	unsigned n, first[KINDS + 1];
};

static struct image *open_snapshot(const char *path, struct error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : snapfile_read(fd, NULL, err);
}

static void add(struct seed *s, enum kind kind, uint64_t lo, uint64_t hi)
{
	if (s->n < MAX_AREAS && lo && hi > lo)
		s->areas[s->n++] = (struct area){ kind, lo, hi };
}

static void add_modules(struct seed *s, const struct go *go)
{
	for (uint32_t i = 0; i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];

		add(s, MODULES, m->addr, m->addr + 600);
		add(s, CODE_TABLES, m->pclntab, m->pclntab + 128);
		add(s, CODE_TABLES, m->funcnametab, m->funcnametab + m->funcnametab_len);
		add(s, CODE_TABLES, m->ftab, m->ftab + m->n_ftab * 8);
		add(s, CODE_TABLES, m->pctab, m->pctab + m->pctab_len);
		add(s, CODE_TABLES, m->pclntable, m->pclntable + m->pclntable_len);
		add(s, TYPES, m->types, m->etypes);
		add(s, READ_ONLY, m->rodata, m->types);
		add(s, READ_ONLY, m->gofunc, m->gofunc + 65536);
		add(s, READ_ONLY, m->typelinks, m->typelinks + 4 * m->n_typelinks);
		add(s, GLOBALS, m->noptrdata, m->edata);
		add(s, GLOBALS, m->bss, m->enoptrbss);
		add(s, CODE, m->text, m->etext);
	}
}

static void add_runtime(struct seed *s, struct heap *heap)
{
	const uint64_t words[] = { heap->go.allgs, heap->go.allm, heap->go.allp,
				   heap->go.cleanup_queue, heap->go.heap_stats };

	add(s, RUNTIME, heap->go.mheap, heap->go.mheap + 256);
	add(s, RUNTIME, heap->go.mheap + 65536, heap->go.mheap + 66560);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		add(s, RUNTIME, words[i], words[i] + 24);
	for (uint32_t i = 0; i < heap->spans.n_arenas; i++)
		add(s, RUNTIME, heap->spans.arenas[2 * i + 1], heap->spans.arenas[2 * i + 1] + 4096);
	for (uint32_t i = 0; i < heap->spans.n && i < 500; i++) {
		const struct go_span *span = &heap->spans.items[i];

		add(s, SPANS, span->addr, span->addr + 168);
		add(s, SPANS, span->specials, span->specials + 64);
		add(s, OBJECTS, span->base, span->base + span->bytes);
	}
	for (uint32_t i = 0; i < heap->goroutines.n && i < 300; i++) {
		const struct goroutine *g = &heap->goroutines.items[i];

		add(s, TASKS, g->addr, g->addr + 440);
		add(s, TASKS, g->m, g->m + 400);
		add(s, TASKS, g->waits_on, g->waits_on + 96);
		add(s, STACKS, g->sp ? g->sp : g->stack_lo, g->stack_hi);
	}
}

static int by_kind(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	return (x->kind > y->kind) - (x->kind < y->kind);
}

static void find_areas(struct seed *s)
{
	struct heap *heap = s->graph->producer;
	unsigned at = 0;

	for (uint32_t i = 0; i < s->image->n_ranges; i++)
		add(s, ANYWHERE, s->image->ranges[i].lo, s->image->ranges[i].hi);
	add_modules(s, &heap->go);
	add_runtime(s, heap);
	for (uint32_t i = 0; i < s->graph->n_maps && i < 200; i++)
		add(s, MAPS, s->graph->maps[i].addr, s->graph->maps[i].addr + 48);
	qsort(s->areas, s->n, sizeof *s->areas, by_kind);
	for (unsigned kind = 0; kind <= KINDS; kind++) {
		while (at < s->n && s->areas[at].kind < kind)
			at++;
		s->first[kind] = at;
	}
}

/* An address in an area of KIND, 0 if there is none. */
static uint64_t pick(const struct seed *s, struct random *r, unsigned kind)
{
	unsigned n = s->first[kind + 1] - s->first[kind];
	const struct area *a = &s->areas[s->first[kind] + random_below(r, n)];
	uint64_t addr = n ? a->lo + random_below(r, a->hi - a->lo) : 0;

	return random_below(r, 16) ? addr & ~7ull : addr;
}

/* What to write: a pointer to something of the wrong kind is the most interesting. */
static uint64_t pick_value(const struct seed *s, struct random *r, uint64_t addr)
{
	switch (random_below(r, 8)) {
	case 0: return addr;
	case 1: return addr - 8 * random_below(r, 64);
	case 2: return s->image->ranges[random_below(r, s->image->n_ranges)].hi - random_below(r, 17);
	case 3: return image_u64(s->image, pick(s, r, (unsigned)random_below(r, KINDS)));
	default: return pick(s, r, (unsigned)random_below(r, KINDS));
	}
}

static void change_pages(struct image *image, struct random *r, uint64_t addr)
{
	const struct image_range *range = image_range(image, addr);
	uint64_t page = range ? (range->offset + (addr - range->lo)) / IMAGE_PAGE : 0;

	if (range)
		image->state[page] = random_below(r, 2) ? PAGE_HOLE : PAGE_ZERO;
}

static void change(const struct seed *s, struct image *image, struct random *r)
{
	uint64_t addr = pick(s, r, (unsigned)random_below(r, KINDS)), value;
	uint8_t *bytes = (uint8_t *)(uintptr_t)image_at(image, addr, 8);

	if (!bytes)
		return;
	if (!random_below(r, 32)) {
		change_pages(image, r, addr);
	} else if (random_below(r, 2)) {
		value = pick_value(s, r, addr);
		memcpy(bytes, &value, 8);
	} else {
		mutate_bytes(r, bytes, 8);
	}
}

static void change_some(const struct seed *s, struct random *r)
{
	uint64_t n = 1 + random_below(r, 1 + random_below(r, MOST_CHANGES));

	while (n--)
		change(s, s->image, r);
}

static bool read_before(struct seed *s, struct random *r)
{
	struct error err = {0};
	struct heap *heap = heap_prepare(s->image, NULL, &err);

	if (!heap)
		return false;
	heap->image = s->image;
	return explore(heap, r);
}

static bool read_in_stop(struct seed *s, struct random *r)
{
	s->prepared->image = s->image;
	return explore(s->prepared, r);
}

static bool case_before(void *arg, uint64_t number, struct random *r)
{
	change_some(arg, r);
	return read_before(arg, r);
}

static bool case_in_stop(void *arg, uint64_t number, struct random *r)
{
	change_some(arg, r);
	return read_in_stop(arg, r);
}

/* ---- bombs: all words of a kind of memory lead into themselves, to one place, or nowhere ---- */

enum fill { FILL_SELF, FILL_FIRST, FILL_NEXT, FILL_BEFORE, FILL_ONES, FILL_LARGE, FILL_CODE, FILL_OBJECT,
	    FILLS };

static uint64_t fill_value(const struct seed *s, const struct area *a, uint64_t addr, enum fill fill)
{
	const struct heap *heap = s->graph->producer;

	switch (fill) {
	case FILL_SELF: return addr;
	case FILL_FIRST: return a->lo;
	case FILL_NEXT: return addr + 64;
	case FILL_BEFORE: return addr - 64;
	case FILL_ONES: return UINT64_MAX;
	case FILL_LARGE: return 1ull << 28;
	case FILL_CODE: return heap->go.modules[0].text + 64;
	default: return heap->spans.items[0].base;
	}
}

/* POINTERS: only words that may be one are changed, so that counts and flags stay. */
static void fill_area(const struct seed *s, const struct area *a, enum fill fill, bool pointers)
{
	for (uint64_t addr = a->lo & ~7ull; addr + 8 <= a->hi; addr += 8) {
		uint8_t *bytes = (uint8_t *)(uintptr_t)image_at(s->image, addr, 8);
		uint64_t value = fill_value(s, a, addr, fill);

		if (bytes && (!pointers || image_u64(s->image, addr) >> 16))
			memcpy(bytes, &value, 8);
	}
}

static void make_bomb(const struct seed *s, uint64_t number)
{
	unsigned kind = (unsigned)(number % KINDS); /* number: of any size */
	enum fill fill = (enum fill)(number / KINDS % FILLS);

	for (unsigned i = s->first[kind]; i < s->first[kind + 1]; i++)
		fill_area(s, &s->areas[i], fill, number / KINDS / FILLS % 2);
}

#define BOMBS (KINDS * FILLS * 2ull)

static bool bomb_before(void *arg, uint64_t number, struct random *r)
{
	make_bomb(arg, number);
	return read_before(arg, r);
}

static bool bomb_in_stop(void *arg, uint64_t number, struct random *r)
{
	make_bomb(arg, number);
	return read_in_stop(arg, r);
}

static bool load(struct seed *s, const char *path, struct error *err)
{
	struct image *again = open_snapshot(path, err);
	struct heap *heap = again ? heap_prepare(again, NULL, err) : NULL;
	struct graph *_Atomic graph = NULL;

	s->image = open_snapshot(path, err);
	if (!heap || !s->image || !(s->prepared = heap_prepare(s->image, NULL, err)))
		return false;
	heap->image = again;
	if (!heap_build(heap, &graph, NULL, err) || !graph_mark(graph, NULL, err))
		return false;
	s->graph = graph;
	find_areas(s);
	return true;
}

int main(int argc, char **argv)
{
	static struct seed seed;
	struct error err = {0};
	struct fuzz_run run = { .case_seconds = 8, .case_bytes = 400u << 20 };
	bool ok;

	if (!fuzz_arguments(&run, argc, argv, "SNAPSHOT"))
		return 2;
	run.seconds /= 4;
	if (!load(&seed, argv[1], &err)) {
		printf("Bail out! %s: %s\n", argv[1], err.message);
		return 1;
	}
	run.name = "words changed before all";
	ok = fuzz_run(&run, case_before, &seed);
	run.name = "words changed by the time of the stop";
	ok = fuzz_run(&run, case_in_stop, &seed) && ok;
	/* In a short run, a part of them: which, changes with the seed. */
	run.first = run.count ? run.seed * run.count % BOMBS : 0;
	run.count = run.count && run.count < BOMBS ? run.count : BOMBS;
	run.name = "memory that leads into itself, before all";
	ok = fuzz_run(&run, bomb_before, &seed) && ok;
	run.name = "memory that leads into itself, by the time of the stop";
	return fuzz_run(&run, bomb_in_stop, &seed) && ok ? 0 : 1;
}

/* The Go runtime's own memory: what it took from the system for anything but heap and stacks.
 *
 * What its lists and pointers name is claimed stretch by stretch. Of what is left of anonymous memory
 * then, the runtime can have as much as its own counters say beyond that: stretches are given to it as
 * long as they fit, small ones first. (Go 1.26 runtime/malloc.go, persistentalloc and sysAlloc; mheap.go;
 * mpagealloc.go; mprof.go.) */
#include <stdlib.h>

#include "graph/base/grow.h"
#include "probes/go/resident/private.h"

#define CHUNK (256u << 10)            /* persistentChunkSize */
#define L2_BYTES (8ull << 22)         /* of the table of arenas */
#define SUMMARY_LEVELS 5
#define CHUNK_TABLES (1u << 13)       /* of pallocData */
#define CHUNK_TABLE_BYTES (128ull << 13)
#define MOST_PROFILE (16u << 20)      /* its table has a fixed size, of 1.4 MB so far */
#define ENOUGH 64u                    /* words of it that are right */
#define MOST_TRIES 1000u
#define BITS_BLOCK (64u << 10)        /* gcBitsChunkBytes */

static const char arenas_table[] = "table of arenas";

static void claim(struct residence *r, uint64_t lo, uint64_t bytes, const char *detail)
{
	uint64_t page = IMAGE_PAGE - 1;

	if (lo >> arch_address_bits || bytes >> arch_address_bits)
		return;
	residence_claim(r, lo & ~page, (lo + bytes + page) & ~page, PART_RUNTIME, detail);
}

/* ---- chunks of small permanent things: each begins with the address of the one before ---- */

static bool is_chunk(const struct residence *r, uint64_t addr)
{
	const struct image_range *range = image_range(r->heap->image, addr);

	return range && addr % IMAGE_PAGE == 0 && range->file == NO_FILE &&
	       range->flags & RANGE_WRITE && range->hi - addr >= CHUNK;
}

/* Chunks from AT on; 0 if it is no such list. */
static uint64_t chain_length(const struct residence *r, uint64_t at)
{
	uint64_t n = 0, most = r->heap->image->memory_size / CHUNK;

	for (; at; at = image_u64(r->heap->image, at))
		if (!is_chunk(r, at) || ++n > most)
			return 0;
	return n;
}

static bool chain_has(const struct residence *r, uint64_t at, uint64_t addr)
{
	for (; at; at = image_u64(r->heap->image, at))
		if (addr >= at && addr < at + CHUNK)
			return true;
	return false;
}

static const struct go_module *runtimes_module(const struct go *go)
{
	for (uint32_t i = 0; i < go->n_modules; i++)
		if (go_module_has_variable(&go->modules[i], go->mheap))
			return &go->modules[i];
	return NULL;
}

/* Whatever stands in the memory of a stranger, so many words are looked into and no more. */
static bool may_try(unsigned *tries)
{
	return ++*tries <= MOST_TRIES;
}

/* The longest list that a variable in [LO, HI) begins and that spans' records lie in. */
static void search_chain(const struct residence *r, uint64_t lo, uint64_t hi, uint64_t *head,
			 uint64_t *longest)
{
	const struct go_spans *spans = &r->heap->spans;
	const uint8_t *bytes;
	uint64_t n = lo < hi ? image_run(r->heap->image, lo, hi - lo, &bytes) : 0;
	unsigned tries = 0;

	for (uint64_t i = 0; i + 8 <= n; i += 8) {
		uint64_t word = image_word(bytes + i), length;

		if (!word || word % IMAGE_PAGE || !is_chunk(r, word) || !may_try(&tries))
			continue;
		length = chain_length(r, word);
		if (length > *longest && spans->n && chain_has(r, word, spans->items[0].addr)) {
			*longest = length;
			*head = word;
		}
	}
}

static uint64_t claim_chunks(struct residence *r)
{
	const struct go_module *m = runtimes_module(&r->heap->go);
	uint64_t head = 0, longest = 0;

	if (!m)
		return 0;
	search_chain(r, m->bss, m->ebss, &head, &longest);
	search_chain(r, m->noptrbss, m->enoptrbss, &head, &longest);
	for (uint64_t at = head; at; at = image_u64(r->heap->image, at))
		claim(r, at, CHUNK, "records");
	return head;
}

/* ---- tables ---- */

/* The slice at ADDR with items of SIZE bytes. */
static void claim_slice(struct residence *r, uint64_t addr, uint64_t size, const char *detail)
{
	uint64_t slice[3];

	if (image_read(r->heap->image, addr, slice, sizeof slice) && slice[2] < 1ull << 40)
		claim(r, slice[0], slice[2] * size, detail);
}

static void claim_page_tables(struct residence *r)
{
	const struct go *go = &r->heap->go;
	uint64_t summary = go->mheap + (uint64_t)go->layout.mheap_pages_summary;
	uint64_t chunks = go->mheap + (uint64_t)go->layout.mheap_pages_chunks;

	for (unsigned i = 0; i < SUMMARY_LEVELS; i++)
		claim_slice(r, summary + 24 * i, 8, "tables of pages");
	for (uint32_t i = 0; i < CHUNK_TABLES; i++) {
		uint64_t table = image_u64(go->image, chunks + 8 * i);

		if (table)
			claim(r, table, CHUNK_TABLE_BYTES, "tables of pages");
	}
}

static void claim_arenas(struct residence *r)
{
	const struct go *go = &r->heap->go;
	uint32_t n = r->n_claims;

	for (uint32_t i = 0; i < n; i++)
		if (r->claims[i].part == PART_HEAP)
			claim(r, residence_arena(r, r->claims[i].lo),
			      (uint64_t)go->layout.heap_arena_size, "records of arenas");
}

/* ---- marks: blocks that begin with how much of them is used and the next block ---- */

static bool is_bits_block(const struct residence *r, uint64_t addr)
{
	const struct image_range *range = image_range(r->heap->image, addr);

	return range && addr % IMAGE_PAGE == 0 && range->file == NO_FILE &&
	       range->hi - addr >= BITS_BLOCK && image_u64(r->heap->image, addr) <= BITS_BLOCK;
}

/* Walk the list that begins at AT. False if it is none; *HAS if the bits at ADDR lie in it. */
static bool walk_bits(struct residence *r, uint64_t at, uint64_t addr, bool *has, bool is_it)
{
	uint64_t n = 0, most = r->heap->image->memory_size / BITS_BLOCK;

	for (; at; at = image_u64(r->heap->image, at + 8)) {
		if (!is_bits_block(r, at) || ++n > most)
			return false;
		*has |= addr >= at && addr < at + BITS_BLOCK;
		if (is_it)
			claim(r, at, BITS_BLOCK, "marks");
	}
	return true;
}

/* Are the four words at BYTES the heads of the lists of free blocks, of those for the next collection, of
 * those in use, and of those that were (runtime.gcBitsArenas)? */
static bool try_bits(struct residence *r, const uint8_t *bytes, uint64_t addr, unsigned *tries)
{
	bool has = false;

	if (!image_word(bytes + 16) || !is_bits_block(r, image_word(bytes + 16)) || !may_try(tries))
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (!walk_bits(r, image_word(bytes + 8 * i), addr, &has, false))
			return false;
	for (unsigned i = 0; has && i < 4; i++)
		walk_bits(r, image_word(bytes + 8 * i), addr, &has, true);
	return has;
}

static void claim_bits(struct residence *r)
{
	const struct go *go = &r->heap->go;
	const struct go_spans *spans = &r->heap->spans;
	const struct go_module *m = runtimes_module(go);
	uint64_t bits = spans->n ? image_u64(go->image, spans->items[0].addr +
					     (uint64_t)go->layout.mspan_alloc_bits) : 0;
	const uint8_t *bytes;
	uint64_t n = m && bits ? image_run(go->image, m->bss, m->enoptrbss - m->bss, &bytes) : 0;
	unsigned tries = 0;

	for (uint64_t i = 0; i + 32 <= n; i += 8)
		if (try_bits(r, bytes + i, bits, &tries))
			return;
}

/* ---- the counters ---- */

static uint64_t counter(const struct go *go, int32_t offset)
{
	return image_u64(go->image, go->heap_stats - (uint64_t)go->layout.mstats_heap_stats +
			 (uint64_t)offset);
}

/* What the runtime says that it took from the system, MemStats' XSys without heap; 0 if not known. */
static uint64_t bytes_taken(const struct go *go)
{
	const struct layout *l = &go->layout;

	if (!go->heap_stats)
		return 0;
	return counter(go, l->mstats_stacks_sys) + counter(go, l->mstats_mspan_sys) +
	       counter(go, l->mstats_mcache_sys) + counter(go, l->mstats_buckhash_sys) +
	       counter(go, l->mstats_gc_misc_sys) + counter(go, l->mstats_other_sys);
}

/* The table in which profiled places of allocation are found: it is of the size that the counter says,
 * and all that is in it lies in the chunks. */
static bool is_profile_table(const struct residence *r, uint64_t at, uint64_t size, uint64_t chunks)
{
	const struct image_range *range = image_range(r->heap->image, at);
	unsigned found = 0;

	if (at % IMAGE_PAGE || !range || range->file != NO_FILE || range->hi - at < size)
		return false;
	for (uint64_t i = 0; i + 8 <= size && found < ENOUGH; i += 8) {
		uint64_t word;

		if (i % IMAGE_PAGE == 0 && !image_resident(r->heap->image, at + i, at + i + 1)) {
			i += IMAGE_PAGE - 8;
			continue;
		}
		word = image_u64(r->heap->image, at + i);
		if (word && !chain_has(r, chunks, word))
			return false;
		found += word != 0;
	}
	return found;
}

static void claim_profile_table(struct residence *r, uint64_t chunks)
{
	const struct go *go = &r->heap->go;
	const struct go_module *m = runtimes_module(go);
	uint64_t size = go->heap_stats ? counter(go, go->layout.mstats_buckhash_sys) : 0, n;
	const uint8_t *bytes;
	unsigned tries = 0;

	if (!m || !chunks || !size || size > MOST_PROFILE)
		return;
	n = image_run(go->image, m->bss, m->enoptrbss - m->bss, &bytes);
	for (uint64_t i = 0; i + 8 <= n; i += 8) {
		uint64_t word = image_word(bytes + i);

		if (word && word % IMAGE_PAGE == 0 && is_chunk(r, word) && may_try(&tries) &&
		    is_profile_table(r, word, size, chunks)) {
			claim(r, word, size, "table of the profile");
			return;
		}
	}
}

/* ---- what is left ---- */

struct gaps { struct claim *items; uint32_t n, capacity; uint64_t claimed; };

static void sort_out(struct residence *r, const struct claim *piece, void *arg)
{
	struct gaps *gaps = arg;
	struct claim *gap;

	/* The table of arenas is in no counter. */
	if (piece->part == PART_RUNTIME && piece->detail != arenas_table)
		gaps->claimed += piece->hi - piece->lo;
	if (piece->part != N_PARTS || !image_resident(r->heap->image, piece->lo, piece->hi))
		return;
	gap = GROW(gaps->items, gaps->n, gaps->capacity);
	if (gap)
		gaps->items[gaps->n++] = *piece;
	else
		r->failed = true;
}

static int by_size(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	uint64_t left = x->hi - x->lo, right = y->hi - y->lo;

	return left != right ? left < right ? -1 : 1 : x->lo < y->lo ? -1 : x->lo > y->lo;
}

void residence_rest(struct residence *r)
{
	struct gaps gaps = { 0 };
	uint64_t taken = bytes_taken(&r->heap->go), left;

	residence_walk(r, sort_out, &gaps);
	left = taken > gaps.claimed ? taken - gaps.claimed : 0;
	if (gaps.n)
		qsort(gaps.items, gaps.n, sizeof *gaps.items, by_size);
	for (uint32_t i = 0; i < gaps.n; i++) {
		uint64_t bytes = gaps.items[i].hi - gaps.items[i].lo;

		if (bytes > left)
			break;
		left -= bytes;
		claim(r, gaps.items[i].lo, bytes, "not told apart");
	}
	free(gaps.items);
}

void residence_runtime(struct residence *r)
{
	const struct go *go = &r->heap->go;
	uint64_t chunks = claim_chunks(r);

	claim_slice(r, go->mheap + (uint64_t)go->layout.mheap_allspans, 8, "list of spans");
	claim_page_tables(r);
	claim_arenas(r);
	claim_bits(r);
	claim_profile_table(r, chunks);
	claim(r, image_u64(go->image, go->mheap + (uint64_t)go->layout.mheap_arenas), L2_BYTES,
	      arenas_table);
}

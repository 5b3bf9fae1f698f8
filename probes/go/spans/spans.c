#include "probes/go/spans/spans.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/base/sorted.h"
#include "graph/builder.h"
#include "probes/go/find/find.h"
#include "probes/go/layout/abi.h"

#define IN_USE 1
#define MAX_CLASS_PAGES 64u /* of a span of small slots; 10 so far (runtime/sizeclasses.go) */
#define MAX_SPANS (1u << 27)
#define MARKS_FROM_END 64   /* Green Tea: the last 128 bytes of a small span are */
#define MARKS_BYTES 63      /* scans[63], owned, marks[63], class */
#define MARKS_MIN_SLOT 16

/* runtime/sizeclasses.go, the same from 1.18 to 1.27. */
static const uint16_t class_sizes[GO_CLASSES] = {
	0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320,
	352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
	2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
	10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672,
	32768,
};

uint64_t spans_class_size(uint64_t size)
{
	uint32_t lo = 1, hi = GO_CLASSES - 1;

	if (size > class_sizes[hi])
		return (size + GO_PAGE - 1) / GO_PAGE * GO_PAGE;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (class_sizes[mid] < size)
			lo = mid + 1;
		else
			hi = mid;
	}
	return class_sizes[lo];
}

/* An mspan's fields as they are needed, and its two bitmaps in the image. */
struct raw_span {
	struct go_span span;
	uint64_t freeindex, scan_index; /* the latter follows once an object is whole */
	uint32_t sweepgen;
	const uint8_t *alloc_bits, *mark_bits;
};

static bool bit(const uint8_t *bits, uint32_t i)
{
	return bits && bits[i / 8] >> (i % 8) & 1;
}

static uint64_t span_field(const uint8_t *mspan, int32_t offset, unsigned size)
{
	uint64_t value = 0;

	if (offset >= 0)
		memcpy(&value, mspan + offset, size);
	return value;
}

/* Bytes of bitmap for N slots; the runtime's bitmaps are multiples of eight bytes. */
static uint64_t bitmap_bytes(uint64_t n)
{
	return (n + 7) / 8;
}

static const uint8_t *inline_marks(struct go *go, const struct go_span *s)
{
	if (!go->layout.inline_marks || s->elemsize < MARKS_MIN_SLOT || s->elemsize > HEADER_LIMIT ||
	    s->present < s->bytes || bitmap_bytes(s->nelems) > MARKS_BYTES)
		return NULL;
	return s->data + s->bytes - MARKS_FROM_END;
}

/* Does what the mspan says fit together? A torn or dead one does not. */
static bool plausible(const struct go_span *s, uint64_t npages)
{
	if (!s->base || s->base % GO_PAGE || s->base >> arch_address_bits || !npages || npages >> 30 ||
	    !s->elemsize || s->elemsize % 8 || s->elemsize > s->bytes)
		return false;
	if (s->user_arena) /* from 1.22 on its own bitmap is behind; freed, it has no memory any more */
		return s->nelems == 1 && !s->class && !s->noscan;
	if (!s->class)
		return s->nelems == 1 && s->elemsize == s->bytes;
	return s->class < GO_CLASSES && npages <= MAX_CLASS_PAGES && s->nelems && s->nelems <= s->bytes / s->elemsize;
}

/* The mspan at ADDR, its fields read into OUT; NULL if it is not in use. */
static const uint8_t *peek(struct go *go, uint64_t addr, struct go_span *out)
{
	const struct layout *l = &go->layout;
	const uint8_t *mspan = image_at(go->image, addr, (uint64_t)l->mspan_size);
	uint64_t npages;
	uint8_t class;

	if (!mspan || mspan[l->mspan_state] != IN_USE)
		return NULL;
	npages = span_field(mspan, l->mspan_npages, 8);
	class = mspan[l->mspan_spanclass];
	*out = (struct go_span){
		.addr = addr, .base = span_field(mspan, l->mspan_start_addr, 8),
		.bytes = npages * GO_PAGE, .elemsize = span_field(mspan, l->mspan_elemsize, 8),
		.nelems = (uint32_t)span_field(mspan, l->mspan_nelems, l->span_index_size),
		.allocated = (uint32_t)span_field(mspan, l->mspan_alloc_count, 2),
		.class = class >> 1, .noscan = class & 1,
		.user_arena = span_field(mspan, l->mspan_is_user_arena_chunk, 1),
		.large_type = span_field(mspan, l->mspan_large_type, 8),
		.specials = span_field(mspan, l->mspan_specials, 8),
	};
	return plausible(out, npages) ? mspan : NULL;
}

bool spans_peek(struct go *go, uint64_t addr, struct go_span *out)
{
	return peek(go, addr, out) && out->allocated <= out->nelems;
}

static bool read_span(struct go *go, uint64_t addr, struct raw_span *out)
{
	const struct layout *l = &go->layout;
	struct go_span *s = &out->span;
	const uint8_t *mspan = peek(go, addr, s);

	if (!mspan || find_span(go, s->base) != addr)
		return false;
	s->present = image_run(go->image, s->base, s->bytes, &s->data);
	out->freeindex = span_field(mspan, l->mspan_freeindex, l->span_index_size);
	out->scan_index = span_field(mspan, l->mspan_free_index_for_scan, l->span_index_size);
	out->sweepgen = (uint32_t)span_field(mspan, l->mspan_sweepgen, 4);
	out->alloc_bits = image_at(go->image, span_field(mspan, l->mspan_alloc_bits, 8),
				   bitmap_bytes(s->nelems));
	out->mark_bits = image_at(go->image, span_field(mspan, l->mspan_gcmark_bits, 8),
				  bitmap_bytes(s->nelems));
	return true;
}

/* A large object that is just being allocated, or freed: its span is in use but has nothing in it. It
 * is counted while that lasts (mcache.allocLarge, sweepLocked.sweep). */
static bool large_in_flight(const struct raw_span *raw)
{
	return !raw->span.class && !raw->span.user_arena && !raw->freeindex &&
	       !bit(raw->alloc_bits, 0) && !bit(raw->mark_bits, 0);
}

/* What a span's generation says of it, beside that of the heap (mheap.sweepgen): to be swept, or taken
 * by a processor before it was. */
static bool unswept(uint32_t span, uint32_t heap)
{
	return span == heap - 2 || span == heap + 1;
}

static bool being_swept(uint32_t span, uint32_t heap)
{
	return span == heap - 1;
}

/* Held by a processor to allocate from. */
static bool cached(uint32_t span, uint32_t heap)
{
	return span == heap + 1 || span == heap + 3;
}

/* The slot that is handed out but whose object may not be whole: each span has one at most, the last
 * one, since one processor at a time allocates from it. Newer runtimes do not tell while
 * they mark; but then what is whole is marked (mallocgc and its kin in runtime/malloc.go). */
static uint32_t slot_in_flight(struct go *go, const struct raw_span *raw, const uint8_t *marks)
{
	uint32_t slot = (uint32_t)raw->freeindex - 1;

	if (large_in_flight(raw))
		return 0;
	if (!go->layout.scan_index || !raw->freeindex ||
	    raw->freeindex > raw->span.nelems || raw->scan_index > slot ||
	    bit(raw->alloc_bits, slot))
		return NO_SLOT;
	if (go->layout.marked_is_whole && (bit(raw->mark_bits, slot) || bit(marks, slot)))
		return NO_SLOT;
	return slot;
}

/* A processor takes a slot by moving freeindex behind it and then counting it. Between the two nobody
 * has its address yet: it is not allocated. */
static void drop_uncounted(const struct raw_span *raw, uint32_t sweepgen, uint64_t *allocated)
{
	uint64_t slot = raw->freeindex - 1, n = 0;

	if (!cached(raw->sweepgen, sweepgen) || !raw->freeindex || slot >= raw->span.nelems ||
	    bit(raw->alloc_bits, (uint32_t)slot))
		return;
	for (uint32_t w = 0; w < (raw->span.nelems + 63) / 64; w++)
		n += (uint64_t)__builtin_popcountll(allocated[w]);
	if (n == raw->span.allocated + 1ull)
		allocated[slot / 64] &= ~(1ull << (slot % 64));
}

/* Allocated: below freeindex, or kept by the last sweep. Survived: in a span that is not swept yet
 * its mark says so, else allocBits. A sweep clears freeindex, lets the marks become allocBits and takes
 * new marks, in this order: of a span caught in it, what either bitmap has is allocated, and the marks
 * tell survivors while freeindex is there or any are left. */
static void fill_bitmaps(struct go *go, const struct raw_span *raw, uint32_t sweepgen,
			 uint64_t *allocated, uint64_t *survived)
{
	const uint8_t *marks = inline_marks(go, &raw->span);
	bool sweeping = being_swept(raw->sweepgen, sweepgen), any_mark = false;
	bool by_mark = unswept(raw->sweepgen, sweepgen) || (sweeping && raw->freeindex);
	bool in_flight = large_in_flight(raw);
	uint32_t n = raw->span.nelems;

	for (uint32_t i = 0; sweeping && i < n && !any_mark; i++)
		any_mark = bit(raw->mark_bits, i) || bit(marks, i);
	for (uint32_t i = 0; i < n; i++) {
		bool kept = bit(raw->alloc_bits, i);
		bool marked = (by_mark || any_mark) && (bit(raw->mark_bits, i) || bit(marks, i));
		uint64_t one = 1ull << (i % 64);

		if (i < raw->freeindex || kept || (sweeping && marked) || in_flight)
			allocated[i / 64] |= one;
		if (by_mark || any_mark ? marked : kept)
			survived[i / 64] |= one;
	}
	drop_uncounted(raw, sweepgen, allocated);
	for (uint32_t w = 0; w < (n + 63) / 64; w++)
		survived[w] &= allocated[w];
}

static int by_base(const void *a, const void *b)
{
	uint64_t x = ((const struct raw_span *)a)->span.base;
	uint64_t y = ((const struct raw_span *)b)->span.base;

	return (x > y) - (x < y);
}

/* All mspans in use, sorted by address, without those that overlap the one before. */
static struct raw_span *read_raw(struct go *go, uint32_t *n, struct progress *progress,
				 struct error *err)
{
	uint64_t list = go->mheap + (uint64_t)go->layout.mheap_allspans;
	uint64_t at = image_u64(go->image, list), total = image_u64(go->image, list + 8);
	const uint64_t *addrs = total < MAX_SPANS ? image_at(go->image, at, total * 8) : NULL;
	struct raw_span *raw;
	uint32_t found = 0, kept = 0;

	*n = 0;
	if (!addrs) {
		fail(err, STATUS_UNSUPPORTED, "the heap's list of spans cannot be read");
		return NULL;
	}
	raw = malloc((total + 1) * sizeof *raw);
	if (!raw) {
		fail_memory(err, "the heap's spans");
		return NULL;
	}
	progress_begin(progress, "spans", total);
	for (uint64_t i = 0; i < total && !progress_cancelled(progress); i++) {
		found += read_span(go, addrs[i], &raw[found]);
		progress_add(progress, 1);
	}
	qsort(raw, found, sizeof *raw, by_base);
	for (uint32_t i = 0; i < found; i++)
		if (!kept || raw[i].span.base >= raw[kept - 1].span.base + raw[kept - 1].span.bytes)
			raw[kept++] = raw[i];
	*n = kept;
	return raw;
}

struct bitmap_job { struct go *go; const struct raw_span *raw; struct go_spans *out; };

static void bitmap_piece(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct bitmap_job *job = ctx;

	for (uint64_t i = lo; i < hi; i++)
		fill_bitmaps(job->go, &job->raw[i], job->out->sweepgen,
			     job->out->allocated + job->out->first_word[i],
			     job->out->survived + job->out->first_word[i]);
}

static bool copy_spans(struct go *go, const struct raw_span *raw, struct go_spans *out,
		       struct error *err)
{
	uint64_t words = 0;
	struct bitmap_job job = { go, raw, out };

	out->items = array_new(out->n, sizeof *out->items, "the heap's spans", err);
	out->first_word = malloc((out->n + 1) * sizeof *out->first_word);
	if (!out->items || !out->first_word)
		return fail_memory(err, "the heap's spans");
	for (uint32_t i = 0; i < out->n; i++) {
		out->items[i] = raw[i].span;
		out->items[i].in_flight = slot_in_flight(go, &raw[i],
							 inline_marks(go, &raw[i].span));
		out->first_word[i] = words;
		out->in_use += raw[i].span.bytes;
		words += (raw[i].span.nelems + 63) / 64;
	}
	out->first_word[out->n] = words;
	/* A slot has eight bytes or more, and most pages of a span are in use. */
	if (words * 64 > image_most(go->image) / 4)
		return fail(err, STATUS_BAD_FILE, "the heap's spans have more slots than all memory has "
			    "room for: the snapshot is damaged, or it is no Go's");
	out->allocated = calloc(words + 1, 8);
	out->survived = calloc(words + 1, 8);
	if (!out->allocated || !out->survived)
		return fail_memory(err, "the heap's bitmaps");
	parallel_for(out->n, 1024, bitmap_piece, &job);
	for (uint32_t i = 0; i < out->n; i++)
		for (uint64_t w = out->first_word[i]; w < out->first_word[i + 1]; w++)
			out->bytes += out->items[i].elemsize *
				      (uint64_t)__builtin_popcountll(out->allocated[w]);
	return true;
}

/* The arenas that spans lie in, as sorted pairs of index and heapArena. */
static bool collect_arenas(struct go *go, struct go_spans *out, struct error *err)
{
	uint64_t l2 = image_u64(go->image, go->mheap + (uint64_t)go->layout.mheap_arenas);
	uint64_t last = UINT64_MAX;

	out->arenas = malloc((2 * (out->in_use / GO_ARENA + out->n) + 4) * sizeof *out->arenas);
	if (!out->arenas)
		return fail_memory(err, "the heap's arenas");
	for (uint32_t i = 0; i < out->n; i++) {
		uint64_t first = (out->items[i].base + abi_arena_base) / GO_ARENA;
		uint64_t end = (out->items[i].base + out->items[i].bytes - 1 + abi_arena_base) /
			       GO_ARENA;

		for (uint64_t a = first == last ? first + 1 : first; a <= end; a++) {
			out->arenas[2 * out->n_arenas] = a;
			out->arenas[2 * out->n_arenas + 1] = image_u64(go->image, l2 + 8 * a);
			out->n_arenas++;
			last = a;
		}
	}
	return true;
}

bool spans_read(struct go *go, struct go_spans *out, struct progress *progress, struct error *err)
{
	autofree struct raw_span *raw = NULL;

	memset(out, 0, sizeof *out);
	out->sweepgen = image_u32(go->image, go->mheap + (uint64_t)go->layout.mheap_sweepgen);
	raw = read_raw(go, &out->n, progress, err);
	if (!raw || array_cancelled(progress, err) || !copy_spans(go, raw, out, err) || !collect_arenas(go, out, err)) {
		spans_free(out);
		return false;
	}
	return true;
}

void spans_free(struct go_spans *spans)
{
	free(spans->items);
	free(spans->allocated);
	free(spans->survived);
	free(spans->first_word);
	free(spans->arenas);
	memset(spans, 0, sizeof *spans);
}

bool spans_allocated(const struct go_spans *spans, uint32_t span, uint32_t slot)
{
	return spans->allocated[spans->first_word[span] + slot / 64] >> (slot % 64) & 1;
}

bool spans_survived(const struct go_spans *spans, uint32_t span, uint32_t slot)
{
	return spans->survived[spans->first_word[span] + slot / 64] >> (slot % 64) & 1;
}

uint64_t spans_arena(const struct go_spans *spans, uint64_t addr)
{
	uint64_t index = (addr + abi_arena_base) / GO_ARENA;
	const uint64_t *pair = sorted_find(spans->arenas, spans->n_arenas, 2 * sizeof *spans->arenas, index);

	return pair ? pair[1] : 0;
}

bool spans_to_graph(const struct go_spans *spans, struct graph *g, struct error *err)
{
	uint64_t words = spans->first_word[spans->n];
	struct extent *extents = array_zero(spans->n, sizeof *extents, "the heap's extents", err);
	uint64_t *bits = malloc((words + 1) * sizeof *bits);

	if (!extents || !bits) {
		free(extents);
		free(bits);
		return fail_memory(err, "the heap's extents");
	}
	memcpy(bits, spans->allocated, words * sizeof *bits);
	for (uint32_t i = 0; i < spans->n; i++) {
		const struct go_span *s = &spans->items[i];

		extents[i] = (struct extent){ .base = s->base, .stride = s->elemsize,
					      .slots = s->nelems, .bits = spans->first_word[i],
					      .tag = i, .noscan = s->noscan };
	}
	return graph_set_extents(g, extents, spans->n, bits, err);
}

/* ---- the runtime's own counters (runtime/mstats.go) ---- */

/* Allocated less freed bytes in one of the three heapStatsDelta. */
static uint64_t delta_bytes(struct go *go, uint64_t delta)
{
	const struct layout *l = &go->layout;
	uint64_t sum = image_u64(go->image, delta + (uint64_t)l->heapstats_large_alloc) -
		       image_u64(go->image, delta + (uint64_t)l->heapstats_large_free);

	for (uint32_t c = 0; c < GO_CLASSES; c++) {
		uint64_t at = delta + 8 * c;

		sum += class_sizes[c] *
		       (image_u64(go->image, at + (uint64_t)l->heapstats_small_alloc_count) -
			image_u64(go->image, at + (uint64_t)l->heapstats_small_free_count));
	}
	return sum;
}

/* What the spans of one mcache have handed out since it took them. One that it gives back is counted
 * with the rest already, but may stand in the mcache for as long as it takes to find another: its
 * generation says that it is no longer cached (mcache.refill, releaseAll in runtime/mcache.go). */
static uint64_t unflushed_bytes(struct go *go, uint64_t mcache, uint32_t sweepgen)
{
	const struct layout *l = &go->layout;
	uint64_t sum = 0;

	for (uint32_t c = 0; c < 2 * GO_CLASSES; c++) {
		uint64_t span = image_u64(go->image, mcache + (uint64_t)l->mcache_alloc + 8 * c);
		uint64_t size;
		uint16_t count, before;

		if (!span ||
		    image_u8(go->image, span + (uint64_t)l->mspan_state) != IN_USE ||
		    !cached(image_u32(go->image, span + (uint64_t)l->mspan_sweepgen), sweepgen))
			continue;
		count = image_u16(go->image, span + (uint64_t)l->mspan_alloc_count);
		size = image_u64(go->image, span + (uint64_t)l->mspan_elemsize);
		/* Go 1.18 counts all of a span as handed out when a processor takes it. */
		before = l->mspan_alloc_count_before_cache < 0
			? image_u16(go->image, span + (uint64_t)l->mspan_nelems)
			: image_u16(go->image, span + (uint64_t)l->mspan_alloc_count_before_cache);
		if (count > before || l->mspan_alloc_count_before_cache < 0)
			sum += ((uint64_t)count - before) * size;
	}
	return sum;
}

uint64_t spans_heap_alloc(struct go *go, const struct go_spans *spans)
{
	const struct layout *l = &go->layout;
	uint64_t sum = 0, p;

	if (!go->heap_stats || !go->allp)
		return 0;
	for (unsigned i = 0; i < 3; i++)
		sum += delta_bytes(go, go->heap_stats + i * (uint64_t)l->heapstats_size);
	for (uint64_t i = 0; go_next_processor(go, &i, &p);) {
		uint64_t mcache = image_u64(go->image, p + (uint64_t)l->p_mcache);

		if (mcache)
			sum += unflushed_bytes(go, mcache, spans->sweepgen);
	}
	return sum > spans->in_use + (spans->in_use >> 1) ? 0 : sum;
}

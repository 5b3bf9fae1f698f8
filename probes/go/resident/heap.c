/* What the arenas of the heap take: objects, free slots, spans that are free (runtime/mheap.go). */
#include "graph/base/grow.h"
#include "probes/go/layout/abi.h"
#include "probes/go/resident/private.h"

#define SPAN_MANUAL 2
#define MAX_SPANS (1u << 27)
#define CHUNK (4ull << 20)        /* of addresses in a pallocData (runtime/mpagealloc.go) */
#define CHUNK_WORDS 8             /* of bits in it: which pages are in use, then which were given back */
#define CHUNKS_SHIFT 13           /* second-level index */

uint64_t residence_arena(const struct residence *r, uint64_t addr)
{
	const struct go *go = &r->heap->go;
	uint64_t l2 = image_u64(go->image, go->mheap + (uint64_t)go->layout.mheap_arenas);

	if (addr >> arch_address_bits)
		return 0;
	return image_u64(go->image, l2 + (addr + abi_arena_base) / GO_ARENA * 8);
}

/* ---- spans in use ---- */

static void add_absent(struct residence *r, uint64_t lo, uint64_t hi, bool swapped)
{
	struct absent *last = r->n_absent ? &r->absent[r->n_absent - 1] : NULL;

	if (last && last->hi == lo && last->swapped == swapped) {
		last->hi = hi;
		return;
	}
	last = GROW(r->absent, r->n_absent, r->absent_capacity);
	if (!last) {
		r->failed = true;
		return;
	}
	*last = (struct absent){ lo, hi, swapped };
	r->n_absent++;
}

/* Bytes of [LO, HI) of span number SPAN that are allocated. */
static uint64_t allocated_bytes(const struct residence *r, uint32_t span, uint64_t lo, uint64_t hi)
{
	const struct go_span *s = &r->heap->spans.items[span];
	uint64_t bytes = 0;

	for (uint64_t slot = (lo - s->base) / s->elemsize; slot < s->nelems; slot++) {
		uint64_t from = s->base + slot * s->elemsize, to = from + s->elemsize;

		if (from >= hi)
			break;
		if (spans_allocated(&r->heap->spans, span, (uint32_t)slot))
			bytes += (to < hi ? to : hi) - (from > lo ? from : lo);
	}
	return bytes;
}

struct span_sums { uint64_t objects, untouched, resident; };

/* Of one span: allocated bytes that are resident, allocated ones that never were, all that is. */
static struct span_sums sum_span(struct residence *r, uint32_t span)
{
	const struct go_span *s = &r->heap->spans.items[span];
	uint64_t end = s->base + s->bytes;
	struct span_sums sums = {
		.objects = r->heap->graph->extents[span].count * s->elemsize, .resident = s->bytes,
	};

	for (uint64_t at = s->base; at < end;) {
		uint64_t hole_end, bytes;
		enum page_state state;

		at = image_absent(r->heap->image, at, end, &hole_end, &state);
		if (at < hole_end) {
			bytes = allocated_bytes(r, span, at, hole_end);
			add_absent(r, at, hole_end, state == PAGE_HOLE);
			sums.objects -= bytes;
			sums.untouched += state == PAGE_HOLE ? 0 : bytes;
			sums.resident -= hole_end - at;
		}
		at = hole_end;
	}
	return sums;
}

static void sum_spans(struct residence *r)
{
	const struct go_spans *spans = &r->heap->spans;
	struct span_sums all = { 0 };

	for (uint32_t i = 0; i < spans->n; i++) {
		struct span_sums s = sum_span(r, i);

		all.objects += s.objects;
		all.untouched += s.untouched;
		all.resident += s.resident;
		r->heap->graph->classes[spans->items[i].class].pinned += s.resident - s.objects;
	}
	residence_add(r, PART_GARBAGE, "touched", all.objects, 1);
	residence_add(r, PART_GARBAGE, "never touched", all.untouched, 0);
	residence_add(r, PART_FREE, "pinned", all.resident - all.objects, 1);
	r->in_use = all.resident;
}

/* ---- the arenas ---- */

/* Of an arena's pages those that the runtime gave back to the system. */
static uint64_t given_back(const struct residence *r, uint64_t lo, uint64_t hi)
{
	const struct go *go = &r->heap->go;
	uint64_t chunks = go->mheap + (uint64_t)go->layout.mheap_pages_chunks, pages = 0;

	for (; lo < hi; lo += CHUNK) {
		uint64_t index = (lo + abi_arena_base) / CHUNK;
		uint64_t l2 = image_u64(go->image, chunks + (index >> CHUNKS_SHIFT) * 8);
		uint64_t words[2 * CHUNK_WORDS];

		index &= (1u << CHUNKS_SHIFT) - 1;
		if (!l2 || !image_read(go->image, l2 + index * sizeof words, words, sizeof words))
			continue;
		for (unsigned i = 0; i < CHUNK_WORDS; i++)
			pages += (uint64_t)__builtin_popcountll(words[CHUNK_WORDS + i]);
	}
	return pages * GO_PAGE;
}

/* Pages that a processor took for later: runtime.pageCache {base uintptr; cache, scav uint64}. */
static uint64_t given_back_cached(const struct residence *r)
{
	const struct go *go = &r->heap->go;
	uint64_t pages = 0, p;

	for (uint64_t i = 0; go_next_processor(go, &i, &p);)
		pages += (uint64_t)__builtin_popcountll(
			image_u64(go->image, p + (uint64_t)go->layout.p_pcache + 16));
	return pages * GO_PAGE;
}

/* The arenas in which the image has ranges; sums what is resident in them and what was given back. */
static void walk_arenas(struct residence *r, uint64_t *resident, uint64_t *back)
{
	const struct image *image = r->heap->image;
	uint64_t last = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		for (uint64_t at = range->lo, end; range->file == NO_FILE && at < range->hi; at = end) {
			uint64_t arena = at & ~(GO_ARENA - 1);

			end = arena + GO_ARENA < range->hi ? arena + GO_ARENA : range->hi;
			if (!residence_arena(r, at))
				continue;
			*resident += image_resident(image, at, end);
			if (arena == last)
				continue;
			residence_claim(r, arena, arena + GO_ARENA, PART_HEAP, NULL);
			*back += given_back(r, arena, arena + GO_ARENA);
			last = arena;
		}
	}
}

/* Spans that hold no objects. Stacks have a size in them, the collector's work buffers have not
 * (stackpoolalloc and stackalloc in runtime/stack.go). */
static void read_manual(struct residence *r)
{
	const struct go *go = &r->heap->go;
	const struct layout *l = &go->layout;
	uint64_t list = go->mheap + (uint64_t)l->mheap_allspans;
	uint64_t total = image_u64(go->image, list + 8);
	const uint64_t *addrs = total < MAX_SPANS ? image_at(go->image, image_u64(go->image, list), total * 8) : NULL;

	for (uint64_t i = 0; addrs && i < total; i++) {
		const uint8_t *mspan = image_at(go->image, addrs[i], (uint64_t)l->mspan_size);
		struct manual_span *s;
		uint64_t base, bytes;

		if (!mspan || mspan[l->mspan_state] != SPAN_MANUAL)
			continue;
		base = image_word(mspan + l->mspan_start_addr);
		bytes = image_word(mspan + l->mspan_npages) * GO_PAGE;
		if (base % GO_PAGE || base >> arch_address_bits || !bytes || bytes >> 40 ||
		    !residence_arena(r, base))
			continue;
		s = GROW(r->manual, r->n_manual, r->manual_capacity);
		if (!s) {
			r->failed = true;
			return;
		}
		*s = (struct manual_span){ base, base + bytes, image_word(mspan + l->mspan_elemsize) };
		r->n_manual++;
	}
}

void residence_spans(struct residence *r)
{
	uint64_t resident = 0, back = 0, manual = 0, taken;

	sum_spans(r);
	walk_arenas(r, &resident, &back);
	read_manual(r);
	for (uint32_t i = 0; i < r->n_manual; i++)
		manual += image_resident(r->heap->image, r->manual[i].lo, r->manual[i].hi);
	taken = r->in_use + manual;
	residence_add(r, PART_FREE, "idle", resident > taken ? resident - taken : 0, 1);
	residence_add(r, PART_FREE, "given back", back + given_back_cached(r), 0);
}

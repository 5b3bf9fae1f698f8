#include "probes/go/spans/masks.h"

#include <string.h>

#define INLINE_MARKS 128u /* bytes at the end of a small span with Green Tea marks */
#define ARENA_WORDS (GO_ARENA / 8)

void masks_init(struct mask_reader *r, struct go *go, const struct go_spans *spans,
		struct types *types)
{
	memset(r, 0, sizeof *r);
	r->go = go;
	r->spans = spans;
	r->types = types;
}

uint64_t mask_value_offset(const struct go *go, const struct go_span *span)
{
	return go->layout.masks == MASKS_HEADERS && !span->noscan && span->class &&
	       span->elemsize > HEADER_LIMIT ? 8 : 0;
}

uint64_t mask_header(const struct mask_reader *reader, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &reader->spans->items[span];
	uint64_t offset = slot * s->elemsize, word;

	if (reader->go->layout.masks != MASKS_HEADERS || s->noscan || s->user_arena)
		return 0;
	if (!s->class)
		return s->large_type;
	if (s->elemsize <= HEADER_LIMIT || offset + 8 > s->present)
		return 0;
	word = image_word(s->data + offset);
	return word;
}

/* Up to 64 bits from bit FROM on of a bitmap that has N bits. */
static uint64_t load_bits(const uint8_t *bits, uint64_t from, uint64_t n)
{
	uint64_t count = n - from < 64 ? n - from : 64, value = 0;
	uint64_t bytes = (from % 8 + count + 7) / 8;

	memcpy(&value, bits + from / 8, bytes < 8 ? bytes : 8);
	value >>= from % 8;
	if (bytes > 8)
		value |= (uint64_t)bits[from / 8 + 8] << (64 - from % 8);
	return count < 64 ? value & ((1ull << count) - 1) : value;
}

/* 64 words of a small element's mask repeated, so that an array is not walked element by element. */
static uint64_t tile_of(const uint8_t *bits, uint64_t size_words, uint64_t ptr_words)
{
	uint64_t tile;

	if (!bits || !ptr_words || size_words > 64 || (size_words & (size_words - 1)))
		return 0;
	tile = load_bits(bits, 0, ptr_words);
	for (uint64_t s = size_words; s < 64; s *= 2)
		tile |= tile << s;
	return tile;
}

/* The mask of the type at ADDR, through the cache. NULL bits: no pointers, or not to be had. */
static void type_mask(struct mask_iter *it, uint64_t addr)
{
	struct mask_reader *r = it->reader;
	uint32_t i = (uint32_t)(addr >> 4) % MASK_CACHE;

	if (r->cache[i].addr != addr) {
		uint32_t index = types_at_header(r->types, addr);
		const struct rtype *t = types_find(r->types, index);

		r->cache[i].addr = addr;
		r->cache[i].bits = t && t->size >= 8 ? types_mask(r->types, index) : NULL;
		r->cache[i].size = t ? t->size / 8 : 0;
		r->cache[i].ptr_words = t ? t->ptr_bytes / 8 : 0;
		r->cache[i].tile = tile_of(r->cache[i].bits, r->cache[i].size,
					   r->cache[i].ptr_words);
	}
	it->type_bits = r->cache[i].bits;
	it->size_words = r->cache[i].size;
	it->ptr_words = r->cache[i].ptr_words;
	it->tile = r->cache[i].tile;
}

/* ---- 1.22 on, up to 512 bytes: a bitmap at the end of the span ---- */

static void tail_chunk(struct mask_iter *it)
{
	const struct go_span *s = it->span;
	uint64_t bitmap = s->bytes / 64, at = s->bytes - bitmap;

	if (it->reader->go->layout.inline_marks && s->elemsize >= 16)
		at -= INLINE_MARKS;
	it->word = it->next;
	it->next = it->end;
	it->bits = load_bits(s->data + at, (it->object - s->base) / 8 + it->word, bitmap * 8);
	if (it->end - it->word < 64)
		it->bits &= (1ull << (it->end - it->word)) - 1;
}

/* ---- a type's mask, once an element ---- */

/* The next 64 words of the mask of the current element, then on to the next one. */
static void type_chunk(struct mask_iter *it)
{
	uint64_t within = it->next - it->element;

	it->word = it->next;
	it->bits = it->tile ? it->tile : load_bits(it->type_bits, within, it->ptr_words);
	if (it->end - it->word < 64)
		it->bits &= (1ull << (it->end - it->word)) - 1;
	if (it->tile || within + 64 < it->ptr_words) {
		it->next += 64;
	} else {
		it->element += it->size_words;
		it->next = it->element;
	}
}

/* ---- 1.20, 1.21: one bit a word in the arena; noMorePtrs ends an object ---- */

static void arena_chunk_1(struct mask_iter *it)
{
	struct go *go = it->reader->go;
	uint64_t addr = it->object + 8 * it->next, arena = spans_arena(it->reader->spans, addr);
	uint64_t w = addr / 8 % ARENA_WORDS, count = 64 - w % 64;
	uint8_t no_more = image_u8(go->image, arena + (uint64_t)go->layout.heap_arena_no_more_ptrs +
				   w / 64 / 8);

	if (count > it->end - it->next)
		count = it->end - it->next;
	it->word = it->next;
	it->bits = arena ? image_u64(go->image, arena + (uint64_t)go->layout.heap_arena_bitmap +
				     w / 64 * 8) >> (w % 64) : 0;
	if (count < 64)
		it->bits &= (1ull << count) - 1;
	it->next += count;
	if (no_more >> (w / 64 % 8) & 1)
		it->end = it->next;
}

/* ---- 1.18, 1.19: two bits a word in the arena: pointer, and "scan goes on" ---- */

static void arena_chunk_2(struct mask_iter *it)
{
	struct go *go = it->reader->go;
	uint64_t addr = it->object + 8 * it->next, arena = spans_arena(it->reader->spans, addr);
	uint64_t w = addr / 8 % ARENA_WORDS, count = it->end - it->next;
	const uint8_t *bytes;

	if (count > 64)
		count = 64;
	if (count > ARENA_WORDS - w)
		count = ARENA_WORDS - w;
	it->word = it->next;
	it->next += count;
	it->bits = 0;
	bytes = arena ? image_at(go->image, arena + (uint64_t)go->layout.heap_arena_bitmap + w / 4,
				 (w % 4 + count + 3) / 4) : NULL;
	for (uint64_t i = 0; bytes && i < count; i++) {
		uint8_t pair = (uint8_t)(bytes[(w % 4 + i) / 4] >> ((w + i) % 4));

		if (!(pair & 0x10)) {
			it->end = it->next = it->word + i;
			return;
		}
		it->bits |= (uint64_t)(pair & 1) << i;
	}
	if (!bytes)
		it->end = it->next;
}

static void refill(struct mask_iter *it)
{
	if (it->type_bits)
		type_chunk(it);
	else if (it->reader->go->layout.masks == MASKS_HEADERS)
		tail_chunk(it);
	else if (it->reader->go->layout.masks == MASKS_HEAP_BITMAP_1)
		arena_chunk_1(it);
	else
		arena_chunk_2(it);
}

/* How many of the object's words may be read: a span may not be here to its end. */
static uint64_t readable_words(const struct go_span *s, uint64_t offset)
{
	if (s->noscan || offset >= s->present)
		return 0;
	return (s->present - offset < s->elemsize ? s->present - offset : s->elemsize) / 8;
}

static void begin_type(struct mask_iter *it, uint64_t type, uint64_t offset)
{
	type_mask(it, type);
	if (!it->type_bits || !it->ptr_words || !it->size_words) {
		it->type_bits = NULL;
		it->next = it->end;
		return;
	}
	it->next = it->element = offset / 8;
}

/* A chunk of a user arena is one object to the collector. What stands for its type describes only its
 * memory, and lies at its end (allocUserArenaChunk in Go 1.26 runtime/arena.go): abi.Type's PtrBytes
 * is at 8, GCData at 32. */
static void begin_user_arena(struct mask_iter *it)
{
	struct image *image = it->reader->go->image;
	uint64_t words = image_u64(image, it->span->large_type + 8) / 8;
	uint64_t bits = image_u64(image, it->span->large_type + 32);

	it->size_words = it->end;
	it->ptr_words = words < it->end ? words : it->end;
	it->type_bits = it->ptr_words ? image_at(image, bits, (it->ptr_words + 7) / 8) : NULL;
	if (!it->type_bits)
		it->next = it->end;
}

void mask_begin(struct mask_iter *it, struct mask_reader *reader, uint32_t span, uint32_t slot)
{
	const struct go_span *s = &reader->spans->items[span];
	uint64_t offset = slot * s->elemsize;
	bool headers = reader->go->layout.masks == MASKS_HEADERS;

	*it = (struct mask_iter){ .reader = reader, .span = s, .object = s->base + offset };
	it->end = slot == s->in_flight ? 0 : readable_words(s, offset);
	if (!it->end)
		return;
	if (headers && s->user_arena) {
		begin_user_arena(it);
	} else if (headers && (!s->class || s->elemsize > HEADER_LIMIT)) {
		uint64_t type = mask_header(reader, span, slot);

		if (type)
			begin_type(it, type, mask_value_offset(reader->go, s));
		else
			it->next = it->end;
	} else if (headers && s->present < s->bytes) {
		it->next = it->end; /* the bitmap at its end is not here */
	}
}

uint64_t mask_next(struct mask_iter *it)
{
	uint64_t offset;

	while (!it->bits) {
		if (it->next >= it->end)
			return UINT64_MAX;
		refill(it);
	}
	offset = it->word + (uint64_t)__builtin_ctzll(it->bits);
	it->bits &= it->bits - 1;
	return offset * 8;
}

/* Masks in arenas end where a mark beside them says so, which is found only by walking there. */
static bool mask_has_end(const struct mask_reader *reader, const struct go_span *s)
{
	return reader->go->layout.masks != MASKS_HEADERS && !s->class && !s->noscan;
}

void masks_measure(struct go *go, struct go_spans *spans, struct types *types)
{
	struct mask_reader reader;

	masks_init(&reader, go, spans, types);
	for (uint32_t i = 0; i < spans->n; i++) {
		struct mask_iter it;

		if (!mask_has_end(&reader, &spans->items[i]) || !spans_allocated(spans, i, 0))
			continue;
		for (mask_begin(&it, &reader, i, 0); it.next < it.end;)
			refill(&it);
		spans->items[i].mask_words = it.end;
	}
}

/* Go on from the chunk that has word FROM, if one has. Objects of small classes are walked. */
static void mask_seek(struct mask_iter *it, uint64_t from)
{
	if (it->next >= it->end || it->span->class)
		return;
	if (it->type_bits) {
		it->element += (from - it->element) / it->size_words * it->size_words;
		it->next = it->element + (from - it->element) / 64 * 64;
		if (it->next - it->element >= it->ptr_words)
			it->next = it->element += it->size_words;
	} else if (mask_has_end(it->reader, it->span)) {
		it->next = from < it->span->mask_words ? from : it->end;
	}
}

uint64_t mask_words(struct mask_reader *reader, uint32_t span, uint32_t slot, uint64_t from)
{
	struct mask_iter it;
	uint64_t words = 0;

	mask_begin(&it, reader, span, slot);
	mask_seek(&it, from);
	while (it.next < it.end || it.bits) {
		if (!it.bits)
			refill(&it);
		if (it.word >= from + 64)
			break;
		if (it.word + 64 > from)
			words |= it.word >= from ? it.bits << (it.word - from)
						 : it.bits >> (from - it.word);
		it.bits = 0;
	}
	return words;
}

/* Which words of an object are pointers, as the garbage collector sees it (runtime/mbitmap.go). */
#ifndef GORETAIN_PROBES_GO_SPANS_MASKS_H
#define GORETAIN_PROBES_GO_SPANS_MASKS_H

#include "probes/go/spans/spans.h"
#include "probes/go/types/types.h"

#define MASK_CACHE 256u

/* Reads masks; one per thread, since it remembers the header types it met last. */
struct mask_reader {
	struct go *go;
	const struct go_spans *spans;
	struct types *types;
	struct { uint64_t addr; const uint8_t *bits; uint64_t size, ptr_words, tile; } cache[MASK_CACHE];
};

/* Find out how far the masks of large objects reach where the runtime keeps them in its arenas (to 1.21):
 * into go_span.mask_words. */
void masks_measure(struct go *go, struct go_spans *spans, struct types *types);

void masks_init(struct mask_reader *r, struct go *go, const struct go_spans *spans,
		struct types *types);

/* Walks the pointer slots of one object in ascending order. */
struct mask_iter {
	struct mask_reader *reader;
	const struct go_span *span;
	uint64_t object;      /* address of the slot */
	uint64_t bits;        /* not yet handed out, from word `word` on */
	uint64_t word, end;   /* words of the object: of the current chunk, and how many it has */
	uint64_t next;        /* first word of the next chunk */
	/* A type's mask, repeated element by element. */
	const uint8_t *type_bits;
	uint64_t size_words, ptr_words, element;
	uint64_t tile;        /* 64 words of it, if its size divides that; else 0 */
};

/* Begin with slot SLOT of span number SPAN, which must be allocated. */
void mask_begin(struct mask_iter *it, struct mask_reader *reader, uint32_t span, uint32_t slot);

/* The next pointer slot's offset in bytes from the slot's base; UINT64_MAX at the end. */
uint64_t mask_next(struct mask_iter *it);

/* The pointer bits of 64 words of a slot from word FROM on, in a time that does not depend on FROM. */
uint64_t mask_words(struct mask_reader *reader, uint32_t span, uint32_t slot, uint64_t from);

/* The descriptor that a malloc header or a large span names for the slot: its type, 0 if none. */
uint64_t mask_header(const struct mask_reader *reader, uint32_t span, uint32_t slot);

/* Bytes before an object's value in its slot: 8 with a malloc header, else 0. */
uint64_t mask_value_offset(const struct go *go, const struct go_span *span);

#endif

/* What is C's: the heap of malloc, as far as it can be told, and the stacks of threads.
 *
 * Of glibc's malloc (2.36, malloc/malloc.c and arena.c): [heap] is its main arena; another arena lies in
 * blocks of 64 MB, each with a record at its start; what is large has a mapping of its own, with its size
 * and a mark in the second word. Other allocators' mappings are anonymous memory of others. */
#include <string.h>

#include "probes/go/resident/private.h"

#define BLOCK (64ull << 20)      /* HEAP_MAX_SIZE */
#define MAPPED 2u                /* of a chunk's size: IS_MMAPPED; bits 0 and 2 are clear then */
#define LEAST_MAPPED (64u << 10) /* smaller ones are not looked for: the threshold is 128 kB or more */
#define THREAD_RECORD 2304u      /* struct pthread, which ends where the stack's mapping does */

/* What the mapping at ADDR is called. */
static bool is_called(const struct image *image, uint64_t addr, const char *name)
{
	const struct usage *usage = usages_find(&image->usages, addr);

	return usage && !strncmp(usage_name(&image->usages, usage), name, strlen(name));
}

static bool is_anonymous(const struct image_range *range)
{
	return range && range->file == NO_FILE && !(range->flags & RANGE_SHARED);
}

/* ---- malloc ---- */

/* struct heap_info {ar_ptr; prev; size; mprotect_size}: the record of a block, in the first of which its
 * arena lies. */
static bool is_block(struct image *image, const struct image_range *range, uint64_t at, uint64_t *size)
{
	uint64_t words[4], first;

	if (!image_read(image, at, words, sizeof words) || words[2] % IMAGE_PAGE ||
	    words[3] % IMAGE_PAGE || !words[3] || words[3] > BLOCK || words[2] > words[3] ||
	    at + words[3] > range->hi || words[1] % BLOCK)
		return false;
	*size = words[3];
	first = words[0] & ~(BLOCK - 1);
	return words[0] > first && words[0] < first + IMAGE_PAGE && (first == at) == !words[1] &&
	       (first == at || image_u64(image, first) == words[0]);
}

static void claim_blocks(struct residence *r)
{
	struct image *image = r->heap->image;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];
		uint64_t at = (range->lo + BLOCK - 1) & ~(BLOCK - 1), size;

		for (; is_anonymous(range) && at < range->hi; at += BLOCK)
			if (is_block(image, range, at, &size) && !residence_arena(r, at))
				residence_claim(r, at, at + size, PART_C_HEAP, "arenas of malloc");
	}
}

/* Large chunks may follow each other, and lie beside other things, in one mapping. */
static void claim_mapped(struct residence *r, const struct claim *piece, void *unused)
{
	struct image *image = r->heap->image;

	if (piece->part != N_PARTS)
		return;
	for (uint64_t at = piece->lo; at + LEAST_MAPPED <= piece->hi;) {
		uint64_t words[2], size, hole_end;
		enum page_state state;
		uint64_t hole = image_absent(image, at, at + IMAGE_PAGE, &hole_end, &state);

		if (hole == at) {
			image_absent(image, at, piece->hi, &hole_end, &state);
			at = (hole_end + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
			continue;
		}
		size = image_read(image, at, words, sizeof words) ? words[1] & ~(uint64_t)7 : 0;
		if (words[0] || (words[1] & 7) != MAPPED || size % IMAGE_PAGE ||
		    size < LEAST_MAPPED || size > piece->hi - at) {
			at += IMAGE_PAGE;
			continue;
		}
		residence_claim(r, at, at + size, PART_C_HEAP, "large pieces of malloc");
		at += size;
	}
}

/* ---- stacks ---- */

/* The stack of a thread fills its mapping, below which nothing may lie, up to the thread's record, which
 * the thread pointer names. Where that is not known it is told by the stack pointer. */
static void claim_stack(struct residence *r, const struct image_thread *thread)
{
	const struct image *image = r->heap->image;
	uint64_t tls = thread->registers.tls, at = tls ? tls : thread->registers.sp;
	const struct image_range *range = image_range(image, at);
	uint64_t end = (tls + THREAD_RECORD + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);

	/* The first thread's stack is the kernel's and its record elsewhere; threads of Go without C have
	 * their stacks in the heap, and their records in it or in bss. */
	if ((uint64_t)thread->tid == image->pid || !is_anonymous(range) ||
	    residence_arena(r, range->lo) || is_called(image, range->lo, "[heap]") ||
	    go_module_has_variable(r->heap->go.modules, at))
		return;
	residence_claim(r, range->lo, tls && end < range->hi ? end : range->hi, PART_THREAD_STACKS,
			"of threads");
}

void residence_c(struct residence *r)
{
	const struct image *image = r->heap->image;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		if (is_called(image, range->lo, "[heap]"))
			residence_claim(r, range->lo, range->hi, PART_C_HEAP, "[heap]");
		else if (is_called(image, range->lo, "[stack"))
			residence_claim(r, range->lo, range->hi, PART_THREAD_STACKS,
					"of the first thread");
	}
	claim_blocks(r);
	for (uint32_t i = 0; i < image->n_threads; i++)
		claim_stack(r, &image->threads[i]);
	residence_walk(r, claim_mapped, NULL);
}

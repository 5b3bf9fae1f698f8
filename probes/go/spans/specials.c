#include "probes/go/spans/specials.h"

#define SPECIAL_LEAST 16 /* bytes of a record, at least */

/* finblock: { alllink, next, cnt uint32, fin[] } of 4 kB; a finalizer is { fn, arg, nret, fint, ot }. */
enum { FIN_COUNT = 16, FIN_FIRST = 24, FIN_SIZE = 40, FIN_BLOCK = 4096,
       FIN_MOST = (FIN_BLOCK - FIN_FIRST) / FIN_SIZE };

struct special_walk specials_start(const struct heap *heap)
{
	return (struct special_walk){ .heap = heap, .left = image_most(heap->image) };
}

bool specials_next(struct special_walk *walk, struct special *out)
{
	const struct go_spans *spans = &walk->heap->spans;
	const struct layout *l = &walk->heap->go.layout;
	struct image *image = walk->heap->image;
	uint64_t addr, at;

	while (!walk->next && walk->span < spans->n)
		walk->next = spans->items[walk->span++].specials;
	addr = walk->next;
	if (!addr)
		return false;
	if (walk->left < SPECIAL_LEAST) {
		walk->overspent = true;
		return false;
	}
	walk->left -= SPECIAL_LEAST;
	at = addr + (uint64_t)l->special_offset;
	*out = (struct special){
		.addr = addr,
		.object = spans->items[walk->span - 1].base +
			  (l->special_offset_size == 8 ? image_u64(image, at) : image_u16(image, at)),
		.kind = image_u8(image, addr + (uint64_t)l->special_kind),
	};
	walk->next = image_u64(image, addr + (uint64_t)l->special_next);
	return true;
}

/* Is there a finblock at ADDR, with calls of functions in it? One that has just begun is cleared. */
static bool is_block(const struct heap *heap, uint64_t addr)
{
	struct image *image = heap->image;
	uint32_t n = image_u32(image, addr + FIN_COUNT);

	if (addr % 8 || !image_at(image, addr, FIN_BLOCK) || n > FIN_MOST)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t function = image_u64(image, addr + FIN_FIRST + (uint64_t)i * FIN_SIZE);

		if (function && !go_module_of_pc(&heap->go, image_u64(image, function)))
			return false;
	}
	return true;
}

/* A chain of finblocks, and how many finalizers are in them. */
struct chain { uint32_t blocks, due; };

/* The chain at BLOCK; none at all if a part of it is no finblock. */
static struct chain chain(const struct heap *heap, uint64_t block)
{
	uint64_t most = image_most(heap->image) / FIN_BLOCK;
	struct chain c = { 0 };

	for (; block; block = image_u64(heap->image, block)) {
		if (c.blocks >= most || !is_block(heap, block))
			return (struct chain){ 0 };
		c.blocks++;
		c.due += image_u32(heap->image, block + FIN_COUNT);
	}
	return c;
}

/* The words that queuefinalizer uses head lists of blocks, all of which are parts of the one of all
 * blocks: that is the longest chain. A counter among them may look like a pointer to a block in which
 * nothing is, so the chain with the most finalizers counts first. */
struct finalizer_walk finalizers_start(const struct heap *heap)
{
	struct finalizer_walk walk = { .heap = heap };
	struct chain best = { 0 };

	for (uint32_t i = 0; i < GO_WORDS && heap->go.finalizer_words[i]; i++) {
		uint64_t block = image_u64(heap->image, heap->go.finalizer_words[i]);
		struct chain found = chain(heap, block);

		if (found.due > best.due || (found.due == best.due && found.blocks > best.blocks)) {
			best = found;
			walk.block = block;
			walk.blocks = found.blocks;
		}
	}
	return walk;
}

bool finalizers_next(struct finalizer_walk *walk, struct due_finalizer *out)
{
	struct image *image = walk->heap->image;
	uint64_t fin;

	while (walk->blocks && walk->index >= image_u32(image, walk->block + FIN_COUNT)) {
		walk->block = image_u64(image, walk->block);
		walk->index = 0;
		walk->blocks--;
	}
	if (!walk->blocks)
		return false;
	fin = walk->block + FIN_FIRST + (uint64_t)walk->index++ * FIN_SIZE;
	*out = (struct due_finalizer){
		.addr = fin, .function = image_u64(image, fin),
		.object = image_u64(image, fin + 8),
		.pointer_type = image_u64(image, fin + 32),
	};
	return true;
}

/* Roots in lists outside the heap that the collector reads: finalizers and cleanups that wait to run,
 * tiny blocks being filled (markroot in runtime/mgcmark.go, runtime/mfinal.go, runtime/mcleanup.go). */
#include <string.h>

#include "probes/go/roots.h"

#define MAX_BLOCKS (1u << 20)
#define MAX_PROCESSORS (1u << 16)

/* finblock: { alllink, next, cnt uint32, fin[] } of 4 kB; a finalizer is { fn, arg, nret, fint, ot }. */
enum { FIN_COUNT = 16, FIN_FIRST = 24, FIN_SIZE = 40, FIN_BLOCK = 4096 };
/* cleanupBlock: { lfnode, alllink, n uint32, cleanups[] } of 512 bytes. */
enum { CLEANUP_LINK = 16, CLEANUP_COUNT = 24, CLEANUP_FIRST = 32, CLEANUP_BLOCK = 512 };

static void add_words(struct roots *roots, uint32_t holder, uint64_t at, uint64_t words,
		      enum root_kind kind)
{
	for (uint64_t i = 0; i < words; i++)
		roots_add(roots, holder, at + 8 * i, image_u64(roots->heap->image, at + 8 * i), kind,
			  STRENGTH_STRONG, KNOWN_EXACT, NO_NODE);
}

/* Is there a chain of finblocks at BLOCK? A word that heads none leads to something else. */
static bool is_finblock(struct image *image, uint64_t block)
{
	for (uint32_t i = 0; block && i < MAX_BLOCKS; i++) {
		if (block % 8 || !image_at(image, block, FIN_BLOCK) ||
		    image_u32(image, block + FIN_COUNT) > (FIN_BLOCK - FIN_FIRST) / FIN_SIZE)
			return false;
		block = image_u64(image, block);
	}
	return !block;
}

static void add_finalizers(struct roots *roots, uint32_t holder, uint64_t block)
{
	struct image *image = roots->heap->image;

	for (uint32_t i = 0; block && i < MAX_BLOCKS; i++) {
		uint32_t n = image_u32(image, block + FIN_COUNT);

		for (uint32_t k = 0; k < n; k++) {
			uint64_t fin = block + FIN_FIRST + (uint64_t)k * FIN_SIZE;

			add_words(roots, holder, fin, 2, ROOT_FINALIZER);
			add_words(roots, holder, fin + 24, 2, ROOT_FINALIZER);
		}
		block = image_u64(image, block);
	}
}

/* The words that queuefinalizer uses: all its lists are parts of the one of all blocks, which is the
 * longest chain. */
static void add_finalizer_queue(struct roots *roots)
{
	const struct go *go = &roots->heap->go;
	struct image *image = roots->heap->image;
	uint32_t longest = 0;
	uint64_t head = 0;

	for (uint32_t i = 0; i < GO_WORDS && go->finalizer_words[i]; i++) {
		uint64_t block = image_u64(image, go->finalizer_words[i]), at = block;
		uint32_t n = 0;

		if (!block || !is_finblock(image, block))
			continue;
		while (at && n++ < MAX_BLOCKS)
			at = image_u64(image, at);
		if (n > longest) {
			longest = n;
			head = block;
		}
	}
	if (head)
		add_finalizers(roots, roots_holder(roots, HOLDER_SPECIAL, "finalizers that wait to run",
						   "runtime", KNOWN_EXACT), head);
}

static void add_cleanup_queue(struct roots *roots)
{
	const struct go *go = &roots->heap->go;
	struct image *image = roots->heap->image;
	uint64_t words = go->layout.minor >= 26 ? 3 : 1; /* call, function, argument; or a closure */
	uint64_t limit = (CLEANUP_BLOCK - CLEANUP_FIRST) / 8, block;
	uint32_t holder;

	if (!go->cleanup_queue)
		return;
	block = image_u64(image, go->cleanup_queue + (uint64_t)go->layout.cleanup_queue_all);
	if (!block)
		return;
	holder = roots_holder(roots, HOLDER_SPECIAL, "cleanups that wait to run", "runtime",
			      KNOWN_EXACT);
	while (block && roots_spend(roots, CLEANUP_BLOCK)) {
		uint64_t n = image_u32(image, block + CLEANUP_COUNT) * words;

		add_words(roots, holder, block + CLEANUP_FIRST, n < limit ? n : limit, ROOT_CLEANUP);
		block = image_u64(image, block + CLEANUP_LINK);
	}
}

/* The block that each processor's tiny allocator is filling: the next collection keeps it
 * (gcMarkTinyAllocs in runtime/mgcmark.go). */
static void add_tiny_blocks(struct roots *roots)
{
	const struct go *go = &roots->heap->go;
	struct image *image = roots->heap->image;
	uint64_t list = go->allp ? image_u64(image, go->allp) : 0;
	uint64_t n = go->allp ? image_u64(image, go->allp + 8) : 0;
	uint32_t holder = NO_NODE;

	for (uint64_t i = 0; i < n && i < MAX_PROCESSORS; i++) {
		uint64_t p = image_u64(image, list + 8 * i);
		uint64_t mcache = p ? image_u64(image, p + (uint64_t)go->layout.p_mcache) : 0;
		uint64_t at = mcache + (uint64_t)go->layout.mcache_tiny;

		if (!mcache || !image_u64(image, at))
			continue;
		if (holder == NO_NODE)
			holder = roots_holder(roots, HOLDER_RUNTIME, "tiny blocks being filled",
					      "runtime", KNOWN_EXACT);
		roots_add(roots, holder, at, image_u64(image, at), ROOT_RUNTIME, STRENGTH_RUNTIME,
			  KNOWN_EXACT, NO_NODE);
	}
}

void roots_queues(struct roots *roots)
{
	add_finalizer_queue(roots);
	add_cleanup_queue(roots);
	add_tiny_blocks(roots);
}

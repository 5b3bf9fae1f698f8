/* Roots in the processors' own caches: the tiny blocks that are being filled (gcMarkTinyAllocs in
 * runtime/mgcmark.go). */
#include "probes/go/roots/roots.h"

/* The next collection keeps them, once: after it the allocator begins others. */
void roots_caches(struct roots *roots)
{
	const struct go *go = &roots->heap->go;
	struct image *image = roots->heap->image;
	uint32_t holder = NO_NODE;
	uint64_t p;

	for (uint64_t i = 0; go_next_processor(go, &i, &p);) {
		uint64_t mcache = image_u64(image, p + (uint64_t)go->layout.p_mcache);
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

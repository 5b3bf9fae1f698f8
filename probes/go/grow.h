/* Arrays that grow by doubling: room for one more item at the end. */
#ifndef GORETAIN_PROBES_GO_GROW_H
#define GORETAIN_PROBES_GO_GROW_H

#include <stdint.h>
#include <stdlib.h>

static inline void *grow_array(void *items, uint32_t n, uint32_t *capacity, size_t size)
{
	uint32_t wanted = *capacity ? 2 * *capacity : 64;

	if (n < *capacity)
		return items;
	if (wanted <= *capacity)
		return NULL;
	items = reallocarray(items, wanted, size);
	if (items)
		*capacity = wanted;
	return items;
}

/* A pointer to place N of array ITEMS, which may move; NULL without memory (ITEMS then stays). N is
 * not changed. */
#define GROW(items, n, capacity) \
	({ \
		void *grown_ = grow_array(items, n, &(capacity), sizeof *(items)); \
		if (grown_) \
			(items) = grown_; \
		grown_ ? &(items)[n] : NULL; \
	})

#endif

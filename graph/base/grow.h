/* Arrays that grow by doubling: room for one more item at the end. */
#ifndef GORETAIN_GRAPH_BASE_GROW_H
#define GORETAIN_GRAPH_BASE_GROW_H

#include <stdint.h>
#include <stdlib.h>

/* ITEMS with room for more than N of SIZE bytes; *CAPACITY is then what it has, never more than MOST.
 * NULL without memory, or at that limit: ITEMS then stays as it was. */
static inline void *grow_array(void *items, uint64_t n, uint64_t *capacity, uint64_t most, size_t size)
{
	uint64_t wanted = *capacity ? 2 * *capacity : 16;

	if (n < *capacity)
		return items;
	if (wanted > most || wanted <= *capacity)
		return NULL;
	items = reallocarray(items, wanted, size);
	if (items)
		*capacity = wanted;
	return items;
}

/* A pointer to place N of array ITEMS, which may move; NULL without memory (ITEMS then stays). N is
 * not changed. CAPACITY is an unsigned integer of any width. */
#define GROW(items, n, capacity) \
	({ \
		uint64_t capacity_ = (capacity); \
		void *grown_ = grow_array(items, n, &capacity_, (__typeof__(capacity))-1, \
					  sizeof *(items)); \
		if (grown_) { \
			(items) = grown_; \
			(capacity) = (__typeof__(capacity))capacity_; \
		} \
		grown_ ? &(items)[n] : NULL; \
	})

#endif

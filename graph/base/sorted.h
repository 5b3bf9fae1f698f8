/* Looking for a place in an array of items that are sorted by a number. */
#ifndef GORETAIN_GRAPH_BASE_SORTED_H
#define GORETAIN_GRAPH_BASE_SORTED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many of the N items of SIZE bytes, each of which begins with the uint64_t that they are sorted by,
 * have KEY or less there. */
static inline uint32_t sorted_to(const void *items, uint32_t n, size_t size, uint64_t key)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint64_t here;

		memcpy(&here, (const char *)items + mid * size, sizeof here);
		if (here <= key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#endif

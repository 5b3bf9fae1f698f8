/* Looking for a place in an array of items that are sorted by a number. */
#ifndef GORETAIN_GRAPH_BASE_SORTED_H
#define GORETAIN_GRAPH_BASE_SORTED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many of the N items of SIZE bytes, sorted by the uint64_t that stands OFFSET bytes into each, have KEY or
 * less there. */
static inline uint32_t sorted_to_at(const void *items, uint32_t n, size_t size, size_t offset, uint64_t key)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint64_t here;

		memcpy(&here, (const char *)items + mid * size + offset, sizeof here);
		if (here <= key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The same where the items begin with it. */
static inline uint32_t sorted_to(const void *items, uint32_t n, size_t size, uint64_t key)
{
	return sorted_to_at(items, n, size, 0, key);
}

/* The number of the first item that begins with KEY or more; N if there is none. */
static inline uint32_t sorted_from(const void *items, uint32_t n, size_t size, uint64_t key)
{
	return key ? sorted_to(items, n, size, key - 1) : 0;
}

/* The first item that begins with KEY, NULL if none does. */
static inline const void *sorted_find(const void *items, uint32_t n, size_t size, uint64_t key)
{
	uint32_t i = sorted_from(items, n, size, key);
	const char *item = i < n ? (const char *)items + i * size : NULL;

	return item && memcmp(item, &key, sizeof key) == 0 ? item : NULL;
}

/* Of stretches of addresses that do not overlap, each of which begins with where it begins and where it ends:
 * the number of the first that ends above ADDR, N if none does. */
static inline uint32_t sorted_above(const void *items, uint32_t n, size_t size, uint64_t addr)
{
	return sorted_to_at(items, n, size, sizeof(uint64_t), addr);
}

#endif

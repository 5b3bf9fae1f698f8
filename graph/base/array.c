#include "graph/base/array.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2ul << 20)

void *array_new(uint64_t n, size_t size, const char *what, struct error *err)
{
	size_t bytes;
	void *array;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - HUGE_PAGE) {
		fail_memory(err, what);
		return NULL;
	}
	if (bytes < 2 * HUGE_PAGE) {
		array = malloc(bytes ? bytes : 1);
	} else {
		bytes = (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
		array = aligned_alloc(HUGE_PAGE, bytes);
		if (array)
			madvise(array, bytes, MADV_HUGEPAGE);
	}
	if (!array)
		fail_memory(err, what);
	return array;
}

static void *array_filled(uint64_t n, size_t size, int byte, const char *what, struct error *err)
{
	void *array = array_new(n, size, what, err);

	if (array)
		memset(array, byte, n * size);
	return array;
}

void *array_zero(uint64_t n, size_t size, const char *what, struct error *err)
{
	return array_filled(n, size, 0, what, err);
}

void *array_ones(uint64_t n, size_t size, const char *what, struct error *err)
{
	return array_filled(n, size, 0xff, what, err);
}

bool array_cancelled(struct progress *progress, struct error *err)
{
	if (!progress_cancelled(progress))
		return false;
	fail(err, STATUS_REFUSED, "cancelled");
	return true;
}

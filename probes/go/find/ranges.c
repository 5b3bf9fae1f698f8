/* Which mappings are looked at for what the linker wrote, and how much of them */
#include "probes/go/find/find.h"

bool find_in_range(const struct image_range *range)
{
	return range->file != NO_FILE && (range->flags & RANGE_READ) &&
	       !(range->flags & RANGE_SHARED);
}

bool find_affords(const struct image_range *range, uint64_t *left)
{
	uint64_t size = range->hi - range->lo;

	if (size > *left)
		return false;
	*left -= size;
	return true;
}

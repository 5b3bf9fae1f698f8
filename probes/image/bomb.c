#include "probes/image/bomb.h"

#include <inttypes.h>

#define FREE_MADE (128ull << 20)    /* so much is no harm, from whatever file */
#define FREE_UNPACKED (8ull << 30)  /* zeros take time alone */
#define MADE_RATIO BOMB_LEAST_RATIO
#define UNPACKED_RATIO 1024

static bool is_beyond(uint64_t read, uint64_t bytes, uint64_t free_bytes, uint64_t ratio)
{
	return bytes > free_bytes && bytes / ratio > read;
}

bool bomb_check(uint64_t read, uint64_t made, uint64_t unpacked, struct error *err)
{
	if (is_beyond(read, made, FREE_MADE, MADE_RATIO))
		return fail(err, STATUS_REFUSED, "it unpacks to more than %d times its size and more than "
			    "%llu MB, as no program's memory does: it is taken for a decompression bomb",
			    MADE_RATIO, FREE_MADE >> 20);
	if (is_beyond(read, unpacked, FREE_UNPACKED, UNPACKED_RATIO))
		return fail(err, STATUS_REFUSED, "it unpacks to more than %d times its size and more than "
			    "%llu GB, nearly all of it zeros: it is taken for a decompression bomb",
			    UNPACKED_RATIO, FREE_UNPACKED >> 30);
	return true;
}

uint64_t bomb_least(uint64_t made, uint64_t unpacked)
{
	uint64_t a = made / MADE_RATIO + 1, b = unpacked / UNPACKED_RATIO + 1;

	return a > b ? a : b;
}

/* The version of a program without build information: some are stripped of it, too. The runtime keeps
 * its version in a variable (runtime.buildVersion), a string whose bytes are a constant. */
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/find/find.h"

/* Bytes of a version. The longest seen name some experiments. */
#define SHORTEST 5
#define LONGEST 120

static bool is_version(const char *bytes, uint64_t length)
{
	if (memcmp(bytes, "go1.", 4) || bytes[4] < '0' || bytes[4] > '9')
		return false;
	for (uint64_t i = 0; i < length; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	return true;
}

/* Put the versions that strings in RANGE are into VERSION. False once there are two that differ: then
 * nobody knows which is the program's own. */
static bool look_in(struct image *image, const struct image_range *range, struct text *version)
{
	const uint8_t *bytes;
	uint64_t n = image_run(image, range->lo, range->hi - range->lo, &bytes);

	for (uint64_t at = 0; at + 16 <= n; at += 8) {
		uint64_t length = image_word(bytes + at + 8);
		const char *string = length >= SHORTEST && length <= LONGEST
				     ? image_at(image, image_word(bytes + at), length) : NULL;

		if (!string || !is_version(string, length))
			continue;
		if (!version->length)
			text_append(version, string, length);
		else if (version->length != length || memcmp(version->bytes, string, length) != 0)
			return false;
	}
	return true;
}

bool find_build_version(struct image *image, const bool *loaded, struct text *version)
{
	uint64_t left = FIND_MOST;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		if (find_in_range(range) && (range->flags & RANGE_WRITE) && loaded[range->file] &&
		    find_affords(range, &left) && !look_in(image, range, version))
			return false;
	}
	return true;
}

#include "tui/clip.h"

#include <string.h>

/* Do A and B, which differ, look the same when they are cut so? */
static bool alike(const char *a, const char *b, unsigned width, unsigned head)
{
	autotext struct text x = {0}, y = {0};

	text_clip_at(&x, a, width, head, false);
	text_clip_at(&y, b, width, head, false);
	return strcmp(text_string(&x), text_string(&y)) == 0;
}

/* How many of the other names look like NAMES[I] when all are cut so. */
static unsigned doubles(const char *const *names, unsigned n, unsigned i, unsigned width, unsigned head)
{
	unsigned found = 0;

	for (unsigned k = 0; k < n; k++)
		found += strcmp(names[k], names[i]) != 0 && text_width(names[k]) > width &&
			 alike(names[i], names[k], width, head);
	return found;
}

unsigned clip_head(const char *const *names, unsigned n, unsigned i, unsigned width)
{
	unsigned middle = (width - 1) / 2, best = middle, fewest;

	if (text_width(names[i]) <= width || width < 3)
		return middle;
	fewest = doubles(names, n, i, width, middle);
	for (unsigned head = 1; fewest && head + 1 < width; head++) {
		unsigned found = doubles(names, n, i, width, head);

		if (found < fewest) {
			fewest = found;
			best = head;
		}
	}
	return best;
}

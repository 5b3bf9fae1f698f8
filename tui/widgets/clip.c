#include "tui/widgets/clip.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"

/* Cells of the first LENGTH bytes of S. */
static unsigned cells_of(const char *s, size_t length)
{
	autotext struct text part = {0};

	text_append(&part, s, length);
	return text_width(text_string(&part));
}

/* A and B look the same when both have between *FROM and *TO cells before the ellipsis: those are common to
 * both, as are the cells behind it. */
static void alike(const char *a, const char *b, unsigned width, unsigned *from, unsigned *to)
{
	size_t n = strlen(a), m = strlen(b), least = n < m ? n : m, head = 0, tail = 0;
	unsigned behind;

	while (head < least && a[head] == b[head])
		head++;
	while (tail < least - head && a[n - 1 - tail] == b[m - 1 - tail])
		tail++;
	*to = cells_of(a, head);
	behind = cells_of(a + n - tail, tail);
	*from = behind < width - 1 ? width - 1 - behind : 0;
}

/* How many names look like NAMES[I], to CHANGES: the sum up to a number of cells before the ellipsis. */
static void count_alike(const char *const *names, unsigned n, unsigned i, unsigned width, int *changes)
{
	for (unsigned k = 0; k < n; k++) {
		unsigned from, to;

		if (strcmp(names[k], names[i]) == 0 || text_width(names[k]) <= width)
			continue;
		alike(names[i], names[k], width, &from, &to);
		if (from > to || from >= width)
			continue;
		changes[from]++;
		changes[to < width ? to + 1 : width]--;
	}
}

unsigned clip_head(const char *const *names, unsigned n, unsigned i, unsigned width)
{
	unsigned middle = width ? (width - 1) / 2 : 0, best = middle;
	autofree int *changes = calloc((size_t)width + 2, sizeof *changes);
	int found = 0, fewest, at_middle = 0;

	if (!changes || width < 3 || text_width(names[i]) <= width)
		return middle;
	count_alike(names, n, i, width, changes);
	for (unsigned head = 0; head <= middle; head++)
		at_middle += changes[head];
	fewest = at_middle;
	for (unsigned head = 0; fewest && head + 1 < width; head++) {
		found += changes[head];
		if (head && found < fewest) {
			fewest = found;
			best = head;
		}
	}
	return best;
}

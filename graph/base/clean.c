#include "graph/base/clean.h"

#include <string.h>

void text_clean(struct text *t, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *backslash = memchr(bytes, '\\', (size_t)(end - bytes));
		const char *stop = backslash ? backslash : end;

		if (stop > bytes)
			text_escape(t, bytes, (size_t)(stop - bytes), 0);
		if (backslash)
			text_putc(t, '\\');
		bytes = stop + 1;
	}
}

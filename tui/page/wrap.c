#include "tui/page/wrap.h"

#include <string.h>

static void put_spaces(struct text *out, unsigned n)
{
	while (n--)
		text_putc(out, ' ');
}

static unsigned word_width(const char *word, size_t length)
{
	autotext struct text copy = {0};

	text_append(&copy, word, length);
	return text_width(text_string(&copy));
}

void wrap_text(struct text *out, const char *s, unsigned columns, unsigned indent, bool first)
{
	unsigned column = indent;
	bool fresh = true; /* nothing on this line yet */

	if (first)
		put_spaces(out, indent);
	while (*s) {
		size_t length = strcspn(s, " \n");
		unsigned width = word_width(s, length);

		if (!fresh && column + 1 + width > columns) {
			text_putc(out, '\n');
			put_spaces(out, indent);
			column = indent;
			fresh = true;
		}
		if (length && !fresh) {
			text_putc(out, ' ');
			column++;
		}
		text_append(out, s, length);
		column += width;
		fresh = fresh && !length;
		s += length;
		if (*s == '\n' && s[1]) {
			text_putc(out, '\n');
			put_spaces(out, indent);
			column = indent;
			fresh = true;
			/* A line of source keeps its own indentation. */
			for (s++; *s == ' ' || *s == '\t'; s++, column += *s == '\t' ? 4 : 1)
				text_puts(out, *s == '\t' ? "    " : " ");
		} else if (*s) {
			s++;
		}
	}
	text_putc(out, '\n');
}

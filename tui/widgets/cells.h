/* Lines of text with roles, and the only writer of characters to the terminal.
 *
 * Every string was sanitised where it was read (text_escape), so no control byte should arrive
 * here; the writer replaces any that does, because a name that reaches the terminal as an escape
 * sequence is how a hostile process would take it over. */
#ifndef GORETAIN_TUI_WIDGETS_CELLS_H
#define GORETAIN_TUI_WIDGETS_CELLS_H

#include "graph/base/text.h"
#include "tui/widgets/theme.h"

enum { LINE_MARKS = 16 };

/* Text in which from certain bytes on another role holds. Zero-initialise; free with line_free. */
struct line {
	struct text text;
	struct { uint32_t at; uint8_t role; } marks[LINE_MARKS];
	unsigned n_marks;
	uint32_t less; /* from this byte on it matters less, and is clipped first; 0: all matters */
	uint16_t head; /* cells before the ellipsis where it must be clipped; 0: as many as behind it */
};

void line_free(struct line *line);
#define autoline __attribute__((cleanup(line_free)))
void line_clear(struct line *line); /* keeps its memory */
/* What is appended to line->text from here on has ROLE. */
void line_role(struct line *line, enum role role);
/* Append STRING in ROLE, then go on plainly. */
void line_puts(struct line *line, enum role role, const char *string);
/* What is appended from here on matters less than what is there. */
void line_less(struct line *line);
/* Append a copy of OTHER, roles included. */
void line_append(struct line *line, const struct line *other);

enum align { ALIGN_LEFT, ALIGN_RIGHT };

/* Write LINE to exactly WIDTH cells at row Y, column X of the screen, clipped in the middle with an
 * ellipsis and filled with spaces; OVER is laid over the line's own roles (selection, dim). What
 * lies outside the screen is not written. */
void cells_line(int y, int x, int width, const struct line *line, enum align align,
		enum role over);
/* The same for a plain string. */
void cells_text(int y, int x, int width, const char *string, enum role role);
/* How many of the LENGTH bytes at S fit WIDTH cells, at least one character; with WORDS up to a space
 * if there is one. */
size_t cells_fit(const char *s, size_t length, unsigned width, bool words);
/* A horizontal rule, or a vertical one. */
void cells_rule(int y, int x, int width);
void cells_divider(int y, int x, int height);

#endif

#include "tui/outline.h"

#include <stdlib.h>
#include <string.h>

#include "graph/grow.h"

#define MIN_LABEL 16
#define MIN_WHAT 12
#define BYTES_WIDTH 9   /* "999.9 MB" */
#define EXACT_WIDTH 19

struct outline_row *outline_add(struct outline *o, unsigned depth)
{
	static struct outline_row lost;
	struct outline_row *row = GROW(o->rows, o->n, o->capacity);

	if (!row) {
		o->failed = true;
		text_free(&lost.label);
		text_free(&lost.what);
		return &lost;
	}
	*row = (struct outline_row){ .depth = depth < OUTLINE_DEPTH ? depth : OUTLINE_DEPTH - 1 };
	o->n++;
	return row;
}

void outline_free(struct outline *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		text_free(&o->rows[i].label);
		text_free(&o->rows[i].what);
	}
	free(o->rows);
	memset(o, 0, sizeof *o);
}

/* From below: a line goes on at a depth until the row above which nothing more hangs there. */
static void find_lines(struct outline *o)
{
	uint32_t open = 0;

	for (unsigned i = o->n; i-- > 0;) {
		struct outline_row *row = &o->rows[i];

		row->lines = open;
		open |= 1u << row->depth;
		open &= (2u << row->depth) - 1;
	}
}

static void put_branches(const struct outline_row *row, bool unicode, struct text *out)
{
	if (row->depth == 0) {
		text_puts(out, unicode ? "● " : "* ");
		return;
	}
	for (unsigned d = 1; d < row->depth; d++)
		text_puts(out, !(row->lines >> d & 1) ? "   " : unicode ? "│  " : "|  ");
	if (row->lines >> row->depth & 1)
		text_puts(out, unicode ? "├─ " : "|- ");
	else
		text_puts(out, unicode ? "└─ " : "`- ");
}

static unsigned branch_width(const struct outline_row *row)
{
	return row->depth ? 3 * row->depth : 2;
}

/* How wide the labels with their branches are to be, of COLUMNS in all. */
static unsigned label_width(const struct outline *o, unsigned columns)
{
	unsigned widest = MIN_LABEL;

	for (unsigned i = 0; i < o->n; i++) {
		const struct outline_row *row = &o->rows[i];
		unsigned width = branch_width(row) + text_width(text_string(&row->label));

		if (width > widest)
			widest = width;
	}
	return widest > columns * 9 / 20 ? columns * 9 / 20 : widest;
}

static void print_row(const struct outline_row *row, unsigned label, unsigned what, bool unicode,
		      bool exact, struct text *out)
{
	autotext struct text left = {0}, size = {0};
	unsigned branches = branch_width(row), width = exact ? EXACT_WIDTH : BYTES_WIDTH;

	put_branches(row, unicode, out);
	text_clip(out, text_string(&row->label), label > branches ? label - branches : 1, true);
	text_puts(out, !row->boxed ? "   " : unicode ? " ◇ " : " <>");
	text_clip(out, text_string(&row->what), what, true);
	if (row->bytes)
		text_size(&size, row->bytes, exact);
	else
		text_puts(&size, "-"); /* a holder that keeps nothing alone */
	for (unsigned n = text_width(text_string(&size)); n < width; n++)
		text_putc(out, ' ');
	text_puts(out, text_string(&size));
	text_putc(out, '\n');
}

void outline_print(struct outline *o, unsigned columns, bool unicode, bool exact, struct text *out)
{
	unsigned label = label_width(o, columns);
	unsigned used = label + 3 + (exact ? EXACT_WIDTH : BYTES_WIDTH);
	unsigned what = columns > used + MIN_WHAT ? columns - used : MIN_WHAT;

	find_lines(o);
	for (unsigned i = 0; i < o->n; i++)
		print_row(&o->rows[i], label, what, unicode, exact, out);
}

#include "tui/page/outline.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "tui/widgets/clip.h"

#define MIN_LABEL 16
#define MIN_WHAT 12
#define BYTES_WIDTH 9   /* "999.9 MB" */
#define EXACT_WIDTH 19
#define MARK 3          /* " ◇ " */
#define NEIGHBOURS 16   /* rows on each side from which a label is to differ */

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

/* How wide the two columns become: labels with their branches, and what is there. */
struct layout { unsigned label, what, bytes; };

static struct layout lay_out(const struct outline *o, unsigned columns, bool whole, bool exact)
{
	struct layout l = { MIN_LABEL, MIN_WHAT, exact ? EXACT_WIDTH : BYTES_WIDTH };
	unsigned most = columns * 9 / 20, whats = 0;

	for (unsigned i = 0; i < o->n; i++) {
		const struct outline_row *row = &o->rows[i];
		unsigned label = branch_width(row) + text_width(text_string(&row->label));
		unsigned what = text_width(text_string(&row->what));

		l.label = label > l.label ? label : l.label;
		whats = what > whats ? what : whats;
	}
	/* Labels may take what the rest of the line does not need. */
	if (columns > MARK + l.bytes + whats && columns - MARK - l.bytes - whats > most)
		most = columns - MARK - l.bytes - whats;
	if (!whole && l.label > most)
		l.label = most;
	if (columns > l.label + MARK + l.bytes + MIN_WHAT)
		l.what = columns - l.label - MARK - l.bytes;
	if (whole && whats > l.what)
		l.what = whats;
	return l;
}

/* Where the label of row I is cut, so that it differs from those of the rows beside it. */
static unsigned label_head(const struct outline *o, unsigned i, unsigned width)
{
	const char *near[2 * NEIGHBOURS + 1];
	unsigned n = 0, at = 0;

	for (unsigned k = i > NEIGHBOURS ? i - NEIGHBOURS : 0; k < o->n && k <= i + NEIGHBOURS; k++) {
		if (o->rows[k].depth != o->rows[i].depth)
			continue;
		at = k == i ? n : at;
		near[n++] = text_string(&o->rows[k].label);
	}
	return clip_head(near, n, at, width);
}

static void print_row(const struct outline *o, unsigned i, const struct layout *l, bool unicode, bool exact,
		      struct text *out)
{
	const struct outline_row *row = &o->rows[i];
	autotext struct text size = {0};
	unsigned branches = branch_width(row), label = l->label > branches ? l->label - branches : 1;

	put_branches(row, unicode, out);
	text_clip_at(out, text_string(&row->label), label, label_head(o, i, label), true);
	text_puts(out, !row->boxed ? "   " : unicode ? " ◇ " : " <>");
	text_clip(out, text_string(&row->what), l->what, true);
	if (row->bytes)
		text_size(&size, row->bytes, exact);
	else
		text_puts(&size, "-"); /* a holder that keeps nothing alone */
	for (unsigned n = text_width(text_string(&size)); n < l->bytes; n++)
		text_putc(out, ' ');
	text_puts(out, text_string(&size));
	text_putc(out, '\n');
}

void outline_print(struct outline *o, unsigned columns, bool whole, bool unicode, bool exact,
		   struct text *out)
{
	struct layout l = lay_out(o, columns, whole, exact);

	find_lines(o);
	for (unsigned i = 0; i < o->n; i++)
		print_row(o, i, &l, unicode, exact, out);
}

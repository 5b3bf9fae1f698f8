/* A page of text: all of a row. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "tui/page/words.h"
#include "tui/screen/details.h"
#include "tui/views/views.h"

static const struct column columns[] = { { "", ALIGN_LEFT, 10, 0, 0, 0 } };

struct details {
	struct text text;
	struct { size_t at, length; } *lines;
	uint32_t n, capacity;
	int width;     /* that it was wrapped for */
};

static void add_line(struct details *d, size_t at, size_t length)
{
	if (!GROW(d->lines, d->n, d->capacity))
		return;
	d->lines[d->n].at = at;
	d->lines[d->n++].length = length;
}

/* Of the N bytes that fit into a line as many as end behind a space; all of them if there is none. */
static size_t whole_words(const char *s, size_t n)
{
	size_t to = n;

	while (to > 0 && s[to - 1] != ' ')
		to--;
	return to ? to : n;
}

static void wrap(struct details *d, int width)
{
	const char *s = text_string(&d->text);
	size_t at = 0;

	d->n = 0;
	d->width = width;
	while (at < d->text.length) {
		const char *newline = strchr(s + at, '\n');
		size_t end = newline ? (size_t)(newline - s) : d->text.length;

		do {
			size_t n = cells_fit(s + at, end - at,
					     width > 4 ? (unsigned)width - 3 : 1, false);

			n = at + n < end ? whole_words(s + at, n) : n;
			add_line(d, at, n);
			at += n;
		} while (at < end);
		at = end + 1;
	}
}

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	const struct details_request *request = arg;
	struct details *d = calloc(1, sizeof *d);

	if (!d)
		return fail_memory(err, "the details");
	page->state = d;
	text_puts(&d->text, request->text);
	text_puts(&page->crumb.text, request->title);
	page->panes[0].columns = columns;
	page->panes[0].n_columns = 1;
	return true;
}

static void close_view(struct page *page)
{
	struct details *d = page->state;

	if (!d)
		return;
	text_free(&d->text);
	free(d->lines);
	free(d);
}

static void layout(struct page *page, int y, int height, int width)
{
	struct details *d = page->state;
	struct pane *pane = &page->panes[0];

	if (d->width != width)
		wrap(d, width);
	pane->y = y;
	pane->x = 0;
	pane->height = height;
	pane->width = width;
	pane->n_rows = d->n;
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct details *d = page->state;

	if (index < d->n)
		text_append(&out->cells[0].text, text_string(&d->text) + d->lines[index].at,
			    d->lines[index].length);
}

const struct view_ops details_view = {
	.name = "Details",
	.screen = SCREEN_TEXT,
	.about = "All that is known of a row.",
	.open = open_view, .close = close_view, .layout = layout, .row = row,
};

void details_ask(struct page *page)
{
	struct pane *pane = page_pane(page);
	struct details_request request = { .title = "All of the row" };
	struct row content = {0};
	struct subject of;
	autotext struct text text = {0};

	if (!pane->n_rows) {
		screen_message(page->screen, "there is no row here");
		return;
	}
	if (page->ops->details) {
		page->ops->details(page, &text);
	} else {
		page->ops->row(page, page->focus, pane->selected, &content);
		row_text(&content, pane->n_columns, &text);
		row_free(&content);
	}
	text_puts(&text, "\n\n");
	if (page->ops->subject && page->ops->subject(page, &of))
		words_details(screen_graph(page->screen), screen_index(page->screen), &of, &text);
	request.text = text_string(&text);
	screen_open(page->screen, &details_view, &request);
}

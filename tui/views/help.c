/* Help for a screen, and the palette: both are the table of keys; Enter does what a row says. */
#include <stdlib.h>
#include <string.h>

#include "tui/views/views.h"

enum { KEYS, WHAT, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[KEYS] = { "", ALIGN_LEFT, 10, 14, 0, 0 },
	[WHAT] = { "", ALIGN_LEFT, 20, 0, 0, 0 },
};

enum { MOST_ROWS = 128, MOST_LINES = 64 };

struct help {
	struct help_request request;
	struct { const char *at; size_t length; } lines[MOST_LINES]; /* of `about`, wrapped */
	unsigned n_lines;
	int width;                   /* that it was wrapped for */
	const struct key_row *keys[MOST_ROWS];
	unsigned n_keys;
};

/* Rows above the keys: the words, and an empty one. */
static unsigned above(const struct help *h)
{
	return h->n_lines ? h->n_lines + 1 : 0;
}

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	struct help *h = calloc(1, sizeof *h);

	if (!h)
		return fail_memory(err, "the help");
	page->state = h;
	h->request = *(const struct help_request *)arg;
	for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++)
		if ((row->screens & h->request.of->screen) && h->n_keys < MOST_ROWS)
			h->keys[h->n_keys++] = row;
	page->panes[0].columns = columns;
	page->panes[0].n_columns = N_COLUMNS;
	page->panes[0].n_rows = h->n_keys;
	text_printf(&page->crumb.text, "%s: %s", h->request.of->name,
		    h->request.palette ? "every action" : "help");
	return true;
}

/* Break the words above the keys into lines; the selection stays on its key. */
static void wrap(struct help *h, struct pane *pane, int width)
{
	const char *s = h->request.palette ? "" : h->request.of->about;
	unsigned before = above(h);

	h->width = width;
	h->n_lines = 0;
	while (*s && h->n_lines < MOST_LINES) {
		size_t all = strcspn(s, "\n");
		size_t n = cells_fit(s, all, width > 20 ? (unsigned)width - 16 : 4, true);

		h->lines[h->n_lines].at = s;
		h->lines[h->n_lines++].length = n;
		s += n + (n == all && s[n] == '\n');
	}
	pane->n_rows = above(h) + h->n_keys;
	pane->selected += above(h) - before;
	if (!before)
		pane->top = 0;
}

static void layout(struct page *page, int y, int height, int width)
{
	struct help *h = page->state;
	struct pane *pane = &page->panes[0];

	if (h->width != width)
		wrap(h, pane, width);
	pane->y = y;
	pane->x = 0;
	pane->height = height;
	pane->width = width;
}

static void close_view(struct page *page)
{
	free(page->state);
}

/* The row of the table behind a row of the page; NULL for the words above. */
static const struct key_row *key_at(const struct help *h, uint32_t index)
{
	return index >= above(h) && index - above(h) < h->n_keys ? h->keys[index - above(h)] : NULL;
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct help *h = page->state;
	const struct key_row *key = key_at(h, index);

	if (key) {
		line_puts(&out->cells[KEYS], ROLE_ROOT, key->shown);
		text_puts(&out->cells[WHAT].text, key->help);
	} else if (index < h->n_lines) {
		text_append(&out->cells[WHAT].text, h->lines[index].at, h->lines[index].length);
	}
}

static bool act(struct page *page, enum action action)
{
	const struct help *h = page->state;
	const struct key_row *key = key_at(h, page->panes[0].selected);
	struct screen *screen = page->screen;
	enum action wanted;

	if ((action != ACTION_ENTER && action != ACTION_RIGHT) || !key)
		return false;
	wanted = key->action;
	screen_back(screen);
	screen_act(screen, wanted);
	return true;
}

const struct view_ops help_view = {
	.name = "Help",
	.screen = SCREEN_HELP,
	.about = "",
	.open = open_view, .close = close_view, .layout = layout, .row = row, .act = act,
};

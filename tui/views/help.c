/* Help for a screen, and the palette: both are the table of keys, and Enter does what a row says. */
#include <stdlib.h>
#include <string.h>

#include "tui/views/views.h"

enum { KEYS, WHAT, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[KEYS] = { "", ALIGN_LEFT, 10, 14, 0, 0 },
	[WHAT] = { "", ALIGN_LEFT, 20, 0, 0, 0 },
};

enum { MOST_ROWS = 128 };

struct help {
	struct help_request request;
	const char *lines[16];       /* of `about`, not ended by NUL */
	unsigned n_lines;
	const struct key_row *keys[MOST_ROWS];
	unsigned n_keys;
};

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	struct help *h = calloc(1, sizeof *h);

	if (!h)
		return fail_memory(err, "the help");
	page->state = h;
	h->request = *(const struct help_request *)arg;
	for (const char *s = h->request.of->about; s && !h->request.palette;
	     s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (h->n_lines < 16)
			h->lines[h->n_lines++] = s;
	for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++)
		if ((row->screens & h->request.of->screen) && h->n_keys < MOST_ROWS)
			h->keys[h->n_keys++] = row;
	page->panes[0].columns = columns;
	page->panes[0].n_columns = N_COLUMNS;
	page->panes[0].n_rows = h->n_lines + (h->n_lines ? 1 : 0) + h->n_keys;
	page->panes[0].selected = h->n_lines + (h->n_lines ? 1 : 0);
	text_printf(&page->crumb.text, "%s: %s", h->request.of->name,
		    h->request.palette ? "every action" : "help");
	return true;
}

static void close_view(struct page *page)
{
	free(page->state);
}

/* The row of the table behind a row of the page; NULL for the words above. */
static const struct key_row *key_at(const struct help *h, uint32_t index)
{
	uint32_t above = h->n_lines + (h->n_lines ? 1 : 0);

	return index >= above && index - above < h->n_keys ? h->keys[index - above] : NULL;
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct help *h = page->state;
	const struct key_row *key = key_at(h, index);

	if (key) {
		line_puts(&out->cells[KEYS], ROLE_ROOT, key->shown);
		text_puts(&out->cells[WHAT].text, key->help);
	} else if (index < h->n_lines) {
		const char *end = strchr(h->lines[index], '\n');

		text_append(&out->cells[WHAT].text, h->lines[index],
			    end ? (size_t)(end - h->lines[index]) : strlen(h->lines[index]));
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
	.open = open_view, .close = close_view, .row = row, .act = act,
};

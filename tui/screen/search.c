/* Search in the rows of a pane, a slice at a time, so that keys are answered meanwhile. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "tui/screen/state.h"

static void lower(struct text *t)
{
	for (size_t i = 0; i < t->length; i++)
		if ((unsigned char)t->bytes[i] < 0x80)
			t->bytes[i] = (char)tolower((unsigned char)t->bytes[i]);
}

static void begin(struct screen *screen, bool backwards, bool here)
{
	struct pane *pane = page_pane(screen_page(screen));
	struct search *search = &screen->search;

	if (!pane->n_rows)
		screen_message(screen, "there is nothing to search in here");
	search->backwards = backwards;
	search->left = pane->n_rows;
	search->running = pane->n_rows > 0;
	search->at = pane->selected;
	if (!here && pane->n_rows)
		search->at = backwards ? (pane->selected ? pane->selected : pane->n_rows) - 1
				       : (pane->selected + 1) % pane->n_rows;
	search_step(screen, 10);
}

static void on_answer(void *arg, const char *answer)
{
	struct screen *screen = arg;

	if (!answer || !*answer)
		return;
	text_clear(&screen->search.needle);
	text_puts(&screen->search.needle, answer);
	lower(&screen->search.needle);
	begin(screen, false, true);
}

void search_ask(struct screen *screen)
{
	screen_ask_line(screen, "Search: ", "", on_answer, screen);
}

void search_again(struct screen *screen, bool backwards)
{
	if (!screen->search.needle.length)
		search_ask(screen);
	else
		begin(screen, backwards, false);
}

static bool matches(struct screen *screen, uint32_t index, struct row *row, struct text *text)
{
	struct page *page = screen_page(screen);

	row_clear(row);
	text_clear(text);
	page->ops->row(page, page->focus, index, row);
	row_text(row, page_pane(page)->n_columns, text);
	lower(text);
	return strstr(text_string(text), text_string(&screen->search.needle)) != NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void found(struct screen *screen)
{
	struct search *search = &screen->search;
	struct pane *pane = page_pane(screen_page(screen));
	uint32_t before = pane->selected;

	pane->selected = search->at;
	search->running = false;
	if (search->backwards ? pane->selected > before : pane->selected < before)
		screen_message(screen, "went on from the other end");
}

void search_step(struct screen *screen, unsigned ms)
{
	struct search *search = &screen->search;
	struct pane *pane = page_pane(screen_page(screen));
	int64_t until = now_ms() + ms;
	struct row row = {0};
	autotext struct text text = {0};

	if (search->at >= pane->n_rows)
		search->running = false;
	for (unsigned i = 1; search->running && search->left; i++) {
		if (matches(screen, search->at, &row, &text)) {
			found(screen);
			break;
		}
		search->left--;
		search->at = search->backwards
			? (search->at ? search->at : pane->n_rows) - 1
			: (search->at + 1) % pane->n_rows;
		if (i % 64 == 0 && now_ms() >= until)
			break;
	}
	row_free(&row);
	if (search->running && !search->left) {
		search->running = false;
		text_clear(&text);
		text_escape(&text, text_string(&search->needle), search->needle.length, 60);
		screen_message(screen, "not in this list: %s  (^f looks everywhere)",
			       text_string(&text));
	}
}

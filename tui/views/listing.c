#include "tui/views/listing.h"

#include <stdlib.h>

#include "tui/views/views.h"

static int compare(const void *a, const void *b, void *arg)
{
	const struct listing *l = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t left = l->ops->key(l, x, l->column), right = l->ops->key(l, y, l->column);
	int order = left != right ? (left > right ? -1 : 1) : x < y ? -1 : x > y;

	return l->reversed ? -order : order;
}

static void job(void *arg, struct progress *progress)
{
	struct listing *l = arg;

	progress_begin(progress, "sorting", 0);
	l->count = 0;
	l->failed = !l->ops->make(l, progress);
	if (!l->failed && l->count)
		qsort_r(l->items, l->count, sizeof *l->items, compare, l);
}

bool listing_open(struct page *page, const struct listing_ops *ops, size_t size,
		  const struct column *columns, unsigned n_columns, struct error *err)
{
	struct listing *l = calloc(1, size);

	if (!l)
		return fail_memory(err, "a list");
	l->ops = ops;
	page->state = l;
	page->panes[0].columns = columns;
	page->panes[0].n_columns = n_columns;
	page->panes[0].heads = true;
	page->empty = "· this is being computed";
	return true;
}

void listing_free(struct listing *l)
{
	free(l->items);
	free(l->order);
}

void listing_close(struct page *page)
{
	if (page->state)
		listing_free(page->state);
	free(page->state);
}

bool listing_act(struct page *page, enum action action)
{
	struct subject to;

	if (action != ACTION_ENTER && action != ACTION_RIGHT)
		return false;
	if (page->ops->subject(page, &to))
		screen_open(page->screen, &object_view, &to);
	else
		screen_act(page->screen, ACTION_INFO);
	return true;
}

void listing_sort(struct page *page)
{
	struct listing *l = page->state;

	if (!l->graph)
		return;
	job_end(&page->job);
	free(l->items);
	l->items = NULL;
	l->column = page->panes[0].sort;
	l->reversed = page->panes[0].reversed;
	page_job(page, job, l);
}

static void say_crumb(struct page *page, const struct listing *l)
{
	line_clear(&page->crumb);
	line_clear(&page->note);
	text_counted(&page->crumb.text, l->n, l->ops->noun);
	if (l->ops->say)
		l->ops->say(l, &page->crumb.text);
	text_puts(&page->note.text, "by ");
	for (const char *c = page->panes[0].columns[l->column].title; *c; c++)
		text_putc(&page->note.text, (char)(*c == ' ' ? ' ' : *c | 0x20));
	text_puts(&page->note.text, l->reversed ? ", smallest first" : "");
}

void listing_done(struct page *page)
{
	struct listing *l = page->state;

	page->empty = l->failed ? "the list was ended before it was complete" : "there is none";
	free(l->order);
	l->order = l->items;
	l->items = NULL;
	l->n = page->panes[0].n_rows = l->failed || !l->order ? 0 : l->count;
	say_crumb(page, l);
}

void listing_update(struct page *page)
{
	struct listing *l = page->state;

	if (!screen_has(page->screen, l->ops->since))
		return;
	if (l->graph) {
		say_crumb(page, l);
		return;
	}
	l->graph = screen_graph(page->screen);
	listing_sort(page);
}

bool listing_selected(struct page *page, uint32_t *item)
{
	const struct listing *l = page->state;
	uint32_t at = page->panes[0].selected;

	if (at >= l->n)
		return false;
	*item = l->order[at];
	return true;
}

/* Pages and the way back through them, as in a browser. */
#include <stdlib.h>

#include "tui/screen/state.h"
#include "tui/views/views.h"

const struct top_view top_views[] = {
	{ '1', ACTION_VIEW_OVERVIEW, &overview_view },
	{ '2', ACTION_VIEW_DOMINATORS, &dominators_view },
	{ '3', ACTION_VIEW_TYPES, &types_view },
	{ '4', ACTION_VIEW_MAPS, &maps_view },
	{ '5', ACTION_VIEW_TASKS, &tasks_view },
	{ '6', ACTION_VIEW_SUSPECTS, &suspects_view },
	{ '8', ACTION_VIEW_CHANGE, &change_view },
	{ 0, ACTION_NONE, NULL },
};

static void page_free(struct page *page)
{
	if (!page)
		return;
	job_free(&page->job);
	if (page->ops->close)
		page->ops->close(page);
	for (unsigned i = 0; i < MAX_PANES; i++)
		line_free(&page->panes[i].title);
	line_free(&page->crumb);
	line_free(&page->note);
	free(page);
}

static struct page *page_new(struct screen *screen, const struct view_ops *ops, const void *arg)
{
	struct page *page = calloc(1, sizeof *page);
	struct error err = {0};

	if (!page)
		return NULL;
	page->ops = ops;
	page->screen = screen;
	page->n_panes = 1;
	page->stage = -1;
	job_init(&page->job, screen->wake[1]);
	if (!ops->open(page, arg, &err)) {
		screen_message(screen, "%s", err.message);
		page_free(page);
		return NULL;
	}
	return page;
}

static void release(struct screen *screen, struct page *page)
{
	if (--page->references == 0)
		page_free(page);
}

static bool is_top(const struct screen *screen, const struct page *page)
{
	for (unsigned i = 0; top_views[i].ops; i++)
		if (screen->tops[i] == page)
			return true;
	return false;
}

static void remember(struct screen *screen)
{
	struct visit *visit = &screen->visits[screen->at];

	visit->focus = visit->page->focus;
	for (unsigned i = 0; i < MAX_PANES; i++) {
		visit->at[i].selected = visit->page->panes[i].selected;
		visit->at[i].top = visit->page->panes[i].top;
	}
}

static void go(struct screen *screen, unsigned to)
{
	struct visit *visit = &screen->visits[to];

	remember(screen);
	screen->at = to;
	screen->search.running = false;
	visit->page->focus = visit->focus;
	for (unsigned i = 0; i < MAX_PANES; i++) {
		visit->page->panes[i].selected = visit->at[i].selected;
		visit->page->panes[i].top = visit->at[i].top;
	}
}

/* Add PAGE behind the one that is shown; what was ahead of that is forgotten. */
static void show(struct screen *screen, struct page *page)
{
	if (screen->n_visits) {
		remember(screen);
		while (screen->n_visits > screen->at + 1)
			release(screen, screen->visits[--screen->n_visits].page);
	}
	if (screen->n_visits == HISTORY) {
		release(screen, screen->visits[0].page);
		for (unsigned i = 1; i < HISTORY; i++)
			screen->visits[i - 1] = screen->visits[i];
		screen->n_visits--;
	}
	page->references++;
	screen->at = screen->n_visits++;
	screen->visits[screen->at].page = page;
	screen->search.running = false;
}

struct page *screen_page(const struct screen *screen)
{
	return screen->visits[screen->at].page;
}

void screen_open(struct screen *screen, const struct view_ops *ops, const void *arg)
{
	struct page *page = page_new(screen, ops, arg);

	if (page)
		show(screen, page);
}

void history_view(struct screen *screen, unsigned top)
{
	if (!screen->tops[top]) {
		screen->tops[top] = page_new(screen, top_views[top].ops, NULL);
		if (!screen->tops[top])
			return;
		screen->tops[top]->references = 1;
	}
	if (!screen->n_visits || screen_page(screen) != screen->tops[top])
		show(screen, screen->tops[top]);
}

void history_back(struct screen *screen)
{
	if (screen->at)
		go(screen, screen->at - 1);
	else
		screen_message(screen, "this is the first page; the digits go to the views, q quits");
}

void screen_back(struct screen *screen)
{
	history_back(screen);
}

void history_forward(struct screen *screen)
{
	if (screen->at + 1 < screen->n_visits)
		go(screen, screen->at + 1);
	else
		screen_message(screen, "this is the last page");
}

void history_leave(struct screen *screen)
{
	if (is_top(screen, screen_page(screen)) || !screen->at)
		screen->quit = true;
	else
		history_back(screen);
}

void history_free(struct screen *screen)
{
	while (screen->n_visits)
		release(screen, screen->visits[--screen->n_visits].page);
	for (unsigned i = 0; top_views[i].ops; i++)
		if (screen->tops[i]) {
			release(screen, screen->tops[i]);
			screen->tops[i] = NULL;
		}
	screen->at = 0;
}

/* A page that is one sorted list: what is numbered in the graph (types, tasks, ...), or what a job makes of it,
 * sorted aside by a column. */
#ifndef GORETAIN_TUI_VIEWS_LISTING_H
#define GORETAIN_TUI_VIEWS_LISTING_H

#include "tui/screen/screen.h"

struct listing;

/* What differs from list to list. */
struct listing_ops {
	const char *noun;       /* "type": one of the rows */
	enum stage since;       /* the stage that the rows need */
	/* Make l->count items in l->items; false without memory, or if cancelled. In the job's thread. */
	bool (*make)(struct listing *l, struct progress *progress);
	/* What item ITEM is sorted by in column COLUMN: the largest comes first. */
	uint64_t (*key)(const struct listing *l, uint32_t item, unsigned column);
	/* Append what follows the number of rows in the breadcrumb; may be NULL. */
	void (*say)(const struct listing *l, struct text *out);
};

/* A page's state, or the head of it. Zero-initialise but for ops. */
struct listing {
	const struct listing_ops *ops;
	const struct graph *graph;   /* NULL until it is there */
	uint32_t *items, *order;     /* the job's; what is shown */
	uint32_t count, n;
	unsigned column;
	bool reversed, failed;
};

/* Set up PAGE with STATE of SIZE bytes, zeros, that begins with a listing. The state is the page's. */
bool listing_open(struct page *page, const struct listing_ops *ops, size_t size,
		  const struct column *columns, unsigned n_columns, struct error *err);
void listing_free(struct listing *l);

/* For struct view_ops. */
void listing_close(struct page *page); /* of a page whose state has nothing else to free */
/* Enter goes to the row's subject. */
bool listing_act(struct page *page, enum action action);
void listing_update(struct page *page);
void listing_sort(struct page *page);
void listing_done(struct page *page);

/* The item of the selected row; false if there is none. */
bool listing_selected(struct page *page, uint32_t *item);

#endif

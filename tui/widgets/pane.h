/* A pane: a rectangle with a list of rows in columns, one of which is selected. It lays columns
 * out, scrolls and draws; what the rows say comes from the view, for the visible ones only. */
#ifndef GORETAIN_TUI_WIDGETS_PANE_H
#define GORETAIN_TUI_WIDGETS_PANE_H

#include "tui/widgets/cells.h"

enum { MAX_COLUMNS = 8, DROP_NAMES = 4, DROP_EARLY = 5 };

struct column {
	const char *title;  /* "" if it has none */
	enum align align;
	uint16_t min, max;  /* cells; max 0: takes what is left */
	uint8_t drop;       /* where it is too narrow for all, the highest goes first; 0 stays. DROP_NAMES
			     * goes, too, where a name would have to be clipped for it; DROP_EARLY or more also for
			     * what stands beside names */
	char sort;          /* key in the sort menu; 0: cannot be sorted by */
};

/* What one row shows. The buffers are reused from row to row. */
struct row {
	struct line cells[MAX_COLUMNS];
	enum role over;     /* laid over the whole row: ROLE_DIM */
	bool continues;     /* second line of the item above it; not selected by itself */
};

struct pane {
	struct line title;  /* drawn on a rule above the rows if it is not empty */
	const struct column *columns;
	unsigned n_columns;
	bool heads;         /* column titles above the rows */
	int y, x, height, width;

	uint32_t n_rows, selected, top;
	unsigned sort;      /* column it is sorted by */
	bool reversed;
	/* Content seen so far, so that columns do not jump about; and of that what matters. */
	uint16_t widest[MAX_COLUMNS], matters[MAX_COLUMNS];
	int seen_width;               /* of the pane when that was seen */
};

typedef void (*row_fn)(void *arg, uint32_t index, struct row *out);

void row_clear(struct row *row);
void row_free(struct row *row);
/* The row as one line of text, cells two spaces apart. */
void row_text(const struct row *row, unsigned n_columns, struct text *out);

/* Rows that fit below title and heads. */
uint32_t pane_visible(const struct pane *pane);
/* Make the selection valid and visible, with the lines that continue it. */
void pane_settle(struct pane *pane, row_fn fetch, void *arg);
/* Move the selection by N items: up if negative. */
void pane_move(struct pane *pane, int64_t n, row_fn fetch, void *arg);
/* ROWS has room for pane_visible() rows. */
void pane_draw(struct pane *pane, bool focused, struct row *rows, row_fn fetch, void *arg);

#endif

/* The engine of the explorer: one frame around every view, and all that is the same in them.
 *
 * A view is a table entry, struct view_ops: it says what its rows are and what Enter does. The
 * engine does the rest: scrolling, selection, search, sorting's menu, resizing, going back to the
 * same row, questions and messages. Everything here runs on the screen's thread. */
#ifndef GORETAIN_TUI_SCREEN_SCREEN_H
#define GORETAIN_TUI_SCREEN_SCREEN_H

#include "graph/base/progress.h"
#include "graph/change/change.h"
#include "graph/graph.h"
#include "graph/lens.h"
#include "graph/source.h"
#include "tui/command.h"
#include "tui/page/index.h"
#include "tui/screen/job.h"
#include "tui/screen/keys.h"
#include "tui/widgets/pane.h"

enum { MAX_PANES = 3 };

struct screen;
struct page;

struct view_ops {
	const char *name;
	unsigned screen;   /* its bit for the table of keys */
	const char *about; /* for the help: what it shows and what its words mean; \n between lines */

	/* Make page->state from ARG (what screen_open was given); set panes and columns. */
	bool (*open)(struct page *page, const void *arg, struct error *err);
	void (*close)(struct page *page);
	/* A stage was published, or the way figures are written has changed: make rows anew. */
	void (*update)(struct page *page);
	/* Place the panes within WIDTH x HEIGHT cells from row Y, and draw what stands around them.
	 * NULL: one pane has it all. */
	void (*layout)(struct page *page, int y, int height, int width);
	/* What row INDEX of pane PANE shows. Called for visible rows only, and by the search. */
	void (*row)(struct page *page, unsigned pane, uint32_t index, struct row *out);
	/* An action that is not the engine's; false: nothing to do here. */
	bool (*act)(struct page *page, enum action action);
	/* What the selected row stands for; false: nothing. */
	bool (*subject)(struct page *page, struct subject *out);
	/* All of the selected row, for the details page; NULL: row and subject say it all. */
	void (*details)(struct page *page, struct text *out);
	/* Pane's `sort` or `reversed` was changed. */
	void (*sort)(struct page *page);
	/* What page_job started has come back, or was cancelled. */
	void (*job_done)(struct page *page);
};

struct page {
	const struct view_ops *ops;
	struct screen *screen;
	void *state;                 /* the view's own */
	struct pane panes[MAX_PANES];
	unsigned n_panes, focus;
	struct line crumb, note;     /* line 3: where this is; at its right end */
	const char *empty;           /* shown instead of rows when there are none */
	int stage;                   /* screen_stage when update was last called; -1: never */
	struct job job;
	unsigned references;         /* from the history */
};

/* What is published, the same all through a turn of the loop: twice the graph's stage, and one more
 * with the index. */
int screen_stage(const struct screen *screen);
static inline bool screen_has(const struct screen *screen, enum stage stage)
{
	return screen_stage(screen) / 2 >= (int)stage;
}

/* NULL until it exists. */
const struct graph *screen_graph(const struct screen *screen);
const struct index *screen_index(const struct screen *screen);
/* What changed since the snapshot before; NULL if there was none. */
const struct change *screen_change(const struct screen *screen);
struct source *screen_source(const struct screen *screen);
const struct request *screen_request(const struct screen *screen);
bool screen_exact(const struct screen *screen); /* figures as exact bytes */

/* Open a page; the history goes on from it. */
void screen_open(struct screen *screen, const struct view_ops *ops, const void *arg);
void screen_back(struct screen *screen);
/* Do what the key for ACTION would do on the page that is shown. */
void screen_act(struct screen *screen, enum action action);
struct page *screen_page(const struct screen *screen);

/* A sentence in the last line until the next key. */
void screen_message(struct screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void screen_ask_line(struct screen *screen, const char *label, const char *initial,
		     void (*done)(void *arg, const char *answer), void *arg);

/* Run FN(ARG) aside; job_done is called at once if it is quick, else when it is done. A job that
 * still runs is ended first, without job_done. */
void page_job(struct page *page, job_fn fn, void *arg);
/* The same for what is not a page's own affair. DONE(ARG) is called on the screen's thread when FN has
 * come back, ended or not. False if another errand is still running: then nothing is called. */
bool screen_errand(struct screen *screen, job_fn fn, void (*done)(void *arg), void *arg);
static inline struct pane *page_pane(struct page *page)
{
	return &page->panes[page->focus];
}

/* Draw everything anew with the next frame: somebody else drew on the terminal. */
void screen_redraw(struct screen *screen);

/* Take the terminal, before anything is read of a target: the description of its type comes from a file. */
bool screen_prepare(const struct request *request, struct error *err);

/* Run the explorer on SOURCE until it is left, on the terminal that was taken. */
bool screen_run(const struct request *request, struct source *source, struct error *err);

#endif

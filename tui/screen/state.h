/* The engine's own state, shared by its files: screen.c, frame.c, history.c, search.c. */
#ifndef GORETAIN_TUI_SCREEN_STATE_H
#define GORETAIN_TUI_SCREEN_STATE_H

#include <signal.h>

#include "tui/screen/prompt.h"
#include "tui/screen/screen.h"
#include "tui/screen/worker.h"

enum { HISTORY = 64, MAX_TOPS = 8 };

/* A page in the history, and where in it the person was. */
struct visit {
	struct page *page;
	struct { uint32_t selected, top; } at[MAX_PANES];
	unsigned focus;
};

struct search {
	struct text needle; /* lower case */
	bool running, backwards;
	uint32_t at;        /* row to look at next */
	uint32_t left;      /* rows still to be looked at */
};

struct screen {
	const struct request *request;
	struct source *source;
	struct worker *worker;
	const struct graph *graph; /* as of this turn of the loop */
	const struct index *index;
	int stage;
	int wake[2];              /* pipe: jobs, worker and signals wake the screen's thread */
	struct page *tops[MAX_TOPS]; /* the pages of the views with a digit, kept */
	struct visit visits[HISTORY];
	unsigned n_visits, at;
	struct prompt prompt;
	struct text message;
	struct search search;
	struct row *rows;         /* as many as the screen has lines */
	uint32_t n_rows;
	struct job errand;
	void (*errand_done)(void *arg);
	bool exact, quit;
	struct error error;       /* why it ends, if not by a key */
};

/* frame.c: draw everything. */
void frame_draw(struct screen *screen);

/* history.c */
void history_free(struct screen *screen);
void history_back(struct screen *screen);
void history_forward(struct screen *screen);
/* Leave the page for good: back, or quit from a view with a digit. */
void history_leave(struct screen *screen);
void history_view(struct screen *screen, unsigned top);

/* search.c: begin at the selection, and look for up to MS milliseconds. */
void search_ask(struct screen *screen);
void search_again(struct screen *screen, bool backwards);
void search_step(struct screen *screen, unsigned ms);

/* Rows of a page's pane, as pane.h wants to have them read. */
struct row_reader { struct page *page; unsigned pane; };
void screen_read_row(void *reader, uint32_t index, struct row *out);

#endif

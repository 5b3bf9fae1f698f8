/* Keys: one table from which the dispatcher, the footer, the help and the palette are made. */
#ifndef GORETAIN_TUI_SCREEN_KEYS_H
#define GORETAIN_TUI_SCREEN_KEYS_H

#include "graph/base/text.h"

/* A key as one number: a character, or a function key of curses moved above all characters. */
#define KEY_SPECIAL(code) (0x110000 + (code))
#define KEY_CONTROL(letter) ((letter) & 0x1f)

enum action {
	ACTION_NONE,
	ACTION_ENTER, ACTION_RIGHT, ACTION_LEFT, ACTION_NEXT_PANE, ACTION_BACK, ACTION_FORWARD,
	ACTION_DOWN, ACTION_UP, ACTION_PAGE_DOWN, ACTION_PAGE_UP, ACTION_FIRST, ACTION_LAST,
	ACTION_SEARCH, ACTION_NEXT_MATCH, ACTION_PREVIOUS_MATCH, ACTION_FIND,
	ACTION_SORT, ACTION_REVERSE, ACTION_BYTES, ACTION_INFO, ACTION_EXPORT,
	ACTION_PATH, ACTION_DOMINATORS,
	ACTION_VIEW_OVERVIEW, ACTION_VIEW_DOMINATORS, ACTION_VIEW_TYPES, ACTION_VIEW_MAPS,
	ACTION_VIEW_TASKS, ACTION_VIEW_SUSPECTS, ACTION_VIEW_CHANGE, ACTION_AGAIN,
	ACTION_PALETTE, ACTION_HELP, ACTION_REDRAW, ACTION_CANCEL, ACTION_INTERRUPT,
	ACTION_LEAVE, ACTION_QUIT,
};

/* Screens, as a set. */
enum {
	SCREEN_OVERVIEW = 1 << 0,
	SCREEN_DOMINATORS = 1 << 1,
	SCREEN_MAPS = 1 << 2,
	SCREEN_OBJECT = 1 << 3,
	SCREEN_OBJECTS = 1 << 4, /* a table of objects */
	SCREEN_TEXT = 1 << 5,    /* details */
	SCREEN_HELP = 1 << 6,    /* help, palette */
	SCREEN_TYPES = 1 << 7,
	SCREEN_TASKS = 1 << 8,
	SCREEN_SUSPECTS = 1 << 9,
	SCREEN_CHANGE = 1 << 10,
	SCREEN_LISTS = SCREEN_MAPS | SCREEN_OBJECTS | SCREEN_TYPES | SCREEN_TASKS | SCREEN_SUSPECTS |
		       SCREEN_CHANGE,
	SCREEN_TOPS = SCREEN_OVERVIEW | SCREEN_DOMINATORS | SCREEN_MAPS | SCREEN_TYPES | SCREEN_TASKS |
		      SCREEN_SUSPECTS | SCREEN_CHANGE,
	SCREEN_ANY = 0x7ff,
};

enum { KEYS_PER_ROW = 4 };

struct key_row {
	int keys[KEYS_PER_ROW];  /* 0 ends */
	enum action action;
	unsigned screens;
	const char *shown;       /* the keys as a person reads them */
	const char *footer;      /* one or two words; NULL: not in the footer */
	const char *help;
};

/* In the order of the footer: the most useful first. Ended by a row without an action. */
extern const struct key_row key_table[];

/* What KEY does on SCREEN (one bit). */
enum action keys_action(int key, unsigned screen);

/* The footer of SCREEN in at most WIDTH cells: whole entries only. */
void keys_footer(unsigned screen, unsigned width, struct text *out);

#endif

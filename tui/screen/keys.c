#include "tui/screen/keys.h"

#include <ncursesw/curses.h>

#define K KEY_SPECIAL
#define C KEY_CONTROL

enum { ESC = 27 };

const struct key_row key_table[] = {
	{ { '\n', '\r', K(KEY_ENTER) }, ACTION_ENTER,
	  SCREEN_OVERVIEW | SCREEN_LISTS, "Enter", "open", "open the row" },
	{ { '\n', '\r', K(KEY_ENTER) }, ACTION_ENTER, SCREEN_DOMINATORS, "Enter", "unfold, open",
	  "unfold the row; when it is unfolded or has nothing below: open it" },
	{ { '\n', '\r', K(KEY_ENTER) }, ACTION_ENTER, SCREEN_OBJECT, "Enter", "go there",
	  "make the row the new subject" },
	{ { '\n', '\r', K(KEY_ENTER) }, ACTION_ENTER, SCREEN_HELP, "Enter", "do it",
	  "do what the row says" },
	{ { 'l', K(KEY_RIGHT) }, ACTION_RIGHT, SCREEN_OBJECT, "l →", "unfold",
	  "unfold the row" },
	{ { 'l', K(KEY_RIGHT) }, ACTION_RIGHT, SCREEN_ANY & ~SCREEN_OBJECT, "l →",
	  NULL, "as Enter" },
	{ { 'h', K(KEY_LEFT) }, ACTION_LEFT, SCREEN_DOMINATORS | SCREEN_OBJECT, "h ←",
	  "fold", "fold the row; when it is folded: go to its parent" },
	{ { '\t' }, ACTION_NEXT_PANE, SCREEN_OVERVIEW | SCREEN_OBJECT, "Tab", "next pane",
	  "go to the next pane" },
	{ { 'p' }, ACTION_PATH, SCREEN_OBJECT, "p", "path", "show the next path from a root" },
	{ { 'D' }, ACTION_DOMINATORS, SCREEN_OBJECT, "D", "dominators",
	  "show the dominator chain instead of who refers to it, and back" },
	{ { K(KEY_BACKSPACE), 127, '[', '\b' }, ACTION_BACK, SCREEN_ANY & ~SCREEN_OVERVIEW,
	  "Backspace", "back", "back to the page before, to the same row" },
	{ { K(KEY_BACKSPACE), 127, '[', '\b' }, ACTION_BACK, SCREEN_OVERVIEW,
	  "Backspace [", NULL, "back to the page before, to the same row" },
	{ { '/' }, ACTION_SEARCH, SCREEN_ANY, "/", "search", "search in this list" },
	{ { 's' }, ACTION_SORT, SCREEN_LISTS, "s", "sort", "sort by a column" },
	{ { 'i' }, ACTION_INFO, SCREEN_ANY & ~(SCREEN_TEXT | SCREEN_HELP), "i", "details",
	  "all of the row: what was clipped, exact bytes, address" },
	{ { 'e' }, ACTION_EXPORT, SCREEN_ANY & ~(SCREEN_TEXT | SCREEN_HELP), "e", "picture",
	  "save the row's picture (who holds it, what it holds) as DOT" },
	{ { C('f') }, ACTION_FIND, SCREEN_ANY, "^f", "find all",
	  "find by type, global, /pattern/ or address over everything" },
	{ { '?', K(KEY_F(1)) }, ACTION_HELP, SCREEN_ANY & ~SCREEN_HELP, "?", "help",
	  "what this screen shows and its keys" },
	{ { 'q' }, ACTION_LEAVE, SCREEN_TOPS, "q", "quit",
	  "quit" },
	{ { 'q' }, ACTION_LEAVE,
	  SCREEN_ANY & ~SCREEN_TOPS, "q", "leave",
	  "leave this page" },
	{ { 'n' }, ACTION_NEXT_MATCH, SCREEN_ANY, "n", NULL, "next match of the search" },
	{ { 'N' }, ACTION_PREVIOUS_MATCH, SCREEN_ANY, "N", NULL, "previous match" },
	{ { 'S' }, ACTION_REVERSE, SCREEN_LISTS, "S", NULL, "reverse the order" },
	{ { ']' }, ACTION_FORWARD, SCREEN_ANY, "]", NULL, "forward again" },
	{ { '1' }, ACTION_VIEW_OVERVIEW, SCREEN_ANY, "1", NULL,
	  "overview: how much, of what, and what holds it" },
	{ { '2' }, ACTION_VIEW_DOMINATORS, SCREEN_ANY, "2", NULL,
	  "dominators: what would go if this went" },
	{ { '3' }, ACTION_VIEW_TYPES, SCREEN_ANY, "3", NULL, "types by what their instances keep" },
	{ { '4' }, ACTION_VIEW_MAPS, SCREEN_ANY, "4", NULL, "maps by what they keep" },
	{ { '5' }, ACTION_VIEW_TASKS, SCREEN_ANY, "5", NULL,
	  "goroutines: how many do the same, what they keep, what they wait for" },
	{ { '6' }, ACTION_VIEW_SUSPECTS, SCREEN_ANY, "6", NULL,
	  "suspects: what looks like a leak, and what to do" },
	{ { '8', 'd' }, ACTION_VIEW_CHANGE, SCREEN_ANY, "8 d", NULL,
	  "change: what grew between the last two looks, and where" },
	{ { 'R' }, ACTION_AGAIN, SCREEN_TOPS & ~SCREEN_OVERVIEW, "R", "look again",
	  "look at the process again, and show what changed" },
	{ { 'R' }, ACTION_AGAIN, SCREEN_ANY, "R", NULL,
	  "look at the process again, and show what changed" },
	{ { 'j', K(KEY_DOWN) }, ACTION_DOWN, SCREEN_ANY, "j ↓", NULL, "down" },
	{ { 'k', K(KEY_UP) }, ACTION_UP, SCREEN_ANY, "k ↑", NULL, "up" },
	{ { C('d'), K(KEY_NPAGE) }, ACTION_PAGE_DOWN, SCREEN_ANY, "^d PgDn", NULL, "a page down" },
	{ { C('u'), K(KEY_PPAGE) }, ACTION_PAGE_UP, SCREEN_ANY, "^u PgUp", NULL, "a page up" },
	{ { 'g', K(KEY_HOME) }, ACTION_FIRST, SCREEN_ANY, "g Home", NULL, "to the first row" },
	{ { 'G', K(KEY_END) }, ACTION_LAST, SCREEN_ANY, "G End", NULL, "to the last row" },
	{ { 'B' }, ACTION_BYTES, SCREEN_ANY, "B", NULL, "exact bytes, and back" },
	{ { ':' }, ACTION_PALETTE, SCREEN_ANY & ~SCREEN_HELP, ":", NULL,
	  "every action with its key, to choose from" },
	{ { C('l') }, ACTION_REDRAW, SCREEN_ANY, "^l", NULL, "draw the screen again" },
	{ { ESC }, ACTION_CANCEL, SCREEN_ANY, "Esc", NULL,
	  "end what is being computed; leave a page of text" },
	{ { C('c') }, ACTION_INTERRUPT, SCREEN_ANY, "^c", NULL,
	  "end what is being computed; when nothing is: quit" },
	{ { 'Q' }, ACTION_QUIT, SCREEN_ANY, "Q", NULL, "quit" },
	{ { 0 }, ACTION_NONE, 0, NULL, NULL, NULL },
};

enum action keys_action(int key, unsigned screen)
{
	for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++) {
		if (!(row->screens & screen))
			continue;
		for (unsigned i = 0; i < KEYS_PER_ROW && row->keys[i]; i++)
			if (row->keys[i] == key)
				return row->action;
	}
	return ACTION_NONE;
}

/* The way to help and out always fit; the others as they come. */
static bool always(const struct key_row *row)
{
	return row->action == ACTION_HELP || row->action == ACTION_LEAVE;
}

static unsigned entry_width(const struct key_row *row)
{
	return text_width(row->shown) + 1 + text_width(row->footer) + 2;
}

void keys_footer(unsigned screen, unsigned width, struct text *out)
{
	unsigned reserved = 0, used = 0;

	for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++)
		if (row->footer && (row->screens & screen) && always(row))
			reserved += entry_width(row);
	for (const struct key_row *row = key_table; row->action != ACTION_NONE; row++) {
		unsigned need = row->footer ? entry_width(row) : 0;

		if (!need || !(row->screens & screen))
			continue;
		if (always(row))
			reserved -= need;
		if (used + need + reserved > width + 2)
			continue;
		text_printf(out, "%s%s %s", used ? "  " : "", row->shown, row->footer);
		used += need;
	}
}

/* What the screen looks like: five roles, each with a sign that works without colour, and the
 * stand-ins for a terminal that knows only ASCII. The terminal is one, so its theme is one. */
#ifndef GORETAIN_TUI_WIDGETS_THEME_H
#define GORETAIN_TUI_WIDGETS_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include <ncursesw/curses.h>

#include "graph/base/text.h"

/* Everything else has the terminal's own default colours, so that light backgrounds look right. */
enum role {
	ROLE_PLAIN,
	ROLE_SELECTED, /* reverse */
	ROLE_ROOT,     /* bold: holders, roots, titles */
	ROLE_BOXED,    /* behind the sign of a boxed value */
	ROLE_SUSPECT,  /* behind ! */
	ROLE_DIM,      /* not live, or beside the point */
};

/* After initscr(). COLOUR: the terminal may show colours; UNICODE: it shows UTF-8. */
void theme_start(bool colour, bool unicode);
bool theme_unicode(void);

/* Attributes and colour pair of a role. */
attr_t theme_attributes(enum role role);
short theme_pair(enum role role);

/* The ASCII character that stands for code point C where only ASCII can be shown; '?' for those
 * without a stand-in. */
char theme_ascii(uint32_t c);

#endif

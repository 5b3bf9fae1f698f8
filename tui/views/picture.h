/* What goes out of the explorer and over all of it: the picture of a row, and finding things. */
#ifndef GORETAIN_TUI_VIEWS_PICTURE_H
#define GORETAIN_TUI_VIEWS_PICTURE_H

#include "tui/screen/screen.h"

/* Ask for a name and save the picture of PAGE's selected row there, as DOT. Never overwrites. */
void picture_ask(struct page *page);

/* Ask for an address, a global, a type or a /pattern/, and open what is found. */
void find_ask(struct screen *screen);

#endif

/* Open the page that shows all of PAGE's selected row: what was clipped, exact bytes. */
#ifndef GORETAIN_TUI_SCREEN_DETAILS_H
#define GORETAIN_TUI_SCREEN_DETAILS_H

#include "tui/screen/screen.h"

void details_ask(struct page *page);

#endif

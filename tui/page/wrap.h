/* Sentences broken into lines. */
#ifndef GORETAIN_TUI_PAGE_WRAP_H
#define GORETAIN_TUI_PAGE_WRAP_H

#include "graph/base/text.h"

/* Append S in lines of at most COLUMNS cells, each behind INDENT spaces and ended by a newline; the
 * spaces of the first line are there already unless FIRST. Newlines in S stay. */
void wrap_text(struct text *out, const char *s, unsigned columns, unsigned indent, bool first);

#endif

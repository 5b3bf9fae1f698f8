/* Sentences broken into lines. */
#ifndef GORETAIN_TUI_WRAP_H
#define GORETAIN_TUI_WRAP_H

#include "graph/text.h"

/* Append S in lines of at most COLUMNS cells, each ended by a newline, the first behind INDENT spaces
 * that are there already or not (FIRST), the others behind INDENT spaces. Newlines in S stay. */
void wrap_text(struct text *out, const char *s, unsigned columns, unsigned indent, bool first);

#endif

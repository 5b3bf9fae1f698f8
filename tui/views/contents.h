/* What a subject holds: its fields, elements or entries as a tree, read from the lens a page at a
 * time, since a map may have a million entries. */
#ifndef GORETAIN_TUI_VIEWS_CONTENTS_H
#define GORETAIN_TUI_VIEWS_CONTENTS_H

#include "graph/graph.h"
#include "graph/lens.h"
#include "tui/widgets/branches.h"
#include "tui/widgets/pane.h"

enum content_kind {
	CONTENT_PART, /* `node`: object it points into or NO_NODE; `inside`: what may be looked into */
	CONTENT_MORE, /* `count` more parts of `inside`, from number `objects` on */
	CONTENT_NOTE, /* words */
};

enum { CONTENTS_NAME, CONTENTS_TYPE, CONTENTS_VALUE, CONTENTS_SIZE, CONTENTS_COLUMNS };
extern const struct column contents_columns[CONTENTS_COLUMNS];

struct contents {
	const struct graph *graph;
	struct subject subject;
	struct branches rows;
};

void contents_open(struct contents *c);
void contents_free(struct contents *c);
/* Unfold a row: look into it, or read the next page. False if there is nothing to unfold. */
bool contents_unfold(struct contents *c, uint32_t at);
void contents_row(const struct contents *c, uint32_t at, bool exact, struct row *out);

#endif

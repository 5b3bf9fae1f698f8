/* A comparison of two snapshots as a page of text, as JSON and as a table of rows. */
#ifndef GORETAIN_TUI_PAGE_CHANGE_H
#define GORETAIN_TUI_PAGE_CHANGE_H

#include "graph/base/error.h"
#include "graph/base/text.h"
#include "graph/change/change.h"

struct change_wish {
	unsigned columns; /* 80 or more */
	bool unicode, exact;
	bool whole;       /* names are not cut: lines are as wide as these need */
};

/* Append the page. G is the newer graph. */
bool change_text(const struct graph *g, const struct change *change, const struct change_wish *wish,
		 struct text *out, struct error *err);

/* Append one JSON object: the sums, and all rows. */
void change_json(const struct graph *g, const struct change *change, struct text *out);

/* Append all rows, tab-separated, behind a line with the names of the columns. */
void change_tsv(const struct graph *g, const struct change *change, struct text *out);

/* "+1.20 MB", "-3 B" */
void change_put_signed(struct text *out, int64_t bytes, bool exact);

#endif

/* The report: one page that answers what keeps this process's memory. The overview of the explorer
 * shows the same, from the same functions (graph/query/summary.h). */
#ifndef GORETAIN_TUI_PAGE_REPORT_H
#define GORETAIN_TUI_PAGE_REPORT_H

#include "graph/base/error.h"
#include "graph/base/text.h"
#include "graph/graph.h"

struct report_wish {
	unsigned columns;    /* 80 or more */
	bool unicode, exact;
	bool whole;          /* names are not cut: lines are as wide as these need */
};

/* Append the page, or the same facts as one JSON array with one object. Needs STAGE_DONE. */
bool report_text(const struct graph *g, const struct report_wish *wish, struct text *out,
		 struct error *err);
bool report_json(const struct graph *g, struct text *out, struct error *err);

#endif

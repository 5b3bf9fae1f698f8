/* The answer to `why`: which paths lead from roots to something, and what it keeps in turn, as a
 * tree of text or as JSON. */
#ifndef GORETAIN_TUI_PAGE_WHY_H
#define GORETAIN_TUI_PAGE_WHY_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"

#define WHY_PATHS 3

struct why_wish {
	const char *what;    /* as graph/query/what.h takes it */
	uint32_t paths;      /* of an object; of a type or regexp: instances with one path each */
	unsigned columns;
	bool unicode, exact;
	bool whole;          /* names are not cut: lines are as wide as these need */
};

/* Append the answer. STATUS_NOT_FOUND: there is no such thing, or nothing of it is live. */
bool why_text(const struct graph *g, const struct why_wish *wish, struct text *out,
	      struct progress *progress, struct error *err);

/* The same as one JSON array: an object for each path, and for each global. */
bool why_json(const struct graph *g, const struct why_wish *wish, struct text *out,
	      struct progress *progress, struct error *err);

#endif

/* Pictures for Graphviz: the neighbourhood of something as a DOT file, written by libcgraph so that
 * every name is quoted as DOT wants it. Grey-scale print stays readable. */
#ifndef GORETAIN_GRAPH_EXPORT_DOT_H
#define GORETAIN_GRAPH_EXPORT_DOT_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/query/neighbourhood.h"

#define DOT_DEPTH 2
#define DOT_MAX_NODES 80
#define DOT_PATHS 3

struct dot_wish {
	struct hood_wish hood;
	bool with_data;       /* keys and previews, not only what the program itself says */
	const char *command;  /* that made the picture; stands in its caption. May be NULL */
};

/* Append the picture to OUT. The same graph and wish give the same bytes. Needs STAGE_RETAINED. One
 * call at a time: libcgraph has state of its own. */
bool dot_write(const struct graph *g, const struct dot_wish *wish, struct text *out,
	       struct progress *progress, struct error *err);

/* Append S so that a DOT label shows it as it is: \ and & mean something there. */
void dot_escape(struct text *out, const char *s);

#endif

/* What stands below a node of the dominator tree, or refers to an object, with the parts of maps
 * passed through, and alike siblings folded: more than 20 of one type show as the 10 largest and
 * one row for the rest. */
#ifndef GORETAIN_TUI_SIBLINGS_H
#define GORETAIN_TUI_SIBLINGS_H

#include "graph/error.h"
#include "graph/graph.h"
#include "graph/progress.h"

/* Called for each sibling. VIA is what refers to it or dominates it directly: `parent` itself or
 * a part of the map that parent is; for referrers the object or part that has the pointer. */
typedef void (*sibling_fn)(void *arg, uint32_t node, uint32_t via);

/* What NODE dominates next below it, or, with REFERRERS, the objects that refer to it. Needs
 * STAGE_RETAINED. False if cancelled or without memory. */
bool siblings_each(const struct graph *g, uint32_t node, bool referrers, sibling_fn fn, void *arg,
		   struct progress *progress, struct error *err);

enum sibling_kind {
	SIBLING_NODE,
	SIBLING_FOLD, /* `count` more of `type` */
	SIBLING_REST, /* `count` more of any type */
};

struct sibling {
	enum sibling_kind kind;
	uint32_t node, via; /* SIBLING_NODE */
	uint32_t type;      /* NO_NODE: unknown */
	uint64_t count, bytes;
};

struct siblings { struct sibling *items; uint32_t n; };

/* siblings_each, folded; the largest first. Free with siblings_free. */
bool siblings_fold(const struct graph *g, uint32_t node, bool referrers, struct siblings *out,
		   struct progress *progress, struct error *err);
void siblings_free(struct siblings *siblings);

#endif

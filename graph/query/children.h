/* What stands below a node of the dominator tree, or refers to an object, as a person wants to see
 * it: the parts of a map are passed through, and what is alike is folded. Trees of text, pictures
 * and screens use it alike. */
#ifndef GORETAIN_GRAPH_QUERY_CHILDREN_H
#define GORETAIN_GRAPH_QUERY_CHILDREN_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

#define FOLD_ABOVE 20 /* more of one type than this are folded */
#define FOLD_SHOWN 10 /* and this many, the largest, are still shown */

enum children_of {
	CHILDREN_DOMINATED, /* of a holder or object (or the root): what it dominates next below */
	CHILDREN_REFERRERS, /* of an object: what refers to it */
};

/* Called for each object that is a child. VIA has the pointer, or dominates it directly: the node
 * that was asked about, or a part of the map that this is; for referrers the object itself or a part
 * of the map that it is. */
typedef void (*child_fn)(void *arg, uint32_t object, uint32_t via);

/* Every child of NODE. Needs STAGE_RETAINED. False if it was cancelled or memory is short. */
bool children_each(const struct graph *g, uint32_t node, enum children_of of, child_fn fn, void *arg,
		   struct progress *progress, struct error *err);

enum child_kind {
	CHILD_ONE,
	CHILD_ALIKE, /* more of one type */
	CHILD_REST,  /* more of any type: of very many types not all are listed */
};

struct child {
	enum child_kind kind;
	uint32_t node;      /* the object; of several: one of them */
	uint32_t via;       /* CHILD_ONE: what leads to it (to the goal, for referrers): a holder, an
			     * object or a part of it; NO_NODE if several ways only together do */
	uint64_t count;     /* objects in it */
	uint64_t retained;  /* by all of them together */
};

/* The most retained first; behind the largest of a type, those of it that are folded. Free with
 * children_free. */
struct children {
	struct child *items;
	uint32_t n;
};

/* The children of NODE, folded. Needs STAGE_RETAINED. False as children_each. */
bool children_find(const struct graph *g, uint32_t node, enum children_of of, struct children *out,
		   struct progress *progress, struct error *err);
void children_free(struct children *children);
#define autochildren __attribute__((cleanup(children_free)))

#endif

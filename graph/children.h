/* What a node dominates, as a person wants to see it: the parts of a map are passed through, and
 * siblings that are alike are folded. Trees of text, pictures and screens use it alike. */
#ifndef GORETAIN_GRAPH_CHILDREN_H
#define GORETAIN_GRAPH_CHILDREN_H

#include "graph/error.h"
#include "graph/graph.h"
#include "graph/text.h"

#define FOLD_ABOVE 20 /* more siblings of one type than this are folded */
#define FOLD_SHOWN 10 /* and this many, the largest, are still shown */

/* A child in the dominator tree, or several of one type folded into one row. */
struct child {
	uint32_t node;      /* the object; of a fold: one of those folded */
	uint32_t via;       /* the parent, or a part of it, that refers to the child; NO_NODE if it
			     * hangs on the parent by several ways. For a holder: a root's number */
	bool via_root;      /* VIA is an index into graph.roots */
	uint64_t count;     /* objects in it: 1, or more if it is a fold */
	uint64_t retained;  /* by all of them together */
};

/* The most retained first, folds last. Free with children_free. */
struct children {
	struct child *items;
	uint32_t n, capacity;
	uint64_t objects;   /* children in all, folded ones included */
};

/* Children of NODE (object or holder). Needs STAGE_RETAINED. False only without memory. */
bool children_find(const struct graph *g, uint32_t node, struct children *out, struct error *err);
void children_free(struct children *children);
#define autochildren __attribute__((cleanup(children_free)))

/* How the parent leads to CHILD: ".meta", "[\"user:42\"]", "buf in main.audit"; nothing for a fold,
 * for a child without a direct way, and when it is not known. */
void children_label(const struct graph *g, const struct child *child, struct text *out,
		    enum known *known);

#endif

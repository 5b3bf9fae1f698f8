/* Elements of an array as the slice sees them that leads there: element 744 of an array has no name if the
 * slice begins behind it. */
#ifndef GORETAIN_GRAPH_QUERY_SLOTS_H
#define GORETAIN_GRAPH_QUERY_SLOTS_H

#include "graph/base/text.h"
#include "graph/graph.h"

enum slot_place {
	SLOT_NONE,     /* not in an array, or what is known says nothing of it: the label stands as it is */
	SLOT_UNKNOWN,  /* in an array; which elements the pointer to it takes in is not known */
	SLOT_INSIDE,
	SLOT_OUTSIDE,  /* no index leads there */
};

/* How one sees a pointer slot of an object. */
struct slot_view {
	enum slot_place place;
	bool other;       /* not through the first pointer that leads to the array */
	uint32_t from;    /* the object or holder that one looks from; NO_NODE if none is known */
	uint64_t through; /* where it has the pointer: a byte offset, of a holder the number of a root */
	struct text label; /* "[3].meta"; ".meta" behind a pointer to the element; "2 slots before its start" */
};

void slots_free(struct slot_view *view);
#define autoslot __attribute__((cleanup(slots_free)))

/* Look from object or holder FROM at the pointer at byte OFFSET of object SRC; NO_NODE: from what is
 * nearest to the roots and leads to SRC. Where several pointers of FROM do, through one that takes the
 * slot in. Needs STAGE_RETAINED, else all is SLOT_NONE. Free with slots_free. */
void slots_look(const struct graph *g, uint32_t from, uint32_t src, uint64_t offset,
		struct slot_view *out, enum known *known);

#endif

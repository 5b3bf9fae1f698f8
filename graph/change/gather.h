/* Where bytes gather: the places of the path tree at which growth stays, neither passed on to one place
 * below nor part of one above. */
#ifndef GORETAIN_GRAPH_CHANGE_GATHER_H
#define GORETAIN_GRAPH_CHANGE_GATHER_H

#include "graph/change/change.h"

/* What is compared. */
struct gathering {
	const struct path_tree *tree;
	const uint32_t *objects; /* of each object: how many hang on it */
	const uint32_t *was;     /* as match_objects has it */
	const struct digest *old;
	uint64_t least;          /* bytes that are worth a row */
};

/* A place and what stays there. */
struct place {
	uint32_t object;         /* that is in both snapshots; NO_NODE: holders of one key */
	uint32_t holder;         /* one of those, NO_NODE if there is none any more */
	uint32_t above;          /* the place above it, an index; NO_NODE */
	int64_t delta;           /* bytes that more hang on it than before */
	int64_t grew;            /* of these, what hangs on no place below it */
	int64_t objects_delta, objects; /* the same of objects */
	uint32_t below;          /* places directly below it */
	uint32_t head;           /* the topmost place that passes on to this one all that it takes in: an index */
};

struct places { struct place *items; uint32_t n, capacity; };

/* All places: first those of the holders NOW, in their order, then objects, each behind the place above it.
 * Linear in the objects; 4 bytes an object while it runs. Free the items, also after a failure. */
bool gather_find(const struct gathering *in, const struct digest_sums *now, struct places *out,
		 struct progress *progress, struct error *err);

/* The object to name place P by: where a slice or a table was replaced by a larger one that is what has
 * taken its place, else P's own. NO_NODE: only the holder names it. */
uint32_t gather_name(const struct gathering *in, const struct place *p);

#endif

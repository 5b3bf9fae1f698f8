/* Which object of an older snapshot an object of a newer one is. */
#ifndef GORETAIN_GRAPH_CHANGE_MATCH_H
#define GORETAIN_GRAPH_CHANGE_MATCH_H

#include "graph/change/digest.h"

/* How objects of the two snapshots were matched. */
enum match_how {
	MATCH_EXACT,   /* no slot can have been freed and used again without being noticed */
	MATCH_ADDRESS, /* by address, size and type: a slot may have been used again for one alike */
	MATCH_NAMES,   /* snapshots of different processes: objects cannot be told, only names */
};

/* Of each object of G its number in OLD, NO_NODE if it is new since; NULL with ERR set on failure. The
 * caller's to free. Linear in the slots of both. Needs STAGE_LIVE. */
uint32_t *match_objects(const struct graph *g, const struct digest *old, struct error *err);

/* How that could be told. */
enum match_how match_how(const struct graph *g, const struct digest *old);

#endif

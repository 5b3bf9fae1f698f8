/* What is gathered below a place of the path tree: how many, and of which type most are. */
#ifndef GORETAIN_GRAPH_SUSPECTS_CENSUS_H
#define GORETAIN_GRAPH_SUSPECTS_CENSUS_H

#include "graph/analysis/path_tree.h"
#include "graph/base/error.h"
#include "graph/base/text.h"

struct census {
	uint64_t objects; /* below the place, itself included */
	uint64_t entries; /* objects that are counted: the entries where there are many, else all */
	uint64_t fresh;   /* objects that came since the last collection */
	uint64_t count;   /* entries of the type that has most */
	uint32_t type;    /* that type; NO_NODE: not known */
	uint64_t told;    /* bytes of what hangs there that is told of already */
};

/* Count what hangs below object PLACE; TOLD has a bit for each object that is told of. Linear in that. */
bool census_take(const struct path_tree *tree, const uint64_t *told, uint32_t place, struct census *out,
		 struct error *err);

void census_put_type(const struct graph *g, const struct census *census, struct text *out);

#endif

/* The path tree: each live object hangs on one path from a root, the one that a person would name it by,
 * so that every live byte lies below exactly one name.
 *
 * The dominator tree says what would be freed, and most of a server's heap hangs there on no single holder.
 * This tree says where a byte is found. Ways from globals and from the first task go before all others,
 * however long they are, and those from the runtime's own variables behind them: what a passing request looks at
 * does not move. */
#ifndef GORETAIN_GRAPH_ANALYSIS_PATH_TREE_H
#define GORETAIN_GRAPH_ANALYSIS_PATH_TREE_H

#include "graph/analysis/paths.h"
#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

struct path_tree {
	const struct graph *g;
	uint32_t n;       /* live objects */
	uint32_t *order;  /* they, each behind what it hangs on */
	uint32_t *parent; /* of each object: the object that it hangs on; g->n_objects + r: root number r; NO_NODE */
	uint64_t *bytes;  /* of each object: its own and those of all that hangs below it */
};

/* Build the tree of G. Needs STAGE_LIVE. Takes time in proportion to the edges, and 16 bytes an object.
 * Free with path_tree_free, also after a failure. */
bool path_tree_build(const struct graph *g, struct path_tree *out, struct progress *progress,
		     struct error *err);
void path_tree_free(struct path_tree *tree);
#define autopathtree __attribute__((cleanup(path_tree_free)))

/* The root that live object ID hangs on in the end. */
uint32_t path_tree_root(const struct path_tree *tree, uint32_t id);

/* The path to live object ID; its objects are the caller's to free. */
bool path_tree_path(const struct path_tree *tree, uint32_t id, struct path *out, struct error *err);

#endif

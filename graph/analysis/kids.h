/* The children of each node of the dominator tree, most retained first. */
#ifndef GORETAIN_GRAPH_ANALYSIS_KIDS_H
#define GORETAIN_GRAPH_ANALYSIS_KIDS_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

/* Fill g->kid_row and g->kids from g->idom, g->retained and the holders' sums. Children that retain
 * as much as each other come by node number. */
bool kids_build(struct graph *g, struct progress *progress, struct error *err);

#endif

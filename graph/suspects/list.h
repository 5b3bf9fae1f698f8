/* The list of suspects while it is made. */
#ifndef GORETAIN_GRAPH_SUSPECTS_LIST_H
#define GORETAIN_GRAPH_SUSPECTS_LIST_H

#include "graph/base/error.h"
#include "graph/graph.h"

struct suspect_list { struct suspect *items; uint32_t n, capacity; };

/* Add a copy of S, with copies of its strings. */
bool suspect_add(struct suspect_list *list, const struct suspect *s, struct error *err);

void suspect_list_free(struct suspect_list *list);

#endif

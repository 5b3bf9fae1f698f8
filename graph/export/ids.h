/* Numbers for the objects of a picture, in the order in which they are made. cgraph's own are addresses of their
 * names, and it writes subgraphs in that order: the same picture would come out otherwise each time. */
#ifndef GORETAIN_GRAPH_EXPORT_IDS_H
#define GORETAIN_GRAPH_EXPORT_IDS_H

#include <graphviz/cgraph.h>

/* For agopen. */
extern Agdisc_t ids_discipline;

#endif

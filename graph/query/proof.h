/* The proof line: how far what is shown accounts for the heap. Stands on every screen, report and
 * export. */
#ifndef GORETAIN_GRAPH_QUERY_PROOF_H
#define GORETAIN_GRAPH_QUERY_PROOF_H

#include "graph/base/text.h"
#include "graph/graph.h"

/* Append, in at most COLUMNS cells (0: as long as it takes): which share of the runtime's own
 * figure our objects explain; which share of the live bytes is typed, and how; live bytes; which
 * share of what the last collection kept we reach; and what could not be read. Details are left
 * out as COLUMNS shrinks. What is not computed yet reads `·`. */
void proof_line(const struct graph *g, unsigned columns, struct text *out);

/* PART of WHOLE as "99.8 %", rounded down so that only a whole is "100 %". */
void proof_percent(struct text *out, uint64_t part, uint64_t whole);

#endif

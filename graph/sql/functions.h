/* Functions of SQL that follow references: retained_set(id), reaches(a, b), path(id). Internal to graph/sql/. */
#ifndef GORETAIN_GRAPH_SQL_FUNCTIONS_H
#define GORETAIN_GRAPH_SQL_FUNCTIONS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "graph/base/progress.h"
#include "graph/graph.h"

/* What they answer from, and who may end a long one; PROGRESS may be NULL. Lives as long as the connection. */
struct sql_functions { const struct graph *g; struct progress *progress; };

/* Objects are named by their id; NULL for one that there is not, and before the graph is far enough.
 * retained_set is an aggregate: the bytes that all objects of a group keep as a set. */
bool sql_functions_register(sqlite3 *db, struct sql_functions *functions);

#endif

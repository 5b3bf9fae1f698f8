/* SQL over the frozen graph: every table of the contract is an SQLite virtual table that reads the
 * arrays where they lie. Nothing is copied, and a column that a query does not name is never
 * computed. Indexes for look-ups by type, holder, name and the like are permutations of row
 * numbers, sorted when a query first needs them and kept until sql_close. */
#ifndef GORETAIN_GRAPH_SQL_SQL_H
#define GORETAIN_GRAPH_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"

enum sql_kind { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT };

struct sql_value {
	enum sql_kind kind;
	bool scratch;       /* TEXT: gone with the next value (tables only) */
	int64_t integer;
	double real;
	const char *text;   /* NUL-terminated; LENGTH bytes, may hold control bytes */
	size_t length;
};

/* Where a query's result goes. Names and values live during the call only. */
struct sql_output {
	/* Once, before the first row. */
	bool (*header)(void *arg, const char *const *names, unsigned n);
	bool (*row)(void *arg, const struct sql_value *values, unsigned n); /* false: no more */
	void *arg;
};

/* A connection to GRAPH, which must outlive it. One thread at a time; several connections to one
 * graph do not disturb each other. NULL with ERR set. */
struct sql *sql_open(const struct graph *graph, struct error *err);
void sql_close(struct sql *sql);

/* Run one SELECT. All else is refused: the connection can change nothing, attach nothing, set
 * nothing. A bad query is STATUS_USAGE with SQLite's message and where it went wrong;
 * progress->cancel ends it with STATUS_REFUSED. True if OUTPUT wanted no more. */
bool sql_run(struct sql *sql, const char *query, const struct sql_output *output,
	     struct progress *progress, struct error *err);

/* Would sql_run take QUERY? Needs no graph. */
bool sql_check(const char *query, struct error *err);

/* The CREATE TABLE statements of all tables, one a line block, as `.schema` prints them. */
void sql_schema(struct text *out);

#endif

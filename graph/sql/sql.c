#include "graph/sql/sql.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/sql/files.h"
#include "graph/sql/functions.h"
#include "graph/sql/module.h"

#define MAX_VALUE (64 << 20) /* bytes of one: zeroblob(1e9) is no question about a heap */

#define PROGRESS_STEPS 20000 /* of SQLite's machine between two looks at `cancel` */

struct sql {
	sqlite3 *db;
	struct sql_module *module;
	struct sql_functions functions;
};

/* Only reading is allowed: without this, ATTACH and CREATE TABLE would succeed on the in-memory
 * database, and a PRAGMA could change how all the rest behaves. Declaring a virtual table counts as
 * writing too, so all are connected before (sql_module_register). */
static int authorize(void *arg, int action, const char *a, const char *b, const char *database,
		     const char *trigger)
{
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

struct sql *sql_open(const struct graph *graph, struct error *err)
{
	struct sql *sql = calloc(1, sizeof *sql);

	if (!sql) {
		fail_memory(err, "an SQL connection");
		return NULL;
	}
	/* No temp_store, no cache_size: sorting in memory is slower and cannot be interrupted. */
	if (sqlite3_open_v2(":memory:", &sql->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			    SQLITE_OPEN_MEMORY, sql_files_name()) == SQLITE_OK)
		sql->module = sql_module_register(sql->db, graph);
	sql->functions.g = graph;
	if (!sql->module || !sql_functions_register(sql->db, &sql->functions) ||
	    sqlite3_set_authorizer(sql->db, authorize, NULL) != SQLITE_OK) {
		fail(err, STATUS_REFUSED, "cannot open an SQL connection: %s",
		     sql->db ? sqlite3_errmsg(sql->db) : "not enough memory");
		sql_close(sql);
		return NULL;
	}
	sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, MAX_VALUE);
	return sql;
}

void sql_close(struct sql *sql)
{
	if (!sql)
		return;
	sqlite3_close(sql->db);
	sql_module_free(sql->module);
	free(sql);
}

static int look_at_cancel(void *progress)
{
	return progress_cancelled(progress);
}

static void finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define autofinalize __attribute__((cleanup(finalize)))

/* What SQLite says is wrong with QUERY, and where; one sanitised sentence. */
static bool fail_query(struct sql *sql, const char *query, struct error *err)
{
	autotext struct text message = {0};
	const char *said = sqlite3_errmsg(sql->db);
	int offset = sqlite3_error_offset(sql->db);

	text_escape(&message, said, strlen(said), 300);
	if (offset >= 0 && (size_t)offset < strlen(query)) {
		text_printf(&message, " at character %d: ", offset + 1);
		text_escape(&message, query + offset, strlen(query + offset), 60);
	}
	return fail(err, STATUS_USAGE, "bad query: %s", text_string(&message));
}

static bool is_blank(const char *s)
{
	while (*s == ';' || isspace((unsigned char)*s))
		s++;
	return *s == '\0';
}

static bool prepare(struct sql *sql, const char *query, sqlite3_stmt **out, struct error *err)
{
	const char *rest;

	if (sqlite3_prepare_v2(sql->db, query, -1, out, &rest) == SQLITE_AUTH)
		return fail(err, STATUS_USAGE, "bad query: only SELECT is possible here: the graph "
			    "can be read and not changed");
	if (sqlite3_errcode(sql->db) != SQLITE_OK)
		return fail_query(sql, query, err);
	if (!*out)
		return fail(err, STATUS_USAGE, "bad query: there is no statement in it");
	if (!is_blank(rest))
		return fail(err, STATUS_USAGE, "bad query: one SELECT at a time; the second begins "
			    "at character %td", rest - query + 1);
	return true;
}

static struct sql_value result_value(sqlite3_stmt *statement, int column)
{
	struct sql_value v = {0};

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		v.kind = SQL_INTEGER;
		v.integer = sqlite3_column_int64(statement, column);
		break;
	case SQLITE_FLOAT:
		v.kind = SQL_REAL;
		v.real = sqlite3_column_double(statement, column);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		v.kind = SQL_TEXT;
		v.text = (const char *)sqlite3_column_text(statement, column);
		v.length = (size_t)sqlite3_column_bytes(statement, column);
		if (!v.text)
			v.text = "";
		break;
	default:
		break;
	}
	return v;
}

static bool put_header(sqlite3_stmt *statement, int n, const struct sql_output *output)
{
	autofree const char **names = calloc((size_t)n + 1, sizeof *names);

	if (!names)
		return false;
	for (int i = 0; i < n; i++) {
		names[i] = sqlite3_column_name(statement, i);
		if (!names[i])
			return false;
	}
	return output->header(output->arg, names, (unsigned)n);
}

static bool fail_step(struct sql *sql, const char *query, int rc, struct error *err)
{
	switch (rc & 0xff) {
	case SQLITE_INTERRUPT:
		return fail(err, STATUS_REFUSED, "the query was cancelled");
	case SQLITE_NOMEM:
		return fail_memory(err, "the query");
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return fail(err, STATUS_REFUSED, "no room for the temporary file of a sort: %s; "
			    "set TMPDIR to a folder with more", sqlite3_errmsg(sql->db));
	default:
		return fail_query(sql, query, err);
	}
}

static bool step_all(struct sql *sql, sqlite3_stmt *statement, const char *query,
		     const struct sql_output *output, struct error *err)
{
	int n = sqlite3_column_count(statement);
	autofree struct sql_value *values = calloc((size_t)n + 1, sizeof *values);
	int rc;

	if (!values)
		return fail_memory(err, "the query");
	if (!put_header(statement, n, output))
		return true;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < n; i++)
			values[i] = result_value(statement, i);
		if (!output->row(output->arg, values, (unsigned)n))
			return true;
	}
	return rc == SQLITE_DONE || fail_step(sql, query, rc, err);
}

bool sql_run(struct sql *sql, const char *query, const struct sql_output *output,
	     struct progress *progress, struct error *err)
{
	autofinalize sqlite3_stmt *statement = NULL;

	sqlite3_progress_handler(sql->db, PROGRESS_STEPS, progress ? look_at_cancel : NULL,
				 progress);
	sql->functions.progress = progress;
	return prepare(sql, query, &statement, err) && step_all(sql, statement, query, output, err);
}

bool sql_check(const char *query, struct error *err)
{
	struct graph *nothing = graph_new();
	struct sql *sql = nothing ? sql_open(nothing, err) : NULL;
	sqlite3_stmt *statement = NULL;
	bool good;

	if (!nothing)
		return fail_memory(err, "an SQL connection");
	good = sql && prepare(sql, query, &statement, err);
	sqlite3_finalize(statement);
	sql_close(sql);
	graph_free(nothing);
	return good;
}

void sql_schema(struct text *out)
{
	for (const struct sql_table *const *t = sql_tables; *t; t++) {
		sql_table_declaration(*t, out);
		text_puts(out, ";\n");
	}
}

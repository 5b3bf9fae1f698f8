/* goretain sql TARGET QUERY */
#include "graph/sql/sql.h"

#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/sql/files.h"
#include "tui/commands/commands.h"
#include "tui/page/result.h"
#include "tui/widgets/table.h"

static bool put_header(void *table, const char *const *names, unsigned n)
{
	return table_header(table, names, n);
}

static bool put_row(void *table, const struct sql_value *values, unsigned n)
{
	return table_row(table, values, n);
}

static bool run_query(const struct request *request, const struct graph *graph, FILE *file,
		      struct error *err)
{
	struct table *table = table_new(file, request->format, true);
	struct sql *sql = table ? sql_open(graph, err) : NULL;
	struct sql_output output = { .header = put_header, .row = put_row, .arg = table };
	bool good;

	if (!table)
		return fail_memory(err, "a table");
	good = sql && sql_run(sql, request->argument, &output, NULL, err);
	if (good)
		table_finish(table); /* what cannot be written is seen when the result is closed */
	sql_close(sql);
	table_free(table);
	return good;
}

static bool put_schema(struct result *result, struct error *err)
{
	autotext struct text schema = {0};

	sql_schema(&schema);
	return result_write(result, &schema, err);
}

/* What a large sort is put into is the broker's to open. */
static int scratch_file(void *source)
{
	return ((struct source *)source)->scratch_file(source, NULL);
}

bool cmd_sql(const struct request *request, struct source *source, struct error *err)
{
	autoresult struct result result = {0};
	bool schema = strcmp(request->argument, ".schema") == 0;
	struct graph *graph;
	bool good;

	sql_files_from(scratch_file, source);
	/* Before the target is stopped for a slip of the pen. */
	if (!schema && !sql_check(request->argument, err))
		return false;
	if (!result_open(&result, request, source, err))
		return false;
	if (schema)
		return put_schema(&result, err);
	graph = command_load(request, source, STAGE_DONE, err);
	good = graph && run_query(request, graph, result.file, err) && result_close(&result, err);
	graph_free(graph);
	return good;
}

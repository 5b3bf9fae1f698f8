#include "tui/command.h"

#include "graph/builder.h"
#include "graph/lens.h"
#include "graph/suspects/suspects.h"
#include "tui/broker/forecast.h"
#include "tui/commands/commands.h"
#include "tui/page/progress_line.h"
#include "tui/page/result.h"
#include "tui/page/stage_log.h"

const struct command commands[] = {
	{
		.name = "",
		.usage = "TARGET",
		.summary = "the explorer; without a terminal, the report",
		.run = cmd_explore,
	},
	{
		.name = "report",
		.usage = "TARGET",
		.summary = "one page of text: process, heap by type, top retained, suspects in words",
		.run = cmd_report,
	},
	{
		.name = "why",
		.usage = "TARGET WHAT [-n PATHS]",
		.summary = "paths from roots to WHAT: an address, a global, a type or a /regexp/",
		.takes_argument = true,
		.run = cmd_why,
	},
	{
		.name = "sql",
		.usage = "TARGET QUERY",
		.summary = "a query over the tables that .schema prints",
		.takes_argument = true,
		.run = cmd_sql,
	},
	{
		.name = "diff",
		.usage = "OLD TARGET",
		.summary = "what grew since the snapshot file OLD, by path, type and goroutine",
		.takes_base = true,
		.run = cmd_diff,
	},
	{
		.name = "export",
		.usage = "TARGET --as dot [--focus WHAT] [--depth N] [--max-nodes N] -o FILE",
		.summary = "a picture of the graph around WHAT",
		.needs_output = true,
		.run = cmd_export,
	},
	{
		.name = "snapshot",
		.usage = "PID -o FILE --with-data",
		.summary = "take and keep a snapshot",
		.needs_output = true,
		.run = cmd_snapshot,
	},
	{0},
};

struct graph *command_load(const struct request *request, struct source *source, enum stage stage,
			   struct error *err)
{
	struct graph *_Atomic graph = NULL;
	struct progress progress = {0};
	struct progress_line *line = progress_line_start(&progress);
	struct forecast_teller teller = { request, source };
	bool ok;

	if (request->verbose)
		stage_log_start(&progress);
	forecast_say(&teller);
	ok = source->load(source, &graph, &progress, err);
	if (ok && atomic_load(&graph)->lens) /* before suspects are put into words */
		atomic_load(&graph)->lens->redact = result_hides_content(request);
	ok = ok && graph_mark(graph, &progress, err) && graph_dominators(graph, &progress, err) &&
	     (stage < STAGE_DONE || graph_find_suspects(graph, &progress, err));
	stage_log_end(&progress, ok ? "complete" : "failed");
	progress_line_end(line);
	if (ok)
		return graph;
	graph_free(graph);
	return NULL;
}

/* goretain report TARGET */
#include "tui/report.h"

#include "tui/commands/commands.h"
#include "tui/result.h"

#define MIN_COLUMNS 80

static bool print_report(const struct request *request, struct source *source, struct graph *g,
			 struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text page = {0};
	struct report_wish wish = {
		.columns = request->columns > MIN_COLUMNS ? request->columns : MIN_COLUMNS,
		.unicode = request->unicode, .exact = request->exact_bytes,
	};

	if (!result_open(&result, request, source, g, err))
		return false;
	if (request->format == TABLE_JSON ? !report_json(g, &page, err)
					  : !report_text(g, &wish, &page, err))
		return false;
	fwrite(text_string(&page), 1, page.length, result.file);
	return result_close(&result, err);
}

bool cmd_report(const struct request *request, struct source *source, struct error *err)
{
	struct graph *graph;
	bool good;

	if (request->format == TABLE_TSV)
		return fail(err, STATUS_USAGE, "report prints a page and no table: use --json instead of --tsv");
	graph = command_load(request, source, err);
	good = graph && print_report(request, source, graph, err);
	graph_free(graph);
	return good;
}

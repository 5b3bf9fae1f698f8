/* goretain report TARGET */
#include "tui/page/report.h"

#include "tui/commands/commands.h"
#include "tui/page/result.h"

#define MIN_COLUMNS 80

static bool make_report(const struct request *request, const struct graph *g, struct text *out,
			struct error *err)
{
	bool whole = result_is_whole(request);
	struct report_wish wish = {
		.columns = !whole && request->columns > MIN_COLUMNS ? request->columns : MIN_COLUMNS,
		.unicode = request->unicode, .exact = request->exact_bytes, .whole = whole,
	};

	return request->format == TABLE_JSON ? report_json(g, out, err)
					     : report_text(g, &wish, out, err);
}

bool cmd_report(const struct request *request, struct source *source, struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text page = {0};
	struct graph *graph;
	bool good;

	if (request->format == TABLE_TSV)
		return fail(err, STATUS_USAGE, "report prints a page and no table: use "
			    "--json instead of --tsv");
	if (!result_open(&result, request, source, err))
		return false;
	graph = command_load(request, source, STAGE_DONE, err);
	good = graph && make_report(request, graph, &page, err) &&
	       result_write(&result, &page, err);
	graph_free(graph);
	return good;
}

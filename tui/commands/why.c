/* goretain why TARGET WHAT */
#include "tui/page/why.h"

#include "graph/query/what.h"
#include "tui/commands/commands.h"
#include "tui/page/result.h"

static bool answer(const struct request *request, const struct graph *g, struct text *out,
		   struct error *err)
{
	bool whole = result_is_whole(request);
	struct why_wish wish = {
		.what = request->argument, .paths = request->paths ? request->paths : WHY_PATHS,
		.columns = !whole && request->columns ? request->columns : 80, .unicode = request->unicode,
		.exact = request->exact_bytes, .whole = whole,
	};

	return request->format == TABLE_JSON ? why_json(g, &wish, out, NULL, err)
					     : why_text(g, &wish, out, NULL, err);
}

bool cmd_why(const struct request *request, struct source *source, struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text text = {0};
	struct graph *graph;
	bool good;

	if (request->format == TABLE_TSV)
		return fail(err, STATUS_USAGE, "why prints a tree and no table: use "
			    "--json instead of --tsv");
	if (!what_check(request->argument, err) || !result_open(&result, request, source, err))
		return false;
	graph = command_load(request, source, STAGE_RETAINED, err);
	good = graph && answer(request, graph, &text, err) && result_write(&result, &text, err);
	graph_free(graph);
	return good;
}

/* goretain why TARGET WHAT */
#include "tui/why.h"

#include "tui/commands/commands.h"
#include "tui/result.h"

static bool answer(const struct request *request, struct source *source, struct graph *g,
		   struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text text = {0};
	struct why_wish wish = {
		.what = request->argument, .paths = request->paths ? request->paths : WHY_PATHS,
		.columns = request->columns ? request->columns : 80, .unicode = request->unicode,
		.exact = request->exact_bytes,
	};

	/* Opened first: that decides what of the content may be shown. */
	if (!result_open(&result, request, source, g, err))
		return false;
	if (request->format == TABLE_JSON ? !why_json(g, &wish, &text, NULL, err)
					  : !why_text(g, &wish, &text, NULL, err))
		return false;
	fwrite(text_string(&text), 1, text.length, result.file);
	return result_close(&result, err);
}

bool cmd_why(const struct request *request, struct source *source, struct error *err)
{
	struct graph *graph;
	bool good;

	if (request->format == TABLE_TSV)
		return fail(err, STATUS_USAGE, "why prints a tree and no table: use --json instead of --tsv");
	graph = command_load(request, source, err);
	good = graph && answer(request, source, graph, err);
	graph_free(graph);
	return good;
}

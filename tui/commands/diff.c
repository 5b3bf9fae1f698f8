/* goretain diff OLD NEW */
#include "graph/builder.h"
#include "tui/commands/commands.h"
#include "tui/page/change.h"
#include "tui/page/progress_line.h"
#include "tui/page/result.h"

/* All that the comparison needs of the older snapshot: its graph goes before the newer one comes. */
static struct digest *read_old(struct source *source, struct error *err)
{
	struct graph *_Atomic graph = NULL;
	struct path_tree tree = {0};
	struct digest *digest = NULL;
	struct progress progress = {0};
	struct progress_line *line = progress_line_start(&progress);

	if (source->load_base(source, &graph, &progress, err) && graph_mark(graph, &progress, err) &&
	    path_tree_build(graph, &tree, &progress, err))
		digest = digest_make(graph, &tree, err);
	progress_line_end(line);
	path_tree_free(&tree);
	graph_free(graph);
	return digest;
}

static bool write_change(const struct request *request, const struct graph *g, const struct change *change,
			 struct text *out, struct error *err)
{
	bool whole = result_is_whole(request);
	struct change_wish wish = {
		.columns = !whole && request->columns > 80 ? request->columns : 80,
		.unicode = request->unicode, .exact = request->exact_bytes, .whole = whole,
	};

	if (request->format == TABLE_TEXT)
		return change_text(g, change, &wish, out, err);
	if (request->format == TABLE_JSON)
		change_json(g, change, out);
	else
		change_tsv(g, change, out);
	return !out->failed || fail_memory(err, "the comparison");
}

static bool compare(const struct request *request, struct source *source, const struct digest *old,
		    struct text *out, struct error *err)
{
	struct graph *graph = command_load(request, source, STAGE_RETAINED, err);
	autochange struct change change = {0};
	bool ok;

	if (graph && graph->meta.taken_ns < old->taken_ns)
		ok = fail(err, STATUS_USAGE, "%.200s was taken after %.200s: name the older one first",
			  request->base, request->target);
	else
		ok = graph && change_find(graph, old, &change, NULL, err) &&
		     write_change(request, graph, &change, out, err);
	graph_free(graph);
	return ok;
}

bool cmd_diff(const struct request *request, struct source *source, struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text page = {0};
	struct digest *old;
	bool ok;

	if (!result_open(&result, request, source, err) || !(old = read_old(source, err)))
		return false;
	ok = compare(request, source, old, &page, err) && result_write(&result, &page, err);
	digest_free(old);
	return ok;
}

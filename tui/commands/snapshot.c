/* goretain snapshot TARGET -o FILE: take and keep a snapshot, of a process or of a core file with its
 * program. */
#include "tui/commands/commands.h"

#include <string.h>
#include <unistd.h>

#include "graph/cleanup.h"
#include "tui/forecast.h"
#include "tui/progress_line.h"
#include "tui/stage_log.h"

/* Save to a file that exists under its name only when it is whole, or to standard output. */
static bool save(const struct request *request, struct source *source, struct graph *graph,
		 struct progress *progress, struct error *err)
{
	if (strcmp(request->output, "-") == 0)
		return source->save(source, graph, STDOUT_FILENO, progress, err);

	autoclose int fd = source->create(source, request->output, request->force, err);

	return fd >= 0 && source->save(source, graph, fd, progress, err) &&
	       source->commit(source, request->output, err);
}

bool cmd_snapshot(const struct request *request, struct source *source, struct error *err)
{
	struct graph *_Atomic graph = NULL;
	struct progress_line *line;
	struct progress progress = {0};
	bool ok;

	if (!request->with_data)
		return fail(err, STATUS_USAGE, "a snapshot without content cannot be written yet; "
			    "with --with-data it holds all that was copied, secrets included");
	if (request->verbose)
		stage_log_start(&progress);
	if (request->pid)
		forecast_say(request, source);
	line = progress_line_start(&progress);
	ok = source->load(source, &graph, &progress, err) &&
	     save(request, source, graph, &progress, err);
	stage_log_end(&progress, ok ? "complete" : "failed");
	progress_line_end(line);
	graph_free(graph);
	return ok;
}

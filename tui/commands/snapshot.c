/* goretain snapshot TARGET -o FILE: take and keep a snapshot, of a process or of a core file with its
 * program. */
#include "tui/commands/commands.h"

#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "tui/broker/forecast.h"
#include "tui/page/progress_line.h"
#include "tui/page/result.h"
#include "tui/page/stage_log.h"

static bool to_standard_output(const struct request *request)
{
	return strcmp(request->output, "-") == 0;
}

/* Where the snapshot goes, so that a place which cannot be had costs no stop; -1 on failure. It is no text:
 * to a terminal it does not go. */
static int open_output(const struct request *request, struct source *source, struct error *err)
{
	int fd = !to_standard_output(request) ? source->create(source, err)
		 : result_to_standard_output(err) ? dup(STDOUT_FILENO) : -1;

	if (fd < 0 || !isatty(fd))
		return fd;
	close(fd);
	fail(err, STATUS_OUTPUT, "a snapshot is no text, and what it would be written to is a terminal: "
	     "name a file with -o");
	return -1;
}

/* The file exists under its name only when it is whole. */
static bool save(const struct request *request, struct source *source, struct graph *graph, int fd,
		 struct progress *progress, struct error *err)
{
	return source->save(source, graph, fd, progress, err) &&
	       (to_standard_output(request) || source->commit(source, err));
}

bool cmd_snapshot(const struct request *request, struct source *source, struct error *err)
{
	struct graph *_Atomic graph = NULL;
	struct progress_line *line;
	struct progress progress = {0};
	autoclose int fd = -1;
	struct forecast_teller teller = { request, source };
	bool ok;

	if (!request->with_data)
		return fail(err, STATUS_USAGE, "a snapshot without content cannot be written yet; "
			    "with --with-data it holds all that was copied, secrets included");
	fd = open_output(request, source, err);
	if (fd < 0)
		return false;
	if (request->verbose)
		stage_log_start(&progress);
	if (request->pid)
		forecast_say(&teller);
	line = progress_line_start(&progress);
	ok = source->load(source, &graph, &progress, err) &&
	     save(request, source, graph, fd, &progress, err);
	stage_log_end(&progress, ok ? "complete" : "failed");
	progress_line_end(line);
	graph_free(graph);
	return ok;
}

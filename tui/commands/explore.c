/* The explorer: on a terminal, screens; without one, the report. */
#include "tui/commands/commands.h"
#include "tui/screen/screen.h"

bool cmd_explore(const struct request *request, struct source *source, struct error *err)
{
	return request->interactive ? screen_run(request, source, err)
				    : cmd_report(request, source, err);
}

/* The explorer: on a terminal, screens; without one, the report. */
#include <unistd.h>

#include "tui/commands/commands.h"
#include "tui/screen.h"

bool cmd_explore(const struct request *request, struct source *source, struct error *err)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cmd_report(request, source, err);
	return screen_run(request, source, err);
}

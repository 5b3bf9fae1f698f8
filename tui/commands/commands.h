/* The functions behind the rows of the command table, one a file. Each runs in the reader, writes
 * its result to standard output or -o, and returns false with ERR set. */
#ifndef GORETAIN_TUI_COMMANDS_COMMANDS_H
#define GORETAIN_TUI_COMMANDS_COMMANDS_H

#include <stdbool.h>

#include "graph/base/error.h"
#include "graph/source.h"
#include "tui/command.h"

bool cmd_explore(const struct request *request, struct source *source, struct error *err);
bool cmd_snapshot(const struct request *request, struct source *source, struct error *err);
bool cmd_report(const struct request *request, struct source *source, struct error *err);
bool cmd_why(const struct request *request, struct source *source, struct error *err);
bool cmd_diff(const struct request *request, struct source *source, struct error *err);
bool cmd_sql(const struct request *request, struct source *source, struct error *err);
bool cmd_export(const struct request *request, struct source *source, struct error *err);

#endif

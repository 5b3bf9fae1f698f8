/* The command line, read into a request. */
#ifndef GORETAIN_TUI_OPTIONS_H
#define GORETAIN_TUI_OPTIONS_H

#include "graph/base/error.h"
#include "graph/base/text.h"
#include "tui/command.h"

enum asked { ASKED_RUN, ASKED_HELP, ASKED_VERSION };

/* Read the command line. Fails with STATUS_USAGE. What it does not say gets its default; pid and
 * what is known of standard output are not set here. */
bool options_parse(int argc, char **argv, struct request *out, enum asked *asked,
		   struct error *err);

/* The text of --help, made from the tables of commands and options. */
void options_help(struct text *out);

#endif

/* The command line as a table: a command is a file in tui/commands/ and one row in command.c.
 *
 * The broker parses the command line into a request; the reader, which holds no privileges, runs it. */
#ifndef GORETAIN_TUI_COMMAND_H
#define GORETAIN_TUI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/source.h"

struct command;

enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_TSV };

/* The parsed command line. Strings point into argv. */
struct request {
	const struct command *command;
	const char *target;     /* as given: PID, file or name */
	const char *argument;   /* WHAT or QUERY, NULL if the command takes none */
	const char *output;     /* -o, NULL if not given; "-" is standard output */
	const char *as;         /* --as */
	const char *focus;      /* --focus */
	const char *exe;        /* --exe */
	const char *base;       /* the older snapshot to compare with, NULL if none was named */
	uint64_t max_pause_ms;  /* --max-pause, 1000 by default */
	uint32_t depth, max_nodes, paths; /* 0 = the command's default */
	enum table_format format;
	bool with_data, redact, exact_bytes, force, verbose, unproven;
	/* Found out by the broker */
	uint64_t pid;           /* of a live target, 0 for a file */
	bool out_is_terminal, colour, unicode;
	bool interactive;       /* the explorer, with a terminal to draw on and keys to read */
	unsigned columns;       /* of standard output, 80 if it is no terminal */
};

struct command {
	const char *name;       /* "report"; "" is the explorer */
	const char *usage;      /* "TARGET WHAT [-n PATHS]" */
	const char *summary;    /* one line of --help */
	/* What it takes, checked before anything is opened. */
	bool takes_base, takes_argument, needs_output;
	/* Runs in the reader. Writes its result to standard output. Returns false with ERR set;
	 * the process's exit status is err->code. */
	bool (*run)(const struct request *request, struct source *source, struct error *err);
};

/* All commands, ended by a row without a run function. */
extern const struct command commands[];

/* A helper for commands that want the whole graph at once: load, mark, dominators and, if STAGE is
 * STAGE_DONE and not STAGE_RETAINED, suspects, with progress on standard error if it is a terminal. The
 * graph is the caller's to free; NULL on failure. */
struct graph *command_load(const struct request *request, struct source *source, enum stage stage,
			   struct error *err);

#endif

/* The source (graph/source.h) as the reader has it: it reads what the broker and its takers hand it, and
 * has the broker do what it may not do itself. */
#ifndef GORETAIN_PROBES_SOURCE_H
#define GORETAIN_PROBES_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/source.h"

/* Where graphs are to come from. */
struct source_wish {
	const char *target;    /* a file's name, for errors */
	const char *base;      /* that of the older snapshot, NULL if there is none */
	bool live;             /* a process, and not a file */
	bool exe;              /* the command line names the program of a core file */
	bool unproven;         /* struct source.unproven */
	bool verbose;          /* say on standard error what a stop was spent on */
	uint64_t max_pause_ms;
};

/* A source over the socket to the broker; WISH's strings must outlive it. NULL without memory. Its functions
 * may be called from any thread. Free with source_free. */
struct source *source_new(const struct source_wish *wish, int broker);
void source_free(struct source *source);

#endif

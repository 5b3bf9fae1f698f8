/* The broker: goretain's first process. It may do things (open files, start takers) and reads no
 * byte of the target; the reader parses and may do nothing. They talk over a SOCK_SEQPACKET socket:
 * one request, one reply. */
#ifndef GORETAIN_TUI_BROKER_H
#define GORETAIN_TUI_BROKER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "graph/error.h"
#include "tui/command.h"

enum broker_op {
	BROKER_TAKER,  /* a new taker for the target: its socket */
	BROKER_FILE,   /* file number `file` of the command line: a descriptor to read */
	BROKER_CREATE, /* begin the output `path`: a descriptor to write */
	BROKER_COMMIT, /* the output is whole: give it its name */
	BROKER_DEBUG,  /* the debug file for build id `path`, in hex: a descriptor, if any */
	BROKER_MAPPED, /* the program or library `path` that a core file names: a descriptor to read */
	BROKER_SCRATCH, /* an empty file without a name: a descriptor */
};

/* The files that the user named; the reader can have no others opened. */
enum broker_file { FILE_TARGET, FILE_EXE, FILE_BASE };

struct broker_request {
	uint32_t op;
	uint32_t file; /* enum broker_file */
	uint32_t force;
	char path[PATH_MAX];
};

struct broker_reply {
	struct error error; /* STATUS_OK: a descriptor comes along if the request is for one */
};

/* What the reader runs, in its own process, with the socket to the broker. */
typedef enum status (*reader_fn)(const struct request *request, int broker);

/* Start the reader and serve it until it ends; whatever happens, takers are ended (and the target
 * let go), an incomplete output is removed and the terminal restored. Returns the exit status of
 * the process; does not return when a signal ends it. */
int broker_run(const struct request *request, reader_fn reader);

#endif

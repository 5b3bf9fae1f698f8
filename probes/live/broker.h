/* What the reader asks of the broker: one request, one reply, over a SOCK_SEQPACKET socket. The broker
 * itself is tui/broker/; the reader's end of the socket is the source (probes/source.c). */
#ifndef GORETAIN_PROBES_LIVE_BROKER_H
#define GORETAIN_PROBES_LIVE_BROKER_H

#include <limits.h>
#include <stdint.h>

#include "graph/base/error.h"

enum broker_op {
	BROKER_TAKER,   /* a new taker for the target: its socket */
	BROKER_FILE,    /* file number `file` of the command line: a descriptor to read */
	BROKER_CREATE,  /* begin the output that the command line names: a descriptor to write */
	BROKER_SAVE,    /* ask the person for the name of an output, proposing `path`; begin it: a
			 * descriptor to write, and its name, which is empty if the person thought better */
	BROKER_COMMIT,  /* the output is whole: give it its name */
	BROKER_DEBUG,   /* the debug file for build id `path`, in hex: a descriptor, if any */
	BROKER_MAPPED,  /* the program or library `path` that a core file names: a descriptor to read */
	BROKER_PROGRAM, /* the program or library of build id `path`, in hex: a descriptor, if any */
	BROKER_SCRATCH, /* an empty file without a name: a descriptor */
	BROKER_CONSENT, /* ask the person whether the target may be stopped for pause_ns */
};

/* The files that the user named. */
enum broker_file { FILE_TARGET, FILE_EXE, FILE_BASE };

struct broker_request {
	uint32_t op;
	uint32_t file; /* enum broker_file */
	uint64_t pause_ns, bytes; /* CONSENT: the forecast */
	char path[PATH_MAX];
};

struct broker_reply {
	struct error error; /* STATUS_OK: a descriptor comes along if the request is for one */
	char path[PATH_MAX]; /* SAVE: the name */
};

#endif

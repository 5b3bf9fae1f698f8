/* The broker: goretain's first process. It may do things (open files, start takers) and reads no
 * byte of the target; the reader parses and may do nothing. What it does for the reader stands in
 * probes/live/broker.h. */
#ifndef GORETAIN_TUI_BROKER_BROKER_H
#define GORETAIN_TUI_BROKER_BROKER_H

#include "graph/base/error.h"
#include "tui/command.h"

/* The reader, in its own process. */
struct reader {
	/* Before it is locked: what needs files later is loaded. Anything but STATUS_OK ends it, and it has
	 * said why. */
	enum status (*prepare)(const struct request *request);
	/* Behind the lock, with the socket to the broker. */
	enum status (*run)(const struct request *request, int broker);
};

/* Start the reader and serve it until it ends; whatever happens, takers are ended (and the target
 * let go), an incomplete output is removed and the terminal restored. Returns the exit status of
 * the process; does not return when a signal ends it. */
int broker_run(const struct request *request, const struct reader *reader);

#endif

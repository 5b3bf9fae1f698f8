/* Errors are values: made where they happen, printed in one place (main). */
#ifndef GORETAIN_GRAPH_BASE_ERROR_H
#define GORETAIN_GRAPH_BASE_ERROR_H

#include <stdbool.h>

/* The codes are the exit statuses that a user sees. */
enum status {
	STATUS_OK = 0,
	STATUS_NOT_FOUND = 1,  /* `why` found nothing, `check` found something */
	STATUS_USAGE = 2,      /* wrong usage or query */
	STATUS_ATTACH = 3,     /* cannot attach, no permission */
	STATUS_UNSUPPORTED = 4, /* not a Go process, or a Go that is not supported */
	STATUS_BAD_FILE = 5,   /* a bad or truncated file */
	STATUS_GONE = 6,       /* the target went away */
	STATUS_OUTPUT = 7,     /* the output cannot be written */
	STATUS_REFUSED = 8,    /* refused or gave up: memory, pause, cancelled */
};

/* One error: a code and one sentence without a newline, sanitised for a terminal. Needs no
 * memory, so running out of memory is an error like the others. */
struct error {
	enum status code;
	char message[512];
};

/* Record an error and return false, so that a failing function can `return fail(err, ...)`.
 * The first error recorded stays; ERR may be NULL when the caller does not want to know. */
bool fail(struct error *err, enum status code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* fail() for an allocation of WHAT that could not be had. */
bool fail_memory(struct error *err, const char *what);

#endif

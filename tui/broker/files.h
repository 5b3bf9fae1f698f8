/* The files that the broker opens for the reader, and those that it does not. */
#ifndef GORETAIN_TUI_BROKER_FILES_H
#define GORETAIN_TUI_BROKER_FILES_H

#include "graph/base/error.h"

/* Each returns a descriptor, the caller's to close, or -1 with ERR set. Only regular files are opened to
 * be read. */

/* The file PATH of the command line; NULL if that names none. */
int files_named(const char *path, struct error *err);

/* The debug file for a build id in hex. */
int files_debug(const char *id, struct error *err);

/* The program or library of a build id in hex, from where distributions and debuginfod's clients keep
 * such. */
int files_program(const char *id, struct error *err);

/* The program or library at PATH, which a core file names. */
int files_mapped(const char *path, struct error *err);

/* An empty file that has no name and is gone when it is closed. */
int files_scratch(struct error *err);

#endif

/* An output file that exists under its name only when it is whole. The broker has one at a time,
 * a global since a signal handler may have to remove it. */
#ifndef GORETAIN_TUI_BROKER_OUTPUT_H
#define GORETAIN_TUI_BROKER_OUTPUT_H

#include <stdbool.h>

#include "graph/base/error.h"

/* Begin a file that will be called PATH: without a name yet where the file system can do that, else
 * under a random hidden name beside it; mode 0600. A pipe, a terminal or another device that has the name
 * is written to. Discards what was begun before. Returns a descriptor, which stays ours, or -1:
 * STATUS_OUTPUT if it cannot be made, a regular file has the name and not FORCE, or what has it is
 * neither replaced nor written to: links, folders, disks. */
int output_create(const char *path, bool force, struct error *err);

/* Flush it to disk and give it its name. Fails with STATUS_OUTPUT if the name was taken meanwhile
 * and not FORCE, or by what is no regular file; the file is gone then. */
bool output_commit(struct error *err);

/* Remove what was not committed. Safe in a signal handler. */
void output_discard(void);

#endif

/* System calls: the list of those that the reader may make. */
#ifndef GORETAIN_TUI_LOCK_CALLS_H
#define GORETAIN_TUI_LOCK_CALLS_H

#include <stdbool.h>

/* From now on this process can make the calls of the table in calls.c and no others: those fail with EPERM.
 * Before its first further thread; no_new_privs must be set. False if the kernel cannot do that. */
bool calls_limit(void);

#endif

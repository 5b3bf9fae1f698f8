/* Users and capabilities: what the reader gives up for good, on any kernel. */
#ifndef GORETAIN_TUI_LOCK_PRIVILEGES_H
#define GORETAIN_TUI_LOCK_PRIVILEGES_H

#include <stdbool.h>

/* Root becomes nobody. False if this process was not root, or cannot be anybody else here. */
bool privileges_leave_root(void);

/* All capabilities, new ones by exec, and being looked at by others (ptrace, core files). False with
 * errno set: then nothing must be read. */
bool privileges_drop(void);

#endif

/* What the reader gives up before it reads anything. */
#ifndef GORETAIN_TUI_PRIVILEGES_H
#define GORETAIN_TUI_PRIVILEGES_H

#include <stdbool.h>

/* All capabilities, for good; new ones by exec; being looked at by others (ptrace, core files).
 * False with errno set: then nothing must be read. */
bool drop_privileges(void);

#endif

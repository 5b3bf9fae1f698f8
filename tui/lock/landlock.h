/* Landlock: no file can be opened, made, removed or run by its path, no port used, nobody else signalled. */
#ifndef GORETAIN_TUI_LOCK_LANDLOCK_H
#define GORETAIN_TUI_LOCK_LANDLOCK_H

/* Forbid all that this kernel's Landlock can forbid; no_new_privs must be set. Returns its version (ABI), 0
 * if the kernel has none. */
int landlock_forbid_all(void);

#endif

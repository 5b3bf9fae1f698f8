/* Namespaces: a root folder with nothing in it, no network, no other processes to be seen. */
#ifndef GORETAIN_TUI_LOCK_NAMESPACES_H
#define GORETAIN_TUI_LOCK_NAMESPACES_H

#include <stdbool.h>

/* Enter as many as this process may, and an empty root folder. Returns them (CLONE_NEW*); those who may
 * make none of their own try one of users, in which they may. With CLONE_NEWPID only children are in the
 * new one, the first of them as its init. */
int namespaces_enter(void);

/* One of users on top, for whoever has none yet. */
bool namespaces_enter_user(void);

#endif

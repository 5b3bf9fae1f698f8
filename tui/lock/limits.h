/* Resource limits: what a reader that runs away can take. */
#ifndef GORETAIN_TUI_LOCK_LIMITS_H
#define GORETAIN_TUI_LOCK_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* No core file; where the target is LIVE and no file, private memory as far as there are ROOM bytes of it now;
 * files no larger than what it may have to write; so many threads, where OWN_USERS says that those of
 * others do not count with them. False if the kernel refuses one. */
bool limits_set(bool own_users, bool live, uint64_t room);

#endif

/* The lock: what the process that reads strangers' bytes can still do. After it, it computes, reads and
 * writes what it was handed, and draws.
 *
 * Each part holds without the others, and where a kernel or a container does not grant one the others are
 * what is left; what must hold everywhere is that it has no capabilities. */
#ifndef GORETAIN_TUI_LOCK_LOCK_H
#define GORETAIN_TUI_LOCK_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/text.h"

/* Which parts hold. */
struct lock {
	bool calls;     /* seccomp */
	int landlock;   /* its version, 0 = none */
	bool user;      /* it is not the user who started it, but nobody */
	int namespaces; /* CLONE_NEW* */
	bool limits;
};

/* First: another user, namespaces. If *LOCK then says CLONE_NEWPID, the caller goes on in a second child:
 * the first one is the new namespace's init, whose end is that of all in it. */
void lock_leave(struct lock *lock);

/* Then, in the process that will read, before it has any other thread: all the rest. LIVE: it will be
 * told of a process and of no file. ROOM: bytes of memory that can still be had. False with errno
 * set if capabilities remain; then nothing must be read. */
bool lock_shut(struct lock *lock, bool live, uint64_t room);

/* Find out, in a child, which parts would hold. False if no child can be had. */
bool lock_try(struct lock *lock, uint64_t room);

/* "system calls, Landlock 7, user nobody, namespaces (user mount net ipc pid), limits". */
void lock_words(const struct lock *lock, struct text *out);

#endif

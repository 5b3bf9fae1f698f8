#include "tui/lock/lock.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "tui/lock/calls.h"
#include "tui/lock/landlock.h"
#include "tui/lock/limits.h"
#include "tui/lock/namespaces.h"
#include "tui/lock/privileges.h"

void lock_leave(struct lock *lock)
{
	lock->namespaces = namespaces_enter();
	lock->user = privileges_leave_root();
	if (!(lock->namespaces & CLONE_NEWUSER) && namespaces_enter_user())
		lock->namespaces |= CLONE_NEWUSER;
}

/* The calls last: what comes before needs some that they forbid. */
bool lock_shut(struct lock *lock, bool live, uint64_t room)
{
	lock->limits = limits_set(lock->namespaces & CLONE_NEWUSER, live, room);
	if (!privileges_drop())
		return false;
	lock->landlock = landlock_forbid_all();
	lock->calls = calls_limit();
	return true;
}

/* In a child: lock it, or where that has a PID namespace its own, and tell what holds. */
static void try_and_tell(struct lock *lock, uint64_t room, int out)
{
	lock_leave(lock);
	if (lock->namespaces & CLONE_NEWPID && fork() > 0) {
		wait(NULL);
		_exit(0);
	}
	lock_shut(lock, true, room);
	_exit(write(out, lock, sizeof *lock) != sizeof *lock);
}

bool lock_try(struct lock *lock, uint64_t room)
{
	int pair[2];
	pid_t child;
	bool ok;

	*lock = (struct lock){0};
	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	child = fork();
	if (child == 0)
		try_and_tell(lock, room, pair[1]);
	close(pair[1]);
	ok = child > 0 && read(pair[0], lock, sizeof *lock) == sizeof *lock;
	close(pair[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return ok;
}

static void put_namespaces(int namespaces, struct text *out)
{
	static const struct { int flag; const char *name; } each[] = {
		{CLONE_NEWUSER, "user"}, {CLONE_NEWNS, "mount"}, {CLONE_NEWNET, "net"},
		{CLONE_NEWIPC, "ipc"}, {CLONE_NEWPID, "pid"},
	};
	const char *before = "namespaces (";

	if (!namespaces) {
		text_puts(out, "no namespaces");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		if (!(namespaces & each[i].flag))
			continue;
		text_printf(out, "%s%s", before, each[i].name);
		before = " ";
	}
	text_putc(out, ')');
}

void lock_words(const struct lock *lock, struct text *out)
{
	text_puts(out, lock->calls ? "system calls, " : "no seccomp, ");
	if (lock->landlock)
		text_printf(out, "Landlock %d, ", lock->landlock);
	else
		text_puts(out, "no Landlock, ");
	text_puts(out, lock->user ? "user nobody, " : "user as started, ");
	put_namespaces(lock->namespaces, out);
	text_puts(out, lock->limits ? ", limits" : ", no limits");
}

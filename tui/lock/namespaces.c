#include "tui/lock/namespaces.h"

#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

/* Put an empty file system in place of everything. It is mounted where a folder is for certain. Where the
 * root is no mount of its own (a chroot) it cannot be let go of, but be left. */
static bool empty_root(void)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/proc", "tmpfs", flags, "size=4k,mode=555") != 0 || chdir("/proc") != 0)
		return false;
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) != 0)
			return false;
	} else if (chroot(".") != 0) {
		return false;
	}
	return chdir("/") == 0 && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0;
}

static int enter_each(void)
{
	static const int each[] = {CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWPID};
	int entered = 0;

	for (size_t i = 0; i < ARRAY_SIZE(each); i++)
		if (unshare(each[i]) == 0)
			entered |= each[i];
	if (entered & CLONE_NEWNS && !empty_root())
		entered &= ~CLONE_NEWNS;
	return entered;
}

bool namespaces_enter_user(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

int namespaces_enter(void)
{
	int entered = enter_each();

	if (!entered && namespaces_enter_user())
		entered = CLONE_NEWUSER | enter_each();
	return entered;
}

#include "tests/faults/hostile_attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096

static void report(const char *name, long result)
{
	if (result >= 0)
		printf("SUCCEEDED %s\n", name);
	else if (errno == EPERM || (errno == ENOSYS && strcmp(name, "clone3") == 0))
		printf("refused %s\n", name);
	else
		printf("failed %s: %s\n", name, strerror(errno));
	fflush(stdout);
}

#define TRY(name, number, ...) report(name, syscall(SYS_##number, __VA_ARGS__))

/* A call that makes a process: the child has nothing to say. */
static void try_child(const char *name, long result)
{
	if (result == 0)
		_exit(0);
	report(name, result);
}

static const char *path_in(const char *folder, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static void files(const char *folder)
{
	const char *victim = path_in(folder, "victim"), *other = path_in(folder, "made");
	uint64_t how[3] = {O_RDONLY, 0, 0};
	char bytes[256];

	TRY("open /etc/shadow", openat, AT_FDCWD, "/etc/shadow", O_RDONLY, 0);
	TRY("open /etc/shadow to write", openat, AT_FDCWD, "/etc/shadow", O_WRONLY, 0);
	TRY("openat2", openat2, AT_FDCWD, "/etc/passwd", how, sizeof how);
	TRY("open a folder", openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	TRY("create", openat, AT_FDCWD, other, O_CREAT | O_WRONLY, 0600);
	TRY("create without a name", openat, AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600);
	TRY("read a link", readlinkat, AT_FDCWD, "/proc/self/exe", bytes, sizeof bytes);
	TRY("look at a file", newfstatat, AT_FDCWD, victim, bytes, 0);
	TRY("look at a file with statx", statx, AT_FDCWD, victim, 0, 0xfff, bytes);
	TRY("ask for access", faccessat, AT_FDCWD, victim, R_OK);
	TRY("make a folder", mkdirat, AT_FDCWD, other, 0700);
	TRY("make a pipe with a name", mknodat, AT_FDCWD, path_in(folder, "pipe"), 0010600, 0);
	TRY("link", linkat, AT_FDCWD, victim, AT_FDCWD, path_in(folder, "link"), 0);
	TRY("link symbolically", symlinkat, "/etc/shadow", AT_FDCWD, path_in(folder, "symlink"));
	TRY("change the mode", fchmodat, AT_FDCWD, victim, 0777);
	TRY("change the owner", fchownat, AT_FDCWD, victim, getpid(), 0, 0);
	TRY("truncate", truncate, victim, 0l);
	TRY("rename", renameat2, AT_FDCWD, victim, AT_FDCWD, path_in(folder, "renamed"), 0);
	TRY("unlink", unlinkat, AT_FDCWD, path_in(folder, "renamed"), 0);
	TRY("unlink the victim", unlinkat, AT_FDCWD, victim, 0);
	TRY("change the folder", chdir, "/tmp");
	TRY("watch a folder", inotify_init1, 0);
}

static void network(void)
{
	int pair[2];

	TRY("socket of the internet", socket, AF_INET, SOCK_STREAM, 0);
	TRY("socket of datagrams", socket, AF_INET6, SOCK_DGRAM, 0);
	TRY("socket of this machine", socket, AF_UNIX, SOCK_STREAM, 0);
	TRY("socket of the kernel", socket, AF_NETLINK, SOCK_RAW, 0);
	TRY("pair of sockets", socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
}

static void others(const char *who, pid_t pid)
{
	char name[64], bytes[16];
	struct iovec ours = {bytes, sizeof bytes}, theirs = {&errno, sizeof bytes};
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

#define OF(what) (snprintf(name, sizeof name, "%s the %s", what, who), name)
	TRY(OF("signal"), kill, pid, 0);
	TRY(OF("signal a thread of"), tgkill, pid, pid, 0);
	TRY(OF("signal, the old way,"), tkill, pid, 0);
	TRY(OF("have a descriptor of"), pidfd_open, pid, 0);
	TRY(OF("seize"), ptrace, PTRACE_SEIZE, pid, 0l, 0l);
	TRY(OF("read memory of"), process_vm_readv, pid, &ours, 1l, &theirs, 1l, 0l);
	TRY(OF("write memory of"), process_vm_writev, pid, &ours, 1l, &theirs, 1l, 0l);
	TRY(OF("set a limit of"), prlimit64, pid, RLIMIT_NOFILE, &limit, NULL);
	TRY(OF("set the priority of"), setpriority, PRIO_PROCESS, pid, 1);
	TRY(OF("move"), sched_setaffinity, pid, sizeof bytes, memset(bytes, 0xff, sizeof bytes));
#undef OF
}

static void processes(void)
{
	struct { uint64_t flags, rest[10]; } how = {.rest = {[3] = SIGCHLD}};

	TRY("signal init", kill, 1, 0);
	TRY("signal everybody", kill, -1, 0);
	TRY("signal its group", kill, 0, 0);
	try_child("clone", syscall(SYS_clone, SIGCHLD, 0l, 0l, 0l, 0l));
	try_child("clone with another user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0l, 0l, 0l, 0l));
	try_child("clone3", syscall(SYS_clone3, &how, sizeof how));
#ifdef SYS_fork
	try_child("fork", syscall(SYS_fork));
#endif
	TRY("unshare users", unshare, CLONE_NEWUSER);
	TRY("unshare files", unshare, CLONE_FILES);
	TRY("join a session", setsid, 0);
	TRY("unset the signal of its end", prctl, 1 /* PR_SET_PDEATHSIG */, 0l, 0l, 0l, 0l);
	TRY("be looked at", prctl, 4 /* PR_SET_DUMPABLE */, 1l, 0l, 0l, 0l);
}

static void memory(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	TRY("map to execute", mmap, NULL, (long)PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
	TRY("map to write and execute", mmap, NULL, (long)PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
	TRY("make executable", mprotect, page, (long)PAGE, PROT_READ | PROT_EXEC);
	TRY("make executable by a key", pkey_mprotect, page, (long)PAGE, PROT_EXEC, -1);
	TRY("have what is read executed", personality, 0x0400000l);
	TRY("make a file in memory", memfd_create, "code", 0);
	TRY("share memory", shmget, 0, (long)PAGE, 01600);
	TRY("serve page faults", userfaultfd, 1 /* of user mode only */);
}

static void kernel(const char *folder)
{
	char zero[256] = {0};

	TRY("io_uring", io_uring_setup, 4, zero);
	TRY("bpf", bpf, 0, zero, 72);
	TRY("perf events", perf_event_open, zero, 0, -1, -1, 0l);
	TRY("keys", keyctl, 0, -3, 1);
	TRY("mount", mount, "none", folder, "tmpfs", 0l, "");
	TRY("new root", chroot, "/");
	TRY("landlock", landlock_create_ruleset, NULL, 0l, 1);
	TRY("seccomp", seccomp, 2 /* which actions? */, 0, zero);
	TRY("be root", setuid, 0);
	TRY("be root in all ways", setresuid, 0, 0, 0);
	TRY("be in root's group", setresgid, 0, 0, 0);
	TRY("drop groups", setgroups, 0l, NULL);
	TRY("raise a limit", setrlimit, RLIMIT_NOFILE, &(struct rlimit){64, 64});
	TRY("read the kernel's log", syslog, 10, NULL, 0);
}

static void terminals(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		char name[64];

		snprintf(name, sizeof name, "type into the terminal of %d", fd);
		TRY(name, ioctl, fd, TIOCSTI, "x");
		snprintf(name, sizeof name, "take the terminal of %d", fd);
		TRY(name, ioctl, fd, TIOCSPGRP, &(pid_t){getpid()});
		snprintf(name, sizeof name, "resize the terminal of %d", fd);
		TRY(name, ioctl, fd, TIOCSWINSZ, &(struct winsize){24, 80, 0, 0});
	}
	TRY("be told of a descriptor by signal", fcntl, 1, F_SETOWN, getpid());
	TRY("copy a descriptor", fcntl, 1, F_DUPFD, 100);
}

void hostile_attempts(pid_t target, pid_t broker, const char *folder)
{
	char *shell[] = {"/bin/sh", "-c", "echo SUCCEEDED execve", NULL};

	files(folder);
	network();
	others("target", target);
	others("broker", broker);
	processes();
	memory();
	terminals();
	kernel(folder);
	TRY("run a shell by a descriptor", execveat, 0, "", shell, NULL, AT_EMPTY_PATH);
	TRY("run a shell", execve, shell[0], shell, NULL);
}

#include "tui/lock/calls.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

/* Namespaces of its own would give a thread capabilities in them. */
#define NEW_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
			CLONE_NEWPID | CLONE_NEWNET)

/* A call, and what must hold for one of its arguments: the bits of MASK are those of VALUE. */
struct call {
	int number;
	uint8_t argument; /* counted from 1; 0 = any arguments */
	bool own;         /* it must be our own process */
	uint64_t mask, value;
};

#define ANY(name) {SCMP_SYS(name), 0, false, 0, 0}
#define OWN(name) {SCMP_SYS(name), 1, true, UINT64_MAX, 0}
#define ONLY(name, argument, mask, value) {SCMP_SYS(name), argument, false, mask, value}
#define IOCTL(request) ONLY(ioctl, 2, UINT64_MAX, request)
#define FCNTL(command) ONLY(fcntl, 2, UINT64_MAX, command)

static const struct call allowed[] = {
	/* Memory, none of it to be executed. */
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise),
	ONLY(mmap, 3, PROT_EXEC, 0),     /* anonymous memory, the image, files that were handed over */
	ONLY(mprotect, 3, PROT_EXEC, 0), /* guard pages of stacks, the allocator's arenas */

	/* Threads, no processes. clone3 keeps its flags where no filter can look (see below). */
	ONLY(clone, 1, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD),
	ANY(set_robust_list), ANY(rseq), /* what the C library does in each new thread */
	ANY(futex), ANY(sched_yield),
	ANY(sched_getaffinity),          /* how many threads are worth while */
	ANY(gettid), ANY(getpid),
	ANY(exit), ANY(exit_group),

	/* Signals: to take them, and to end or stop itself (abort, ^z). */
	ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(sigaltstack),
	ANY(restart_syscall),
	OWN(kill), OWN(tgkill),

	/* What was handed over: read, written, mapped, looked at, closed; never opened. */
	ANY(read), ANY(readv), ANY(pread64), ANY(lseek),
	ANY(write), ANY(writev), ANY(pwrite64),
	ANY(ftruncate),                  /* an unpacked core file that ends in a hole */
	ANY(close), ANY(dup),            /* standard output, as a file like any other */
	ANY(fstat), ANY(fstatfs),        /* its size; the room beside it */
	FCNTL(F_GETFL), FCNTL(F_GETFD), FCNTL(F_SETFD), /* fdopen, libelf */
	ANY(pipe2),                      /* how the screen's threads wake it */
	ANY(poll), ANY(ppoll),
	ANY(sendmsg), ANY(recvmsg),      /* broker and taker */
	ANY(shutdown),                   /* a taker whose snapshot is not wanted any more */

	/* The terminal: its modes and size; never what is typed on it (TIOCSTI), pasted (TIOCLINUX) or
	 * whose it is. The second four are what newer C libraries use. */
	IOCTL(TCGETS), IOCTL(TCSETS), IOCTL(TCSETSW), IOCTL(TCSETSF),
	IOCTL(TCGETS2), IOCTL(TCSETS2), IOCTL(TCSETSW2), IOCTL(TCSETSF2),
	IOCTL(TIOCGWINSZ),

	/* Time, where the kernel does not let it be read without a call. */
	ANY(clock_gettime), ANY(gettimeofday), ANY(clock_nanosleep), ANY(nanosleep),

	ANY(getrandom),                  /* the allocator's, hash seeds */
	ANY(sysinfo),                    /* qsort: how much memory there is */

#ifdef __SANITIZE_ADDRESS__
	/* The sanitizer finds out where a new thread's stack ends; it is asked, never set. */
	ONLY(prlimit64, 3, UINT64_MAX, 0),
#endif
};

static bool allow(scmp_filter_ctx filter, const struct call *call)
{
	uint64_t value = call->own ? (uint64_t)getpid() : call->value;
	struct scmp_arg_cmp rule = SCMP_CMP64(call->argument - 1u, SCMP_CMP_MASKED_EQ, call->mask, value);

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, call->argument != 0,
				      &rule) == 0;
}

bool calls_limit(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	/* Not there, so that the C library makes its threads by clone. */
	bool ok = filter && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;

	for (size_t i = 0; ok && i < ARRAY_SIZE(allowed); i++)
		ok = allow(filter, &allowed[i]);
	/* All that could be learnt from this process by speculation is what it may read anyway: no need
	 * to be slowed down (older kernels would). */
	ok = ok && seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1) == 0 &&
	     seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	     seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

/* The C library asks for the size of a file by a call that looks at any path, where no filter can see
 * which. These stand in for its functions, also in the libraries that we use. */
int calls_fstat(int fd, struct stat *out) __asm__("fstat");
int calls_fstat64(int fd, struct stat *out) __asm__("fstat64");

int calls_fstat(int fd, struct stat *out)
{
	return (int)syscall(SYS_fstat, fd, out);
}

int calls_fstat64(int fd, struct stat *out)
{
	return calls_fstat(fd, out);
}

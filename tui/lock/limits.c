#include "tui/lock/limits.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#define BESIDE (UINT64_C(1) << 30)       /* bytes beside the graph: arenas, stacks, libraries */
#define LONGEST_CORE (UINT64_C(1) << 44) /* bytes: it is as long as the addresses it covers, and sparse */
#define MOST_THREADS 512

/* Lower a limit; one that is lower already stays. */
static bool lower(int which, uint64_t limit)
{
	struct rlimit now;

	if (getrlimit(which, &now) != 0)
		return false;
	if (now.rlim_max == RLIM_INFINITY || now.rlim_max > limit)
		now.rlim_max = limit;
	if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	return setrlimit(which, &now) == 0;
}

/* Of private memory that can be written, and not of addresses: a program's image covers terabytes of these.
 * That of a live one is shared and mapped to be read; that of a file is put together in memory of our own, of
 * which the limit would count what is never touched. So does a sanitizer. */
static bool limit_memory(bool live, uint64_t room)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return !live || room > UINT64_MAX / 2 || lower(RLIMIT_DATA, room + room / 4 + BESIDE);
#endif
}

/* No snapshot is larger than the memory here, but a core file that is unpacked may be. Who writes beyond
 * the limit is told so, not killed. */
static bool limit_files(bool live)
{
	uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	signal(SIGXFSZ, SIG_IGN);
	return lower(RLIMIT_FSIZE, live ? 4 * machine : LONGEST_CORE);
}

static void *nothing(void *arg)
{
	return arg;
}

/* The kernel counts a user's threads, before 5.14 also those in other namespaces: then there may be
 * too many already, and the limit goes. */
static bool limit_threads(void)
{
	struct rlimit before, now;
	pthread_t thread;

	if (getrlimit(RLIMIT_NPROC, &before) != 0)
		return false;
	now = before;
	if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > MOST_THREADS)
		now.rlim_cur = MOST_THREADS;
	if (setrlimit(RLIMIT_NPROC, &now) != 0)
		return false;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0) {
		setrlimit(RLIMIT_NPROC, &before);
		return false;
	}
	pthread_join(thread, NULL);
	return lower(RLIMIT_NPROC, MOST_THREADS);
}

bool limits_set(bool own_users, bool live, uint64_t room)
{
	bool ok = lower(RLIMIT_CORE, 0) && limit_memory(live, room) && limit_files(live);

	return ok && (!own_users || limit_threads());
}

#include "tui/needs.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define FILES 32              /* open at once in one process: of the target, debug files, sockets */
#define STACK (1u << 20)      /* bytes: the libraries' nested calls, our texts and lists */

/* The soft limit, raised to the hard one if it is below LEAST. */
static rlim_t raise_to(int which, rlim_t least)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) != 0)
		return RLIM_INFINITY;
	if (limit.rlim_cur < least) {
		limit.rlim_cur = limit.rlim_max < least ? limit.rlim_max : least;
		setrlimit(which, &limit);
	}
	return limit.rlim_cur;
}

/* Threads have what the soft limit was when the program began. */
static bool enough_for_threads(void)
{
	pthread_attr_t attributes;
	size_t size = STACK;
	bool ok = pthread_getattr_default_np(&attributes) == 0;

	if (!ok)
		return false;
	pthread_attr_getstacksize(&attributes, &size);
	if (size < STACK)
		ok = pthread_attr_setstacksize(&attributes, STACK) == 0 &&
		     pthread_setattr_default_np(&attributes) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

bool needs_met(struct error *err)
{
	rlim_t files = raise_to(RLIMIT_NOFILE, FILES), stack = raise_to(RLIMIT_STACK, STACK);

	signal(SIGXFSZ, SIG_IGN);
	raise_to(RLIMIT_FSIZE, RLIM_INFINITY);
	if (files < FILES)
		return fail(err, STATUS_REFUSED, "only %" PRIuMAX " files may be open at once here, and "
			    "goretain needs %d; ulimit -n %d allows them", (uintmax_t)files, FILES, FILES);
	if (stack < STACK)
		return fail(err, STATUS_REFUSED, "a stack may have only %" PRIuMAX " kB here, and goretain "
			    "needs %u; ulimit -s %u allows them", (uintmax_t)stack >> 10, STACK >> 10,
			    STACK >> 10);
	return enough_for_threads() || fail_memory(err, "the threads' stacks");
}

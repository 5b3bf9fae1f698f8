#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_US 50000
#define PATIENCE 10       /* times the processor time that a case may take until it is killed */
#define SHOWN 6000        /* bytes of what a failed case said */

enum { EXIT_REFUSED = 3, EXIT_GREEDY = 90 };

/* Of the child: what its timer checks. */
static uint64_t most_pages;
static double most_seconds;
static int statm = -1;

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t resident_pages(void)
{
	char line[128];
	ssize_t n = pread(statm, line, sizeof line - 1, 0);
	uint64_t pages = 0;
	const char *p = line;

	if (n <= 0)
		return 0;
	line[n] = 0;
	while (*p && *p != ' ')
		p++;
	while (*p == ' ')
		p++;
	while (*p >= '0' && *p <= '9')
		pages = pages * 10 + (uint64_t)(*p++ - '0');
	return pages;
}

static void on_tick(int number)
{
	(void)number;
	if (resident_pages() > most_pages)
		_exit(EXIT_GREEDY);
	if (now(CLOCK_PROCESS_CPUTIME_ID) > most_seconds)
		abort(); /* a sanitizer shows where it is */
}

static void watch_self(const struct fuzz_run *run)
{
	struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
	struct itimerval tick = { { 0, TICK_US }, { 0, TICK_US } };
	const struct rlimit no_core = { 0, 0 };

	statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	most_pages = resident_pages() + run->case_bytes / (uint64_t)sysconf(_SC_PAGESIZE);
	most_seconds = now(CLOCK_PROCESS_CPUTIME_ID) + run->case_seconds;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	setrlimit(RLIMIT_CORE, &no_core);
}

static void be_case(const struct fuzz_run *run, uint64_t number, fuzz_fn fn, void *arg, int out)
{
	struct random r = random_of(run->seed, number);
	bool good;

	dup2(out, STDERR_FILENO);
	watch_self(run);
	good = fn(arg, number, &r);
	if (resident_pages() > most_pages)
		_exit(EXIT_GREEDY);
	_exit(good ? 0 : EXIT_REFUSED);
}

static void show_output(int out)
{
	char text[SHOWN + 1], *rest;
	ssize_t n = pread(out, text, SHOWN, 0);

	text[n > 0 ? n : 0] = 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		printf("#   %s\n", line);
}

/* Wait for a case, killing one that does not even get a processor. */
static int wait_for(pid_t pid, double patience)
{
	double end = now(CLOCK_MONOTONIC) + patience;
	struct timespec pause = { 0, 1000000 };
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now(CLOCK_MONOTONIC) > end)
			kill(pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	return status;
}

/* 0, EXIT_REFUSED, or how it failed. */
static int run_case(const struct fuzz_run *run, uint64_t number, fuzz_fn fn, void *arg)
{
	int out = memfd_create("output", MFD_CLOEXEC), status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_case(run, number, fn, arg, out);
	status = pid < 0 ? -1 : wait_for(pid, run->case_seconds * PATIENCE);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED)
		status = EXIT_REFUSED;
	else if (status) {
		printf("# %s: case %" PRIu64 " of seed %" PRIu64 ": ", run->name, number, run->seed);
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GREEDY)
			printf("takes too much memory\n");
		else if (WIFSIGNALED(status))
			printf("%s\n", strsignal(WTERMSIG(status)));
		else
			printf("exit status %d\n", WEXITSTATUS(status));
		show_output(out);
	}
	close(out);
	return status;
}

bool fuzz_run(const struct fuzz_run *run, fuzz_fn fn, void *arg)
{
	double begin = now(CLOCK_MONOTONIC), took = 0;
	uint64_t n = 0, refused = 0, failed = 0;

	while ((!run->count || n < run->count) && (!run->seconds || took < run->seconds)) {
		int status = run_case(run, run->first + n, fn, arg);

		refused += status == EXIT_REFUSED;
		failed += status && status != EXIT_REFUSED;
		n++;
		took = now(CLOCK_MONOTONIC) - begin;
	}
	printf("%sok - %s: %" PRIu64 " cases, %" PRIu64 " refused early, %" PRIu64
	       " failed (%.0f s)\n", failed ? "not " : "", run->name, n, refused, failed, took);
	fflush(stdout);
	return !failed;
}

bool fuzz_arguments(struct fuzz_run *run, int argc, char **argv, const char *files)
{
	int n = 1; /* of files */

	for (const char *p = files; *p; p++)
		n += *p == ' ';
	if (argc != n + 5) {
		fprintf(stderr, "usage: %s %s SEED FIRST COUNT SECONDS\n", argv[0], files);
		return false;
	}
	run->seed = strtoull(argv[n + 1], NULL, 0);
	run->first = strtoull(argv[n + 2], NULL, 0);
	run->count = strtoull(argv[n + 3], NULL, 0);
	run->seconds = strtod(argv[n + 4], NULL);
	return true;
}

/* Targets that behave badly, each a mode:
 *
 *	target beat FILE THREADS MEGABYTES   a heartbeat in FILE, that many idle threads and bytes
 *	target churn                         threads that start and end threads without a pause
 *	target leaderless                    the main thread has ended, others go on
 *	target exec MILLISECONDS             starts itself anew from a second thread, endlessly
 *	target exit MICROSECONDS             ends by itself after that time, with threads running
 *	target signals N                     gets N real-time signals, says if all came in order
 *	target named NAME                    calls itself NAME
 *
 * Prints "ready" once it is what it is called (exec: each time). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK (64 << 10)

/* What a driver reads: little-endian, at the start of the heartbeat's file. */
struct beat { _Atomic uint64_t beats, largest_gap_ns; };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_us(long us)
{
	nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attributes;
	pthread_t thread = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	if (pthread_create(&thread, &attributes, fn, arg) != 0)
		abort();
	return thread;
}

static void beat(const char *path, int threads, size_t megabytes)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	uint64_t last = now_ns();
	struct beat *b;
	char *memory = malloc(megabytes << 20);

	if (ftruncate(fd, sizeof *b) != 0)
		abort();
	b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (b == MAP_FAILED || !memory)
		abort();
	memset(memory, 0x5a, megabytes << 20);
	while (threads-- > 0)
		start(idle, NULL);
	ready();
	for (;; pause_us(1000)) {
		uint64_t now = now_ns();

		if (now - last > b->largest_gap_ns)
			b->largest_gap_ns = now - last;
		last = now;
		b->beats++;
	}
}

static void *come_and_go(void *arg)
{
	return arg;
}

static void *churn_threads(void *arg)
{
	for (;;)
		pthread_join(start(come_and_go, NULL), NULL);
	return arg;
}

static void churn(void)
{
	for (int i = 0; i < 6; i++)
		start(churn_threads, NULL);
	ready();
	idle(NULL);
}

static void leaderless(void)
{
	start(idle, NULL);
	start(churn_threads, NULL);
	ready();
	pthread_exit(NULL);
}

static void *exec_again(void *arg)
{
	char **argv = arg;

	pause_us(atol(argv[2]) * 1000);
	execv("/proc/self/exe", argv);
	abort();
}

static void exec_storm(char **argv)
{
	start(exec_again, argv);
	ready();
	idle(NULL);
}

static void *exit_later(void *arg)
{
	pause_us(*(long *)arg);
	exit(0);
}

static void exit_soon(long us)
{
	for (int i = 0; i < 4; i++)
		start(idle, NULL);
	start(churn_threads, NULL);
	start(exit_later, &us);
	ready();
	idle(NULL);
}

static _Atomic int received, disordered;

static void on_signal(int number, siginfo_t *info, void *context)
{
	if (info->si_value.sival_int != received++)
		disordered++;
}

/* Queue N numbered signals to the parent, so fast that it is always about to get one: a thread that
 * is interrupted just then stops to report the signal first. */
static void send_signals(int n)
{
	for (int i = 0; i < n; i++)
		while (sigqueue(getppid(), SIGRTMIN, (union sigval){i}) != 0)
			pause_us(100); /* EAGAIN: too many are under way */
	_exit(0);
}

static void signals(int n)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	pid_t sender;

	sigaction(SIGRTMIN, &action, NULL);
	ready();
	if ((sender = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_signals(n);
	}
	waitpid(sender, NULL, 0);
	printf("%d received, %d out of order\n", received, disordered);
	fflush(stdout);
	idle(NULL);
}

static void named(const char *name)
{
	prctl(PR_SET_NAME, name);
	ready();
	idle(NULL);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (strcmp(mode, "beat") == 0 && argc == 5)
		beat(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]));
	else if (strcmp(mode, "churn") == 0)
		churn();
	else if (strcmp(mode, "leaderless") == 0)
		leaderless();
	else if (strcmp(mode, "exec") == 0 && argc == 3)
		exec_storm(argv);
	else if (strcmp(mode, "exit") == 0 && argc == 3)
		exit_soon(atol(argv[2]));
	else if (strcmp(mode, "signals") == 0 && argc == 3)
		signals(atoi(argv[2]));
	else if (strcmp(mode, "named") == 0 && argc == 3)
		named(argv[2]);
	return 2;
}

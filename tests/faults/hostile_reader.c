/* goretain with a reader that misbehaves: it tries what it must not be able to do, and prints what came of it.
 *
 *	hostile-reader MODE PID FOLDER
 *
 * calls: system calls; bare: the same without any lock; requests: what the broker must not do, for a process;
 * file: for a file; messages:
 * what is no request; flood: requests whose replies are not read; endless: requests without end; stop: a hold for
 * an hour, and again; deaf: it ignores all signals; foreign: system calls of another architecture; screen: a
 * name that is asked for on the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/live/broker.h"
#include "probes/live/clock.h"
#include "probes/live/wire.h"
#include "tests/faults/hostile_attempts.h"
#include "tui/broker/broker.h"

static const char *mode, *folder;
static pid_t target, broker_pid;

static void say(const char *what, const char *detail)
{
	printf("%s %s\n", what, detail);
	fflush(stdout);
}

/* One request and its reply; the descriptor that came, or -1. */
static int ask(int broker, const struct broker_request *q, struct broker_reply *reply)
{
	int fds[WIRE_FDS];
	unsigned n = 0;

	memset(reply, 0, sizeof *reply);
	if (!wire_send(broker, q, sizeof *q, NULL, 0) ||
	    !wire_receive(broker, reply, sizeof *reply, fds, &n))
		reply->error.code = STATUS_GONE;
	return n ? fds[0] : -1;
}

/* A request with PATH that must bring nothing. */
static void must_fail(int broker, uint32_t op, uint32_t file, const char *path)
{
	struct broker_request q = {.op = op, .file = file};
	struct broker_reply reply;
	char what[5000];
	int fd;

	strncat(q.path, path, sizeof q.path - 1);
	fd = ask(broker, &q, &reply);
	snprintf(what, sizeof what, "request %u.%u %.60s: %.100s", op, file, path, reply.error.message);
	say(fd >= 0 || reply.error.code == STATUS_OK ? "SUCCEEDED" : "refused", what);
}

/* How often a request for a descriptor is granted. */
static void count_granted(int broker, uint32_t op, const char *name)
{
	struct broker_reply reply;
	char what[64];
	int granted = 0;

	for (int i = 0; i < 100; i++)
		granted += ask(broker, &(struct broker_request){.op = op}, &reply) >= 0;
	snprintf(what, sizeof what, "%s %d", name, granted);
	say("granted", what);
}

static void request_badly(int broker)
{
	static const char *const paths[] = {"/etc/shadow", "/etc/passwd", "/proc/kmsg", "/bin/sh", "sh", "",
					    "../../../../../etc/shadow", "/proc/1/mem", "/dev/tty"};
	struct broker_request q = {.op = BROKER_MAPPED};
	struct broker_reply reply;
	char made[600];

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		must_fail(broker, BROKER_MAPPED, 0, paths[i]);
		must_fail(broker, BROKER_DEBUG, 0, paths[i]);
		must_fail(broker, BROKER_SAVE, 0, paths[i]);
	}
	for (uint32_t file = 0; file < 8; file++)
		must_fail(broker, BROKER_FILE, file, "/etc/shadow");
	for (uint32_t op = BROKER_CONSENT; op < BROKER_CONSENT + 8; op++)
		must_fail(broker, op, 0, "/etc/shadow");
	memset(q.path, 'x', sizeof q.path); /* no end */
	say(ask(broker, &q, &reply) >= 0 ? "SUCCEEDED" : "refused", "a path without an end");

	/* What it may have made is the output of the command line, whatever else it names. */
	snprintf(made, sizeof made, "%s/chosen", folder);
	q = (struct broker_request){.op = BROKER_CREATE};
	strncat(q.path, made, sizeof q.path - 1);
	if (ask(broker, &q, &reply) >= 0)
		ask(broker, &(struct broker_request){.op = BROKER_COMMIT}, &reply);
	must_fail(broker, BROKER_CREATE, 0, "/tmp/again");
	must_fail(broker, BROKER_COMMIT, 0, "");
	count_granted(broker, BROKER_SCRATCH, "scratch");
	count_granted(broker, BROKER_TAKER, "taker");
}

/* A core file names programs. Whatever is none is not opened, nor a file beside the one that was named. */
static void request_for_file(int broker)
{
	static const char *const paths[] = {"/etc/shadow", "/etc/passwd", "/proc/kmsg", "/proc/self/mem", "sh", "",
					    "/dev/zero", "/dev", "/proc/1/environ"};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		must_fail(broker, BROKER_MAPPED, 0, paths[i]);
		must_fail(broker, BROKER_PROGRAM, 0, paths[i]);
		must_fail(broker, BROKER_DEBUG, 0, paths[i]);
	}
	for (uint32_t file = FILE_EXE; file < 8; file++)
		must_fail(broker, BROKER_FILE, file, "/etc/shadow");
	must_fail(broker, BROKER_TAKER, 0, "");
	must_fail(broker, BROKER_CONSENT, 0, "");
	count_granted(broker, BROKER_FILE, "file");
}

/* Messages that are none, on the broker's socket and on a taker's. */
static void send_rubbish(int broker)
{
	struct broker_request q = {.op = BROKER_TAKER};
	struct broker_reply reply;
	static char bytes[65536];
	char byte;
	int taker = ask(broker, &q, &reply);

	wire_send(taker, bytes, 3, NULL, 0);
	say(recv(taker, &byte, 1, 0) <= 0 ? "refused" : "SUCCEEDED", "rubbish to the taker");
	wire_send(broker, bytes, sizeof bytes, &(int){STDOUT_FILENO}, 1);
	say(recv(broker, &byte, 1, 0) <= 0 ? "refused" : "SUCCEEDED", "rubbish to the broker");
}

static void flood(int broker, bool read_replies)
{
	struct broker_request q = {.op = UINT32_MAX};
	struct broker_reply reply;

	for (;;) {
		if (read_replies)
			ask(broker, &q, &reply);
		else if (!wire_send(broker, &q, sizeof q, NULL, 0))
			return;
	}
}

/* Hold the target for as long as it lasts, with a new taker again and again. */
static void hold(int broker)
{
	const uint64_t end = clock_ns() + 3000ull * NS_PER_MS;
	struct broker_reply reply;
	struct wire_reply r;
	int fds[WIRE_FDS];
	unsigned n;

	while (clock_ns() < end) {
		int taker = ask(broker, &(struct broker_request){.op = BROKER_TAKER}, &reply);
		struct wire_request q = {.op = WIRE_HELLO};

		if (taker < 0) {
			poll(NULL, 0, 5);
			continue;
		}
		wire_send(taker, &q, sizeof q, NULL, 0);
		wire_receive(taker, &r, sizeof r, fds, &n);
		q = (struct wire_request){.op = WIRE_STOP, .limit_ns = UINT64_MAX / 2};
		wire_send(taker, &q, sizeof q, NULL, 0);
		if (wire_receive(taker, &r, sizeof r, fds, &n))
			say("granted", "stop");
		poll(NULL, 0, 500); /* nobody says when it is let go */
		wire_send(taker, &q, sizeof q, NULL, 0);
		if (wire_receive(taker, &r, sizeof r, fds, &n) && r.error.code == STATUS_OK)
			say("SUCCEEDED", "stop again");
		close(taker);
	}
}

static void be_deaf(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (int number = 1; number < 32; number++)
		sigaction(number, &ignore, NULL);
	say("refused", "nothing: deaf");
	for (;;)
		poll(NULL, 0, -1);
}

/* getpid, as a 32-bit program asks for it: the filter is for one architecture. */
static void call_foreign(void)
{
#ifdef __x86_64__
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	say("SUCCEEDED", "a call of i386");
#else
	abort();
#endif
}

/* Type ahead, then have the broker ask, then write to what the person named. */
static void use_screen(int broker)
{
	struct broker_request q = {.op = BROKER_SAVE, .path = "proposed.dot"};
	struct broker_reply reply, done;
	int fd;

	say(ioctl(STDIN_FILENO, TIOCSTI, "\n") == 0 ? "SUCCEEDED" : "refused", "to type the answer\r");
	say("asks", "now\r");
	fd = ask(broker, &q, &reply);
	if (fd >= 0 && write(fd, "content", 7) == 7)
		ask(broker, &(struct broker_request){.op = BROKER_COMMIT}, &done);
	say(fd >= 0 ? "granted" : "refused", reply.path);
	poll(NULL, 0, -1);
}

static enum status attack(const struct request *request, int broker)
{
	if (strcmp(mode, "calls") == 0)
		hostile_attempts(target, broker_pid, folder);
	else if (strcmp(mode, "requests") == 0)
		request_badly(broker);
	else if (strcmp(mode, "file") == 0)
		request_for_file(broker);
	else if (strcmp(mode, "messages") == 0)
		send_rubbish(broker);
	else if (strcmp(mode, "flood") == 0 || strcmp(mode, "endless") == 0)
		flood(broker, *mode == 'e');
	else if (strcmp(mode, "stop") == 0)
		hold(broker);
	else if (strcmp(mode, "deaf") == 0)
		be_deaf();
	else if (strcmp(mode, "foreign") == 0)
		call_foreign();
	else if (strcmp(mode, "screen") == 0)
		use_screen(broker);
	return STATUS_OK;
}

/* As the explorer would: the terminal's modes are the screen's. */
static enum status prepare(const struct request *request)
{
	if (request->interactive && system("stty -icanon -echo -icrnl intr undef") != 0)
		return STATUS_USAGE;
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	static char output[600];
	struct command command = {.name = "hostile"};
	struct request request = {.command = &command, .max_pause_ms = 200, .output = output};

	if (argc != 4)
		return STATUS_USAGE;
	mode = argv[1];
	target = (pid_t)atoi(argv[2]);
	folder = argv[3];
	broker_pid = getpid();
	snprintf(output, sizeof output, "%s/output", folder);
	request.pid = (uint64_t)target;
	request.target = argv[2];
	request.interactive = strcmp(mode, "screen") == 0;
	if (strcmp(mode, "bare") == 0) {
		hostile_attempts(target, broker_pid, folder);
		return 0;
	}
	return broker_run(&request, &(struct reader){prepare, attack});
}

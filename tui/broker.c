#include "tui/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/cleanup.h"
#include "probes/broker.h"
#include "probes/clock.h"
#include "probes/taker.h"
#include "probes/wire.h"
#include "tui/files.h"
#include "tui/output.h"
#include "tui/privileges.h"
#include "tui/terminal.h"

#define MOST_TAKERS 16 /* each keeps one snapshot's memory readable */
#define GRACE_NS (2000ull * NS_PER_MS) /* for a reader that was told to end */

/* A taker, and until when it may hold the target (0 = it does not). */
struct held_taker { pid_t pid; int socket; uint64_t deadline; };

struct broker {
	const struct request *request;
	struct taker_target target;
	pid_t reader;
	int socket;          /* to the reader */
	int signals;         /* signalfd */
	sigset_t before;     /* signal mask that we were started with */
	struct held_taker takers[MOST_TAKERS];
	unsigned n_takers;
	bool reader_ended;
	int reader_status;   /* as of waitpid */
	int killer;          /* signal that asked us to end, 0 if none */
	uint64_t reader_deadline; /* then it is killed; 0 = it was not told to end */
};

/* The signals that the broker learns of through its poll loop. */
static const int watched[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static void on_crash(int number)
{
	output_discard();
	terminal_restore();
	raise(number); /* the default action again: SA_RESETHAND */
}

/* What whoever started us wants ignored (nohup, a shell's background jobs) stays so. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void watch_signals(struct broker *b)
{
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (!is_ignored(watched[i]))
			sigaddset(&set, watched[i]);
	sigprocmask(SIG_BLOCK, &set, &b->before);
	b->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

/* In a child: the signals as they were when we were started, and no life after the broker. */
static bool settle_child(const struct broker *b, pid_t parent)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		signal(crashes[i], SIG_DFL);
	sigprocmask(SIG_SETMASK, &b->before, NULL);
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

/* A connected pair of sockets, ours first; both are closed in programs we might start. */
static bool make_pair(int *ours, int *theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	*ours = pair[0];
	*theirs = pair[1];
	return true;
}

static bool start_reader(struct broker *b, reader_fn reader)
{
	pid_t parent = getpid();
	int theirs;

	if (!make_pair(&b->socket, &theirs))
		return false;
	b->reader = fork();
	if (b->reader == 0) {
		close(b->socket);
		close(b->signals);
		if (!settle_child(b, parent) || !drop_privileges()) {
			fprintf(stderr, "goretain: cannot give up privileges: %s\n",
				strerror(errno));
			_exit(STATUS_REFUSED);
		}
		exit((int)reader(b->request, theirs));
	}
	close(theirs);
	return b->reader > 0;
}

/* The taker's process: it keeps its two sockets and the target, and nothing of the broker. */
static void run_taker(const struct broker *b, pid_t parent, int reader, int notices)
{
	close(b->socket);
	close(b->signals);
	for (unsigned i = 0; i < b->n_takers; i++)
		close(b->takers[i].socket);
	if (settle_child(b, parent))
		taker_run(&b->target, reader, notices);
	_exit(0);
}

/* Start a taker. Returns the reader's end of its socket, -1 on failure. */
static int start_taker(struct broker *b, struct error *err)
{
	struct held_taker *taker = &b->takers[b->n_takers];
	int notices, ours, theirs;
	pid_t parent = getpid();

	if (b->n_takers == MOST_TAKERS) {
		fail(err, STATUS_REFUSED, "%u snapshots are open already", MOST_TAKERS);
		return -1;
	}
	if (!make_pair(&taker->socket, &notices) || !make_pair(&ours, &theirs) ||
	    (taker->pid = fork()) < 0) {
		fail(err, STATUS_REFUSED, "cannot start a taker: %s", strerror(errno));
		return -1;
	}
	if (taker->pid == 0) {
		close(ours);
		close(taker->socket);
		run_taker(b, parent, theirs, notices);
	}
	close(notices);
	close(theirs);
	taker->deadline = 0;
	b->n_takers++;
	return ours;
}

/* The file that the user named as number FILE; the reader can have no others opened. */
static const char *named(const struct request *request, uint32_t file)
{
	switch (file) {
	case FILE_TARGET: return request->pid ? NULL : request->target;
	case FILE_EXE: return request->exe;
	case FILE_BASE: return request->base;
	default: return NULL;
	}
}

/* Do what a request asks for. A descriptor that this returns is closed by the caller, but for
 * that of the output, which stays ours. */
static int perform(struct broker *b, const struct broker_request *q, struct error *err)
{
	switch (q->op) {
	case BROKER_TAKER:
		return start_taker(b, err);
	case BROKER_FILE:
		return files_named(named(b->request, q->file), err);
	case BROKER_CREATE:
		/* Replacing is for the user to allow, on our command line. */
		return output_create(q->path, q->force && b->request->force, err);
	case BROKER_COMMIT:
		output_commit(err);
		return -1;
	case BROKER_DEBUG:
		return files_debug(q->path, err);
	case BROKER_PROGRAM:
		return b->request->pid ? -1 : files_program(q->path, err);
	case BROKER_MAPPED:
		return b->request->pid ? -1 : files_mapped(q->path, err);
	case BROKER_SCRATCH:
		return files_scratch(err);
	default:
		fail(err, STATUS_REFUSED, "the broker knows no request %u", q->op);
		return -1;
	}
}

static void serve_reader(struct broker *b)
{
	struct broker_request q;
	struct broker_reply reply = {0};
	int fd;

	if (!wire_receive(b->socket, &q, sizeof q, NULL, NULL)) {
		close(b->socket); /* the reader ends, or is no reader of ours any more */
		b->socket = -1;
		return;
	}
	q.path[sizeof q.path - 1] = 0;
	fd = perform(b, &q, &reply.error);
	wire_send(b->socket, &reply, sizeof reply, &fd, fd >= 0);
	if (fd >= 0 && q.op != BROKER_CREATE)
		close(fd);
}

static void forget_taker(struct broker *b, unsigned i)
{
	kill(b->takers[i].pid, SIGKILL);
	waitpid(b->takers[i].pid, NULL, 0);
	close(b->takers[i].socket);
	b->takers[i] = b->takers[--b->n_takers];
}

/* A taker says that it holds the target, or no longer, or ends. */
static void serve_taker(struct broker *b, unsigned i)
{
	struct wire_notice notice;

	if (!wire_receive(b->takers[i].socket, &notice, sizeof notice, NULL, NULL))
		forget_taker(b, i);
	else
		b->takers[i].deadline = notice.limit_ns
			? clock_ns() + notice.limit_ns + TAKER_BROKER_NS : 0;
}

/* We were told to end: so is the reader, which may need a moment to leave the screen. */
static void pass_on(struct broker *b, int number)
{
	b->killer = number;
	b->reader_deadline = clock_ns() + GRACE_NS;
	kill(b->reader, number);
	kill(b->reader, SIGCONT);
}

/* The reader stopped (^z), after it gave the terminal back: only now may the shell see its job stop. */
static void stop_too(struct broker *b)
{
	raise(SIGSTOP);
	kill(b->reader, SIGCONT);
}

static void serve_child(struct broker *b)
{
	int status;

	if (waitpid(b->reader, &status, WNOHANG | WUNTRACED) != b->reader)
		return;
	if (WIFSTOPPED(status)) {
		stop_too(b);
	} else {
		b->reader_status = status;
		b->reader_ended = true;
	}
}

static void serve_signals(struct broker *b)
{
	struct signalfd_siginfo info;

	while (read(b->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			serve_child(b);
		else if (info.ssi_signo != SIGTSTP) /* that is the reader's: stop_too */
			pass_on(b, (int)info.ssi_signo);
	}
}

/* Milliseconds until the next deadline, -1 if there is none. */
static int patience(const struct broker *b)
{
	uint64_t next = b->reader_deadline ? b->reader_deadline : UINT64_MAX, now = clock_ns();

	for (unsigned i = 0; i < b->n_takers; i++)
		if (b->takers[i].deadline && b->takers[i].deadline < next)
			next = b->takers[i].deadline;
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void enforce_deadlines(struct broker *b)
{
	uint64_t now = clock_ns();

	for (unsigned i = b->n_takers; i-- > 0;)
		if (b->takers[i].deadline && now >= b->takers[i].deadline)
			forget_taker(b, i);
	if (b->reader_deadline && now >= b->reader_deadline)
		kill(b->reader, SIGKILL);
}

static void serve_until_reader_ends(struct broker *b)
{
	while (!b->reader_ended) {
		struct pollfd events[2 + MOST_TAKERS] = {
			{b->signals, POLLIN, 0}, {b->socket, POLLIN, 0}};
		unsigned n_takers = b->n_takers;

		for (unsigned i = 0; i < n_takers; i++)
			events[2 + i] = (struct pollfd){b->takers[i].socket, POLLIN, 0};
		if (poll(events, 2 + n_takers, patience(b)) < 0)
			continue;
		for (unsigned i = n_takers; i-- > 0;)
			if (events[2 + i].revents)
				serve_taker(b, i);
		enforce_deadlines(b);
		if (events[0].revents)
			serve_signals(b);
		if (events[1].revents)
			serve_reader(b);
	}
}

/* End as NUMBER would have ended us. */
static void die_by(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* The exit status that the reader's end means. */
static int conclude(const struct broker *b)
{
	int number = WIFSIGNALED(b->reader_status) ? WTERMSIG(b->reader_status) : 0;

	if (b->killer || number == SIGPIPE)
		die_by(b->killer ? b->killer : number);
	if (!number)
		return WEXITSTATUS(b->reader_status);
	fprintf(stderr, "goretain: the reader was ended by signal %d (%s); the target goes on\n",
		number, strsignal(number));
	return 128 + number;
}

int broker_run(const struct request *request, reader_fn reader)
{
	struct broker b = {.request = request, .target.pidfd = -1};

	terminal_save();
	watch_signals(&b);
	/* Before anything of the target is opened, so that the reader inherits none of it. */
	if (!start_reader(&b, reader)) {
		fprintf(stderr, "goretain: cannot start: %s\n", strerror(errno));
		return STATUS_REFUSED;
	}
	setpriority(PRIO_PROCESS, 0, -20); /* if permitted: who times others is on time */
	if (request->pid)
		taker_find((pid_t)request->pid, &b.target);
	serve_until_reader_ends(&b);
	while (b.n_takers)
		forget_taker(&b, 0);
	output_discard();
	terminal_restore();
	return conclude(&b);
}

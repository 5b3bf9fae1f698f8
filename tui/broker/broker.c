#include "tui/broker/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/live/clock.h"
#include "tui/broker/output.h"
#include "tui/broker/start.h"
#include "tui/broker/state.h"
#include "tui/screen/terminal.h"

#define GRACE_NS (2000ull * NS_PER_MS) /* for a reader that was told to end */

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

/* False with errno set: nothing must be started then, since it could not be ended. */
static bool watch_signals(struct broker *b)
{
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (!is_ignored(watched[i]))
			sigaddset(&set, watched[i]);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		if (sigaction(crashes[i], &action, NULL) != 0)
			return false;
	b->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return b->signals >= 0 && sigprocmask(SIG_BLOCK, &set, &b->before) == 0;
}

bool settle_child(const struct broker *b, pid_t parent)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		signal(crashes[i], SIG_DFL);
	return sigprocmask(SIG_SETMASK, &b->before, NULL) == 0 &&
	       prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

bool make_pair(int *ours, int *theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	*ours = pair[0];
	*theirs = pair[1];
	return true;
}

static void note_end(struct broker *b, int status)
{
	b->reader_status = status;
	b->reader_ended = true;
}

void reader_hold(struct broker *b)
{
	int status;

	kill(b->reader, SIGSTOP);
	if (waitpid(b->reader, &status, WUNTRACED) == b->reader && !WIFSTOPPED(status))
		note_end(b, status);
}

void reader_release(struct broker *b)
{
	kill(b->reader, SIGCONT);
}

/* We were told to end: so is the reader, which may need a moment to leave the screen. */
static void pass_on(struct broker *b, int number)
{
	b->killer = number;
	b->reader_deadline = clock_ns() + GRACE_NS;
	asking_end(&b->asking);
	kill(b->reader, number);
	kill(b->reader, SIGCONT);
}

/* The reader stopped (^z), after it gave the terminal back: only now may the shell see its job stop. */
static void stop_too(struct broker *b)
{
	keeper_tell(&b->keeper, false);
	raise(SIGSTOP);
	keeper_tell(&b->keeper, true);
	kill(b->reader, SIGCONT);
}

static void serve_child(struct broker *b)
{
	int status;

	if (waitpid(b->reader, &status, WNOHANG | WUNTRACED) != b->reader)
		return;
	if (WIFSTOPPED(status))
		stop_too(b);
	else
		note_end(b, status);
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
	uint64_t next = takers_deadline(b), now = clock_ns();

	if (b->reader_deadline && b->reader_deadline < next)
		next = b->reader_deadline;
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void enforce_deadlines(struct broker *b)
{
	takers_enforce(b);
	if ((b->reader_deadline && clock_ns() >= b->reader_deadline) || b->distrust)
		kill(b->reader, SIGKILL);
}

/* Wait for something to do. While the person is asked the reader is held, and what it asked before waits. */
static bool wait_for_events(const struct broker *b, struct pollfd *events)
{
	bool asks = b->asking.prompt.kind != PROMPT_NONE;

	events[0] = (struct pollfd){b->signals, POLLIN, 0};
	events[1] = (struct pollfd){asks ? -1 : b->socket, POLLIN, 0};
	events[2] = (struct pollfd){asks ? STDIN_FILENO : -1, POLLIN, 0};
	for (unsigned i = 0; i < b->n_takers; i++)
		events[3 + i] = (struct pollfd){b->takers[i].socket, POLLIN, 0};
	return poll(events, 3 + b->n_takers, patience(b)) >= 0;
}

static void serve(struct broker *b, const struct pollfd *events)
{
	for (unsigned i = b->n_takers; i-- > 0;)
		if (events[3 + i].revents)
			takers_serve(b, i);
	if (events[0].revents)
		serve_signals(b);
	if (events[2].revents && !b->reader_ended)
		asking_read(&b->asking);
	if (events[1].revents && !b->reader_ended)
		requests_serve(b);
	enforce_deadlines(b);
}

/* Who cannot wait cannot end anybody in time. */
static void serve_until_reader_ends(struct broker *b)
{
	struct pollfd events[3 + MOST_TAKERS];

	while (!b->reader_ended) {
		if (wait_for_events(b, events)) {
			serve(b, events);
		} else if (errno != EINTR) {
			b->distrust = strerror(errno);
			kill(b->reader, SIGKILL);
			if (waitpid(b->reader, &b->reader_status, 0) == b->reader)
				b->reader_ended = true;
		}
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
	if (b->distrust) {
		fprintf(stderr, "goretain: the reader was ended: %s; the target goes on\n", b->distrust);
		return STATUS_REFUSED;
	}
	if (!number)
		return WEXITSTATUS(b->reader_status);
	fprintf(stderr, "goretain: the reader was ended by signal %d (%s); the target goes on\n",
		number, strsignal(number));
	return 128 + number;
}

/* The reader is started before anything of the target is opened, so that it inherits none of it, and goes on
 * when the terminal has its keeper. */
static bool begin(struct broker *b, const struct reader *reader)
{
	if (!watch_signals(b) || !start_reader(b, reader))
		return false;
	/* It may flood us with requests, but not have us wait for it. */
	fcntl(b->socket, F_SETFL, O_NONBLOCK);
	if (b->request->interactive) {
		terminal_taken();
		keeper_start(&b->keeper);
	}
	start_go(b);
	return true;
}

/* Nobody outlives us, and everything is as it was. */
static void clean_up(struct broker *b)
{
	while (b->n_takers)
		takers_end(b, 0);
	if (b->init) {
		kill(b->init, SIGKILL);
		waitpid(b->init, NULL, 0);
	}
	prompt_free(&b->asking.prompt);
	output_discard();
	terminal_restore();
	keeper_end(&b->keeper);
}

int broker_run(const struct request *request, const struct reader *reader)
{
	struct broker b = {
		.request = request, .target.pidfd = -1, .keeper.socket = -1,
		.limit_ns = request->max_pause_ms * NS_PER_MS,
	};

	terminal_save();
	if (!begin(&b, reader)) {
		fprintf(stderr, "goretain: cannot start: %s\n", strerror(errno));
		return STATUS_REFUSED;
	}
	setpriority(PRIO_PROCESS, 0, -20); /* if permitted: who times others is on time */
	if (request->pid)
		taker_find((pid_t)request->pid, &b.target);
	serve_until_reader_ends(&b);
	clean_up(&b);
	return conclude(&b);
}

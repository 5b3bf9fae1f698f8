#include "tui/broker/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/live/wire.h"
#include "probes/proc/memory.h"
#include "tui/lock/lock.h"
#include "tui/lock/privileges.h"

/* What the broker is told when the reader is prepared: who it is, and its namespace's init. */
struct prepared { pid_t reader, init; };

/* Not in all C libraries, and not in kernels before 5.9. */
static bool close_range_of(unsigned first, unsigned last)
{
#ifdef SYS_close_range
	return first > last || syscall(SYS_close_range, first, last, 0) == 0;
#else
	return false;
#endif
}

void close_all_but(int kept)
{
	if (close_range_of(STDERR_FILENO + 1, (unsigned)kept - 1) &&
	    close_range_of((unsigned)kept + 1, ~0u))
		return;
	for (int fd = STDERR_FILENO + 1, n = (int)sysconf(_SC_OPEN_MAX); fd < n; fd++)
		if (fd != kept)
			close(fd);
}

/* Only the screen reads what is typed. */
static bool take_no_input(void)
{
	autoclose int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO;
}

/* Errno says why the reader cannot be. */
static _Noreturn void give_up(void)
{
	fprintf(stderr, "goretain: cannot start the reader: %s\n", strerror(errno));
	_exit(STATUS_REFUSED);
}

/* Behind the broker's word: no life after it, no rights, then the reader itself. */
static void read_on(const struct broker *b, const struct reader *reader, int broker, struct lock *lock)
{
	struct pollfd gone = {broker, 0, 0};
	autotext struct text words = {0};
	char go;

	if (!wire_receive(broker, &go, sizeof go, NULL, NULL) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || poll(&gone, 1, 0) != 0)
		_exit(STATUS_REFUSED);
	if (!lock_shut(lock, b->request->pid != 0 && !b->request->base, memory_room())) {
		fprintf(stderr, "goretain: cannot give up privileges: %s\n", strerror(errno));
		_exit(STATUS_REFUSED);
	}
	lock_words(lock, &words);
	if (b->request->verbose)
		fprintf(stderr, "goretain: the reader is locked: %s\n", text_string(&words));
	exit((int)reader->run(b->request, broker));
}

/* The init of the reader's PID namespace lives as long as the reader, which has the other end of the
 * pipe. */
static void be_init(int pipe[2])
{
	char none;

	prctl(PR_SET_NAME, "goretain-init");
	privileges_drop();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	close_all_but(pipe[0]);
	while (read(pipe[0], &none, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* Go on in a PID namespace. Its processes become the broker's children (it is a subreaper) when this one,
 * which is in no namespace and can have no threads any more, ends. */
static void go_on_inside(const struct broker *b, const struct reader *reader, int broker,
			 struct lock *lock)
{
	struct prepared prepared = {0};
	int life[2];

	if (pipe2(life, O_CLOEXEC) != 0)
		give_up();
	prepared.init = fork();
	if (prepared.init == 0)
		be_init(life);
	close(life[0]);
	if (prepared.init > 0 && (prepared.reader = fork()) == 0)
		read_on(b, reader, broker, lock);
	if (prepared.reader <= 0)
		give_up();
	wire_send(broker, &prepared, sizeof prepared, NULL, 0);
	_exit(STATUS_REFUSED);
}

/* The first child: still with our rights, of which it makes use to give them up. */
static void leave(const struct broker *b, const struct reader *reader, int broker)
{
	struct prepared prepared = {.reader = getpid()};
	struct lock lock = {0};
	enum status status;

	close_all_but(broker);
	if (!b->request->interactive && !take_no_input())
		give_up();
	status = reader->prepare(b->request);
	if (status != STATUS_OK)
		exit((int)status);
	lock_leave(&lock);
	if (lock.namespaces & CLONE_NEWPID)
		go_on_inside(b, reader, broker, &lock);
	if (wire_send(broker, &prepared, sizeof prepared, NULL, 0))
		read_on(b, reader, broker, &lock);
	_exit(STATUS_REFUSED);
}

/* Wait until CHILD has said that the reader is prepared, or ends. A terminal whose output is held may keep it
 * from either: a signal that ends us ends it. */
static bool await_prepared(struct broker *b, pid_t child)
{
	struct pollfd events[] = {{b->socket, POLLIN, 0}, {b->signals, POLLIN, 0}};
	struct signalfd_siginfo info;

	while (poll(events, ARRAY_SIZE(events), -1) >= 0 || errno == EINTR) {
		if (events[0].revents)
			return true;
		if (read(b->signals, &info, sizeof info) != sizeof info ||
		    info.ssi_signo == SIGCHLD || info.ssi_signo == SIGTSTP)
			continue;
		b->killer = (int)info.ssi_signo;
		break;
	}
	kill(child, SIGKILL);
	return false;
}

bool start_reader(struct broker *b, const struct reader *reader)
{
	struct prepared prepared;
	pid_t parent = getpid(), child;
	int theirs;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || !make_pair(&b->socket, &theirs))
		return false;
	child = fork();
	if (child == 0) {
		if (settle_child(b, parent))
			leave(b, reader, theirs);
		_exit(STATUS_REFUSED);
	}
	close(theirs);
	b->reader = child;
	if (child > 0 && await_prepared(b, child) &&
	    wire_receive(b->socket, &prepared, sizeof prepared, NULL, NULL) &&
	    prepared.reader != child) {
		waitpid(child, NULL, 0);
		b->reader = prepared.reader;
		b->init = prepared.init;
	}
	return child > 0;
}

void start_go(struct broker *b)
{
	char go = 0;

	wire_send(b->socket, &go, sizeof go, NULL, 0);
}

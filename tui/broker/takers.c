/* The takers, as the broker sees them: it starts them, knows until when one may hold the target, and ends
 * those that hold it for longer. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/live/clock.h"
#include "probes/live/wire.h"
#include "tui/broker/state.h"

#define REST 10 /* after a stop the target runs for so many times as long before it may be stopped again */

/* The taker's process: it keeps its two sockets and the target, and nothing of the broker. */
static void run_taker(struct broker *b, pid_t parent, int reader, int notices)
{
	close(b->socket);
	close(b->signals);
	cleanup_close(&b->keeper.socket);
	for (unsigned i = 0; i < b->n_takers; i++)
		close(b->takers[i].socket);
	if (settle_child(b, parent))
		taker_run(&b->target, b->limit_ns, reader, notices);
	_exit(0);
}

static bool may_start(const struct broker *b, struct error *err)
{
	if (!b->request->pid)
		return fail(err, STATUS_REFUSED, "a file needs no taker");
	if (b->n_takers == MOST_TAKERS)
		return fail(err, STATUS_REFUSED, "%u snapshots are open already", MOST_TAKERS);
	if (clock_ns() < b->rest_until)
		return fail(err, STATUS_REFUSED, "process %d was stopped a moment ago; it may run "
			    "for a while first", b->target.pid);
	return true;
}

/* Start the process; its ends of the sockets go to it alone. */
static bool spawn(struct broker *b, struct held_taker *taker, int *reader_end)
{
	pid_t parent = getpid();
	int notices = -1, theirs = -1;
	bool pairs = make_pair(&taker->socket, &notices);

	*reader_end = -1;
	pairs = pairs && make_pair(reader_end, &theirs);
	taker->pid = pairs ? fork() : -1;
	if (taker->pid == 0) {
		close(*reader_end);
		close(taker->socket);
		run_taker(b, parent, theirs, notices);
	}
	cleanup_close(&notices);
	cleanup_close(&theirs);
	if (taker->pid > 0)
		return true;
	cleanup_close(&taker->socket);
	cleanup_close(reader_end);
	return false;
}

int takers_start(struct broker *b, struct error *err)
{
	struct held_taker taker = {.socket = -1};
	int reader_end;

	if (!may_start(b, err))
		return -1;
	if (!spawn(b, &taker, &reader_end)) {
		fail(err, STATUS_REFUSED, "cannot start a taker: %s", strerror(errno));
		return -1;
	}
	b->takers[b->n_takers++] = taker;
	return reader_end;
}

/* The target is let go by taker I, which held it. */
static void let_go(struct broker *b, unsigned i)
{
	uint64_t now = clock_ns();

	if (b->takers[i].since)
		b->rest_until = now + REST * (now - b->takers[i].since);
	b->takers[i].since = b->takers[i].deadline = 0;
}

void takers_end(struct broker *b, unsigned i)
{
	kill(b->takers[i].pid, SIGKILL);
	waitpid(b->takers[i].pid, NULL, 0);
	let_go(b, i);
	close(b->takers[i].socket);
	b->takers[i] = b->takers[--b->n_takers];
}

/* A taker says that it holds the target, or no longer, or ends. */
void takers_serve(struct broker *b, unsigned i)
{
	struct held_taker *taker = &b->takers[i];
	struct wire_notice notice;
	uint64_t limit;

	if (!wire_receive(taker->socket, &notice, sizeof notice, NULL, NULL)) {
		takers_end(b, i);
	} else if (!notice.limit_ns) {
		let_go(b, i);
	} else {
		limit = notice.limit_ns < b->limit_ns ? notice.limit_ns : b->limit_ns;
		taker->since = clock_ns();
		taker->deadline = taker->since + limit + TAKER_BROKER_NS;
	}
}

uint64_t takers_deadline(const struct broker *b)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < b->n_takers; i++)
		if (b->takers[i].deadline && b->takers[i].deadline < next)
			next = b->takers[i].deadline;
	return next;
}

void takers_enforce(struct broker *b)
{
	uint64_t now = clock_ns();

	for (unsigned i = b->n_takers; i-- > 0;)
		if (b->takers[i].deadline && now >= b->takers[i].deadline)
			takers_end(b, i);
}

void takers_permit(struct broker *b)
{
	const struct wire_permit permit = {b->limit_ns};

	for (unsigned i = 0; i < b->n_takers; i++)
		wire_send(b->takers[i].socket, &permit, sizeof permit, NULL, 0);
}

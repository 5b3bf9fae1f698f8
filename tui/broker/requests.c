/* What the reader may ask, and how much of it: it is trusted with nothing. It names no file but programs that a
 * core file mapped and debug files by their build id; what is created is what the command line names, or what the
 * person types here. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/text.h"
#include "probes/live/broker.h"
#include "probes/live/wire.h"
#include "tui/broker/files.h"
#include "tui/broker/output.h"
#include "tui/broker/state.h"

#define MOST_REQUESTS 20000 /* a core file of thousands of libraries, and a day of pictures */
#define MOST_SCRATCH 32 /* of a query with many sorts */
#define MOST_NAME 100       /* of a proposal, which must be seen whole */

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

static int scratch(struct broker *b, struct error *err)
{
	if (b->n_scratch < MOST_SCRATCH) {
		b->n_scratch++;
		return files_scratch(err);
	}
	fail(err, STATUS_REFUSED, "%u temporary files were made already", MOST_SCRATCH);
	return -1;
}

static int create(const struct broker *b, struct error *err)
{
	const char *path = b->request->output;

	if (path && strcmp(path, "-") != 0)
		return output_create(path, b->request->force, err);
	fail(err, STATUS_REFUSED, "the command line names no file to write");
	return -1;
}

/* Do what a request asks for. A descriptor that this returns is closed by the caller, but for
 * that of the output, which stays ours. */
static int perform(struct broker *b, const struct broker_request *q, struct error *err)
{
	switch (q->op) {
	case BROKER_TAKER:
		return takers_start(b, err);
	case BROKER_FILE:
		return files_named(named(b->request, q->file), err);
	case BROKER_CREATE:
		return create(b, err);
	case BROKER_COMMIT:
		output_commit(err);
		return -1;
	case BROKER_DEBUG:
		return files_debug(q->path, err);
	case BROKER_PROGRAM:
		if (!b->request->pid)
			return files_program(q->path, err);
		fail(err, STATUS_REFUSED, "a process has its program");
		return -1;
	case BROKER_MAPPED:
		if (!b->request->pid)
			return files_mapped(q->path, err);
		fail(err, STATUS_REFUSED, "a process's files are opened by its taker");
		return -1;
	case BROKER_SCRATCH:
		return scratch(b, err);
	default:
		fail(err, STATUS_REFUSED, "the broker knows no request %u", q->op);
		return -1;
	}
}

/* A reader that does not read its replies is not waited for. */
static void reply_with(struct broker *b, const struct broker_reply *reply, int fd)
{
	if (!wire_send(b->socket, reply, sizeof *reply, &fd, fd >= 0))
		b->distrust = "it does not read what it asked for";
}

/* The person has named a file, or not. */
static void on_name(void *arg, const char *name)
{
	struct broker *b = arg;
	struct broker_reply reply = {0};
	int fd = -1;

	if (name && *name) {
		strncat(reply.path, name, sizeof reply.path - 1);
		fd = output_create(reply.path, false, &reply.error);
	}
	reply_with(b, &reply, fd);
	reader_release(b);
}

/* As long as it is plain and fits, the reader may propose a name. */
static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return n && n <= MOST_NAME && name[0] != '.' && name[0] != '-';
}

static void ask_name(struct broker *b, const struct broker_request *q)
{
	reader_hold(b);
	asking_line(&b->asking, "Save the picture as: ", is_plain(q->path) ? q->path : "", on_name, b);
}

/* Consent is to the figure that the broker said, and is binding for the takers. */
static void on_consent(void *arg, const char *answer)
{
	struct broker *b = arg;
	struct broker_reply reply = {0};

	if (answer && (*answer == 'y' || *answer == 'Y')) {
		b->limit_ns = b->asked_ns;
		takers_permit(b);
	} else {
		fail(&reply.error, STATUS_REFUSED, "not taken: the pause was refused");
	}
	reply_with(b, &reply, -1);
	reader_release(b);
}

static void refuse_pause(struct broker *b, uint64_t forecast_ns)
{
	autotext struct text pause = {0};
	struct broker_reply reply = {0};

	text_duration(&pause, forecast_ns);
	fail(&reply.error, STATUS_REFUSED, "%lu would be stopped for longer than %lu ms, for about %s; "
	     "--max-pause MS allows more", b->request->pid, b->request->max_pause_ms,
	     text_string(&pause));
	reply_with(b, &reply, -1);
}

static void ask_consent(struct broker *b, const struct broker_request *q)
{
	const bool screen = b->request->interactive;
	autotext struct text label = {0};

	if (!asking_possible(screen)) {
		refuse_pause(b, q->pause_ns);
		return;
	}
	b->asked_ns = forecast_limit_ns(q->pause_ns);
	text_puts(&label, "Taking ");
	text_size(&label, q->bytes, false);
	text_puts(&label, " stops the process for about ");
	text_duration(&label, q->pause_ns);
	text_puts(&label, ", at most ");
	text_duration(&label, b->asked_ns);
	text_puts(&label, ". Go on? ");
	reader_hold(b);
	asking_yes(&b->asking, screen, text_string(&label), on_consent, b);
}

/* One more request from the reader; false if it is none, or one too many. */
static bool receive(struct broker *b, struct broker_request *q)
{
	if (!wire_receive(b->socket, q, sizeof *q, NULL, NULL)) {
		close(b->socket); /* the reader ends, or is no reader of ours any more */
		b->socket = -1;
		return false;
	}
	q->path[sizeof q->path - 1] = 0;
	if (b->n_requests++ < MOST_REQUESTS)
		return true;
	b->distrust = "it asks without end";
	return false;
}

void requests_serve(struct broker *b)
{
	struct broker_request q;
	struct broker_reply reply = {0};
	int fd;

	if (!receive(b, &q))
		return;
	if (q.op == BROKER_SAVE && b->request->interactive) {
		ask_name(b, &q);
	} else if (q.op == BROKER_CONSENT && b->request->pid) {
		ask_consent(b, &q);
	} else {
		fd = perform(b, &q, &reply.error);
		reply_with(b, &reply, fd);
		if (fd >= 0 && q.op != BROKER_CREATE)
			close(fd);
	}
}

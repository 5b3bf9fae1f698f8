#include "probes/source.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "probes/live/broker.h"
#include "probes/live/process.h"
#include "probes/live/wire.h"
#include "probes/open.h"

struct broker_source {
	struct source source;
	struct source_wish wish;
	int broker;
	pthread_mutex_t lock; /* one request at a time */
};

static struct broker_source *of(struct source *source)
{
	return (struct broker_source *)source;
}

/* One request and its reply. *FD gets the descriptor that came along, -1 if none did. */
static bool exchange(struct broker_source *s, const struct broker_request *q,
		     struct broker_reply *reply, int *fd, struct error *err)
{
	int fds[WIRE_FDS];
	unsigned n = 0;
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = wire_send(s->broker, q, sizeof *q, NULL, 0) &&
	     wire_receive(s->broker, reply, sizeof *reply, fds, &n);
	pthread_mutex_unlock(&s->lock);
	*fd = n ? fds[0] : -1;
	if (!ok)
		return fail(err, STATUS_REFUSED, "the broker is gone");
	return reply->error.code == STATUS_OK ||
	       fail(err, reply->error.code, "%s", reply->error.message);
}

static int ask_for_file(struct broker_source *s, const struct broker_request *q, struct error *err)
{
	struct broker_reply reply;
	int fd;

	if (exchange(s, q, &reply, &fd, err) && fd < 0)
		fail(err, STATUS_REFUSED, "the broker sent no file");
	return fd;
}

/* The lines of -v: what the stop was spent on. */
static void tell_stop(const struct process_stop *stop)
{
	autotext struct text line = {0};
	const struct { const char *before; uint64_t ns; } parts[] = {
		{"stopped ", stop->pause_ns}, {" (forecast ", stop->forecast_ns},
		{"): stopping ", stop->stop_ns}, {", copying ", stop->copy_ns},
		{", letting go ", stop->resume_ns},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		text_printf(&line, "%s%.2f ms", parts[i].before, (double)parts[i].ns / 1e6);
	text_puts(&line, "; ");
	text_counted(&line, stop->threads, "thread");
	text_puts(&line, ", ");
	text_size(&line, stop->bytes, false);
	text_puts(&line, " copied, ");
	text_size(&line, stop->holes, false);
	text_puts(&line, " unreadable");
	fprintf(stderr, "goretain: %s\n", text_string(&line));
}

static bool load_process(struct broker_source *s, struct graph *_Atomic *out,
			 struct progress *progress, struct error *err)
{
	struct broker_request q = {.op = BROKER_TAKER};
	int taker = ask_for_file(s, &q, err);
	struct process *p = taker < 0 ? NULL : process_open(taker, err);

	if (!p || !probe_load_process(p, s->wish.max_pause_ms, &s->source, out, progress, err))
		return false;
	if (s->wish.verbose)
		tell_stop(process_stop(p));
	return true;
}

/* Read the file that the command line calls NAME, and its program if EXE says that it names one. */
static bool load_file(struct broker_source *s, enum broker_file file, const char *name, bool has_exe,
		      struct graph *_Atomic *out, struct progress *progress, struct error *err)
{
	struct broker_request q = {.op = BROKER_FILE, .file = file};
	autoclose int fd = ask_for_file(s, &q, err);
	autoclose int exe = -1;
	struct error reason = {0};

	if (fd < 0)
		return false;
	q.file = FILE_EXE;
	if (has_exe && (exe = ask_for_file(s, &q, err)) < 0)
		return false;
	if (probe_load_file(fd, exe, &s->source, out, progress, &reason))
		return true;
	return fail(err, reason.code, "%.200s: %s", name, reason.message);
}

static bool load(struct source *source, struct graph *_Atomic *out, struct progress *progress,
		 struct error *err)
{
	struct broker_source *s = of(source);

	return s->wish.live ? load_process(s, out, progress, err)
			    : load_file(s, FILE_TARGET, s->wish.target, s->wish.exe, out, progress, err);
}

static bool load_base(struct source *source, struct graph *_Atomic *out, struct progress *progress,
		      struct error *err)
{
	return load_file(of(source), FILE_BASE, of(source)->wish.base, false, out, progress, err);
}

static bool save(struct source *source, struct graph *graph, int fd, struct progress *progress,
		 struct error *err)
{
	return probe_save(graph, fd, progress, err);
}

/* Fill in a request's path. False if it is too long. */
static bool set_path(struct broker_request *q, const char *path, struct error *err)
{
	int length = snprintf(q->path, sizeof q->path, "%s", path);

	return (size_t)length < sizeof q->path || fail(err, STATUS_OUTPUT, "the path is too long");
}

static int create(struct source *source, struct error *err)
{
	return ask_for_file(of(source), &(struct broker_request){.op = BROKER_CREATE}, err);
}

static int save_as(struct source *source, const char *proposed, struct text *name, struct error *err)
{
	struct broker_request q = {.op = BROKER_SAVE};
	struct broker_reply reply = {0};
	int fd = -1;

	if (set_path(&q, proposed, err) && exchange(of(source), &q, &reply, &fd, err))
		text_puts(name, reply.path);
	return fd;
}

/* A request whose reply is only that it was done. */
static bool have_done(struct source *source, const struct broker_request *q, struct error *err)
{
	struct broker_reply reply;
	int none;

	return exchange(of(source), q, &reply, &none, err);
}

static bool commit(struct source *source, struct error *err)
{
	return have_done(source, &(struct broker_request){.op = BROKER_COMMIT}, err);
}

static bool consent(struct source *source, const struct forecast *forecast, struct error *err)
{
	struct broker_request q = {.op = BROKER_CONSENT, .pause_ns = forecast->pause_ns,
				   .bytes = forecast->bytes};

	return have_done(source, &q, err);
}

static int debug_file(struct source *source, const char *build_id)
{
	struct broker_request q = {.op = BROKER_DEBUG};

	return set_path(&q, build_id, NULL) ? ask_for_file(of(source), &q, NULL) : -1;
}

static int program_file(struct source *source, const char *build_id)
{
	struct broker_request q = {.op = BROKER_PROGRAM};

	return set_path(&q, build_id, NULL) ? ask_for_file(of(source), &q, NULL) : -1;
}

static int mapped_file(struct source *source, const char *path, struct error *err)
{
	struct broker_request q = {.op = BROKER_MAPPED};

	return set_path(&q, path, err) ? ask_for_file(of(source), &q, err) : -1;
}

static int scratch_file(struct source *source, struct error *err)
{
	return ask_for_file(of(source), &(struct broker_request){.op = BROKER_SCRATCH}, err);
}

struct source *source_new(const struct source_wish *wish, int broker)
{
	struct broker_source *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	*s = (struct broker_source){
		.source = {.unproven = wish->unproven, .load = load, .load_base = load_base, .save = save,
			   .create = create, .save_as = save_as, .commit = commit,
			   .consent = consent, .debug_file = debug_file,
			   .mapped_file = mapped_file, .program_file = program_file,
			   .scratch_file = scratch_file},
		.wish = *wish,
		.broker = broker,
	};
	pthread_mutex_init(&s->lock, NULL);
	return &s->source;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	pthread_mutex_destroy(&of(source)->lock);
	free(source);
}

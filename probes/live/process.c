#include "probes/live/process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/live/absent.h"
#include "probes/live/clock.h"
#include "probes/live/wire.h"
#include "probes/proc/mappings.h"
#include "probes/proc/memory.h"
#include "probes/proc/procfs.h"

#define FETCH_STEP (1ull << 20)     /* of what is mapped from files to read */
#define PREPARE_STEP (32ull << 20)  /* between looks at the progress */
#define LOOK_MS 20                  /* between looks at the wish to end, while the taker copies */
#define THREAD_NS 20000u            /* to stop one and let it go */
#define SMALL_THINGS (8ull << 20)   /* memory we need beside image and graph: three processes' own */

struct process {
	int taker;
	struct image *image;  /* which owns this process as its producer */
	uint64_t forecast_ns; /* 0 = not asked for yet */
	struct process_stop stop;
};

struct image *process_image(struct process *p)
{
	return p->image;
}

const struct process_stop *process_stop(const struct process *p)
{
	return &p->stop;
}

static bool send_request(struct process *p, const struct wire_request *q, struct error *err)
{
	if (wire_send(p->taker, q, sizeof *q, NULL, 0))
		return true;
	return fail(err, STATUS_REFUSED, "the taker is gone and has let the target go");
}

/* Wait until the taker says something. A cancellation hangs up, which makes it let the target go at
 * once: the process is of no use afterwards. */
static bool await_reply(struct process *p, struct progress *progress, struct error *err)
{
	struct pollfd taker = {p->taker, POLLIN, 0};

	while (poll(&taker, 1, LOOK_MS) == 0) {
		if (!progress_cancelled(progress))
			continue;
		shutdown(p->taker, SHUT_RDWR);
		return fail(err, STATUS_REFUSED, "cancelled");
	}
	return true;
}

/* The reply to OP. Descriptors that it brings are the caller's, also with an error; FDS is NULL
 * where none are due. */
static bool receive_reply(struct process *p, uint32_t op, struct wire_reply *r, int fds[WIRE_FDS],
			  unsigned *n, struct error *err)
{
	if (!wire_receive(p->taker, r, sizeof *r, fds, n) || r->op != op)
		return fail(err, STATUS_REFUSED, op == WIRE_HELLO
			    ? "the taker was ended before it read anything of the target"
			    : "the taker was ended while it read the target, which was let go");
	if (r->error.code == STATUS_OK)
		return true;
	r->error.message[sizeof r->error.message - 1] = 0;
	return fail(err, r->error.code, "%s", r->error.message);
}

/* One request and its reply, without descriptors. */
static bool ask(struct process *p, const struct wire_request *q, struct wire_reply *r,
		struct error *err)
{
	return send_request(p, q, err) && receive_reply(p, q->op, r, NULL, NULL, err);
}

static bool only_in_file(const struct image_range *range)
{
	return !range_is_private(range) && !(range->flags & RANGE_SHARED);
}

/* Fetches before the stop, struct image.fetch: in larger steps what is read from files, since that
 * is read again and again. */
static void fetch(struct image *image, uint64_t lo, uint64_t hi)
{
	const struct image_range *range = image_range(image, lo);
	struct wire_request q = {.op = WIRE_READ, .lo = lo, .hi = hi};
	struct wire_reply r;

	if (only_in_file(range)) {
		q.lo = lo & ~(FETCH_STEP - 1);
		q.hi = (hi + FETCH_STEP - 1) & ~(FETCH_STEP - 1);
		if (q.lo < range->lo)
			q.lo = range->lo;
		if (q.hi > range->hi)
			q.hi = range->hi;
	}
	ask(image->producer, &q, &r, NULL); /* what failed stays unread */
}

/* Fetches after the stop: everything else would be of another time. */
static void fetch_from_file(struct image *image, uint64_t lo, uint64_t hi)
{
	if (only_in_file(image_range(image, lo)))
		fetch(image, lo, hi);
}

/* struct image.open_file. */
static int open_file(struct image *image, const struct image_range *range)
{
	struct process *p = image->producer;
	struct wire_request q = {.op = WIRE_OPEN, .lo = range->lo};
	struct wire_reply r;
	int fds[WIRE_FDS];
	unsigned n = 0;

	if (!send_request(p, &q, NULL) || !receive_reply(p, q.op, &r, fds, &n, NULL) || !n)
		return -1;
	while (n > 1)
		close(fds[--n]);
	return fds[0];
}

static void release(struct image *image)
{
	struct process *p = image->producer;

	if (image->memory)
		munmap(image->memory, image->memory_size);
	if (image->state)
		munmap(image->state, image->memory_size / IMAGE_PAGE);
	close(p->taker);
	free(p);
}

static struct process *new_process(int taker)
{
	struct process *p = calloc(1, sizeof *p);
	struct image *image = calloc(1, sizeof *image);

	if (!p || !image) {
		free(p);
		free(image);
		close(taker);
		return NULL;
	}
	*p = (struct process){.taker = taker, .image = image};
	*image = (struct image){.exe = NO_FILE, .exe_fd = -1, .complete = true, .fetch = fetch,
				.open_file = open_file,
				.producer = p, .release = release};
	pthread_mutex_init(&image->fetch_lock, NULL);
	return p;
}

/* A table as it came, and where its parts lie. */
struct table {
	struct wire_table *head;
	const struct image_range *ranges;
	const struct image_thread *threads;
	const char *paths;
};

/* Read the whole of FD. NULL on failure. */
static void *read_file(int fd, size_t *size)
{
	struct stat info;
	char *bytes;

	if (fstat(fd, &info) != 0)
		return NULL;
	*size = (size_t)info.st_size;
	bytes = malloc(*size + 1);
	if (bytes && pread(fd, bytes, *size, 0) == info.st_size)
		return bytes;
	free(bytes);
	return NULL;
}

/* Read a table and check that its parts fit. The head is the caller's to free. */
static bool read_table(int fd, struct table *out, struct error *err)
{
	size_t size = 0;
	uint64_t ranges, threads;

	out->head = read_file(fd, &size);
	if (!out->head || size < sizeof *out->head)
		return fail(err, STATUS_REFUSED, "cannot read the table of mappings");
	ranges = out->head->n_ranges * sizeof *out->ranges;
	threads = out->head->n_threads * sizeof *out->threads;
	if (size - sizeof *out->head != ranges + threads + out->head->paths_size)
		return fail(err, STATUS_REFUSED, "the table of mappings is damaged");
	out->ranges = (const void *)(out->head + 1);
	out->threads = (const void *)(out->ranges + out->head->n_ranges);
	out->paths = (const char *)(out->threads + out->head->n_threads);
	((char *)out->head)[size] = 0;
	out->head->process[sizeof out->head->process - 1] = 0;
	out->head->exe_path[sizeof out->head->exe_path - 1] = 0;
	return true;
}

/* Put copies of a table's parts into the image, in place of what is there. */
static bool adopt_table(struct image *image, const struct table *table, struct error *err)
{
	const struct wire_table *head = table->head;
	const char *path = table->paths, *end = path + head->paths_size;

	image_clear(image);
	image->ranges = calloc(head->n_ranges + 1, sizeof *image->ranges);
	image->threads = calloc(head->n_threads + 1, sizeof *image->threads);
	image->files = calloc(head->n_files + 1, sizeof *image->files);
	image->process = strdup(head->process);
	image->exe_path = strdup(head->exe_path);
	if (!image->ranges || !image->threads || !image->files || !image->process ||
	    !image->exe_path)
		return fail_memory(err, "the table of mappings");
	memcpy(image->ranges, table->ranges, head->n_ranges * sizeof *image->ranges);
	memcpy(image->threads, table->threads, head->n_threads * sizeof *image->threads);
	image->n_ranges = head->n_ranges;
	image->n_threads = head->n_threads;
	for (; image->n_files < head->n_files && path < end; path += strlen(path) + 1)
		if (!(image->files[image->n_files++] = strdup(path)))
			return fail_memory(err, "the table of mappings");
	image->exe = head->exe;
	image->pid = head->pid;
	image->rss = head->rss;
	image->started = head->started;
	image->taken_ns = head->taken_ns;
	return true;
}

static bool load_table(struct image *image, int fd, struct error *err)
{
	struct table table = {0};
	bool ok = read_table(fd, &table, err) && adopt_table(image, &table, err);

	free(table.head);
	return ok;
}

static bool map_memory(struct image *image, int memory, int state, uint64_t size, struct error *err)
{
	void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, memory, 0);
	void *states = mmap(NULL, size / IMAGE_PAGE, PROT_READ, MAP_SHARED | MAP_NORESERVE, state,
			    0);

	image->memory_size = size;
	image->memory = bytes == MAP_FAILED ? NULL : bytes;
	image->state = states == MAP_FAILED ? NULL : states;
	if (image->memory && image->state)
		return true;
	return fail(err, STATUS_REFUSED, "cannot map an image of %lu GB of addresses: %s",
		    size >> 30, strerror(errno));
}

static bool say_hello(struct process *p, struct error *err)
{
	struct wire_request q = {.op = WIRE_HELLO};
	struct wire_reply r;
	int fds[WIRE_FDS];
	unsigned n = 0;
	bool ok = send_request(p, &q, err) && receive_reply(p, q.op, &r, fds, &n, err);

	if (ok && n < 3)
		ok = fail(err, STATUS_REFUSED, "the taker's answer is incomplete");
	ok = ok && map_memory(p->image, fds[0], fds[1], r.memory_size, err) &&
	     load_table(p->image, fds[2], err);
	if (ok && n == 4)
		p->image->exe_fd = fds[--n];
	while (n)
		close(fds[--n]);
	return ok;
}

struct process *process_open(int taker_fd, struct error *err)
{
	struct process *p = new_process(taker_fd);

	if (!p) {
		fail_memory(err, "the image");
		return NULL;
	}
	if (say_hello(p, err))
		return p;
	image_free(p->image);
	return NULL;
}

/* Is there room for NEEDED bytes? */
static bool check_memory(const struct process *p, uint64_t needed, struct error *err)
{
	uint64_t room = memory_room();

	if (needed <= room)
		return true;
	return fail(err, STATUS_REFUSED, "a snapshot of %lu needs about %lu MB of memory, and "
		    "only %lu MB are free here", p->image->pid, needed / 1000000, room / 1000000);
}

/* Bytes of the image that are there without any stop: files' pages, which are read as they are needed. */
static uint64_t there_already(const struct image *image)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		const uint8_t *state = image->state + r->offset / IMAGE_PAGE;

		for (uint64_t k = 0; only_in_file(r) && k < (r->hi - r->lo) / IMAGE_PAGE; k++)
			pages += state[k] == PAGE_FILE;
	}
	return pages * IMAGE_PAGE;
}

/* Bytes that states and page tables take for private memory, whether it is present or not: a byte and, in
 * two processes, eight of each for a page. */
static uint64_t bookkeeping(const struct image *image)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (range_is_private(&image->ranges[i]))
			pages += (image->ranges[i].hi - image->ranges[i].lo) / IMAGE_PAGE;
	return pages * 17;
}

/* The memory that this process has for itself. */
static uint64_t used_now(void)
{
	return proc_status(getpid(), "RssAnon:") * 1024;
}

bool process_forecast(struct process *p, uint64_t graph, struct forecast *out, struct error *err)
{
	struct wire_request count = {.op = WIRE_COUNT}, sample = {.op = WIRE_SAMPLE};
	struct wire_reply counted, sampled;
	double share = 1;
	uint64_t more;

	/* In this order: also the sample takes memory. */
	if (!ask(p, &count, &counted, err))
		return false;
	more = counted.bytes + counted.scattered + bookkeeping(p->image) + graph + SMALL_THINGS;
	out->memory = more + there_already(p->image) + used_now();
	if (!check_memory(p, more, err) || !ask(p, &sample, &sampled, err))
		return false;
	if (sampled.bytes)
		share = (double)counted.bytes / (double)sampled.bytes;
	p->forecast_ns = (uint64_t)((double)sampled.ns * share) + counted.threads * THREAD_NS;
	out->bytes = counted.bytes;
	out->threads = counted.threads;
	out->pause_ns = p->forecast_ns;
	return true;
}

/* Go on from Q's end, in range number *I, to the end of the next PREPARE_STEP bytes of private memory: how many
 * there are, in as many ranges as it takes. */
static uint64_t next_step(const struct image *image, uint32_t *i, struct wire_request *q)
{
	uint64_t size = 0;

	for (; *i < image->n_ranges; ++*i) {
		const struct image_range *range = &image->ranges[*i];
		uint64_t lo = q->hi > range->lo ? q->hi : range->lo;
		uint64_t take = range->hi - lo < PREPARE_STEP - size ? range->hi - lo
								     : PREPARE_STEP - size;

		if (!range_is_private(range))
			continue;
		if (!size)
			q->lo = lo;
		q->hi = lo + take;
		size += take;
		if (size == PREPARE_STEP)
			break;
	}
	return size;
}

/* Fault in the image's memory for what will be copied. */
static bool prepare(struct process *p, struct progress *progress, struct error *err)
{
	const struct image *image = p->image;
	struct wire_request q = {.op = WIRE_PREPARE};
	uint64_t total = 0, size;
	uint32_t range = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (range_is_private(&image->ranges[i]))
			total += image->ranges[i].hi - image->ranges[i].lo;
	progress_begin(progress, "making room", total);
	while ((size = next_step(image, &range, &q))) {
		struct wire_reply r;

		if (progress_cancelled(progress))
			return fail(err, STATUS_REFUSED, "cancelled");
		if (!ask(p, &q, &r, err))
			return false;
		progress_add(progress, size);
	}
	return true;
}

/* What the mappings take now, from the open file that the taker sends. Where that cannot be had nothing is
 * known of them. */
static bool load_usages(struct process *p, struct error *err)
{
	struct wire_reply r;
	int fds[WIRE_FDS];
	unsigned n = 0;
	FILE *file;
	bool ok;

	if (!receive_reply(p, WIRE_USAGE, &r, fds, &n, err))
		return false;
	while (n > 1)
		close(fds[--n]);
	if (!n)
		return true;
	file = fdopen(fds[0], "r");
	if (!file) {
		close(fds[0]);
		return true;
	}
	ok = usages_parse(&p->image->usages, file, err);
	fclose(file);
	return ok;
}

/* The stop, in one go: all requests are under way before the first reply. */
static bool stop_and_copy(struct process *p, uint64_t limit_ns, struct progress *progress,
			  struct error *err)
{
	const enum wire_op ops[] = {WIRE_STOP, WIRE_COPY, WIRE_RESUME, WIRE_USAGE};
	struct wire_reply r[ARRAY_SIZE(ops)] = {0};
	int fds[WIRE_FDS];
	unsigned n = 0;
	bool ok = true;

	for (unsigned i = 0; ok && i < ARRAY_SIZE(ops); i++) {
		struct wire_request q = {.op = ops[i], .limit_ns = limit_ns};

		ok = send_request(p, &q, err);
	}
	ok = ok && receive_reply(p, WIRE_STOP, &r[0], fds, &n, err);
	ok = ok && await_reply(p, progress, err);
	ok = ok && receive_reply(p, WIRE_COPY, &r[1], NULL, NULL, err);
	ok = ok && receive_reply(p, WIRE_RESUME, &r[2], NULL, NULL, err);
	ok = ok && (n == 1 || fail(err, STATUS_REFUSED, "the taker's answer is incomplete"));
	ok = ok && load_table(p->image, fds[0], err) && load_usages(p, err);
	while (n)
		close(fds[--n]);
	p->stop = (struct process_stop){
		.pause_ns = r[2].pause_ns, .stop_ns = r[0].ns, .copy_ns = r[1].ns,
		.resume_ns = r[2].ns, .bytes = r[1].bytes, .holes = r[1].holes,
		.threads = p->image->n_threads, .forecast_ns = p->forecast_ns,
	};
	return ok;
}

/* A stop that was given up is explained: how long it might have taken, who set that, what helps. */
static bool explain_limit(uint64_t limit_ns, bool is_users, struct error *err)
{
	size_t length = strlen(err->message);

	if (err->code == STATUS_REFUSED && strncmp(err->message, "gave up", 7) == 0)
		snprintf(err->message + length, sizeof err->message - length,
			 is_users ? "; the limit was %lu ms: --max-pause MS allows more"
			 : "; the limit was %lu ms, twice the forecast: the machine may be busy, "
			   "try again", limit_ns / NS_PER_MS);
	return false;
}

bool process_snapshot(struct process *p, uint64_t max_pause_ms, struct progress *progress,
		      struct error *err)
{
	uint64_t limit_ns = max_pause_ms * NS_PER_MS, expected;
	struct forecast forecast;
	bool is_users = true;

	if (!p->forecast_ns && !process_forecast(p, 0, &forecast, err))
		return false;
	expected = forecast_limit_ns(p->forecast_ns);
	if (expected < limit_ns) {
		limit_ns = expected;
		is_users = false;
	}
	if (!prepare(p, progress, err))
		return false;
	progress_begin(progress, "copying", 0);
	if (!stop_and_copy(p, limit_ns, progress, err))
		return explain_limit(limit_ns, is_users, err);
	p->image->fetch = fetch_from_file;
	absent_cover(p->image);
	p->image->pause_ns = p->stop.pause_ns;
	p->image->missing = p->stop.holes;
	return true;
}

#include "probes/live/taker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/sorted.h"
#include "probes/live/clock.h"
#include "probes/live/copy.h"
#include "probes/live/tracer.h"
#include "probes/live/wire.h"
#include "probes/proc/mapped_file.h"
#include "probes/proc/mappings.h"
#include "probes/proc/procfs.h"
#include "probes/proc/refusal.h"

#define SAMPLE_PIECES 32      /* of COPY_PIECE bytes each, to measure the speed with */
#define LOOK_NS (500ull * NS_PER_MS) /* patience with a target whose threads keep ending */
#define RESUME_NS 15000u      /* for one thread; reserved at the end of a stop */

struct taker {
	struct taker_target target;
	int reader, broker;
	struct tracer tracer;
	struct mappings mappings;
	struct image_plan plan;
	struct copier copier;
	int memory, state;   /* memfds */
	uint32_t exe;        /* the program among the mapped files */
	bool ready;          /* HELLO was answered */
	bool held, taken;    /* the target is stopped; was, once */
	uint64_t limit_ns;   /* for a stop, whatever the reader says */
	uint64_t held_since, deadline;
	struct error gave_up; /* why it was let go before RESUME */
};

void taker_find(pid_t pid, struct taker_target *out)
{
	struct proc_stat stat;

	*out = (struct taker_target){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
	out->exists = (out->pidfd >= 0 || errno == ENOSYS) && proc_stat(pid, pid, &stat);
	if (out->exists)
		out->start_time = stat.start_time;
}

/* Is the target still the process that it was, and alive? Before Linux 5.3, which has no pidfd, only
 * its start time tells: another process could get its PID only within the same hundredth of a second. */
static bool is_same_process(const struct taker_target *target)
{
	struct pollfd ended = {target->pidfd, POLLIN, 0};
	struct proc_stat stat;

	return poll(&ended, 1, 0) == 0 && proc_stat(target->pid, target->pid, &stat) &&
	       stat.start_time == target->start_time && proc_live_thread(target->pid);
}

/* Does the target still run, and still the program that its memory was opened of? */
static bool check_identity(const struct taker *t, struct error *err)
{
	if (!is_same_process(&t->target))
		return fail(err, STATUS_GONE, "process %d ended", t->target.pid);
	if (t->copier.remote.pagemap < 0 || remote_lives(&t->copier.remote))
		return true;
	return fail(err, STATUS_GONE, "process %d started another program", t->target.pid);
}

/* Say why the target cannot be looked at; what was looked at before has just ended. */
static bool refuse(const struct taker *t, struct error *err)
{
	struct refusal_facts facts;

	if (t->ready && !check_identity(t, err))
		return false;
	refusal_gather(t->target.pid, &facts);
	return refuse_attach(&facts, err);
}

/* Errno says why the memory file of an image cannot be had. */
static bool no_image(struct error *err)
{
	if (errno == EFBIG)
		return fail(err, STATUS_REFUSED, "the image of a process is a file as long as its addresses, "
			    "which is more than a file may have here; ulimit -f unlimited allows it");
	return fail(err, STATUS_REFUSED, "cannot make the image: %s", strerror(errno));
}

static bool map_shared(const char *name, uint64_t size, int *fd, uint8_t **out, struct error *err)
{
	void *bytes;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)size) != 0)
		return no_image(err);
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
	if (bytes == MAP_FAILED)
		return fail(err, STATUS_REFUSED, "cannot map an image of %lu GB of addresses: %s",
			    size >> 30, strerror(errno));
	*out = bytes;
	/* Whoever gets it reads it and can do nothing else to it. */
	if (fcntl(*fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
		return fail(err, STATUS_REFUSED, "cannot seal the image: %s", strerror(errno));
	return true;
}

/* Look for a thread that lives, through which the target's memory can be reached. */
static bool choose_task(struct taker *t)
{
	t->copier.remote.task = proc_live_thread(t->target.pid);
	t->copier.swapping = proc_status(t->copier.remote.task, "VmSwap:") != 0;
	return t->copier.remote.task;
}

/* Find the target's memory and what it consists of. While it runs, the thread through which we
 * look may end at any time: then look through another. */
static bool look_at_memory(struct taker *t, struct error *err)
{
	uint64_t patience = clock_ns() + LOOK_NS;

	while (choose_task(t) && clock_ns() < patience) {
		errno = 0;
		if (remote_open(&t->copier.remote) &&
		    mappings_read(&t->mappings, t->target.pid, t->copier.remote.task, NULL))
			return true;
		if (errno == EACCES || errno == EPERM)
			break;
		remote_close(&t->copier.remote);
		mappings_free(&t->mappings);
		nanosleep(&(struct timespec){0, NS_PER_MS}, NULL);
	}
	return refuse(t, err);
}

/* May we read the target's memory, and is nobody else in the way of stopping it? */
static bool check_access(const struct taker *t, struct error *err)
{
	uint8_t byte;
	struct iovec local = {&byte, 1};
	struct iovec remote = {(void *)(uintptr_t)t->mappings.ranges[0].lo, 1};

	if (process_vm_readv(t->copier.remote.task, &local, 1, &remote, 1, 0) < 0 && errno == EPERM)
		return refuse(t, err);
	return proc_status(t->target.pid, "TracerPid:") == 0 || refuse(t, err);
}

/* Everything that can be done before the first request, and every reason to refuse. */
static bool get_ready(struct taker *t, struct error *err)
{
	if (!t->target.exists)
		return refuse(t, err);
	return look_at_memory(t, err) && check_access(t, err) && check_identity(t, err) &&
	       tracer_init(&t->tracer, t->target.pid, err) &&
	       plan_build(&t->plan, &t->mappings, err) &&
	       plan_place(&t->plan, &t->mappings, err) &&
	       map_shared("image", t->plan.size, &t->memory, &t->copier.memory, err) &&
	       map_shared("states", t->plan.size / IMAGE_PAGE, &t->state, &t->copier.state, err);
}

/* The registers of all held threads, in an array that is the caller's; NULL without memory. */
static struct image_thread *read_registers(struct taker *t, uint32_t *n)
{
	struct image_thread *threads = calloc(t->tracer.n + 1, sizeof *threads);

	*n = 0;
	for (uint32_t i = 0; threads && i < t->tracer.n; i++) {
		struct image_thread *thread = &threads[*n];

		if (t->tracer.threads[i].hold != HOLD_STOPPED)
			continue;
		thread->tid = t->tracer.threads[i].tid;
		thread->held = arch_read_registers(thread->tid, &thread->registers);
		++*n;
	}
	return threads;
}

static void describe(struct taker *t, struct wire_table *table)
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/task/%d/exe", t->target.pid, t->copier.remote.task);
	length = readlink(path, table->exe_path, sizeof table->exe_path - 1);
	table->exe_path[length < 0 ? 0 : length] = 0;
	table->exe = t->exe = mappings_file(&t->mappings, table->exe_path);
	proc_name(t->target.pid, table->process, sizeof table->process);
	table->pid = (uint64_t)t->target.pid;
	table->rss = proc_rss(t->target.pid);
	table->started = t->target.start_time;
	table->taken_ns = clock_date_ns();
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0)
			return false;
		bytes = (const char *)bytes + written;
		size -= (size_t)written;
	}
	return true;
}

static bool write_table(const struct taker *t, int fd, const struct wire_table *table,
			const struct image_thread *threads)
{
	bool ok = write_all(fd, table, sizeof *table) &&
		  write_all(fd, t->mappings.ranges, table->n_ranges * sizeof *t->mappings.ranges) &&
		  write_all(fd, threads, table->n_threads * sizeof *threads);

	for (uint32_t i = 0; ok && i < t->mappings.n_files; i++)
		ok = write_all(fd, t->mappings.files[i], strlen(t->mappings.files[i]) + 1);
	return ok;
}

/* The table as it is now, in a memfd; -1 on failure. */
static int make_table(struct taker *t, struct error *err)
{
	struct wire_table table = {
		.n_ranges = t->mappings.n_ranges, .n_files = t->mappings.n_files,
	};
	autofree struct image_thread *threads = read_registers(t, &table.n_threads);
	int fd = memfd_create("table", MFD_CLOEXEC);

	for (uint32_t i = 0; i < table.n_files; i++)
		table.paths_size += strlen(t->mappings.files[i]) + 1;
	describe(t, &table);
	if (threads && fd >= 0 && write_table(t, fd, &table, threads))
		return fd;
	fail_memory(err, "the table of mappings");
	if (fd >= 0)
		close(fd);
	return -1;
}

static void reply(struct taker *t, const struct wire_reply *r, const int *fds, unsigned n)
{
	wire_send(t->reader, r, sizeof *r, fds, n);
}

static void say_hello(struct taker *t, struct wire_reply *r)
{
	char path[64];
	autoclose int table = -1;
	autoclose int exe = -1;

	if (get_ready(t, &r->error))
		table = make_table(t, &r->error);
	snprintf(path, sizeof path, "/proc/%d/task/%d/exe", t->target.pid, t->copier.remote.task);
	exe = open(path, O_RDONLY | O_CLOEXEC);
	if (table < 0 || !check_identity(t, &r->error)) {
		reply(t, r, NULL, 0);
		return;
	}
	t->ready = true;
	r->memory_size = t->plan.size;
	reply(t, r, (int[]){t->memory, t->state, table, exe}, exe >= 0 ? 4 : 3);
}

/* The pieces of all private memory. */
static bool private_pieces(const struct taker *t, struct copy_pieces *out, struct error *err)
{
	for (uint32_t i = 0; i < t->mappings.n_ranges; i++) {
		const struct image_range *range = &t->mappings.ranges[i];

		if (range_is_private(range) && !copy_add(out, range, range->lo, range->hi))
			return fail_memory(err, "the list of what to copy");
	}
	return true;
}

/* The pieces of a request's [lo, hi), as far as they lie in ranges; to be prepared is private memory alone. */
static bool wanted_pieces(const struct taker *t, const struct wire_request *q,
			  struct copy_pieces *out, struct error *err)
{
	const struct mappings *m = &t->mappings;
	uint64_t lo = q->lo & ~(uint64_t)(IMAGE_PAGE - 1);
	uint32_t first = sorted_to(m->ranges, m->n_ranges, sizeof *m->ranges, lo);

	for (uint32_t i = first ? first - 1 : 0; i < m->n_ranges && m->ranges[i].lo < q->hi; i++) {
		const struct image_range *range = &m->ranges[i];
		uint64_t from = range->lo > lo ? range->lo : lo;
		uint64_t to = range->hi < q->hi ? range->hi : q->hi;

		if (q->op == WIRE_PREPARE && !range_is_private(range))
			continue;
		to = (to + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
		if (from < to && !copy_add(out, range, from, to))
			return fail_memory(err, "the list of what to copy");
	}
	return true;
}

/* Take what a job did over into the reply. */
static void conclude(const struct taker *t, const struct copy_result *result, struct wire_reply *r)
{
	r->bytes = result->bytes;
	r->holes = result->holes;
	if (result->gone && check_identity(t, &r->error))
		fail(&r->error, STATUS_GONE, "process %d started another program", t->target.pid);
	if (result->late)
		fail(&r->error, STATUS_REFUSED, "gave up: %d was not copied in time", t->target.pid);
}

/* Thin out the pieces to at most SAMPLE_PIECES from all over the target. */
static void thin_out(struct copy_pieces *pieces)
{
	uint64_t step = pieces->n / SAMPLE_PIECES + 1, n = 0;

	for (uint64_t i = 0; i < pieces->n; i += step)
		pieces->items[n++] = pieces->items[i];
	pieces->n = n;
}

/* Count what a stop would copy. */
static void count(struct taker *t, const struct copy_pieces *pieces, struct wire_reply *r)
{
	struct copy_result result = {0};

	copy_count(&t->copier, pieces, &result);
	r->scattered = absent_scattered(&result.absent) * IMAGE_PAGE;
	r->threads = (uint32_t)proc_status(t->copier.remote.task, "Threads:");
	conclude(t, &result, r);
}

/* Copy a sample of it, as the stop will: into memory that was faulted in before. */
static void sample(struct taker *t, struct copy_pieces *pieces, struct wire_reply *r)
{
	struct copy_result prepared = {0}, result = {0};
	uint64_t start;

	thin_out(pieces);
	copy_prepare(&t->copier, pieces, &prepared);
	start = clock_ns();
	copy_bytes(&t->copier, pieces, PAGE_BEFORE, UINT64_MAX, &result);
	r->ns = clock_ns() - start;
	conclude(t, &result, r);
}

static void serve_forecast(struct taker *t, const struct wire_request *q, struct wire_reply *r)
{
	struct copy_pieces pieces = {0};

	if (private_pieces(t, &pieces, &r->error)) {
		if (q->op == WIRE_COUNT)
			count(t, &pieces, r);
		else
			sample(t, &pieces, r);
	}
	free(pieces.items);
}

/* The very file that PIECES, of one range, map to read; -1 where it cannot be had. */
static int open_very_file(const struct taker *t, const struct copy_pieces *pieces)
{
	const struct image_range *range = pieces->n ? pieces->items[0].range : NULL;
	struct stat info;
	char path[128];
	int fd;

	if (!range || range != pieces->items[pieces->n - 1].range || range->file == NO_FILE ||
	    range_is_private(range) || range->flags & RANGE_SHARED)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", t->target.pid, range->lo, range->hi);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && range->file == t->exe) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/exe", t->target.pid,
			 t->copier.remote.task);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0 || (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && check_identity(t, NULL)))
		return fd;
	close(fd);
	return -1;
}

static void serve_pieces(struct taker *t, const struct wire_request *q, struct wire_reply *r)
{
	enum page_state state = t->held ? PAGE_STOP : t->taken ? PAGE_AFTER : PAGE_BEFORE;
	uint64_t deadline = t->held ? t->deadline : UINT64_MAX, start = clock_ns();
	struct copy_pieces pieces = {0};
	struct copy_result result = {0};

	if (q->op == WIRE_COPY ? private_pieces(t, &pieces, &r->error)
			       : wanted_pieces(t, q, &pieces, &r->error)) {
		autoclose int file = q->op == WIRE_READ ? open_very_file(t, &pieces) : -1;

		t->copier.file = file;
		if (q->op == WIRE_PREPARE)
			copy_prepare(&t->copier, &pieces, &result);
		else
			copy_bytes(&t->copier, &pieces, state, deadline, &result);
		t->copier.file = -1;
		conclude(t, &result, r);
	}
	r->ns = clock_ns() - start;
	free(pieces.items);
}

static void set_timer(uint64_t ns)
{
	struct itimerval timer = {.it_value = {
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_usec = (suseconds_t)(ns / 1000 % 1000000),
	}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void notify(const struct taker *t, uint64_t limit_ns)
{
	struct wire_notice notice = {limit_ns};

	wire_send(t->broker, &notice, sizeof notice, NULL, 0);
}

/* Let the target go. Threads that only our end can release get it: nobody waits for a reply that
 * says so, the end of the socket does. */
static void resume(struct taker *t, struct wire_reply *r)
{
	uint64_t start = clock_ns(), end;

	if (!t->held)
		return;
	if (!tracer_resume(&t->tracer)) {
		if (r)
			reply(t, r, NULL, 0);
		_exit(1);
	}
	end = clock_ns();
	t->held = t->copier.remote.held = false;
	set_timer(0);
	notify(t, 0);
	if (r) {
		r->ns = end - start;
		r->pause_ns = end - t->held_since;
	}
}

static void serve_open(struct taker *t, const struct wire_request *q, struct wire_reply *r)
{
	autoclose int fd = -1;

	for (uint32_t i = 0; i < t->mappings.n_ranges && fd < 0; i++) {
		const struct image_range *range = &t->mappings.ranges[i];

		if (range->lo == q->lo && range->file != NO_FILE)
			fd = mapped_file_open(t->target.pid, t->copier.remote.task, range->lo, range->hi,
					      t->mappings.files[range->file]);
	}
	reply(t, r, &fd, fd >= 0 && check_identity(t, &r->error));
}

/* Who reads it needs no rights of its own any more. */
static void serve_usage(struct taker *t, struct wire_reply *r)
{
	char path[64];
	autoclose int fd = -1;

	snprintf(path, sizeof path, "/proc/%d/task/%d/smaps", t->target.pid,
		 t->copier.remote.task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	reply(t, r, &fd, fd >= 0 && check_identity(t, NULL));
}

/* Start a stop's clocks: the broker's, our timer, the deadline, which leaves time to resume. */
static void begin_hold(struct taker *t, uint64_t limit_ns)
{
	uint64_t reserve = proc_status(t->copier.remote.task, "Threads:") * RESUME_NS;

	if (limit_ns > t->limit_ns)
		limit_ns = t->limit_ns;
	if (reserve > limit_ns / 2)
		reserve = limit_ns / 2;
	notify(t, limit_ns);
	set_timer(limit_ns + TAKER_TIMER_NS);
	t->held_since = clock_ns();
	t->deadline = t->held_since + limit_ns - reserve;
	t->held = t->taken = true;
	t->gave_up = (struct error){0};
}

/* Stop the target; its mappings may have changed until now. */
static bool stop(struct taker *t, uint64_t limit_ns, struct error *err)
{
	if (t->taken)
		return fail(err, STATUS_REFUSED, "process %d was stopped already", t->target.pid);
	begin_hold(t, limit_ns);
	if (!tracer_stop(&t->tracer, t->deadline, err) || !check_identity(t, err) ||
	    !choose_task(t))
		return fail(err, STATUS_GONE, "process %d ended", t->target.pid);
	t->copier.remote.held = true;
	mappings_free(&t->mappings);
	return mappings_read(&t->mappings, t->target.pid, t->copier.remote.task, err) &&
	       plan_place(&t->plan, &t->mappings, err);
}

static void serve_stop(struct taker *t, const struct wire_request *q, struct wire_reply *r)
{
	struct error why = {0};
	autoclose int table = -1;

	if (stop(t, q->limit_ns, &why))
		table = make_table(t, &why);
	r->ns = clock_ns() - t->held_since;
	if (why.code == STATUS_ATTACH)
		refuse(t, &r->error);
	else
		r->error = why;
	reply(t, r, &table, table >= 0);
}

/* After a failure in the stop the target goes on at once; requests that were sent ahead fail. */
static void give_up(struct taker *t, const struct wire_reply *r)
{
	t->gave_up = r->error;
	resume(t, NULL);
}

static void serve_copy(struct taker *t, const struct wire_request *q, struct wire_reply *r)
{
	if (t->gave_up.code)
		r->error = t->gave_up;
	else if (!t->held)
		fail(&r->error, STATUS_REFUSED, "process %d is not stopped", t->target.pid);
	else if (q->op == WIRE_COPY)
		serve_pieces(t, q, r);
	else
		resume(t, r);
	reply(t, r, NULL, 0);
}

static void serve(struct taker *t, const struct wire_request *q)
{
	struct wire_reply r = {.op = q->op};

	if (t->ready == (q->op == WIRE_HELLO))
		fail(&r.error, STATUS_REFUSED, "the taker was asked in a wrong order");
	if (r.error.code || q->op > WIRE_USAGE) {
		reply(t, &r, NULL, 0);
		return;
	}
	if (q->op == WIRE_HELLO) {
		say_hello(t, &r);
	} else if (q->op == WIRE_STOP) {
		serve_stop(t, q, &r);
	} else if (q->op == WIRE_OPEN) {
		serve_open(t, q, &r);
	} else if (q->op == WIRE_USAGE) {
		serve_usage(t, &r);
	} else if (q->op == WIRE_COPY || q->op == WIRE_RESUME) {
		serve_copy(t, q, &r);
	} else {
		if (q->op == WIRE_COUNT || q->op == WIRE_SAMPLE)
			serve_forecast(t, q, &r);
		else
			serve_pieces(t, q, &r);
		reply(t, &r, NULL, 0);
	}
	if (r.error.code && t->held)
		give_up(t, &r);
}

/* If permitted: the target waits while we do. Where the scheduler divides the processors among
 * sessions, a niceness counts only within its own, so that ours needs one too (sched(7), "The
 * autogroup feature"). */
static void come_first(void)
{
	autoclose int session = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	setpriority(PRIO_PROCESS, 0, -20);
	if (session >= 0 && write(session, "-20", 3) < 0)
		return;
}

/* No terminal, no core file, no life after the broker; stop signals do not stop it. */
static bool settle_in(void)
{
	const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++)
		sigaddset(&set, stops[i]);
	setsid();
	come_first();
	signal(SIGALRM, SIG_DFL);
	prctl(PR_SET_DUMPABLE, 0);
	return sigprocmask(SIG_SETMASK, &set, NULL) == 0 &&
	       setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0;
}

/* How long to wait for the next request: while the target is held, not beyond the deadline. */
static int patience(const struct taker *t)
{
	uint64_t now = clock_ns();

	if (!t->held)
		return -1;
	return now >= t->deadline ? 0 : (int)((t->deadline - now) / NS_PER_MS) + 1;
}

static void give_up_waiting(struct taker *t)
{
	struct wire_reply r = {0};

	fail(&r.error, STATUS_REFUSED, "gave up: process %d was stopped for too long",
	     t->target.pid);
	give_up(t, &r);
}

/* The broker permits a longer stop. False when it is gone. */
static bool hear_broker(struct taker *t)
{
	struct wire_permit permit;

	if (!wire_receive(t->broker, &permit, sizeof permit, NULL, NULL))
		return false;
	t->limit_ns = permit.limit_ns;
	return true;
}

void taker_run(const struct taker_target *target, uint64_t limit_ns, int reader, int broker)
{
	struct taker t = {.target = *target, .limit_ns = limit_ns, .reader = reader, .broker = broker,
			  .memory = -1, .state = -1,
			  .copier = {.remote = {.pid = target->pid, .pidfd = target->pidfd,
						.mem = -1, .pagemap = -1},
				     .file = -1, .client = reader}};
	struct pollfd events[3] = {{reader, POLLIN, 0}, {broker, POLLIN, 0}, {-1, POLLIN, 0}};
	struct signalfd_siginfo child;
	sigset_t children;

	if (!settle_in())
		return;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	events[2].fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (events[2].fd < 0)
		return;
	for (;;) {
		struct wire_request request;
		int ready = poll(events, ARRAY_SIZE(events), patience(&t));

		if (ready == 0 && t.held)
			give_up_waiting(&t);
		if (ready < 0 && errno != EINTR)
			break;
		if (ready <= 0)
			continue;
		if (events[2].revents && read(events[2].fd, &child, sizeof child) > 0)
			tracer_reap(&t.tracer);
		if ((events[1].revents && !hear_broker(&t)) ||
		    (events[0].revents &&
		     !wire_receive(reader, &request, sizeof request, NULL, NULL)))
			break;
		if (events[0].revents)
			serve(&t, &request);
	}
	resume(&t, NULL);
}

/* A live process as an image: each kind of memory reads as it should before and after the stop. */
#include "graph/base/cleanup.h"
#include "probes/live/process.h"
#include "probes/live/taker.h"

#include <errno.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGES 5
#define SIZE (PAGES * IMAGE_PAGE)

/* Where the target keeps things; it is a fork of this process, so the addresses are known here.
 * The pages of `memory`: written, never touched, written and given back later, changed later, only
 * read, which the kernel's page of zeros is for. */
static uint8_t *memory, *late, *shared, *mapped;
static const char constant[] = "in the program's file";
static int initialised = 42;

/* A word over a pipe makes the target take its next step. */
struct target { pid_t pid; int to, from; };

static void target_main(int from, int to)
{
	char step;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory[0] = 'a';
	memory[2 * IMAGE_PAGE] = 'c';
	memory[3 * IMAGE_PAGE] = 'd';
	shared[0] = 's';
	if (((volatile uint8_t *)memory)[4 * IMAGE_PAGE])
		_exit(1);
	while (write(to, "r", 1) == 1 && read(from, &step, 1) == 1) {
		madvise(memory + 2 * IMAGE_PAGE, IMAGE_PAGE, MADV_DONTNEED);
		memory[3 * IMAGE_PAGE] = 'D';
		mprotect(late, SIZE, PROT_READ | PROT_WRITE);
		late[0] = 'l';
		memory[3 * IMAGE_PAGE + 1] = late[2 * IMAGE_PAGE]; /* now it has the page of zeros */
	}
	_exit(0);
}

static void next_step(struct target *t)
{
	char done;

	assert_int_equal(write(t->to, "s", 1), 1);
	assert_int_equal(read(t->from, &done, 1), 1);
}

static uint8_t *map(int protection, int kind)
{
	uint8_t *bytes = mmap(NULL, SIZE, protection, kind | MAP_ANONYMOUS, -1, 0);

	assert_true(bytes != MAP_FAILED);
	return bytes;
}

static struct target start_target(void)
{
	int to[2], from[2];
	struct target t;
	char ready;

	memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	late = map(PROT_NONE, MAP_PRIVATE);
	shared = map(PROT_READ | PROT_WRITE, MAP_SHARED);
	assert_int_equal(pipe(to) | pipe(from), 0);
	t = (struct target){.to = to[1], .from = from[0], .pid = fork()};
	if (t.pid == 0) {
		close(to[1]);
		target_main(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	assert_int_equal(read(t.from, &ready, 1), 1);
	return t;
}

static void end_target(const struct target *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	close(t->to);
	close(t->from);
}

/* A taker for PID. The broker's end of its socket goes to *BROKER. */
static struct process *open_process(pid_t pid, int *broker, struct error *err)
{
	struct taker_target target;
	int reader[2], notices[2];

	taker_find(pid, &target);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reader), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, notices), 0);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(reader[0]);
		close(notices[0]);
		taker_run(&target, UINT64_MAX, reader[1], notices[1]);
		_exit(0);
	}
	close(reader[1]);
	close(notices[1]);
	close(target.pidfd);
	*broker = notices[0];
	return process_open(reader[0], err);
}

static void check_page(struct image *image, const void *addr, enum page_state state, int byte)
{
	uint8_t got = 0xff;
	bool there = image_read(image, (uintptr_t)addr, &got, 1);

	assert_int_equal(image_page_state(image, (uintptr_t)addr), state);
	assert_int_equal(there, byte >= 0);
	if (byte >= 0)
		assert_int_equal(got, byte);
}

static void check_before(struct image *image)
{
	check_page(image, memory, PAGE_BEFORE, 'a');
	check_page(image, memory + IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, memory + 2 * IMAGE_PAGE, PAGE_BEFORE, 'c');
	check_page(image, memory + 4 * IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, late, PAGE_HOLE, -1);
	assert_string_equal(image_string(image, (uintptr_t)constant, 100), constant);
	assert_int_equal(image_page_state(image, (uintptr_t)constant), PAGE_FILE);
	assert_int_equal(image_u32(image, (uintptr_t)&initialised), 42);
}

/* What the kernel says of the shared mapping, of which one page was written. */
static void check_usage(struct image *image)
{
	const struct usage *usage = usages_find(&image->usages, (uintptr_t)shared);

	assert_non_null(usage);
	assert_int_equal(usage->lo, (uintptr_t)shared);
	assert_int_equal(usage->hi, (uintptr_t)shared + SIZE);
	assert_int_equal(usage->rss, IMAGE_PAGE);
	assert_int_equal(usage->flags, RANGE_READ | RANGE_WRITE | RANGE_SHARED);
	assert_int_equal(strncmp(usage_name(&image->usages, usage), "/dev/zero", 9), 0);
}

static void check_after(struct image *image)
{
	check_page(image, memory, PAGE_STOP, 'a');
	check_page(image, memory + IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, memory + 2 * IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, memory + 3 * IMAGE_PAGE, PAGE_STOP, 'D');
	check_page(image, memory + 4 * IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, late, PAGE_STOP, 'l');
	check_page(image, late + 2 * IMAGE_PAGE, PAGE_ZERO, 0);
	check_page(image, shared, PAGE_UNREAD, -1);
	assert_int_equal(image_resident(image, (uintptr_t)late, (uintptr_t)late + SIZE), IMAGE_PAGE);
	assert_int_equal(image_resident(image, (uintptr_t)memory + 10, (uintptr_t)memory + 4 * IMAGE_PAGE - 5),
			 2 * IMAGE_PAGE - 15);
	check_usage(image);
	assert_int_equal(image_u32(image, (uintptr_t)&initialised), 42);
	assert_int_equal(image_page_state(image, (uintptr_t)&initialised), PAGE_STOP);
}

static void test_snapshot(void **state)
{
	struct target t = start_target();
	struct error err = {0};
	struct forecast forecast;
	struct image *image;
	struct process *p;
	int broker;

	p = open_process(t.pid, &broker, &err);
	assert_non_null(p);
	image = process_image(p);
	assert_int_equal(image->pid, t.pid);
	assert_true(image->exe_fd >= 0 && image->exe != NO_FILE);
	check_before(image);

	assert_true(process_forecast(p, 0, &forecast, &err));
	assert_true(forecast.bytes >= 3 * IMAGE_PAGE && forecast.threads == 1);
	next_step(&t);
	assert_true(process_snapshot(p, 10000, NULL, &err));
	check_after(image);
	assert_int_equal(image->n_threads, 1);
	assert_int_equal(image->threads[0].tid, t.pid);
	assert_true(image->threads[0].held);
	assert_int_equal(image_page_state(image, image->threads[0].registers.sp), PAGE_STOP);
	assert_true(process_stop(p)->pause_ns > 0 && process_stop(p)->holes == 0);

	/* The image outlives the target. */
	end_target(&t);
	check_after(image);
	image_free(image);
	close(broker);
	wait(NULL);
}

static void test_gone(void **state)
{
	struct target t = start_target();
	struct error err = {0};
	int broker;
	struct process *p = open_process(t.pid, &broker, &err);

	assert_non_null(p);
	end_target(&t);
	assert_false(process_snapshot(p, 1000, NULL, &err));
	assert_int_equal(err.code, STATUS_GONE);
	image_free(process_image(p));
	close(broker);
	wait(NULL);
}

/* A process that gets PID, which is free: a fork of this one. 0 where that is not permitted. */
static pid_t start_as(pid_t pid)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid,
				  .set_tid_size = 1};
	long child = syscall(SYS_clone3, &args, sizeof args);

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		mmap(mapped, SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(mapped, '!', SIZE);
		for (;;)
			pause();
	}
	return child > 0 ? (pid_t)child : 0;
}

/* What another process with the same PID has in its memory never gets into the image. */
static void test_reused_pid(void **state)
{
	FILE *file = tmpfile();
	struct error err = {0};
	struct process *p;
	struct target t;
	pid_t other;
	int broker;

	assert_int_equal(ftruncate(fileno(file), SIZE), 0);
	mapped = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fileno(file), 0);
	assert_true(mapped != MAP_FAILED);
	t = start_target();
	p = open_process(t.pid, &broker, &err);
	assert_non_null(p);
	assert_int_equal(image_page_state(process_image(p), (uintptr_t)mapped), PAGE_UNREAD);
	end_target(&t);
	other = start_as(t.pid);
	if (other) {
		bool was_read = image_at(process_image(p), (uintptr_t)mapped, 1);
		bool was_taken = process_snapshot(p, 1000, NULL, &err);

		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
		assert_false(was_read || was_taken);
		assert_int_equal(err.code, STATUS_GONE);
	}
	image_free(process_image(p));
	close(broker);
	wait(NULL);
	munmap(mapped, SIZE);
	fclose(file);
	if (!other)
		skip(); /* not root, or someone else has got that PID */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_reused_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A file that a process maps is opened below that process's root, and nothing that it may have put in
 * the file's place is followed or touched. */
#include "probes/proc/mapped_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/goretain-mapped.XXXXXX";

static const char *below(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

/* Opens NAME as if this process mapped it at an address where it maps nothing. */
static int open_named(const char *name)
{
	return mapped_file_open(getpid(), getpid(), 0x1000, 0x2000, below(name));
}

static int set_up(void **state)
{
	FILE *file;

	if (!mkdtemp(folder) || mkdir(below("real"), 0700) != 0)
		return -1;
	file = fopen(below("real/file"), "w");
	if (!file)
		return -1;
	fputs("bytes", file);
	fclose(file);
	return symlink("file", below("real/link")) | symlink("real", below("folder")) |
	       mkfifo(below("real/fifo"), 0600);
}

static int tear_down(void **state)
{
	const char *const names[] = {"real/file", "real/link", "folder", "real/fifo", "real", ""};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		remove(below(names[i]));
	return 0;
}

static void test_by_name(void **state)
{
	char bytes[8] = "";
	int fd = open_named("real/file");

	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, sizeof bytes), 5);
	assert_string_equal(bytes, "bytes");
	close(fd);
}

static void test_refused(void **state)
{
	assert_int_equal(open_named("real/link"), -1);
	assert_int_equal(open_named("folder/file"), -1);
	assert_int_equal(open_named("real/../real/file"), -1);
	assert_int_equal(open_named("real/fifo"), -1);
	assert_int_equal(open_named("real"), -1);
	assert_int_equal(open_named("real/none"), -1);
}

/* The very file that is mapped is opened even if its name leads elsewhere by now (as root). */
static void test_very_file(void **state)
{
	char line[512], path[256];
	uint64_t lo = 0, hi = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	struct stat very, ours;
	int fd;

	while (fgets(line, sizeof line, maps) && sscanf(line, "%lx-%lx %*s %*s %*s %*s %255s", &lo, &hi, path) != 3)
		;
	fclose(maps);
	fd = mapped_file_open(getpid(), getpid(), lo, hi, below("real/link"));
	if (geteuid() != 0)
		skip();
	assert_true(fd >= 0 && fstat(fd, &very) == 0 && stat(path, &ours) == 0);
	assert_int_equal(very.st_ino, ours.st_ino);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_very_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

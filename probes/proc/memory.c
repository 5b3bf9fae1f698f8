#include "probes/proc/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/proc/procfs.h"

#define MOST_GROUPS 32 /* that one lies in the other */

/* Where the figures stand. These files are opened once and read again and again: who is locked can
 * open none. */
static struct {
	pthread_once_t once;
	int machine;
	struct { int limit, usage; } groups[MOST_GROUPS];
	unsigned n_groups;
} files = {.once = PTHREAD_ONCE_INIT};

__attribute__((format(printf, 1, 2))) static int open_file(const char *format, ...)
{
	char path[4096 + 64];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof path, format, args);
	va_end(args);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* GROUP and the groups above it. */
static void open_groups(const char *root, char *group, const char *limit, const char *usage)
{
	char *slash = group;

	while (slash && files.n_groups < MOST_GROUPS) {
		files.groups[files.n_groups].limit = open_file("/sys/fs/cgroup/%s%s/%s", root, group, limit);
		files.groups[files.n_groups].usage = open_file("/sys/fs/cgroup/%s%s/%s", root, group, usage);
		files.n_groups++;
		slash = strrchr(group, '/');
		if (slash)
			*slash = 0;
	}
}

/* One line of /proc/self/cgroup, "4:memory:/a/b" or "0::/a/b", see cgroups(7). */
static void open_line(char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return;
	*group++ = 0;
	if (controllers[1] == 0)
		open_groups("", group, "memory.max", "memory.current");
	else if (strstr(controllers, "memory"))
		open_groups("memory", group, "memory.limit_in_bytes", "memory.usage_in_bytes");
}

static void open_files(void)
{
	char groups[4096], *rest;

	files.machine = open_file("/proc/meminfo");
	if (proc_read(groups, sizeof groups, "/proc/self/cgroup") <= 0)
		return;
	for (char *line = strtok_r(groups, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		open_line(line);
}

/* Read FD anew from its beginning, as text. */
static bool read_again(int fd, char *out, size_t size)
{
	ssize_t length = fd < 0 ? -1 : pread(fd, out, size - 1, 0);

	out[length > 0 ? length : 0] = 0;
	return length > 0;
}

static uint64_t machine_room(void)
{
	char info[4096];
	const char *available;

	if (!read_again(files.machine, info, sizeof info))
		return UINT64_MAX;
	available = proc_field(info, "MemAvailable:");
	return available ? strtoull(available, NULL, 10) * 1024 : UINT64_MAX;
}

/* The number in a control group's file; UINT64_MAX for "max" or no such file. */
static uint64_t group_figure(int fd)
{
	char value[64];

	if (!read_again(fd, value, sizeof value) || value[0] < '0' || value[0] > '9')
		return UINT64_MAX;
	return strtoull(value, NULL, 10);
}

/* What is left in a group. Its page cache could be given back; it is not counted on. */
static uint64_t group_room(int limit, int usage)
{
	uint64_t max = group_figure(limit), used = group_figure(usage);

	if (max == UINT64_MAX || used == UINT64_MAX)
		return UINT64_MAX;
	return used < max ? max - used : 0;
}

uint64_t memory_room(void)
{
	uint64_t least;

	pthread_once(&files.once, open_files);
	least = machine_room();
	for (unsigned i = 0; i < files.n_groups; i++) {
		uint64_t room = group_room(files.groups[i].limit, files.groups[i].usage);

		if (room < least)
			least = room;
	}
	return least;
}

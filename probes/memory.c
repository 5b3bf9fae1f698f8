#include "probes/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/procfs.h"

static uint64_t machine_room(void)
{
	char info[4096];
	const char *available;

	if (proc_read(info, sizeof info, "/proc/meminfo") <= 0)
		return UINT64_MAX;
	available = proc_field(info, "MemAvailable:");
	return available ? strtoull(available, NULL, 10) * 1024 : UINT64_MAX;
}

/* The number in a control group's file; UINT64_MAX for "max" or no such file. */
static uint64_t group_figure(const char *root, const char *group, const char *file)
{
	char value[64];

	if (proc_read(value, sizeof value, "/sys/fs/cgroup/%s%s/%s", root, group, file) <= 0 ||
	    value[0] < '0' || value[0] > '9')
		return UINT64_MAX;
	return strtoull(value, NULL, 10);
}

/* What is left in GROUP and the groups above it. Its page cache could be given back; it is not
 * counted on. */
static uint64_t group_room(const char *root, char *group, const char *limit, const char *usage)
{
	uint64_t least = UINT64_MAX;
	char *slash = group;

	while (slash) {
		uint64_t max = group_figure(root, group, limit);
		uint64_t used = group_figure(root, group, usage);
		uint64_t left = max == UINT64_MAX || used == UINT64_MAX ? UINT64_MAX
			: used < max ? max - used : 0;

		if (left < least)
			least = left;
		slash = strrchr(group, '/');
		if (slash)
			*slash = 0;
	}
	return least;
}

/* One line of /proc/self/cgroup, "4:memory:/a/b" or "0::/a/b", see cgroups(7). */
static uint64_t line_room(char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return UINT64_MAX;
	*group++ = 0;
	if (controllers[1] == 0)
		return group_room("", group, "memory.max", "memory.current");
	if (strstr(controllers, "memory"))
		return group_room("memory", group, "memory.limit_in_bytes",
				  "memory.usage_in_bytes");
	return UINT64_MAX;
}

uint64_t memory_room(void)
{
	uint64_t least = machine_room();
	char groups[4096], *rest;

	if (proc_read(groups, sizeof groups, "/proc/self/cgroup") <= 0)
		return least;
	for (char *line = strtok_r(groups, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint64_t room = line_room(line);

		if (room < least)
			least = room;
	}
	return least;
}

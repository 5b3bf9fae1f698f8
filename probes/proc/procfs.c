#include "probes/proc/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

#define PF_KTHREAD 0x00200000u /* Linux include/linux/sched.h */

ssize_t proc_read(char *out, size_t size, const char *format, ...)
{
	char path[512];
	va_list args;
	size_t length = 0;

	va_start(args, format);
	vsnprintf(path, sizeof path, format, args);
	va_end(args);
	out[0] = 0;
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (length < size - 1) {
		ssize_t got = read(fd, out + length, size - 1 - length);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	out[length] = 0;
	return (ssize_t)length;
}

/* Text behind the N-th blank of S, "" if there are fewer. */
static const char *field_after(const char *s, unsigned n)
{
	while (n--) {
		s = strchr(s, ' ');
		if (!s)
			return "";
		s++;
	}
	return s;
}

bool proc_stat(pid_t pid, pid_t tid, struct proc_stat *out)
{
	char line[1024];
	const char *rest;

	if (proc_read(line, sizeof line, "/proc/%d/task/%d/stat", pid, tid) <= 0)
		return false;
	/* The name, field 2, may contain anything; what follows its last parenthesis does not. */
	rest = strrchr(line, ')');
	if (!rest || rest[1] != ' ')
		return false;
	rest += 2;
	*out = (struct proc_stat){
		.state = *rest,
		.kernel_thread = strtoul(field_after(rest, 6), NULL, 10) & PF_KTHREAD,
		.start_time = strtoull(field_after(rest, 19), NULL, 10),
	};
	return true;
}

const char *proc_field(const char *lines, const char *field)
{
	size_t length = strlen(field);

	while (lines && strncmp(lines, field, length) != 0) {
		lines = strchr(lines, '\n');
		lines = lines ? lines + 1 : NULL;
	}
	return lines ? lines + length : NULL;
}

/* The group of the old freezer in the lines of /proc/PID/cgroup, "4:freezer:/a/b" (cgroups(7)). */
static const char *freezer_group(const char *lines)
{
	const char *group = NULL;
	unsigned number;

	while (lines && !group) {
		int head = 0;

		if (sscanf(lines, "%u:freezer:%n", &number, &head) == 1 && head)
			group = lines + head;
		lines = strchr(lines, '\n');
		lines = lines ? lines + 1 : NULL;
	}
	return group;
}

bool proc_frozen(pid_t pid)
{
	char groups[4096], state[32];
	const char *group;

	if (proc_read(groups, sizeof groups, "/proc/%d/cgroup", pid) <= 0)
		return false;
	group = freezer_group(groups);
	return group && proc_read(state, sizeof state, "/sys/fs/cgroup/freezer%.*s/freezer.state",
			 (int)strcspn(group, "\n"), group) > 0 &&
	       strncmp(state, "THAWED", 6) != 0;
}

bool proc_thread_dead(pid_t pid, pid_t tid)
{
	struct proc_stat stat;

	return !proc_stat(pid, tid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

uint64_t proc_status(pid_t pid, const char *field)
{
	char status[8192];
	const char *at;

	if (proc_read(status, sizeof status, "/proc/%d/status", pid) <= 0)
		return 0;
	at = proc_field(status, field);
	return at ? strtoull(at, NULL, 10) : 0;
}

void proc_name(pid_t pid, char *out, size_t size)
{
	proc_read(out, size, "/proc/%d/comm", pid);
	out[strcspn(out, "\n")] = 0;
}

uint64_t proc_rss(pid_t pid)
{
	char statm[256];

	if (proc_read(statm, sizeof statm, "/proc/%d/statm", pid) <= 0)
		return 0;
	return strtoull(field_after(statm, 1), NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool proc_each_thread(pid_t pid, bool (*fn)(void *arg, pid_t tid), void *arg)
{
	char path[64];
	bool more = true;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (more && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			more = fn(arg, (pid_t)strtol(entry->d_name, NULL, 10));
	closedir(dir);
	return more;
}

struct live_search { pid_t pid, found; };

static bool is_live(void *arg, pid_t tid)
{
	struct live_search *search = arg;

	if (proc_thread_dead(search->pid, tid))
		return true;
	search->found = tid;
	return false;
}

pid_t proc_live_thread(pid_t pid)
{
	struct live_search search = {pid, 0};

	proc_each_thread(pid, is_live, &search);
	return search.found;
}

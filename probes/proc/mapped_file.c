#include "probes/proc/mapped_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

/* Open what FD, opened by O_PATH, refers to if that is a regular file: to open anything else can
 * already do something. */
static int open_regular(int fd)
{
	char path[64];
	struct stat info;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Go from the folder FD, which this closes, to PATH below it, folder by folder. -1 where one is a
 * link or leads up. */
static int descend(int fd, const char *path)
{
	char name[NAME_MAX + 1];

	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");
		int next = -1;

		snprintf(name, sizeof name, "%.*s", (int)length, path);
		if (length < sizeof name && strcmp(name, "..") != 0)
			next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
		path += length;
	}
	return fd;
}

int mapped_file_open(pid_t pid, pid_t tid, uint64_t lo, uint64_t hi, const char *path)
{
	char own[64];
	int fd;

	snprintf(own, sizeof own, "/proc/%d/map_files/%lx-%lx", pid, lo, hi);
	autoclose int very = open(own, O_PATH | O_CLOEXEC);
	fd = open_regular(very);
	if (fd >= 0)
		return fd;
	snprintf(own, sizeof own, "/proc/%d/task/%d/root", pid, tid);
	autoclose int named = descend(open(own, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
	return open_regular(named);
}

#include "tui/broker/files.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"

/* What is no file, in words; NULL if it is one. */
static const char *no_file(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return NULL;
	case S_IFDIR: return "it is a directory";
	case S_IFIFO: return "it is a pipe, and a snapshot is read from a file";
	case S_IFSOCK: return "it is a socket";
	default: return "it is a device";
	}
}

/* Why PATH cannot be opened, or NULL and in *FD the descriptor. Opening a pipe waits for a writer, and
 * opening a device may do anything: what is found is held first, then looked at, then opened, so that
 * nobody can put another in its place in between. FOREIGN: nothing is opened that the user could not open
 * (access asks for the real user, without privileges that this program was given). */
static const char *open_regular(const char *path, bool foreign, int *fd)
{
	autoclose int place = open(path, O_PATH | O_CLOEXEC);
	const char *reason = NULL;
	char held[64];
	struct stat st;

	if (foreign && access(path, R_OK) != 0)
		return strerror(errno);
	if (place < 0 || fstat(place, &st) != 0)
		return strerror(errno);
	if ((reason = no_file(st.st_mode)))
		return reason;
	snprintf(held, sizeof held, "/proc/self/fd/%d", place);
	if (foreign && access(held, R_OK) != 0)
		return strerror(errno);
	*fd = open(held, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return *fd < 0 ? strerror(errno) : NULL;
}

int files_named(const char *path, struct error *err)
{
	int fd = -1;
	const char *reason = path ? open_regular(path, false, &fd) : "the command line names none";

	if (reason)
		fail(err, STATUS_BAD_FILE, "cannot open %.300s: %s", path ? path : "a file", reason);
	return fd;
}

static bool check_id(const char *id, struct error *err)
{
	return (strlen(id) >= 4 && strlen(id) <= 128 && strspn(id, "0123456789abcdef") == strlen(id)) ||
	       fail(err, STATUS_BAD_FILE, "a build id that is none");
}

/* Does FD, just opened, begin as programs and libraries do? What the kernel makes up has no size, and to
 * read it may take it away from others (/proc/kmsg). */
static bool is_program(int fd)
{
	Elf64_Ehdr h;
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof h &&
	       pread(fd, &h, sizeof h, 0) == sizeof h && memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
	       (h.e_type == ET_EXEC || h.e_type == ET_DYN);
}

/* The path is a stranger's, so it opens nothing but programs. */
int files_mapped(const char *path, struct error *err)
{
	int fd = -1;
	const char *reason = path[0] == '/' ? open_regular(path, true, &fd) : "no such path";

	if (!reason && is_program(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	fail(err, STATUS_BAD_FILE, "cannot open %.200s: %s", path,
	     reason ? reason : "it is no program");
	return -1;
}

/* Debian's place for debug files, gdb's "Debugging Information in Separate Files"; they begin as the
 * programs do. */
int files_debug(const char *id, struct error *err)
{
	char path[256];

	if (!check_id(id, err))
		return -1;
	snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%.128s.debug", id, id + 2);
	return files_mapped(path, err);
}

/* Place number I where the program of build id ID may be: Fedora's and gdb's, then those of
 * debuginfod_find_executable(3). False behind the last. */
static bool program_place(unsigned i, const char *id, char path[PATH_MAX])
{
	static const char *const folders[] = {"/usr/lib", "/usr/lib/debug"};
	static const struct { const char *variable, *below; } caches[] = {
		{"DEBUGINFOD_CACHE_PATH", ""}, {"XDG_CACHE_HOME", "/debuginfod_client"},
		{"HOME", "/.cache/debuginfod_client"},
	};
	const char *root;

	*path = 0;
	if (i < ARRAY_SIZE(folders)) {
		snprintf(path, PATH_MAX, "%s/.build-id/%.2s/%s", folders[i], id, id + 2);
		return true;
	}
	i -= ARRAY_SIZE(folders);
	if (i >= ARRAY_SIZE(caches))
		return false;
	root = getenv(caches[i].variable);
	if (root)
		snprintf(path, PATH_MAX, "%s%s/%s/executable", root, caches[i].below, id);
	return true;
}

int files_program(const char *id, struct error *err)
{
	char path[PATH_MAX];
	int fd = -1;

	if (!check_id(id, err))
		return -1;
	for (unsigned i = 0; fd < 0 && program_place(i, id, path); i++)
		fd = files_mapped(path, NULL);
	if (fd < 0)
		fail(err, STATUS_BAD_FILE, "no program of build id %.128s is here", id);
	return fd;
}

int files_scratch(struct error *err)
{
	const char *places[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(places); i++)
		if (places[i] && *places[i])
			fd = open(places[i], O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd < 0)
		fd = memfd_create("scratch", MFD_CLOEXEC);
	if (fd < 0)
		fail(err, STATUS_REFUSED, "no place for a temporary file: %s", strerror(errno));
	return fd;
}

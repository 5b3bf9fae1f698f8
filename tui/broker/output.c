#include "tui/broker/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"

#define TRIES 16 /* of random names */

static struct {
	volatile sig_atomic_t named; /* `hidden` exists */
	int directory, fd;           /* fd is -1 if there is no output */
	bool force;
	bool special;                /* what has the name is written to: a pipe, a terminal, a device */
	char path[PATH_MAX];
	const char *name; /* the last part of `path` */
	char hidden[NAME_MAX + 1];
} output = {.fd = -1};

static const char already_there[] = "it exists; --force replaces it";

static bool fail_output(struct error *err, const char *reason)
{
	autotext struct text path = {0};

	text_escape(&path, output.path, strlen(output.path), 256);
	return fail(err, STATUS_OUTPUT, "cannot write %s: %s", text_string(&path), reason);
}

static int open_directory(void)
{
	char directory[PATH_MAX];

	if (output.name == output.path)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(directory, sizeof directory, "%.*s", (int)(output.name - output.path), output.path);
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void output_discard(void)
{
	if (output.fd < 0)
		return;
	if (output.named)
		unlinkat(output.directory, output.hidden, 0);
	output.named = false;
	close(output.fd);
	close(output.directory);
	output.fd = -1;
}

/* A hidden name that nobody can have taken before. */
static void make_hidden(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		number ^= (uint64_t)getpid();
	snprintf(output.hidden, sizeof output.hidden, ".goretain-%016" PRIx64 ".tmp", number);
}

/* An anonymous file, or one with a hidden name where the file system has no anonymous ones. */
static int open_file(void)
{
	int fd = openat(output.directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	for (int i = 0; fd < 0 && i < TRIES && (!i || errno == EEXIST); i++) {
		make_hidden();
		fd = openat(output.directory, output.hidden,
			    O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
		output.named = fd >= 0;
	}
	return fd;
}

/* ---- what is there already ---- */

/* Why what has the name, of type MODE, is neither replaced nor written to; NULL if it may be one of these. */
static const char *obstacle(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return output.force ? NULL : already_there;
	case S_IFLNK: return "it is a symbolic link, which is neither followed nor replaced; -o - writes to "
			     "standard output";
	case S_IFDIR: return "it is a directory";
	case S_IFSOCK: return "it is a socket";
	case S_IFBLK: return "it is a disk, which is not written to";
	default: return NULL;
	}
}

/* Open what is held as PLACE, a pipe, a terminal or another device: what was looked at, whoever puts another
 * thing in its place. Nobody is waited for. */
static int open_special(int place, struct error *err)
{
	char held[64];
	int fd;

	snprintf(held, sizeof held, "/proc/self/fd/%d", place);
	fd = open(held, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		fail_output(err, errno == ENXIO ? "nobody reads from it" : strerror(errno));
	else if (fcntl(fd, F_SETFL, O_WRONLY) != 0)
		fail_output(err, strerror(errno));
	output.special = true;
	return fd;
}

/* A new file, or the special one that has the name. */
static int open_output(struct error *err)
{
	autoclose int place = openat(output.directory, output.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat existing;
	const char *reason = NULL;
	int fd;

	if (!*output.name)
		reason = "it is a directory";
	else if (place < 0 && errno != ENOENT)
		reason = strerror(errno);
	else if (place >= 0)
		reason = fstat(place, &existing) == 0 ? obstacle(existing.st_mode) : strerror(errno);
	if (reason) {
		fail_output(err, reason);
		return -1;
	}
	if (place >= 0 && !S_ISREG(existing.st_mode))
		return open_special(place, err);
	fd = open_file();
	if (fd < 0)
		fail_output(err, strerror(errno));
	return fd;
}

int output_create(const char *path, bool force, struct error *err)
{
	output_discard();
	output.force = force;
	output.special = false;
	snprintf(output.path, sizeof output.path, "%s", path);
	output.name = text_base_name(output.path);
	output.directory = open_directory();
	if (output.directory < 0) {
		fail_output(err, strerror(errno));
		return -1;
	}
	output.fd = open_output(err);
	if (output.fd < 0)
		close(output.directory);
	return output.fd;
}

/* ---- the name ---- */

/* Call the file without a name NAME, which nobody may have. */
static bool link_as(const char *name)
{
	char self[64];

	snprintf(self, sizeof self, "/proc/self/fd/%d", output.fd);
	return linkat(AT_FDCWD, self, output.directory, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Make sure that the file has a name, so that it can be renamed. */
static bool give_name(void)
{
	for (int i = 0; !output.named && i < TRIES; i++) {
		make_hidden();
		output.named = link_as(output.hidden);
		if (!output.named && errno != EEXIST)
			break;
	}
	return output.named;
}

/* rename() that does not replace, also on file systems that know no such flag. */
static bool rename_new(void)
{
	if (renameat2(output.directory, output.hidden, output.directory, output.name,
		      RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL &&
	       linkat(output.directory, output.hidden, output.directory, output.name, 0) == 0 &&
	       unlinkat(output.directory, output.hidden, 0) == 0;
}

static bool take_new_name(void)
{
	return output.named ? rename_new() : link_as(output.name);
}

/* Take the name from a regular file; what else has come in its place meanwhile keeps it. */
static bool take_over_name(void)
{
	struct stat existing;

	if (fstatat(output.directory, output.name, &existing, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(existing.st_mode)) {
		errno = EEXIST;
		return false;
	}
	return give_name() &&
	       renameat(output.directory, output.hidden, output.directory, output.name) == 0;
}

bool output_commit(struct error *err)
{
	bool ok;

	if (output.fd < 0)
		return fail(err, STATUS_OUTPUT, "there is no output to complete");
	ok = output.special || (fsync(output.fd) == 0 &&
				(output.force ? take_over_name() : take_new_name()) &&
				fsync(output.directory) == 0);
	if (ok)
		output.named = false;
	else
		fail_output(err, errno != EEXIST ? strerror(errno) : output.force
			    ? "something that is no file came to have the name meanwhile" : already_there);
	output_discard();
	return ok;
}

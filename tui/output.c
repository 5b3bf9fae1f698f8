#include "tui/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/text.h"

static struct {
	volatile sig_atomic_t named; /* `hidden` exists */
	int directory, fd;           /* fd is -1 if there is no output */
	bool force;
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

/* An anonymous file, or one with a hidden name where the file system has no anonymous ones. */
static int open_file(void)
{
	int fd = openat(output.directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	fd = openat(output.directory, output.hidden,
		    O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
	output.named = fd >= 0;
	return fd;
}

int output_create(const char *path, bool force, struct error *err)
{
	struct stat existing;

	output_discard();
	output.force = force;
	snprintf(output.path, sizeof output.path, "%s", path);
	output.name = text_base_name(output.path);
	snprintf(output.hidden, sizeof output.hidden, ".goretain-%d.tmp", getpid());
	output.directory = open_directory();
	if (output.directory < 0) {
		fail_output(err, strerror(errno));
		return -1;
	}
	if (!force && fstatat(output.directory, output.name, &existing, AT_SYMLINK_NOFOLLOW) == 0)
		fail_output(err, already_there);
	else if ((output.fd = open_file()) < 0)
		fail_output(err, strerror(errno));
	if (output.fd < 0)
		close(output.directory);
	return output.fd;
}

/* Make sure that the file has a name, so that it can be renamed. */
static bool give_name(void)
{
	char self[64];

	if (output.named)
		return true;
	snprintf(self, sizeof self, "/proc/self/fd/%d", output.fd);
	output.named = linkat(AT_FDCWD, self, output.directory, output.hidden,
			      AT_SYMLINK_FOLLOW) == 0;
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

static bool rename_over(void)
{
	return renameat(output.directory, output.hidden, output.directory, output.name) == 0;
}

bool output_commit(struct error *err)
{
	bool ok;

	if (output.fd < 0)
		return fail(err, STATUS_OUTPUT, "there is no output to complete");
	ok = fsync(output.fd) == 0 && give_name() &&
	     (output.force ? rename_over() : rename_new()) && fsync(output.directory) == 0;
	if (ok)
		output.named = false;
	else
		fail_output(err, errno == EEXIST ? already_there : strerror(errno));
	output_discard();
	return ok;
}

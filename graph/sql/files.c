#include "graph/sql/files.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_IDLE 16

/* "The SQLite OS Interface or VFS", sqlite.org/vfs.html: a virtual file system of temporary files only. */
static struct {
	sqlite3_vfs vfs;
	sql_file_fn open;
	void *arg;
	pthread_mutex_t lock; /* for what follows */
	int idle[MOST_IDLE];
	unsigned n_idle;
} files = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct file { sqlite3_file base; int fd; };

static int fd_of(sqlite3_file *file)
{
	return ((struct file *)file)->fd;
}

/* Done with a file: the next one may have it, empty again. */
static int close_file(sqlite3_file *file)
{
	int fd = fd_of(file);

	pthread_mutex_lock(&files.lock);
	if (files.n_idle < MOST_IDLE && ftruncate(fd, 0) == 0)
		files.idle[files.n_idle++] = fd;
	else
		close(fd);
	pthread_mutex_unlock(&files.lock);
	return SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
	ssize_t done, have = 0;

	while (have < size) {
		done = pread(fd_of(file), (char *)out + have, (size_t)(size - have), at + have);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return SQLITE_IOERR_READ;
		if (done == 0)
			break;
		have += done;
	}
	memset((char *)out + have, 0, (size_t)(size - have));
	return have == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	ssize_t done, written = 0;

	while (written < size) {
		done = pwrite(fd_of(file), (const char *)bytes + written, (size_t)(size - written),
			      at + written);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 && errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
		written += done;
	}
	return SQLITE_OK;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	return ftruncate(fd_of(file), size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
	struct stat info;

	if (fstat(fd_of(file), &info) != 0)
		return SQLITE_IOERR_FSTAT;
	*size = info.st_size;
	return SQLITE_OK;
}

/* Nobody else has the file, and nobody needs it tomorrow. */

static int sync_file(sqlite3_file *file, int flags)
{
	return SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int level)
{
	return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *out)
{
	*out = 0;
	return SQLITE_OK;
}

static int control_file(sqlite3_file *file, int op, void *arg)
{
	return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
	return 4096;
}

static int characteristics(sqlite3_file *file)
{
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, .xClose = close_file, .xRead = read_file, .xWrite = write_file,
	.xTruncate = truncate_file, .xSync = sync_file, .xFileSize = size_of_file,
	.xLock = lock_file, .xUnlock = lock_file, .xCheckReservedLock = is_reserved,
	.xFileControl = control_file, .xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

static int take_idle(void)
{
	int fd = -1;

	pthread_mutex_lock(&files.lock);
	if (files.n_idle)
		fd = files.idle[--files.n_idle];
	pthread_mutex_unlock(&files.lock);
	return fd;
}

/* A file with a name is none of ours. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int fd = name ? -1 : take_idle();

	file->pMethods = NULL;
	if (fd < 0 && !name)
		fd = files.open(files.arg);
	if (fd < 0)
		return SQLITE_CANTOPEN;
	*(struct file *)file = (struct file){{&methods}, fd};
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int random_bytes(sqlite3_vfs *vfs, int size, char *out)
{
	ssize_t got = getrandom(out, (size_t)size, GRND_NONBLOCK);

	return got > 0 ? (int)got : 0;
}

void sql_files_from(sql_file_fn open, void *arg)
{
	const sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (!system)
		return;
	files.vfs = *system; /* its clock, and how it sleeps */
	files.vfs.pNext = NULL;
	files.vfs.zName = "goretain";
	files.vfs.szOsFile = sizeof(struct file);
	files.vfs.xOpen = open_file;
	files.vfs.xRandomness = random_bytes;
	files.open = open;
	files.arg = arg;
	sqlite3_vfs_register(&files.vfs, 0);
}

const char *sql_files_name(void)
{
	return files.open ? files.vfs.zName : NULL;
}

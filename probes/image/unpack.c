#include "probes/image/unpack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zstd.h>

#include "graph/base/cleanup.h"
#include "probes/image/bomb.h"
#include "probes/image/file.h"
#include "probes/proc/memory.h"

#define PAGE 4096u
#define PIECE (1u << 20)             /* unpacked at once */
#define MOST_UNPACKED (1ull << 44)   /* 16 TB: no machine has such a core file, small files claim to be one */
#define LEAVE (256ull << 20)         /* of the file system that we write to */
#define LOOK (64ull << 20)           /* between looks at what is left of it */

static const struct { enum packing packing; unsigned n; const char *magic, *name, *command; } kinds[] = {
	{PACKED_ZSTD, 4, "\x28\xb5\x2f\xfd", "zstd", "zstd -d"},
	{PACKED_LZ4, 4, "\x04\x22\x4d\x18", "lz4", "lz4 -d"},
	{PACKED_XZ, 6, "\xfd" "7zXZ\0", "xz", "xz -dk"},
	{PACKED_GZIP, 2, "\x1f\x8b", "gzip", "gzip -dk"},
	{PACKED_BZIP2, 3, "BZh", "bzip2", "bzip2 -dk"},
};

enum packing packing_of(int fd)
{
	char start[8] = "";
	ssize_t n = pread(fd, start, sizeof start, 0);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (n >= (ssize_t)kinds[i].n && memcmp(start, kinds[i].magic, kinds[i].n) == 0)
			return kinds[i].packing;
	return PACKED_NOT;
}

bool packing_refuse(enum packing packing, struct error *err)
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(kinds) && kinds[i].packing != packing)
		i++;
	return fail(err, STATUS_BAD_FILE, "it is compressed with %s, which is not read as it is: unpack "
		    "it with `%s`", kinds[i].name, kinds[i].command);
}

struct unpacker {
	int from, to;
	uint64_t read, written; /* bytes; holes count as written */
	uint64_t looked;        /* at the room that is left, when so much was written */
	uint64_t taken;         /* bytes that are no holes */
	ZSTD_DCtx *zstd;
	uint8_t *in, *out;
	struct progress *progress;
	struct error *err;
};

static bool check_room(struct unpacker *u)
{
	struct statvfs fs;
	uint64_t left = UINT64_MAX;

	if (u->taken - u->looked < LOOK && u->taken)
		return true;
	u->looked = u->taken;
	if (fstatvfs(u->to, &fs) == 0)
		left = fs.f_blocks ? fs.f_bavail * fs.f_frsize : memory_room();
	if (left >= LEAVE + LOOK)
		return true;
	return fail(u->err, STATUS_REFUSED, "no room to unpack it: %" PRIu64 " MB were unpacked so far "
		    "and %" PRIu64 " MB are left there; TMPDIR names another place",
		    u->written >> 20, left >> 20);
}

static bool write_at(struct unpacker *u, const uint8_t *bytes, uint64_t n, uint64_t at)
{
	u->taken += n;
	while (n) {
		ssize_t done = pwrite(u->to, bytes, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(u->err, STATUS_REFUSED, "it cannot be unpacked: %s",
				    strerror(errno));
		bytes += done;
		at += (uint64_t)done;
		n -= (uint64_t)done;
	}
	return true;
}

/* Write what was unpacked, without its pages of zeros. */
static bool write_piece(struct unpacker *u, uint64_t n)
{
	static const uint8_t zeros[PAGE];
	uint64_t begin = 0;

	for (uint64_t at = 0; at <= n; at += PAGE) {
		bool whole = at + PAGE <= n;

		if (whole && memcmp(u->out + at, zeros, PAGE) != 0)
			continue;
		if (!whole)
			at = n;
		if (at > begin && !write_at(u, u->out + begin, at - begin, u->written + begin))
			return false;
		begin = at + PAGE;
	}
	u->written += n;
	return u->written <= MOST_UNPACKED ||
	       fail(u->err, STATUS_REFUSED, "it unpacks to more than %llu TB", MOST_UNPACKED >> 40);
}

/* Unpack what was read into pieces. *LEFT becomes what zstd wants on: 0 at the end of a frame. */
static bool unpack_input(struct unpacker *u, size_t n, size_t *left)
{
	ZSTD_inBuffer in = {u->in, n, 0};
	ZSTD_outBuffer out = {u->out, PIECE, 0};

	do {
		out.pos = 0;
		*left = ZSTD_decompressStream(u->zstd, &out, &in);
		if (ZSTD_isError(*left))
			return fail(u->err, STATUS_BAD_FILE, "it cannot be unpacked behind byte %"
				    PRIu64 ": %s", u->read - n + in.pos, ZSTD_getErrorName(*left));
		if (progress_cancelled(u->progress))
			return fail(u->err, STATUS_REFUSED, "cancelled");
		if (!check_room(u) || !write_piece(u, out.pos) ||
		    !bomb_check(u->read - n + in.pos, u->taken, u->written, u->err))
			return false;
	} while (in.pos < in.size || (*left && out.pos == out.size));
	return true;
}

static bool unpack(struct unpacker *u)
{
	size_t left = 1;

	for (;;) {
		int64_t got = file_read(u->from, u->read, u->in, PIECE);

		if (got < 0)
			return fail(u->err, STATUS_BAD_FILE, "it cannot be read: %s", strerror(errno));
		if (!got)
			break;
		u->read += (uint64_t)got;
		if (!unpack_input(u, (size_t)got, &left))
			return false;
		progress_add(u->progress, (uint64_t)got);
	}
	if (left)
		return fail(u->err, STATUS_BAD_FILE, "a compressed file that was cut: it ends at byte %"
			    PRIu64 " in the middle", u->read);
	return ftruncate(u->to, (off_t)u->written) == 0 ||
	       fail(u->err, STATUS_REFUSED, "it cannot be unpacked: %s", strerror(errno));
}

bool unpack_zstd(int from, int to, struct progress *progress, struct error *err)
{
	struct unpacker u = {.from = from, .to = to, .progress = progress, .err = err};
	struct stat st = {0};
	bool ok;

	progress_begin(progress, "unpacking", fstat(from, &st) == 0 ? (uint64_t)st.st_size : 0);
	u.zstd = ZSTD_createDCtx();
	u.in = malloc(PIECE);
	u.out = malloc(PIECE);
	ok = u.zstd && u.in && u.out ? unpack(&u) : fail_memory(err, "unpacking");
	ZSTD_freeDCtx(u.zstd);
	free(u.in);
	free(u.out);
	if (ok && st.st_nlink) /* that it is not of now */
		futimens(to, (const struct timespec[]){ st.st_atim, st.st_mtim });
	return ok;
}

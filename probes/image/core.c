#include "probes/image/core.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/text.h"
#include "probes/image/file.h"
#include "probes/proc/mappings.h"
#include "probes/proc/memory.h"

#define BLOCK (1ull << 20)       /* read at once */
#define MAX_MEMORY (1ull << 46)
#define KERNELS_PAGES 16         /* below the vdso lie pages that the kernel shows to the process alone */
#define NONE UINT32_MAX

struct core {
	struct elfcore parts;
	int fd;                   /* parts.fd */
	struct corefiles files;   /* of parts.files */
	uint32_t *segment;        /* of each range: index into parts.segments, NONE */
	uint32_t capacity, segment_capacity; /* of ranges */
	bool keeps_private;       /* the memory of the process alone is in it, so the rest is as in files */
	uint8_t *block;           /* BLOCK bytes */
	uint64_t room, filled;    /* memory for pages, and taken by them, bytes */
	struct core_lack *lack;   /* the caller's, NULL once settled */
};

/* ---- pages ---- */

enum from { FROM_NOWHERE, FROM_CORE, FROM_FILE };

static const struct core_segment *segment_of(const struct core *c, uint32_t range)
{
	return c->segment[range] == NONE ? NULL : &c->parts.segments[c->segment[range]];
}

/* Bytes of a segment that can be read in whole pages: where one was cut, the last page is no page. */
static uint64_t readable(const struct core_segment *s)
{
	uint64_t n = s->there < s->promised ? s->there : s->there + IMAGE_PAGE - 1;

	return n & ~(IMAGE_PAGE - 1ull);
}

static uint64_t file_place(const struct image_range *r, uint64_t addr)
{
	return r->file_offset + (addr - r->lo);
}

/* Bytes of a file from AT on, in whole pages. */
static uint64_t left_of(const struct core_backing *b, uint64_t at)
{
	return at < b->size ? (b->size - at + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1ull) : 0;
}

/* From where the page at ADDR of range number RANGE comes; in *END, until where that is so. */
static enum from where(const struct core *c, const struct image *image, uint32_t range, uint64_t addr,
		       uint64_t *end)
{
	const struct image_range *r = &image->ranges[range];
	const struct core_segment *s = segment_of(c, range);
	uint64_t there = s ? s->lo + readable(s) : 0;
	uint64_t promised = s ? (s->lo + s->promised + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1ull) : 0;
	bool writable = r->flags & RANGE_WRITE;
	uint64_t left;

	*end = r->hi;
	if (addr < there) {
		*end = there < r->hi ? there : r->hi;
		return FROM_CORE;
	}
	if (writable && addr < promised) {
		*end = promised < r->hi ? promised : r->hi;
		return FROM_NOWHERE;
	}
	if (r->file == NO_FILE || c->files.items[r->file].fd < 0 || (writable && !c->keeps_private))
		return FROM_NOWHERE;
	left = left_of(&c->files.items[r->file], file_place(r, addr));
	if (left && left < r->hi - addr)
		*end = addr + left;
	return left ? FROM_FILE : FROM_NOWHERE;
}

/* Should the core file have the page at ADDR of range number RANGE? */
static bool is_promised(const struct core *c, uint32_t range, uint64_t addr)
{
	const struct core_segment *s = segment_of(c, range);

	return s && addr - s->lo < s->promised;
}

/* Read N bytes at AT of FD; what lies behind its end is zeros. */
static bool read_block(int fd, uint64_t at, uint8_t *out, uint64_t n)
{
	int64_t got = file_read(fd, at, out, n);

	if (got < 0)
		return false;
	memset(out + got, 0, n - (uint64_t)got);
	return true;
}

static bool is_hole(int fd, uint64_t at, uint64_t n)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA);

	return data < 0 ? errno == ENXIO : (uint64_t)data >= at + n;
}

/* Take N bytes of the block over into the image from OFFSET on, but for pages that it has. Pages of zeros
 * take no memory. */
static void take_block(struct core *c, struct image *image, uint64_t offset, uint64_t n,
		       enum page_state state)
{
	static const uint8_t zeros[IMAGE_PAGE];

	for (uint64_t i = 0; i < n; i += IMAGE_PAGE) {
		uint8_t *place = &image->state[(offset + i) / IMAGE_PAGE];
		bool zero = memcmp(c->block + i, zeros, IMAGE_PAGE) == 0;
		enum page_state found = zero && state == PAGE_STOP ? PAGE_ZERO : state;

		if (*place != PAGE_UNREAD)
			continue;
		if (!zero && c->filled + IMAGE_PAGE > c->room) {
			if (c->lack)
				c->lack->full = true;
			found = PAGE_HOLE;
		} else if (!zero) {
			c->filled += IMAGE_PAGE;
			memcpy(image->memory + offset + i, c->block + i, IMAGE_PAGE);
		}
		__atomic_store_n(place, (uint8_t)found, __ATOMIC_RELEASE);
	}
}

static void mark(struct image *image, uint64_t offset, uint64_t n, enum page_state state)
{
	memset(image->state + offset / IMAGE_PAGE, state, n / IMAGE_PAGE);
}

/* N bytes of range number RANGE at ADDR, at most BLOCK, all from FROM. */
static void fill(struct core *c, struct image *image, uint32_t range, uint64_t addr, uint64_t n,
		 enum from from)
{
	const struct image_range *r = &image->ranges[range];
	const struct core_segment *s = segment_of(c, range);
	uint64_t offset = r->offset + (addr - r->lo);

	if (from == FROM_CORE && is_hole(c->fd, s->at + (addr - s->lo), n)) {
		mark(image, offset, n, PAGE_ZERO);
	} else if (from == FROM_CORE && read_block(c->fd, s->at + (addr - s->lo), c->block, n)) {
		take_block(c, image, offset, n, PAGE_STOP);
	} else if (from == FROM_FILE) {
		const struct core_backing *b = &c->files.items[r->file];

		if (read_block(b->fd, file_place(r, addr), c->block, n))
			take_block(c, image, offset, n, PAGE_FILE);
		else
			mark(image, offset, n, PAGE_HOLE);
	} else {
		mark(image, offset, n, PAGE_HOLE);
	}
}

/* Fetches, struct image.fetch: in blocks, since what lies beside is likely wanted next, and up to the
 * first that is nowhere, since readers go no further. */
static void fetch(struct image *image, uint64_t lo, uint64_t hi)
{
	struct core *c = image->producer;
	const struct image_range *r = image_range(image, lo);
	uint32_t range = (uint32_t)(r - image->ranges);

	for (enum from from = FROM_CORE; lo < hi && from != FROM_NOWHERE;) {
		uint64_t end, most = (lo & ~(BLOCK - 1)) + BLOCK;

		from = where(c, image, range, lo, &end);
		if (end > most)
			end = most;
		fill(c, image, range, lo, end - lo, from);
		lo = end;
	}
}

/* ---- ranges ---- */

static bool is_kernels(const struct core *c, const struct image_range *r)
{
	return r->file == NO_FILE && r->flags == RANGE_READ && r->hi <= c->parts.vdso &&
	       c->parts.vdso - r->lo <= KERNELS_PAGES * IMAGE_PAGE;
}

/* [LO, HI) lies in segment S and mapping M, as far as these are not NULL. */
static bool add_range(struct core *c, struct image *image, uint64_t lo, uint64_t hi,
		      const struct core_segment *s, const struct core_mapping *m, struct error *err)
{
	struct image_range range = {
		.lo = lo, .hi = hi, .offset = image->memory_size,
		.file = m ? m->file : NO_FILE, .flags = s ? s->flags : m ? m->flags : RANGE_READ,
		.file_offset = m ? m->file_offset + (lo - m->lo) : 0,
	};
	uint32_t *segment;

	if ((!s && !m) || is_kernels(c, &range))
		return true;
	if (hi - lo > MAX_MEMORY - image->memory_size)
		return fail(err, STATUS_REFUSED, "its memory is too large to be looked at: more than "
			    "%llu TB", MAX_MEMORY >> 40);
	if (!GROW(image->ranges, image->n_ranges, c->capacity) ||
	    !(segment = GROW(c->segment, image->n_ranges, c->segment_capacity)))
		return fail_memory(err, "the list of mappings");
	*segment = s ? (uint32_t)(s - c->parts.segments) : NONE;
	image->ranges[image->n_ranges++] = range;
	image->memory_size += hi - lo;
	return true;
}

/* Where segments and mappings begin and end: there ranges do. */
static bool make_ranges(struct core *c, struct image *image, struct error *err)
{
	const struct core_segment *s = c->parts.segments, *s_end = s + c->parts.n_segments;
	const struct core_mapping *m = c->parts.mappings, *m_end = m + c->parts.n_mappings;
	uint64_t at = 0;

	while (s < s_end || m < m_end) {
		bool in_s = s < s_end && at >= s->lo, in_m = m < m_end && at >= m->lo;
		uint64_t to_s = s == s_end ? UINT64_MAX : in_s ? s->hi : s->lo;
		uint64_t to_m = m == m_end ? UINT64_MAX : in_m ? m->hi : m->lo;
		uint64_t to = to_s < to_m ? to_s : to_m;

		if (to > at && !add_range(c, image, at, to, in_s ? s : NULL, in_m ? m : NULL, err))
			return false;
		at = to;
		s += s < s_end && at >= s->hi;
		m += m < m_end && at >= m->hi;
	}
	return true;
}

static void *reserve(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static bool make_memory(struct image *image, struct error *err)
{
	if (!image->memory_size)
		return fail(err, STATUS_BAD_FILE, "a core file without any memory in it");
	image->memory = reserve(image->memory_size);
	image->state = reserve(image->memory_size / IMAGE_PAGE);
	return (image->memory && image->state) || fail_memory(err, "the image of the core file");
}

/* ---- the program and its libraries ---- */

static bool is_private(const struct image_range *r)
{
	return r->flags & RANGE_WRITE || (r->file == NO_FILE && r->flags & RANGE_EXEC);
}

/* Does the core file hold memory that belongs to the process alone? Then it has all of it: what it has
 * not of writable mappings of files was never written. */
static bool keeps_private(const struct core *c, const struct image *image)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct core_segment *s = segment_of(c, i);

		if (s && s->promised && image->ranges[i].file == NO_FILE &&
		    image->ranges[i].flags & RANGE_WRITE)
			return true;
	}
	return false;
}

/* Are there bytes of the program that only its file can give? */
static bool needs_program(const struct core *c, const struct image *image, uint32_t program)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t end;

		for (uint64_t at = r->lo; r->file == program && at < r->hi; at = end)
			if (where(c, image, i, at, &end) == FROM_NOWHERE)
				return true;
	}
	return false;
}

/* The program and its libraries; without the first, nothing of it must be needed. */
static bool settle_files(struct core *c, struct image *image, struct error *err)
{
	image->exe = c->files.program;
	if (image->exe == NO_FILE)
		return true;
	if (c->files.items[image->exe].fd < 0)
		return !needs_program(c, image, image->exe) || corefiles_complain(&c->files, err);
	image->exe_fd = dup(c->files.items[image->exe].fd);
	return true;
}

/* What RANGE maps, struct image.open_file. */
static int open_file(struct image *image, const struct image_range *range)
{
	const struct core *c = image->producer;

	return range->file < c->files.n && c->files.items[range->file].fd >= 0
	       ? dup(c->files.items[range->file].fd) : -1;
}

/* ---- what is read at once ---- */

/* Bytes of the process's own memory that the core file has, holes in the file left out, as far as it
 * matters: more than there is room for is enough. */
static uint64_t own_bytes(const struct core *c, const struct image *image)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < image->n_ranges && n <= c->room; i++) {
		const struct core_segment *s = segment_of(c, i);
		uint64_t at = s ? s->at + (image->ranges[i].lo - s->lo) : 0;
		uint64_t end = at + (image->ranges[i].hi - image->ranges[i].lo);

		if (!s || !is_private(&image->ranges[i]))
			continue;
		if (end > s->at + s->there)
			end = s->at + s->there;
		while (at < end && n <= c->room) {
			off_t data = lseek(c->fd, (off_t)at, SEEK_DATA);
			off_t hole = data < 0 ? -1 : lseek(c->fd, data, SEEK_HOLE);
			uint64_t to = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;

			if (data < 0 && errno == ENXIO)
				break;
			if ((uint64_t)data < to || data < 0)
				n += to - (data < 0 ? at : (uint64_t)data);
			at = to > at ? to : end;
		}
	}
	return n;
}

/* The process's own memory that nobody has: counted, not marked, since it may be of any size. What was
 * mapped from a file and is left out is as in that file, or shared with others. */
static uint64_t count_missing(const struct core *c, const struct image *image)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t end;

		for (uint64_t at = r->lo; is_private(r) && at < r->hi; at = end)
			if (where(c, image, i, at, &end) == FROM_NOWHERE &&
			    (r->file == NO_FILE || !c->keeps_private || is_promised(c, i, at)))
				n += end - at;
	}
	return n;
}

/* The first page of [ADDR, END) of range number RANGE, all from FROM, that is in no hole of its file; END
 * if there is none. Holes are left to be fetched: a small file can have terabytes of them. */
static uint64_t behind_hole(const struct core *c, const struct image *image, uint32_t range,
			    uint64_t addr, uint64_t end, enum from from)
{
	const struct image_range *r = &image->ranges[range];
	const struct core_segment *s = segment_of(c, range);
	uint64_t at = from == FROM_CORE ? s->at + (addr - s->lo) : file_place(r, addr), skip;
	off_t data = lseek(from == FROM_CORE ? c->fd : c->files.items[r->file].fd, (off_t)at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? end : addr;
	skip = ((uint64_t)data - at) & ~(IMAGE_PAGE - 1ull);
	return skip < end - addr ? addr + skip : end;
}

/* Read what a stop would have copied, so that all of it is accounted for. */
static bool read_own(struct core *c, struct image *image, uint64_t total, struct progress *progress,
		     struct error *err)
{
	progress_begin(progress, "reading", total);
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t end;

		for (uint64_t at = r->lo; is_private(r) && at < r->hi; at = end) {
			uint64_t before = c->filled;
			enum from from = where(c, image, i, at, &end);

			if (progress_cancelled(progress))
				return fail(err, STATUS_REFUSED, "cancelled");
			if (from == FROM_NOWHERE ||
			    (at = behind_hole(c, image, i, at, end, from)) == end)
				continue;
			if (end - at > BLOCK)
				end = at + BLOCK;
			fetch(image, at, end);
			progress_add(progress, c->filled - before);
		}
	}
	return true;
}

static bool read_memory(struct core *c, struct image *image, struct progress *progress,
			struct error *err)
{
	uint64_t own;

	c->room = memory_room() / 4 * 3;
	own = own_bytes(c, image);
	image->missing = count_missing(c, image);
	*c->lack = (struct core_lack){.missing = image->missing, .size = c->parts.size,
				      .promised = c->parts.promised, .room = c->room};
	/* What is larger than memory comes page by page, as far as it is needed. */
	if (own <= c->room && !read_own(c, image, own, progress, err))
		return false;
	image->filled = own <= c->room ? c->filled : c->room;
	for (uint32_t i = 0; i < c->parts.n_files; i++)
		image->filled += c->files.items[i].fd >= 0 ? c->files.items[i].size : 0;
	return true;
}

/* ---- all of it ---- */

static void release(struct image *image)
{
	struct core *c = image->producer;

	if (image->memory)
		munmap(image->memory, image->memory_size);
	if (image->state)
		munmap(image->state, image->memory_size / IMAGE_PAGE);
	corefiles_free(&c->files);
	elfcore_free(&c->parts);
	if (c->fd >= 0)
		close(c->fd);
	free(c->segment);
	free(c->block);
	free(c);
}

static struct image *new_image(int fd, struct core_lack *lack)
{
	struct core *c = calloc(1, sizeof *c);
	struct image *image = calloc(1, sizeof *image);

	if (!c || !image || !(c->block = malloc(BLOCK))) {
		free(c);
		free(image);
		return NULL;
	}
	c->fd = dup(fd);
	c->lack = lack;
	*image = (struct image){.exe = NO_FILE, .exe_fd = -1, .complete = true, .fetch = fetch,
				.open_file = open_file, .producer = c, .release = release};
	pthread_mutex_init(&image->fetch_lock, NULL);
	return image;
}

/* Threads and names are lent by the parts until here. */
static bool describe(struct core *c, struct image *image, struct error *err)
{
	struct elfcore *p = &c->parts;
	struct stat st;

	image->process = strdup(p->process);
	image->exe_path = strdup(image->exe == NO_FILE ? "" : p->files[image->exe]);
	image->files = calloc(p->n_files + 1ull, sizeof *image->files);
	if (!image->process || !image->exe_path || !image->files)
		return fail_memory(err, "the names in the core file");
	for (; image->n_files < p->n_files; image->n_files++)
		if (!(image->files[image->n_files] = strdup(p->files[image->n_files])))
			return fail_memory(err, "the names in the core file");
	image->threads = take_pointer(p->threads);
	image->n_threads = p->n_threads;
	image->pid = p->pid;
	if (fstat(c->fd, &st) == 0)
		image->taken_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return true;
}

static bool read_image(struct core *c, struct image *image, int exe_fd,
		       const struct core_opener *opener, struct progress *progress, struct error *err)
{
	if (c->fd < 0)
		return fail(err, STATUS_BAD_FILE, "it cannot be read: %s", strerror(errno));
	if (!elfcore_read(c->fd, &c->parts, err) ||
	    !corefiles_open(&c->parts, exe_fd, opener, &c->files, err) || !make_ranges(c, image, err) ||
	    !make_memory(image, err))
		return false;
	c->keeps_private = keeps_private(c, image);
	return settle_files(c, image, err) && describe(c, image, err) &&
	       read_memory(c, image, progress, err);
}

struct image *core_read(int fd, int exe_fd, const struct core_opener *opener, struct core_lack *lack,
			struct progress *progress, struct error *err)
{
	struct image *image = new_image(fd, lack);

	if (!image) {
		fail_memory(err, "the core file");
		return NULL;
	}
	if (read_image(image->producer, image, exe_fd, opener, progress, err))
		return image;
	image_free(image);
	return NULL;
}

void core_settle(struct image *image)
{
	struct core *c = image->producer;

	pthread_mutex_lock(&image->fetch_lock);
	c->lack = NULL;
	pthread_mutex_unlock(&image->fetch_lock);
}

bool core_complain(const struct core_lack *lack, const struct error *why, struct error *err)
{
	autotext struct text missing = {0};

	text_size(&missing, lack->missing, false);
	if (lack->full)
		return fail(err, STATUS_REFUSED, "more of it is needed than there is memory for, which "
			    "is %" PRIu64 " MB", lack->room >> 20);
	if (lack->missing && lack->size < lack->promised)
		return fail(err, STATUS_BAD_FILE, "a core file that was cut at byte %" PRIu64 " of %"
			    PRIu64 " (ulimit -c, a full disk): %s of the program's memory are missing, "
			    "and without them: %.200s", lack->size, lack->promised,
			    text_string(&missing), why->message);
	if (lack->missing)
		return fail(err, STATUS_BAD_FILE, "a core file that leaves out %s of the program's "
			    "memory (coredump_filter), and without it: %.200s", text_string(&missing),
			    why->message);
	return fail(err, why->code, "%s", why->message);
}

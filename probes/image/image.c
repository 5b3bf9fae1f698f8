#include "probes/image/image.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/sorted.h"
#include "probes/image/variables.h"

#define ROOM (16u << 20) /* of image_most */

void image_clear(struct image *image)
{
	for (uint32_t i = 0; i < image->n_files; i++)
		free(image->files[i]);
	free(image->files);
	free(image->ranges);
	free(image->threads);
	free(image->process);
	free(image->exe_path);
	image->files = NULL;
	image->ranges = NULL;
	image->threads = NULL;
	image->process = image->exe_path = NULL;
	usages_free(&image->usages);
	image->n_files = image->n_ranges = image->n_threads = 0;
	image->exe = NO_FILE;
}

void image_free(struct image *image)
{
	if (!image)
		return;
	if (image->release)
		image->release(image);
	image_clear(image);
	variables_free(image->variables);
	if (image->exe_fd >= 0)
		close(image->exe_fd);
	pthread_mutex_destroy(&image->fetch_lock);
	free(image);
}

/* Passes stay in one range for long, so each thread tries its last hit first. Only an index is
 * kept and it is checked before use: it may be of another image. */
static _Thread_local uint32_t last_hit;

static bool holds(const struct image_range *range, uint64_t addr)
{
	return addr >= range->lo && addr < range->hi;
}

/* The number of the first range that ends above ADDR. */
static uint32_t range_above(const struct image *image, uint64_t addr)
{
	return sorted_above(image->ranges, image->n_ranges, sizeof *image->ranges, addr);
}

const struct image_range *image_range(const struct image *image, uint64_t addr)
{
	uint32_t lo;

	if (last_hit < image->n_ranges && holds(&image->ranges[last_hit], addr))
		return &image->ranges[last_hit];
	lo = range_above(image, addr);
	if (lo == image->n_ranges || !holds(&image->ranges[lo], addr))
		return NULL;
	last_hit = lo;
	return &image->ranges[lo];
}

bool image_is_literal(const struct image *image, uint64_t addr, uint64_t len)
{
	const struct image_range *range = image_range(image, addr);

	return range && range->file != NO_FILE && range->file == image->exe &&
	       !(range->flags & (RANGE_WRITE | RANGE_SHARED)) && len <= range->hi - addr;
}

static uint64_t offset_of(const struct image_range *range, uint64_t addr)
{
	return range->offset + (addr - range->lo);
}

/* A state is written by the producer, in another process for a live target, after the bytes. */
static enum page_state load_state(const struct image *image, uint64_t page)
{
	return __atomic_load_n(&image->state[page], __ATOMIC_ACQUIRE);
}

enum page_state image_page_state(const struct image *image, uint64_t addr)
{
	const struct image_range *range = image_range(image, addr);

	return range ? load_state(image, offset_of(range, addr) / IMAGE_PAGE) : PAGE_HOLE;
}

/* Bytes from ADDR on, up to END in RANGE, whose pages are all in the state UNREAD asks for. */
static uint64_t run_of(const struct image *image, const struct image_range *range, uint64_t addr,
		       uint64_t end, bool unread)
{
	uint64_t at = addr;

	while (at < end) {
		enum page_state state = load_state(image, offset_of(range, at) / IMAGE_PAGE);

		if ((state == PAGE_UNREAD) != unread || (!unread && state == PAGE_HOLE))
			break;
		at = (at | (IMAGE_PAGE - 1)) + 1;
	}
	return (at < end ? at : end) - addr;
}

/* Have the unread pages of [ADDR, END), which lie in RANGE, fetched. */
static void fetch(struct image *image, const struct image_range *range, uint64_t addr, uint64_t end)
{
	uint64_t unread;

	pthread_mutex_lock(&image->fetch_lock);
	unread = run_of(image, range, addr, end, true); /* someone may have been faster */
	if (unread && image->fetch)
		image->fetch(image, addr & ~(uint64_t)(IMAGE_PAGE - 1),
			     (addr + unread + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1));
	pthread_mutex_unlock(&image->fetch_lock);
}

/* Bytes from ADDR on that lie in RANGE and are there, at most up to END. */
static uint64_t there(struct image *image, const struct image_range *range, uint64_t addr,
		      uint64_t end)
{
	uint64_t got = run_of(image, range, addr, end, false);

	while (got < end - addr && image->fetch) {
		uint64_t more;

		fetch(image, range, addr + got, end);
		more = run_of(image, range, addr + got, end, false);
		if (!more)
			break;
		got += more;
	}
	return got;
}

uint64_t image_run(struct image *image, uint64_t addr, uint64_t len, const uint8_t **bytes)
{
	const struct image_range *range = image_range(image, addr), *first = range;
	const struct image_range *end = image->ranges + image->n_ranges;
	uint64_t got = 0;

	*bytes = NULL;
	if (!range || !len)
		return 0;
	*bytes = image->memory + offset_of(range, addr);
	/* On through adjoining mappings, as far as they adjoin in the image too. */
	while (range < end && range->offset - first->offset == range->lo - first->lo &&
	       holds(range, addr + got)) {
		uint64_t left = range->hi - (addr + got);
		uint64_t want = len - got < left ? len - got : left;
		uint64_t here = there(image, range, addr + got, addr + got + want);

		got += here;
		if (here < want || got == len)
			break;
		range++;
	}
	return got;
}

const void *image_at(struct image *image, uint64_t addr, uint64_t len)
{
	const uint8_t *bytes;

	return len && image_run(image, addr, len, &bytes) == len ? bytes : NULL;
}

bool image_read(struct image *image, uint64_t addr, void *out, uint64_t len)
{
	const void *bytes = image_at(image, addr, len);

	if (bytes)
		memcpy(out, bytes, len);
	else
		memset(out, 0, len);
	return bytes;
}

/* The targets are little-endian, as is whatever this runs on. */
#define DEFINE_READ(bits)                                                        \
	uint##bits##_t image_u##bits(struct image *image, uint64_t addr)         \
	{                                                                        \
		uint##bits##_t value;                                            \
                                                                                 \
		image_read(image, addr, &value, sizeof value);                   \
		return value;                                                    \
	}

DEFINE_READ(64)
DEFINE_READ(32)
DEFINE_READ(16)
DEFINE_READ(8)

const char *image_string(struct image *image, uint64_t addr, uint64_t limit)
{
	const uint8_t *bytes;
	uint64_t there_are = image_run(image, addr, limit, &bytes);

	return there_are && memchr(bytes, 0, there_are) ? (const char *)bytes : NULL;
}

uint64_t image_most(const struct image *image)
{
	/* Much of a live target may be swapped out; what a file says of its resident set is not asked. */
	return (image->filled ? 2 * image->filled : 16 * image->rss) + ROOM;
}

/* How many of N pages were copied in the stop. Most of a mapping is often unread: eight states at a
 * time. */
static uint64_t count_resident(const uint8_t *state, uint64_t n)
{
	uint64_t count = 0, eight = 0, i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&eight, state + i, 8);
		for (unsigned k = 0; eight && k < 8; k++)
			count += state[i + k] == PAGE_STOP;
	}
	for (; i < n; i++)
		count += state[i] == PAGE_STOP;
	return count;
}

/* The same for bytes of one range, the first and last of which may lie within a page. */
static uint64_t resident_bytes(const struct image *image, const struct image_range *r, uint64_t lo,
			       uint64_t hi)
{
	const uint8_t *state = image->state + r->offset / IMAGE_PAGE;
	uint64_t first = (lo - r->lo) / IMAGE_PAGE, last = (hi - 1 - r->lo) / IMAGE_PAGE;
	uint64_t bytes = count_resident(state + first, last + 1 - first) * IMAGE_PAGE;

	if (state[first] == PAGE_STOP)
		bytes -= lo % IMAGE_PAGE;
	if (state[last] == PAGE_STOP && hi % IMAGE_PAGE)
		bytes -= IMAGE_PAGE - hi % IMAGE_PAGE;
	return bytes;
}

uint64_t image_resident(const struct image *image, uint64_t lo, uint64_t hi)
{
	uint64_t bytes = 0;

	for (uint32_t i = range_above(image, lo); i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t from = lo > r->lo ? lo : r->lo, to = hi < r->hi ? hi : r->hi;

		if (from >= to)
			break;
		bytes += resident_bytes(image, r, from, to);
	}
	return bytes;
}

uint64_t image_absent(const struct image *image, uint64_t lo, uint64_t hi, uint64_t *end,
		      enum page_state *state)
{
	const struct image_range *r = image_range(image, lo);
	const uint8_t *states = r ? image->state + r->offset / IMAGE_PAGE : NULL;
	uint64_t at = lo, to;

	*end = hi;
	*state = PAGE_HOLE;
	if (!r)
		return lo;
	if (hi > r->hi)
		*end = hi = r->hi;
	while (at < hi && states[(at - r->lo) / IMAGE_PAGE] == PAGE_STOP)
		at = (at | (IMAGE_PAGE - 1)) + 1;
	if (at >= hi)
		return *end = hi;
	*state = states[(at - r->lo) / IMAGE_PAGE];
	for (to = at; to < hi && states[(to - r->lo) / IMAGE_PAGE] == *state;)
		to = (to | (IMAGE_PAGE - 1)) + 1;
	*end = to < hi ? to : hi;
	return at;
}

#include "probes/live/copy.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "graph/base/parallel.h"
#include "probes/live/clock.h"

#define PIECE_PAGES (COPY_PIECE / IMAGE_PAGE)

/* Entries of /proc/PID/pagemap, Linux Documentation/admin-guide/mm/pagemap.rst. */
#define PM_PRESENT (1ull << 63)
#define PM_SWAPPED (1ull << 62)
#define PM_FILE (1ull << 61)      /* of a file or shared memory; the kernel's huge page of zeros looks so too */
#define PM_EXCLUSIVE (1ull << 56) /* mapped by nobody else: the page of zeros is mapped by many */

#define LOOK_BYTES (64u << 10) /* read at a time to see whether there is anything in them */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* What is to be done with a page. SHARED ones become ZERO or READ when they are looked at. */
enum page_kind { KIND_READ, KIND_ZERO, KIND_HOLE, KIND_IN_FILE, KIND_SHARED };

/* Pages of one kind in a row. */
struct run { uint64_t lo, hi; enum page_kind kind; };

struct runs { struct run items[PIECE_PAGES]; unsigned n; };

struct job {
	struct copier *from;
	const struct copy_piece *pieces;
	void (*piece)(struct job *job, const struct copy_piece *piece, const struct runs *runs);
	enum page_state state;
	uint64_t deadline;
	struct copy_result *result;
};

bool copy_add(struct copy_pieces *pieces, const struct image_range *range, uint64_t lo,
	      uint64_t hi)
{
	uint64_t wanted = pieces->n + (hi - lo + COPY_PIECE - 1) / COPY_PIECE;

	if (wanted > pieces->capacity) {
		uint64_t capacity = wanted + pieces->capacity;
		struct copy_piece *larger =
			reallocarray(pieces->items, capacity, sizeof *larger);

		if (!larger)
			return false;
		pieces->items = larger;
		pieces->capacity = capacity;
	}
	for (; lo < hi; lo += COPY_PIECE)
		pieces->items[pieces->n++] = (struct copy_piece){
			lo, hi - lo < COPY_PIECE ? hi : lo + COPY_PIECE, range};
	return true;
}

static enum page_kind kind_of(const struct copier *c, const struct image_range *range,
			      uint64_t entry)
{
	if (entry & PM_PRESENT && range->file == NO_FILE && (entry & PM_FILE || !(entry & PM_EXCLUSIVE)))
		return KIND_SHARED;
	/* An entry that looks swapped out while nothing is, is a page being moved. */
	if (entry & PM_PRESENT || (entry & PM_SWAPPED && !c->swapping))
		return KIND_READ;
	if (entry & PM_SWAPPED)
		return KIND_HOLE;
	return range->file == NO_FILE ? KIND_ZERO : KIND_IN_FILE;
}

static void add_pages(struct runs *runs, uint64_t lo, uint64_t hi, enum page_kind kind)
{
	struct run *last = runs->n ? &runs->items[runs->n - 1] : NULL;

	if (last && last->kind == kind)
		last->hi = hi;
	else
		runs->items[runs->n++] = (struct run){lo, hi, kind};
}

/* Has the target nothing but zeros in [LO, HI), at most LOOK_BYTES? Also false where that cannot be read. */
static bool reads_as_zeros(struct copier *c, uint64_t lo, uint64_t hi)
{
	static _Thread_local uint8_t bytes[LOOK_BYTES];
	struct iovec local = {bytes, hi - lo}, remote = {(void *)(uintptr_t)lo, hi - lo};

	return remote_read(&c->remote, &local, &remote, 1) == (ssize_t)(hi - lo) && !bytes[0] &&
	       memcmp(bytes, bytes + 1, hi - lo - 1) == 0;
}

/* Memory that the target only ever read is the kernel's one page of zeros, mapped again and again: it is
 * present but nobody's memory, and is not to become ours. Only its bytes tell it from what a
 * forked process shares. */
static void add_shared(struct copier *c, struct runs *runs, uint64_t lo, uint64_t hi)
{
	for (uint64_t end; lo < hi; lo = end) {
		end = hi - lo < LOOK_BYTES ? hi : lo + LOOK_BYTES;
		if (reads_as_zeros(c, lo, end)) {
			add_pages(runs, lo, end, KIND_ZERO);
			continue;
		}
		for (uint64_t at = lo; at < end; at += IMAGE_PAGE)
			add_pages(runs, at, at + IMAGE_PAGE,
				  reads_as_zeros(c, at, at + IMAGE_PAGE) ? KIND_ZERO : KIND_READ);
	}
}

/* How many of N entries from the first on are of its kind. */
static uint64_t same_kind(const struct copier *c, const struct image_range *range,
			  const uint64_t *entries, uint64_t n)
{
	enum page_kind kind = kind_of(c, range, entries[0]);
	uint64_t i = 1;

	while (i < n && kind_of(c, range, entries[i]) == kind)
		i++;
	return i;
}

/* Does it depend on the page where the bytes of RANGE come from? */
static bool is_by_page(const struct copier *c, const struct image_range *range)
{
	return range_is_private(range) || (c->file >= 0 && !(range->flags & RANGE_SHARED));
}

/* Cut a piece into runs. False if the memory is gone: the process ended or runs another program. */
static bool find_runs(struct copier *c, const struct copy_piece *piece, struct runs *out)
{
	uint64_t entries[PIECE_PAGES];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE); /* the kernel's, a multiple of ours */
	uint64_t first = piece->lo / page, n = (piece->hi - 1) / page - first + 1;
	size_t wanted = n * sizeof *entries;

	out->n = 0;
	if (!is_by_page(c, piece->range)) {
		out->items[out->n++] = (struct run){piece->lo, piece->hi, KIND_READ};
		return true;
	}
	if (pread(c->remote.pagemap, entries, wanted, (off_t)(first * sizeof *entries)) != (ssize_t)wanted)
		return false;
	for (uint64_t at = piece->lo, end; at < piece->hi; at = end) {
		const uint64_t *entry = entries + at / page - first;
		enum page_kind kind = kind_of(c, piece->range, *entry);

		if (kind == KIND_HOLE && !range_is_private(piece->range))
			kind = KIND_READ; /* types and code are needed, also where they were swapped out */
		end = (at / page + same_kind(c, piece->range, entry, entries + n - entry)) * page;
		if (end > piece->hi)
			end = piece->hi;
		if (kind == KIND_SHARED)
			add_shared(c, out, at, end);
		else
			add_pages(out, at, end, kind);
	}
	return true;
}

static uint64_t place_of(const struct copy_piece *piece, uint64_t addr)
{
	return piece->range->offset + (addr - piece->range->lo);
}

static void mark(const struct job *job, const struct copy_piece *piece, uint64_t lo, uint64_t hi,
		 enum page_state state)
{
	memset(job->from->state + place_of(piece, lo) / IMAGE_PAGE, state, (hi - lo) / IMAGE_PAGE);
}

/* The iovecs of a piece's runs that are to be read. */
struct vectors { struct iovec local[PIECE_PAGES], remote[PIECE_PAGES]; unsigned n; };

static void add_vector(const struct job *job, const struct copy_piece *piece, struct vectors *v,
		       const struct run *run)
{
	size_t length = run->hi - run->lo;

	v->local[v->n] = (struct iovec){job->from->memory + place_of(piece, run->lo), length};
	v->remote[v->n++] = (struct iovec){(void *)(uintptr_t)run->lo, length};
}

/* Mark LENGTH bytes at the front of the vectors from number *FIRST on, and take them off. A page is
 * marked once its bytes are there, since others look at the states meanwhile. */
static void advance(const struct job *job, const struct copy_piece *piece, struct vectors *v,
		    unsigned *first, size_t length, enum page_state state)
{
	while (length) {
		struct iovec *local = &v->local[*first], *remote = &v->remote[*first];
		size_t step = length < local->iov_len ? length : local->iov_len;
		uint64_t addr = (uintptr_t)remote->iov_base;

		mark(job, piece, addr, addr + step, state);
		local->iov_base = (char *)local->iov_base + step;
		remote->iov_base = (char *)remote->iov_base + step;
		local->iov_len = remote->iov_len -= step;
		length -= step;
		if (!local->iov_len)
			++*first;
	}
}

/* The state that pages of PIECE get when they are read. */
static enum page_state state_of(const struct job *job, const struct copy_piece *piece)
{
	if (range_is_private(piece->range) || piece->range->flags & RANGE_SHARED)
		return job->state;
	return PAGE_FILE;
}

/* Read what the vectors say; a page that cannot be read becomes a hole. False if the target is
 * gone. */
static bool read_all(struct job *job, const struct copy_piece *piece, struct vectors *v)
{
	enum page_state state = state_of(job, piece);
	unsigned first = 0;
	bool stuck = false;

	while (first < v->n) {
		/* What stopped the last read is tried once more, that page alone. */
		struct iovec local = v->local[first], remote = v->remote[first];
		ssize_t got;

		local.iov_len = remote.iov_len = IMAGE_PAGE;
		got = stuck ? remote_read(&job->from->remote, &local, &remote, 1)
			    : remote_read(&job->from->remote, v->local + first, v->remote + first,
					   v->n - first);
		if (got < 0)
			return false;
		advance(job, piece, v, &first, (size_t)got & ~(size_t)(IMAGE_PAGE - 1), state);
		if (stuck && got < IMAGE_PAGE) {
			advance(job, piece, v, &first, IMAGE_PAGE, PAGE_HOLE);
			job->result->holes += IMAGE_PAGE;
		}
		stuck = !stuck;
	}
	return true;
}

/* Mark pages that the target never touched, or gave back: what they had before is no more. */
static void mark_zero(const struct job *job, const struct copy_piece *piece, const struct run *run)
{
	uint8_t *state = job->from->state + place_of(piece, run->lo) / IMAGE_PAGE;
	uint8_t *bytes = job->from->memory + place_of(piece, run->lo);

	for (uint64_t i = 0; i < (run->hi - run->lo) / IMAGE_PAGE; i++) {
		if (state[i] != PAGE_UNREAD && state[i] != PAGE_ZERO)
			memset(bytes + i * IMAGE_PAGE, 0, IMAGE_PAGE);
		state[i] = PAGE_ZERO;
	}
}

/* A run of a mapping to read, of which the target has none. What lies behind the file's end is nothing. */
static void read_file(struct job *job, const struct copy_piece *piece, const struct run *run)
{
	uint64_t length = run->hi - run->lo, done = 0;
	uint64_t at = piece->range->file_offset + (run->lo - piece->range->lo);
	ssize_t got = 1;

	for (; done < length && got > 0; done += (uint64_t)(got > 0 ? got : 0))
		got = pread(job->from->file, job->from->memory + place_of(piece, run->lo) + done,
			    length - done, (off_t)(at + done));
	done = (done + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
	mark(job, piece, run->lo, run->lo + done, PAGE_FILE);
	mark(job, piece, run->lo + done, run->hi, PAGE_HOLE);
	job->result->bytes += done;
	job->result->holes += length - done;
}

/* What a program's or library's data begin with is read once, before the stop. */
static bool is_wanted(const struct job *job, const struct copy_piece *piece, const struct run *run)
{
	return run->kind == KIND_READ || (run->kind == KIND_IN_FILE && job->state != PAGE_STOP &&
					  piece->range->flags & RANGE_MODULE);
}

static void copy_runs(struct job *job, const struct copy_piece *piece, const struct runs *runs)
{
	struct vectors v;

	v.n = 0;
	for (unsigned i = 0; i < runs->n; i++) {
		const struct run *run = &runs->items[i];
		uint64_t length = run->hi - run->lo;

		if (run->kind == KIND_IN_FILE && !range_is_private(piece->range)) {
			read_file(job, piece, run);
		} else if (is_wanted(job, piece, run)) {
			add_vector(job, piece, &v, run);
			job->result->bytes += length;
		} else if (run->kind == KIND_ZERO) {
			mark_zero(job, piece, run);
		} else if (run->kind == KIND_HOLE) {
			mark(job, piece, run->lo, run->hi, PAGE_HOLE);
			job->result->holes += length;
		}
	}
	if (!read_all(job, piece, &v))
		job->result->gone = true;
}

static void count_runs(struct job *job, const struct copy_piece *piece, const struct runs *runs)
{
	for (unsigned i = 0; i < runs->n; i++) {
		uint64_t length = runs->items[i].hi - runs->items[i].lo;

		if (runs->items[i].kind == KIND_READ)
			job->result->bytes += length;
		else if (runs->items[i].kind == KIND_ZERO && length < COPY_PIECE)
			absent_add(&job->result->absent, length / IMAGE_PAGE);
	}
}

/* Make LENGTH bytes of the image present without changing them. */
static void populate(volatile uint8_t *bytes, uint64_t length)
{
	if (madvise((void *)bytes, length, MADV_POPULATE_WRITE) == 0)
		return;
	for (uint64_t i = 0; i < length; i += IMAGE_PAGE)
		bytes[i] = bytes[i];
}

static void prepare_runs(struct job *job, const struct copy_piece *piece, const struct runs *runs)
{
	struct vectors v;

	v.n = 0;
	for (unsigned i = 0; i < runs->n; i++) {
		const struct run *run = &runs->items[i];

		if (run->kind == KIND_READ)
			populate(job->from->memory + place_of(piece, run->lo), run->hi - run->lo);
		else if (run->kind == KIND_IN_FILE && piece->range->flags & RANGE_MODULE)
			add_vector(job, piece, &v, run);
		else
			continue;
		job->result->bytes += run->hi - run->lo;
	}
	if (!read_all(job, piece, &v))
		job->result->gone = true;
}

/* Has whoever asked for this ended, or hung up? */
static bool is_unwanted(const struct job *job)
{
	struct pollfd client = {job->from->client, POLLRDHUP, 0};

	return poll(&client, 1, 0) > 0;
}

static void work(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct job *job = ctx;
	struct runs runs;

	for (uint64_t i = lo; i < hi && !job->result->gone && !job->result->late; i++) {
		if (clock_ns() >= job->deadline || is_unwanted(job))
			job->result->late = true;
		else if (find_runs(job->from, &job->pieces[i], &runs))
			job->piece(job, &job->pieces[i], &runs);
		else
			job->result->gone = true;
	}
}

void copy_count(struct copier *c, const struct copy_pieces *pieces, struct copy_result *out)
{
	struct job job = {c, pieces->items, count_runs, PAGE_BEFORE, UINT64_MAX, out};

	parallel_for(pieces->n, 1, work, &job);
}

void copy_prepare(struct copier *c, const struct copy_pieces *pieces, struct copy_result *out)
{
	struct job job = {c, pieces->items, prepare_runs, PAGE_BEFORE, UINT64_MAX, out};

	parallel_for(pieces->n, 1, work, &job);
}

void copy_bytes(struct copier *c, const struct copy_pieces *pieces, enum page_state state,
		uint64_t deadline, struct copy_result *out)
{
	struct job job = {c, pieces->items, copy_runs, state, deadline, out};

	parallel_for(pieces->n, 1, work, &job);
}

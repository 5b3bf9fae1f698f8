#include "probes/image/snapfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "graph/base/cleanup.h"
#include "probes/image/bomb.h"
#include "probes/image/file.h"
#include "probes/image/variables.h"
#include "probes/proc/memory.h"

/* The file: a header, then chunks. A chunk is a struct chunk and its payload, compressed by zstd.
 *   'I' facts, then strings: process name, exe path, paths of mapped files, each NUL-terminated
 *   'R' ranges (struct file_range)   'T' threads (struct image_thread)   'S' page states
 *   'V' the program's variables (struct variable)   'N' their names, and those of
 *   'D' types (struct debug_type), 'M' their members and 'K' packages
 *   'U' what the mappings took (struct usage), 'W' their names
 *   'P' pages: bytes of consecutive pages of the image's memory from `at` on
 *   'E' the end: a file without it is truncated */
#define MAGIC "goretain snapshot\n"
#define VERSION 3u
#define BLOCK (4u << 20)       /* payload of a chunk before compression, at most */
#define LEVEL 1
#define MAX_RANGES (1u << 22)
#define MAX_FILES (1u << 16)
#define MAX_VARIABLES (1u << 24)
#define MAX_TEXT (1u << 30)
#define MAX_MEMORY (1ull << 46)

struct header { char magic[18]; uint16_t arch; uint32_t version; };

struct chunk {
	uint8_t kind;
	uint8_t zero[3];
	uint32_t stored;       /* bytes that follow */
	uint64_t size;         /* bytes when decompressed, at most BLOCK */
	uint64_t at;           /* where they belong: index or offset */
	uint64_t hash;         /* XXH3 of the stored bytes */
};

struct facts {
	uint64_t pid, pause_ns, rss, memory_size;
	uint64_t started;
	int64_t taken_ns;
	uint32_t n_ranges, n_threads, n_files, exe;
	uint32_t n_variables, variables_text;
	uint32_t n_debug_types, n_debug_members, n_debug_packages, zero;
	uint64_t variables_bias;
	uint32_t n_usages, usage_names;
};

/* ---- writing ---- */

struct writer {
	int fd;
	ZSTD_CCtx *zstd;
	uint8_t *buffer;
	size_t capacity;
	struct progress *progress;
	struct error *err;
};

static bool write_all(struct writer *w, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n) {
		ssize_t done = write(w->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(w->err, STATUS_OUTPUT, "the snapshot cannot be written: %s",
				    strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Bytes of pages that are not all zeros. */
static size_t bytes_made(const uint8_t *bytes, size_t n)
{
	static const uint8_t zeros[IMAGE_PAGE];
	size_t made = 0;

	for (size_t i = 0; i < n; i += IMAGE_PAGE) {
		size_t page = n - i < IMAGE_PAGE ? n - i : IMAGE_PAGE;

		if (memcmp(bytes + i, zeros, page))
			made += page;
	}
	return made;
}

/* A program may hold hundreds of megabytes that are all alike. So that its file is not taken for a bomb,
 * which only its ratio tells, the file is made no smaller than files may be: by a frame behind the
 * chunk's that readers skip (RFC 8878, 3.1.2). Returns the bytes stored with it. */
static size_t pad_chunk(struct writer *w, const void *bytes, size_t n, size_t stored)
{
	const uint32_t magic = 0x184d2a50;
	size_t least = n / BOMB_LEAST_RATIO > stored ? bomb_least(bytes_made(bytes, n), n) : 0;
	uint32_t padding;

	if (least <= stored + 8)
		return stored;
	padding = (uint32_t)(least - stored - 8);
	memcpy(w->buffer + stored, &magic, sizeof magic);
	memcpy(w->buffer + stored + 4, &padding, sizeof padding);
	memset(w->buffer + stored + 8, 0, padding);
	return least;
}

static bool write_chunk(struct writer *w, uint8_t kind, uint64_t at, const void *bytes, size_t n)
{
	struct chunk chunk = { .kind = kind, .size = n, .at = at };
	size_t stored = ZSTD_compressCCtx(w->zstd, w->buffer, w->capacity, bytes, n, LEVEL);

	if (ZSTD_isError(stored))
		return fail(w->err, STATUS_OUTPUT, "the snapshot cannot be compressed: %s",
			    ZSTD_getErrorName(stored));
	if (progress_cancelled(w->progress))
		return fail(w->err, STATUS_REFUSED, "cancelled");
	stored = pad_chunk(w, bytes, n, stored);
	chunk.stored = (uint32_t)stored;
	chunk.hash = XXH3_64bits(w->buffer, stored);
	progress_add(w->progress, n);
	return write_all(w, &chunk, sizeof chunk) && write_all(w, w->buffer, stored);
}

/* An array of any length, in chunks. */
static bool write_array(struct writer *w, uint8_t kind, const void *bytes, uint64_t n)
{
	for (uint64_t at = 0; at < n; at += BLOCK) {
		uint64_t part = n - at < BLOCK ? n - at : BLOCK;

		if (!write_chunk(w, kind, at, (const uint8_t *)bytes + at, part))
			return false;
	}
	return true;
}

static void count_variables(struct facts *facts, const struct variables *v)
{
	if (!v)
		return;
	facts->n_variables = v->n;
	facts->variables_text = (uint32_t)v->text_size;
	facts->variables_bias = v->bias;
	facts->n_debug_types = v->types.n;
	facts->n_debug_members = v->types.n_members;
	facts->n_debug_packages = v->types.n_packages;
}

static bool write_facts(struct writer *w, const struct image *image)
{
	struct facts facts = {
		.pid = image->pid, .pause_ns = image->pause_ns, .rss = image->rss,
		.memory_size = image->memory_size, .started = image->started,
		.taken_ns = image->taken_ns,
		.n_ranges = image->n_ranges, .n_threads = image->n_threads,
		.n_files = image->n_files, .exe = image->exe,
		.n_usages = image->usages.n, .usage_names = image->usages.names_size,
	};
	autofree char *bytes = NULL;
	size_t n;
	FILE *out = open_memstream(&bytes, &n);
	bool ok;

	if (!out)
		return fail_memory(w->err, "the snapshot's facts");
	count_variables(&facts, image->variables);
	fwrite(&facts, sizeof facts, 1, out);
	fprintf(out, "%s%c%s%c", image->process ? image->process : "", 0,
		image->exe_path ? image->exe_path : "", 0);
	for (uint32_t i = 0; i < image->n_files; i++)
		fprintf(out, "%s%c", image->files[i], 0);
	ok = !fclose(out);
	return ok ? write_array(w, 'I', bytes, n) : fail_memory(w->err, "the snapshot's facts");
}

static bool has_bytes(uint8_t state)
{
	return state != PAGE_UNREAD && state != PAGE_HOLE && state != PAGE_ZERO;
}

/* The pages of one range that have bytes, run by run. */
static bool write_pages(struct writer *w, const struct image *image, const struct image_range *r)
{
	uint64_t first = r->offset / IMAGE_PAGE, n = (r->hi - r->lo) / IMAGE_PAGE;

	for (uint64_t i = 0; i < n;) {
		uint64_t end = i;

		while (end < n && has_bytes(image->state[first + end]) &&
		       end - i < BLOCK / IMAGE_PAGE)
			end++;
		if (end > i && !write_chunk(w, 'P', (first + i) * IMAGE_PAGE,
					    image->memory + (first + i) * IMAGE_PAGE,
					    (end - i) * IMAGE_PAGE))
			return false;
		i = end > i ? end : i + 1;
	}
	return true;
}

/* The page states of a range, skipping blocks in which nothing was read: mappings are mostly empty. What
 * lies between ranges is not looked at: reading states that were never written would make memory of them. */
static bool write_states(struct writer *w, const struct image *image, const struct image_range *r)
{
	uint64_t first = r->offset / IMAGE_PAGE, end = first + (r->hi - r->lo) / IMAGE_PAGE;

	for (uint64_t next; first < end; first = next) {
		uint64_t i = first;

		next = end - first < BLOCK ? end : first + BLOCK;
		while (i < next && image->state[i] == PAGE_UNREAD)
			i++;
		if (i < next && !write_chunk(w, 'S', first, image->state + first, next - first))
			return false;
	}
	return true;
}

static bool write_variables(struct writer *w, const struct variables *v)
{
	const struct debug_types *types = v ? &v->types : NULL;

	return !v || (write_array(w, 'V', v->items, v->n * sizeof *v->items) &&
		      write_array(w, 'N', v->text, v->text_size) &&
		      write_array(w, 'D', types->items, types->n * sizeof *types->items) &&
		      write_array(w, 'M', types->members, types->n_members * sizeof *types->members) &&
		      write_array(w, 'K', types->packages,
				  types->n_packages * sizeof *types->packages));
}

static bool write_usages(struct writer *w, const struct usages *u)
{
	return write_array(w, 'U', u->items, u->n * sizeof *u->items) &&
	       write_array(w, 'W', u->names, u->names_size);
}

static bool write_image(struct writer *w, const struct image *image)
{
	struct header header = { .magic = MAGIC, .version = VERSION };

	if (!write_all(w, &header, sizeof header) || !write_facts(w, image) ||
	    !write_array(w, 'R', image->ranges, image->n_ranges * sizeof *image->ranges) ||
	    !write_array(w, 'T', image->threads, image->n_threads * sizeof *image->threads) ||
	    !write_variables(w, image->variables) || !write_usages(w, &image->usages))
		return false;
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (!write_states(w, image, &image->ranges[i]))
			return false;
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (!write_pages(w, image, &image->ranges[i]))
			return false;
	return write_chunk(w, 'E', 0, "", 0);
}

/* Files that the program maps are part of its image: have them fetched, as far as they are needed
 * to read it elsewhere. */
static void fetch_files(struct image *image)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		const uint8_t *bytes;

		if (r->file != NO_FILE && r->file == image->exe)
			image_run(image, r->lo, r->hi - r->lo, &bytes);
	}
}

bool snapfile_write(struct image *image, int fd, struct progress *progress, struct error *err)
{
	struct writer w = { .fd = fd, .capacity = ZSTD_compressBound(BLOCK), .progress = progress,
			    .err = err };
	bool ok;

	progress_begin(progress, "writing", image->rss);
	fetch_files(image);
	w.zstd = ZSTD_createCCtx();
	w.buffer = malloc(w.capacity);
	ok = w.zstd && w.buffer ? write_image(&w, image)
				: fail_memory(err, "compressing the snapshot");
	ZSTD_freeCCtx(w.zstd);
	free(w.buffer);
	return ok;
}

/* ---- reading ---- */

struct reader {
	int fd;
	uint64_t at, size;     /* of the file */
	ZSTD_DCtx *zstd;
	uint8_t *stored, *bytes; /* of the current chunk */
	struct chunk chunk;
	struct image *image;
	struct facts facts;
	bool have_facts;
	uint64_t listed;         /* bytes of chunks of the kinds in `lists` that came */
	uint64_t states, expected; /* bytes of states, and of the pages that they promise */
	uint64_t room;           /* bytes of memory that all may take */
	uint64_t made, unpacked; /* bytes: of pages that take memory, and all that came */
	struct progress *progress;
	struct error *err;
};

static bool bad(struct reader *r, const char *what)
{
	return fail(r->err, STATUS_BAD_FILE, "not a good snapshot file: %s at byte %" PRIu64, what,
		    r->at);
}

static bool read_all(struct reader *r, void *out, size_t n)
{
	if (n > r->size - r->at)
		return bad(r, "it ends too early");
	if (file_read(r->fd, r->at, out, n) != (int64_t)n)
		return bad(r, "it cannot be read");
	r->at += n;
	return true;
}

/* The next chunk, checked and decompressed. */
static bool next_chunk(struct reader *r)
{
	struct chunk *c = &r->chunk;
	size_t n;

	if (!read_all(r, c, sizeof *c))
		return false;
	if (c->size > BLOCK || c->stored > ZSTD_compressBound(BLOCK))
		return bad(r, "a chunk is larger than chunks are");
	if (!read_all(r, r->stored, c->stored))
		return false;
	if (XXH3_64bits(r->stored, c->stored) != c->hash)
		return bad(r, "a checksum is wrong");
	n = ZSTD_decompressDCtx(r->zstd, r->bytes, BLOCK, r->stored, c->stored);
	if (ZSTD_isError(n) || n != c->size)
		return bad(r, "a chunk cannot be decompressed");
	progress_add(r->progress, sizeof *c + c->stored);
	return progress_cancelled(r->progress) ? fail(r->err, STATUS_REFUSED, "cancelled") : true;
}

/* A copy of the string at *P, which moves on behind it. */
static bool next_string(struct reader *r, const uint8_t **p, const uint8_t *end, char **out)
{
	const uint8_t *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;

	if (!nul)
		return bad(r, "a path is missing");
	*out = strdup((const char *)*p);
	*p = nul + 1;
	return *out || fail_memory(r->err, "the snapshot's paths");
}

static void release_mapping(struct image *image)
{
	if (image->memory)
		munmap(image->memory, image->memory_size);
	if (image->state)
		munmap(image->state, image->memory_size / IMAGE_PAGE);
}

/* Address space for the image's memory; pages come into being as chunks fill them. */
static void *reserve(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static bool make_debug_types(const struct facts *f, struct debug_types *types)
{
	types->items = calloc(f->n_debug_types + 1, sizeof *types->items);
	types->members = calloc(f->n_debug_members + 1, sizeof *types->members);
	types->packages = calloc(f->n_debug_packages + 1, sizeof *types->packages);
	types->n = f->n_debug_types;
	types->n_members = f->n_debug_members;
	types->n_packages = f->n_debug_packages;
	return types->items && types->members && types->packages;
}

static bool make_variables(struct reader *r)
{
	const struct facts *f = &r->facts;
	struct variables *v;

	if (!f->n_variables)
		return true;
	v = r->image->variables = calloc(1, sizeof *v);
	if (!v)
		return fail_memory(r->err, "the program's variables");
	v->items = calloc(f->n_variables, sizeof *v->items);
	v->text = calloc(f->variables_text + 1, 1);
	if (!v->items || !v->text || !make_debug_types(f, &v->types))
		return fail_memory(r->err, "the program's variables");
	v->n = f->n_variables;
	v->text_size = f->variables_text;
	v->bias = f->variables_bias;
	return true;
}

static bool make_usages(struct reader *r)
{
	struct usages *u = &r->image->usages;

	u->n = u->capacity = r->facts.n_usages;
	u->names_size = u->names_capacity = r->facts.usage_names;
	u->items = calloc(u->n + 1ull, sizeof *u->items);
	u->names = calloc(u->names_size + 1ull, 1);
	return (u->items && u->names) || fail_memory(r->err, "what the mappings took");
}

static bool make_image(struct reader *r)
{
	struct image *image = r->image;
	const struct facts *f = &r->facts;

	if (f->n_ranges > MAX_RANGES || f->n_files > MAX_FILES || f->n_threads > MAX_RANGES ||
	    f->n_variables > MAX_VARIABLES || f->variables_text > MAX_TEXT ||
	    f->n_debug_types > MAX_VARIABLES || f->n_debug_members > MAX_VARIABLES ||
	    f->n_debug_packages > MAX_VARIABLES || f->n_usages > MAX_RANGES ||
	    f->usage_names > MAX_TEXT || f->memory_size > MAX_MEMORY || !f->memory_size || f->memory_size % IMAGE_PAGE)
		return bad(r, "its facts make no sense");
	image->memory_size = f->memory_size;
	image->memory = reserve(f->memory_size);
	image->state = reserve(f->memory_size / IMAGE_PAGE);
	image->ranges = calloc(f->n_ranges + 1, sizeof *image->ranges);
	image->threads = calloc(f->n_threads + 1, sizeof *image->threads);
	image->files = calloc(f->n_files + 1, sizeof *image->files);
	if (!image->memory || !image->state || !image->ranges || !image->threads || !image->files)
		return fail_memory(r->err, "the snapshot");
	image->pid = f->pid;
	image->pause_ns = f->pause_ns;
	image->rss = f->rss;
	image->started = f->started;
	image->taken_ns = f->taken_ns;
	image->exe = f->exe;
	image->complete = true;
	return make_variables(r) && make_usages(r);
}

static bool take_facts(struct reader *r)
{
	const uint8_t *p = r->bytes, *end = r->bytes + r->chunk.size;

	if (r->have_facts || r->chunk.size < sizeof r->facts)
		return bad(r, "its facts are missing");
	memcpy(&r->facts, p, sizeof r->facts);
	p += sizeof r->facts;
	if (!make_image(r) || !next_string(r, &p, end, &r->image->process) ||
	    !next_string(r, &p, end, &r->image->exe_path))
		return false;
	for (; r->image->n_files < r->facts.n_files; r->image->n_files++)
		if (!next_string(r, &p, end, &r->image->files[r->image->n_files]))
			return false;
	r->have_facts = true;
	return true;
}

/* Part of an array of SIZE bytes at ARRAY, which is zeros: a page of zeros takes no memory. */
static bool take_part(struct reader *r, void *array, uint64_t size)
{
	static const uint8_t zeros[IMAGE_PAGE];

	if (!array || r->chunk.at > size || r->chunk.size > size - r->chunk.at)
		return bad(r, "a chunk lies outside what it is part of");
	for (uint64_t i = 0; i < r->chunk.size; i += IMAGE_PAGE) {
		uint64_t n = r->chunk.size - i < IMAGE_PAGE ? r->chunk.size - i : IMAGE_PAGE;

		if (!memcmp(r->bytes + i, zeros, n))
			continue;
		memcpy((uint8_t *)array + r->chunk.at + i, r->bytes + i, n);
		r->made += n;
	}
	r->unpacked += r->chunk.size;
	return bomb_check(r->at, r->made, r->unpacked, r->err);
}

/* Page states: they say how many pages follow. A file of a megabyte can unpack to many gigabytes, so
 * whether there is room for those is asked before the first of them. */
static bool take_states(struct reader *r)
{
	static const uint8_t unread[8] = { PAGE_UNREAD };

	for (uint64_t i = 0; i < r->chunk.size; i++) {
		/* Most of a mapping was never read: eight states at a time. */
		if (i % 8 == 0 && i + 8 <= r->chunk.size && !memcmp(r->bytes + i, unread, 8)) {
			i += 7;
			continue;
		}
		if (r->bytes[i] > PAGE_HOLE)
			return bad(r, "a page's state makes no sense");
		r->expected += has_bytes(r->bytes[i]) ? IMAGE_PAGE : 0;
		r->image->missing += r->bytes[i] == PAGE_HOLE ? IMAGE_PAGE : 0;
	}
	r->states += r->chunk.size;
	if (r->states + r->expected > r->room)
		return fail(r->err, STATUS_REFUSED, "this snapshot unpacks to %" PRIu64 " MB or more, "
			    "and %" PRIu64 " MB of memory are available",
			    (r->states + r->expected) >> 20, r->room >> 20);
	return take_part(r, r->image->state, r->image->memory_size / IMAGE_PAGE);
}

static bool take_pages(struct reader *r)
{
	struct image *image = r->image;

	image->filled += r->chunk.size;
	if (image->filled > r->expected)
		return bad(r, "more pages than it has names for");
	return take_part(r, image->memory, image->memory_size);
}

/* Part of what is known of the program's variables. */
static bool take_variables(struct reader *r)
{
	struct variables *v = r->image->variables;

	if (!v)
		return bad(r, "it has variables that its facts do not have");
	switch (r->chunk.kind) {
	case 'V': return take_part(r, v->items, v->n * sizeof *v->items);
	case 'N': return take_part(r, v->text, v->text_size);
	case 'D': return take_part(r, v->types.items, v->types.n * sizeof *v->types.items);
	case 'M': return take_part(r, v->types.members, v->types.n_members * sizeof *v->types.members);
	default: return take_part(r, v->types.packages, v->types.n_packages * sizeof *v->types.packages);
	}
}

static bool take_chunk(struct reader *r)
{
	static const char lists[] = "RTVNDMKUW";
	struct image *image = r->image;

	if (r->chunk.kind && strchr(lists, r->chunk.kind))
		r->listed += r->chunk.size;
	if (r->chunk.kind == 'I')
		return take_facts(r);
	if (!r->have_facts)
		return bad(r, "its facts do not come first");
	switch (r->chunk.kind) {
	case 'R': return take_part(r, image->ranges, r->facts.n_ranges * sizeof *image->ranges);
	case 'T': return take_part(r, image->threads, r->facts.n_threads * sizeof *image->threads);
	case 'V': case 'N': case 'D': case 'M': case 'K': return take_variables(r);
	case 'U':
		return take_part(r, image->usages.items, image->usages.n * sizeof(struct usage));
	case 'W': return take_part(r, image->usages.names, image->usages.names_size);
	case 'S': return take_states(r);
	case 'P': return take_pages(r);
	default: return bad(r, "a chunk of an unknown kind");
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct image_range *const *x = a, *const *y = b;

	return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

/* No two of the ranges may share bytes of the image. */
static bool check_overlap(struct reader *r)
{
	const struct image *image = r->image;
	uint32_t n = r->facts.n_ranges;
	autofree const struct image_range **sorted = malloc((n + 1ull) * sizeof *sorted);
	uint64_t end = 0;

	if (!sorted)
		return fail_memory(r->err, "the snapshot's ranges");
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = &image->ranges[i];
	qsort(sorted, n, sizeof *sorted, by_offset);
	for (uint32_t i = 0; i < n; i++) {
		if (sorted[i]->offset < end)
			return bad(r, "its ranges overlap");
		end = sorted[i]->offset + (sorted[i]->hi - sorted[i]->lo);
	}
	return true;
}

static uint64_t debug_bytes(const struct facts *f)
{
	return f->n_debug_types * sizeof(struct debug_type) +
	       f->n_debug_members * sizeof(struct debug_member) +
	       f->n_debug_packages * sizeof(struct debug_package);
}

/* All that the facts announce must have come: what a file of a few bytes only announces takes memory
 * too. */
static bool all_listed(const struct reader *r)
{
	const struct facts *f = &r->facts;

	return r->listed == f->n_ranges * sizeof(struct image_range) +
			    f->n_threads * sizeof(struct image_thread) +
			    (f->n_variables ? f->n_variables * sizeof(struct variable) +
						      f->variables_text + debug_bytes(f) : 0) +
			    f->n_usages * sizeof(struct usage) + f->usage_names;
}

/* Is what a file has for a bool one? Any other byte is both and neither. */
static bool is_bool(const bool *value)
{
	uint8_t byte;

	memcpy(&byte, value, sizeof byte);
	return byte <= 1;
}

/* Ranges must be in order, lie within the memory and not share it; threads must be of known kinds. */
static bool check_image(struct reader *r)
{
	struct image *image = r->image;
	uint64_t last = 0;

	if (!all_listed(r))
		return bad(r, "its lists are not whole");
	for (uint32_t i = 0; i < r->facts.n_ranges; i++) {
		const struct image_range *a = &image->ranges[i];

		if (a->lo < last || a->hi <= a->lo || a->hi >> 57 || a->lo % IMAGE_PAGE ||
		    a->hi % IMAGE_PAGE || a->offset % IMAGE_PAGE ||
		    a->offset > image->memory_size || a->hi - a->lo > image->memory_size - a->offset ||
		    (a->file != NO_FILE && a->file >= image->n_files) || a->flags > RANGE_ALL)
			return bad(r, "its ranges make no sense");
		last = a->hi;
	}
	for (uint32_t i = 0; i < r->facts.n_threads; i++)
		if (image->threads[i].registers.n_general > ARCH_REGISTERS ||
		    !is_bool(&image->threads[i].held))
			return bad(r, "its threads make no sense");
	if (!check_overlap(r))
		return false;
	if (!usages_check(&image->usages))
		return bad(r, "what its mappings take makes no sense");
	if (image->variables && !variables_check(image->variables))
		return bad(r, "its variables make no sense");
	if (image->exe != NO_FILE && image->exe >= image->n_files)
		image->exe = NO_FILE;
	image->n_ranges = r->facts.n_ranges;
	image->n_threads = r->facts.n_threads;
	return true;
}

static bool read_image(struct reader *r)
{
	struct header header;

	if (r->size < sizeof header)
		return fail(r->err, STATUS_BAD_FILE, r->size ? "neither a snapshot of goretain nor a core file"
							     : "the file is empty");
	if (!read_all(r, &header, sizeof header))
		return false;
	if (memcmp(header.magic, MAGIC, sizeof header.magic))
		return fail(r->err, STATUS_BAD_FILE,
			    "neither a snapshot of goretain nor a core file");
	if (header.version != VERSION)
		return fail(r->err, STATUS_BAD_FILE, "a snapshot file of version %" PRIu32
			    ": this goretain reads version %u", header.version, VERSION);
	while (next_chunk(r)) {
		if (r->chunk.kind == 'E')
			return check_image(r);
		if (!take_chunk(r))
			return false;
	}
	return false;
}

static struct image *new_image(void)
{
	struct image *image = calloc(1, sizeof *image);

	if (!image)
		return NULL;
	image->exe_fd = -1;
	image->exe = NO_FILE;
	image->release = release_mapping;
	pthread_mutex_init(&image->fetch_lock, NULL);
	return image;
}

struct image *snapfile_read(int fd, struct progress *progress, struct error *err)
{
	struct reader r = { .fd = fd, .progress = progress, .err = err };
	struct stat st;
	bool ok;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		fail(err, STATUS_BAD_FILE, "not a snapshot file: not a regular file");
		return NULL;
	}
	r.size = (uint64_t)st.st_size;
	r.room = memory_room() / 4 * 3;
	progress_begin(progress, "reading", r.size);
	r.image = new_image();
	r.zstd = ZSTD_createDCtx();
	r.stored = malloc(ZSTD_compressBound(BLOCK));
	r.bytes = malloc(BLOCK);
	ok = r.image && r.zstd && r.stored && r.bytes ? read_image(&r)
						      : fail_memory(err, "the snapshot");
	ZSTD_freeDCtx(r.zstd);
	free(r.stored);
	free(r.bytes);
	if (!ok) {
		image_free(r.image);
		return NULL;
	}
	return r.image;
}

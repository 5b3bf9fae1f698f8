#include "probes/proc/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/sorted.h"

#define ADDRESS_END (1ull << 56)
#define MOST_RANGE (1ull << 40) /* more is no memory but a reservation: a sanitizer's shadow */
#define SPARE (1ull << 40) /* of the plan, for mappings that appear far from all others */

void mappings_free(struct mappings *m)
{
	for (uint32_t i = 0; i < m->n_files; i++)
		free(m->files[i]);
	free(m->files);
	free(m->by_path);
	free(m->ranges);
	*m = (struct mappings){0};
}

static bool add_range(struct mappings *m, const struct image_range *range, struct error *err)
{
	if (!GROW(m->ranges, m->n_ranges, m->range_capacity))
		return fail_memory(err, "the list of mappings");
	m->ranges[m->n_ranges++] = *range;
	return true;
}

/* Where the index of PATH stands, or would stand. */
static uint32_t *file_slot(const struct mappings *m, const char *path)
{
	uint32_t mask = m->by_path_size - 1, i = (uint32_t)XXH3_64bits(path, strlen(path)) & mask;

	while (m->by_path[i] != NO_FILE && strcmp(m->files[m->by_path[i]], path))
		i = (i + 1) & mask;
	return &m->by_path[i];
}

uint32_t mappings_file(const struct mappings *m, const char *path)
{
	return m->n_files ? *file_slot(m, path) : NO_FILE;
}

/* Make room in the hash table for one more file. */
static bool grow_table(struct mappings *m)
{
	uint32_t size = m->by_path_size ? 2 * m->by_path_size : 64;
	uint32_t *larger;

	if (2 * m->n_files < m->by_path_size)
		return true;
	larger = malloc(size * sizeof *larger);
	if (!larger)
		return false;
	memset(larger, 0xff, size * sizeof *larger);
	free(m->by_path);
	m->by_path = larger;
	m->by_path_size = size;
	for (uint32_t i = 0; i < m->n_files; i++)
		*file_slot(m, m->files[i]) = i;
	return true;
}

static bool add_file(struct mappings *m, const char *path, uint32_t *out, struct error *err)
{
	*out = mappings_file(m, path);
	if (*out != NO_FILE)
		return true;
	if (!GROW(m->files, m->n_files, m->file_capacity) || !grow_table(m) ||
	    !(m->files[m->n_files] = strdup(path)))
		return fail_memory(err, "the list of mapped files");
	*out = m->n_files;
	*file_slot(m, path) = m->n_files++;
	return true;
}

bool range_is_private(const struct image_range *range)
{
	if (range->flags & RANGE_SHARED)
		return false;
	return range->file == NO_FILE || range->flags & RANGE_WRITE;
}

static uint32_t flags_of(const char *permissions)
{
	return (permissions[0] == 'r' ? RANGE_READ : 0) |
	       (permissions[1] == 'w' ? RANGE_WRITE : 0) |
	       (permissions[2] == 'x' ? RANGE_EXEC : 0) |
	       (permissions[3] == 's' ? RANGE_SHARED : 0);
}

/* Pages the kernel shows to the process alone: "[vvar]", "[vvar_vclock]", "[vsyscall]". */
static bool is_kernels(const char *path)
{
	return strncmp(path, "[vvar", 5) == 0 || strcmp(path, "[vsyscall]") == 0;
}

/* A newline in a path stands as \012 in the kernel's line; in place. */
static void unescape_newlines(char *path)
{
	for (char *at = path; (at = strstr(at, "\\012")); at++) {
		*at = '\n';
		memmove(at + 1, at + 4, strlen(at + 4) + 1);
	}
}

/* "c000000000-c004000000 rw-p 00000000 00:00 0    /path", see proc_pid_maps(5). */
bool mappings_line(char *line, struct mapping_line *out)
{
	char permissions[5];
	int path = 0;

	*out = (struct mapping_line){ .range = { .file = NO_FILE } };
	if (sscanf(line, "%lx-%lx %4s %lx %*s %lu %n", &out->range.lo, &out->range.hi, permissions,
		   &out->range.file_offset, &out->inode, &path) < 5)
		return false;
	out->range.flags = flags_of(permissions);
	unescape_newlines(line + path);
	out->path = line + path;
	return true;
}

static bool add_line(struct mappings *m, char *text, struct error *err)
{
	struct mapping_line line;
	struct image_range *range = &line.range;

	if (!mappings_line(text, &line) || !(range->flags & RANGE_READ) || range->hi > ADDRESS_END ||
	    range->hi - range->lo > MOST_RANGE || is_kernels(line.path))
		return true;
	if (line.inode && !add_file(m, line.path, &range->file, err))
		return false;
	return add_range(m, range, err);
}

/* Programs and libraries are files of which a part is mapped to be run. */
static bool mark_modules(struct mappings *m, struct error *err)
{
	autofree bool *run = calloc(m->n_files + 1, sizeof *run);

	if (!run)
		return fail_memory(err, "the list of mapped files");
	for (uint32_t i = 0; i < m->n_ranges; i++)
		if (m->ranges[i].file != NO_FILE && m->ranges[i].flags & RANGE_EXEC)
			run[m->ranges[i].file] = true;
	for (uint32_t i = 0; i < m->n_ranges; i++)
		if (m->ranges[i].file != NO_FILE && run[m->ranges[i].file])
			m->ranges[i].flags |= RANGE_MODULE;
	return true;
}

bool mappings_read(struct mappings *out, pid_t pid, pid_t tid, struct error *err)
{
	autofree char *line = NULL;
	size_t capacity = 0;
	char path[64];
	ssize_t length;
	bool ok = true;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/maps", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return fail(err, STATUS_ATTACH, "cannot read the mappings of %d: %s", pid,
			    strerror(errno));
	while (ok && (length = getline(&line, &capacity, file)) > 0) {
		line[strcspn(line, "\n")] = 0;
		ok = add_line(out, line, err);
	}
	fclose(file);
	if (ok && out->n_ranges == 0)
		return fail(err, STATUS_GONE, "process %d has no memory any more", pid);
	return ok && mark_modules(out, err);
}

void plan_free(struct image_plan *plan)
{
	free(plan->stretches);
	*plan = (struct image_plan){0};
}

/* Add the stretch [LO, HI) before number AT. */
static bool add_stretch(struct image_plan *plan, uint32_t at, uint64_t lo, uint64_t hi,
			struct error *err)
{
	struct stretch *larger;

	if (plan->size && hi - lo > plan->size - plan->used)
		return fail(err, STATUS_REFUSED, "the target's mappings changed too much");
	larger = reallocarray(plan->stretches, plan->n + 1, sizeof *larger);
	if (!larger)
		return fail_memory(err, "the image's plan");
	plan->stretches = larger;
	memmove(&larger[at + 1], &larger[at], (plan->n - at) * sizeof *larger);
	larger[at] = (struct stretch){lo, hi, plan->used};
	plan->n++;
	plan->used += hi - lo;
	return true;
}

bool plan_build(struct image_plan *plan, const struct mappings *m, struct error *err)
{
	for (uint32_t i = 0; i < m->n_ranges; i++) {
		const struct image_range *range = &m->ranges[i];
		uint64_t lo = range->lo < LAYOUT_MARGIN ? 0 : range->lo - LAYOUT_MARGIN;
		uint64_t hi = range->hi + LAYOUT_MARGIN;
		struct stretch *last = plan->n ? &plan->stretches[plan->n - 1] : NULL;

		if (last && lo <= last->hi) {
			plan->used += hi - last->hi;
			last->hi = hi;
		} else if (!add_stretch(plan, plan->n, lo, hi, err)) {
			return false;
		}
	}
	plan->size = plan->used + SPARE;
	return true;
}

/* Number of the first stretch that ends above ADDR. */
static uint32_t find_stretch(const struct image_plan *plan, uint64_t addr)
{
	uint32_t i = sorted_to(plan->stretches, plan->n, sizeof *plan->stretches, addr);

	return i && plan->stretches[i - 1].hi > addr ? i - 1 : i;
}

/* Set the offset of RANGE, cut to what one stretch holds of it from its start on. */
static bool place(struct image_plan *plan, struct image_range *range, struct error *err)
{
	uint32_t at = find_stretch(plan, range->lo);
	const struct stretch *s = plan->stretches + at;

	if (at == plan->n || s->lo > range->lo) {
		uint64_t end = at < plan->n && s->lo < range->hi ? s->lo : range->hi;

		if (!add_stretch(plan, at, range->lo, end, err))
			return false;
		s = plan->stretches + at;
	}
	range->offset = s->offset + (range->lo - s->lo);
	if (range->hi > s->hi)
		range->hi = s->hi;
	return true;
}

bool plan_place(struct image_plan *plan, struct mappings *m, struct error *err)
{
	struct image_range *old = m->ranges;
	uint32_t n = m->n_ranges;
	bool ok = true;

	m->ranges = NULL;
	m->n_ranges = m->range_capacity = 0;
	for (uint32_t i = 0; ok && i < n; i++) {
		struct image_range rest = old[i];

		while (ok && rest.lo < rest.hi) {
			struct image_range part = rest;

			ok = place(plan, &part, err) && add_range(m, &part, err);
			rest.file_offset += part.hi - rest.lo;
			rest.lo = part.hi;
		}
	}
	free(old);
	return ok;
}

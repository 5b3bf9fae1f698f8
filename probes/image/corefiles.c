#include "probes/image/corefiles.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/image/coremap.h"
#include "probes/image/program.h"

#define MOST_OPEN 200 /* files of the program's */

/* What is known of a file by its first page: the one that the core file kept, and the one of the file found. */
struct heads { uint8_t kept[IMAGE_PAGE], found[IMAGE_PAGE]; bool is_kept; };

/* ---- the program's name ---- */

/* The path by which the program was started, from the process's memory; what is no path is the process's
 * short name. */
static void started_as(const struct elfcore *core, char path[PATH_MAX])
{
	const struct core_segment *s = elfcore_segment(core, core->name);
	uint64_t into = s ? core->name - s->lo : 0, n = s && into < s->there ? s->there - into : 0;

	if (n > PATH_MAX)
		n = PATH_MAX;
	if (!n || !elfcore_bytes(core, s->at + into, path, n) || !memchr(path, 0, n) || *path != '/')
		snprintf(path, PATH_MAX, "%s", *core->process ? core->process : "program");
}

/* The file that the program headers lie in, else the first; where no list tells of files, the one that was
 * started. NO_FILE in *OUT if the process did not even know where its headers lay. */
static bool find_program(struct elfcore *core, uint32_t *out, struct error *err)
{
	const struct core_mapping *m = elfcore_mapping(core, core->headers);
	char path[PATH_MAX];

	*out = m ? m->file : core->n_mappings ? core->mappings[0].file : NO_FILE;
	if (*out != NO_FILE || !core->headers)
		return true;
	started_as(core, path);
	return elfcore_file(core, path, out, err);
}

/* ---- is it the one? ---- */

/* The first page of FILE as the core file has it. */
static bool kept_head(const struct elfcore *core, uint32_t file, uint8_t head[IMAGE_PAGE])
{
	for (uint32_t i = 0; i < core->n_mappings; i++) {
		const struct core_mapping *m = &core->mappings[i];
		const struct core_segment *s;

		if (m->file != file || m->file_offset)
			continue;
		s = elfcore_segment(core, m->lo);
		if (s && m->lo - s->lo + IMAGE_PAGE <= s->there)
			return elfcore_bytes(core, s->at + (m->lo - s->lo), head, IMAGE_PAGE);
	}
	return false;
}

/* A file of debug information alone has the id of its program, and not its segments. */
static bool same_segments(const uint8_t a[IMAGE_PAGE], const uint8_t b[IMAGE_PAGE], int fd)
{
	struct program_segment x[PROGRAM_SEGMENTS], y[PROGRAM_SEGMENTS];
	unsigned n = program_segments(a, x);
	struct stat st;
	bool same = n == program_segments(b, y) && fstat(fd, &st) == 0;

	for (unsigned i = 0; same && i < n; i++)
		same = x[i].lo == y[i].lo && x[i].hi == y[i].hi && x[i].at == y[i].at &&
		       (uint64_t)st.st_size > x[i].at;
	return same;
}

/* Is the file at FD the one that was mapped? Then *BIAS is where it lay, if *PLACED. */
static bool check(const struct elfcore *core, uint32_t file, bool program, int fd, struct heads *heads,
		  uint64_t *bias, bool *placed)
{
	memset(heads, 0, sizeof *heads);
	heads->is_kept = kept_head(core, file, heads->kept);
	if (!program_head(fd, heads->found))
		return false;
	*placed = (program && coremap_program(core, file, heads->found, bias)) ||
		  coremap_library(core, file, heads->found, bias);
	return heads->is_kept ? program_same(heads->kept, heads->found) &&
				same_segments(heads->kept, heads->found, fd)
			      : *placed;
}

/* Have FILE's bytes, and what else it tells, come from FD, which becomes ours. */
static bool take(struct elfcore *core, struct corefiles *files, uint32_t file, int fd,
		 const struct heads *heads, bool placed, uint64_t bias, struct error *err)
{
	struct stat st;

	files->items[file] = (struct core_backing){fd, fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0};
	return !placed || coremap_complete(core, file, heads->found, bias, err);
}

/* ---- the program ---- */

/* That it is another: ERR says which each of the two is. */
static void complain_other(const struct elfcore *core, uint32_t program, const struct heads *heads,
			   bool named, struct error *err)
{
	char wanted[PROGRAM_ID], found[PROGRAM_ID];

	program_id(heads->kept, wanted);
	program_id(heads->found, found);
	if (!program_is(heads->found))
		snprintf(found, sizeof found, "no program for %s", arch_name);
	else if (heads->is_kept && program_same(heads->kept, heads->found))
		snprintf(found, sizeof found, "its debug information alone");
	if (named)
		fail(err, STATUS_BAD_FILE, "the file that --exe names (%s) is not the program "
		     "that this core is of, %.200s (%s)", found, core->files[program],
		     heads->is_kept ? wanted : "its segments are others");
	else
		fail(err, STATUS_BAD_FILE, "the program that it is of (%s) is not what %.200s is now "
		     "(%s): name the right one with --exe",
		     heads->is_kept ? wanted : "of other segments", core->files[program], found);
}

/* Take FD, which becomes ours or is closed, for the program if it is that. *TAKEN tells. */
static bool try_program(struct elfcore *core, struct corefiles *files, int fd, bool named, bool *taken,
			struct error *err)
{
	struct heads heads;
	uint64_t bias = 0;
	bool placed = false;

	*taken = check(core, files->program, true, fd, &heads, &bias, &placed);
	if (*taken) {
		files->why = (struct error){0};
		return take(core, files, files->program, fd, &heads, placed, bias, err);
	}
	if (files->why.code == STATUS_OK) {
		complain_other(core, files->program, &heads, named, &files->why);
		files->found = true;
	}
	close(fd);
	return true;
}

/* By its build id the program may be in a place of such files. */
static bool try_by_id(struct elfcore *core, struct corefiles *files, const struct core_opener *opener,
		      struct error *err)
{
	uint8_t head[IMAGE_PAGE];
	char id[2 * PROGRAM_ID] = "";
	bool taken;
	int fd;

	if (!opener->open_by_id || !kept_head(core, files->program, head))
		return true;
	program_build_id(head, id);
	fd = *id ? opener->open_by_id(opener->arg, id) : -1;
	return fd < 0 || try_program(core, files, fd, false, &taken, err);
}

/* The program's file: the one that was named, or the one that the core file names. */
static bool open_program(struct elfcore *core, int exe_fd, const struct core_opener *opener,
			 struct corefiles *files, struct error *err)
{
	bool taken = false;
	int fd;

	if (files->program == NO_FILE)
		return exe_fd < 0 || fail(err, STATUS_BAD_FILE, "it does not say which files were "
					  "mapped where, so its program is of no use");
	fd = exe_fd >= 0 ? dup(exe_fd)
			 : opener->open(opener->arg, core->files[files->program], &files->why);
	if (fd < 0 && files->why.code == STATUS_OK)
		fail(&files->why, STATUS_BAD_FILE, "cannot open %.200s", core->files[files->program]);
	if (fd >= 0 && !try_program(core, files, fd, exe_fd >= 0, &taken, err))
		return false;
	if (exe_fd >= 0)
		return taken || fail(err, files->why.code, "%s", files->why.message);
	return taken || try_by_id(core, files, opener, err);
}

/* ---- libraries ---- */

/* Libraries and plugins, as far as they are where they were and still the same. */
static bool open_libraries(struct elfcore *core, const struct core_opener *opener,
			   struct corefiles *files, struct error *err)
{
	uint32_t n = files->n < MOST_OPEN ? files->n : MOST_OPEN;

	for (uint32_t i = 0; i < n; i++) {
		struct heads heads;
		uint64_t bias = 0;
		bool placed = false;
		int fd;

		if (i == files->program || (kept_head(core, i, heads.kept) && !program_is(heads.kept)))
			continue;
		fd = opener->open(opener->arg, core->files[i], NULL);
		if (fd < 0)
			continue;
		if (!check(core, i, false, fd, &heads, &bias, &placed))
			close(fd);
		else if (!take(core, files, i, fd, &heads, placed, bias, err))
			return false;
	}
	return true;
}

/* ---- all of it ---- */

bool corefiles_open(struct elfcore *core, int exe_fd, const struct core_opener *opener,
		    struct corefiles *out, struct error *err)
{
	*out = (struct corefiles){.program = NO_FILE};
	if (!find_program(core, &out->program, err))
		return false;
	out->items = malloc((core->n_files + 1ull) * sizeof *out->items);
	if (!out->items)
		return fail_memory(err, "the list of mapped files");
	for (out->n = 0; out->n < core->n_files; out->n++)
		out->items[out->n] = (struct core_backing){-1, 0};
	return open_program(core, exe_fd, opener, out, err) && open_libraries(core, opener, out, err);
}

void corefiles_free(struct corefiles *files)
{
	for (uint32_t i = 0; i < files->n; i++)
		if (files->items[i].fd >= 0)
			close(files->items[i].fd);
	free(files->items);
	*files = (struct corefiles){.program = NO_FILE};
}

bool corefiles_complain(const struct corefiles *files, struct error *err)
{
	if (files->found)
		return fail(err, files->why.code, "%s", files->why.message);
	return fail(err, STATUS_BAD_FILE, "it leaves out the code and types of its program, which is "
		    "not there to give them (%.300s): name it with --exe", files->why.message);
}

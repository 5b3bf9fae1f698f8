/* Fuzzes the reading of a program's file: symbols and debug information, by libelf and libdw.
 *
 *   fuzz-elf SNAPSHOT PROGRAM SEED FIRST COUNT SECONDS     the snapshot is of a process of PROGRAM */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/go/find/open.h"
#include "harness.h"
#include "probes/go/types/made.h"
#include "probes/image/snapfile.h"
#include "probes/image/variables.h"

struct seed { struct image *image; struct go go; uint8_t *file; size_t size; };

/* What decides: the headers at the file's start, the section headers at its end, or anything. */
static void change(struct seed *s, struct random *r)
{
	size_t part = 4096 < s->size ? 4096 : s->size;

	switch (random_below(r, 3)) {
	case 0: mutate_bytes(r, s->file, part); break;
	case 1: mutate_bytes(r, s->file + s->size - part, part); break;
	default:
		part = random_below(r, s->size);
		mutate_bytes(r, s->file + part, s->size - part);
		break;
	}
}

/* What the file says of types is made into types. */
static void make_types(struct seed *s, struct variables *v)
{
	struct error err = { 0 };
	struct types *types = types_new(&s->go, &err);
	struct variables *own = s->image->variables;
	uint32_t *made;

	s->image->variables = v;
	made = types ? made_types(&s->go, types, &err) : NULL;
	for (uint32_t i = 0; made && i < v->types.n; i++)
		if (made[i] != NO_TYPE)
			types_mask(types, made[i]);
	s->image->variables = own;
	free(made);
	types_free(types);
}

static bool case_file(void *arg, uint64_t number, struct random *r)
{
	struct seed *s = arg;
	size_t size = random_below(r, 8) ? s->size : random_below(r, s->size);
	struct variables *v;

	for (uint64_t n = 1 + random_below(r, 200); n; n--)
		change(s, r);
	s->image->exe_fd = memfd_create("program", MFD_CLOEXEC);
	if (write(s->image->exe_fd, s->file, size) != (ssize_t)size)
		abort();
	v = variables_load(s->image, &s->image->exe, 1);
	if (v && !variables_check(v))
		abort();
	for (uint32_t i = 0; v && i < v->n; i++)
		if (variables_find(v, v->items[i].addr) && v->items[i].name >= v->text_size)
			abort();
	if (v)
		make_types(s, v);
	variables_free(v);
	return v;
}

static bool load(struct seed *s, const char *snapshot, const char *program, struct error *err)
{
	autoclose int fd = open(snapshot, O_RDONLY | O_CLOEXEC);
	autoclose int exe = open(program, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (exe < 0 || fstat(exe, &st) || !(s->image = snapfile_read(fd, NULL, err)))
		return false;
	s->size = (size_t)st.st_size;
	s->file = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, exe, 0);
	return s->file != MAP_FAILED && go_open(s->image, &s->go, err);
}

int main(int argc, char **argv)
{
	static struct seed seed;
	struct error err = {0};
	struct fuzz_run run = { .name = "a program's file changed", .case_seconds = 8,
				.case_bytes = 400u << 20 };

	if (!fuzz_arguments(&run, argc, argv, "SNAPSHOT PROGRAM"))
		return 2;
	if (!load(&seed, argv[1], argv[2], &err)) {
		printf("Bail out! %s: %s\n", argv[1], err.message);
		return 1;
	}
	return fuzz_run(&run, case_file, &seed) ? 0 : 1;
}

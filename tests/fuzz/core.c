/* Fuzzes core files: cut off, and with changes in their headers, notes and memory.
 *
 *   fuzz-core SNAPSHOT PROGRAM SEED FIRST COUNT SECONDS     the snapshot is of a process of PROGRAM */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/corefile.h"
#include "explore.h"
#include "graph/base/cleanup.h"
#include "harness.h"
#include "probes/image/core.h"
#include "probes/image/snapfile.h"

struct seed {
	struct corefile whole, lean; /* with and without what the program's file has */
	const char *program;
};

/* The program is there, whatever it is called. */
static int open_program(void *arg, const char *path, struct error *err)
{
	const struct seed *s = arg;

	return open(s->program, O_RDONLY | O_CLOEXEC);
}

/* Read the N bytes as goretain does, and say whether they were taken. */
static bool read_all(struct seed *s, const uint8_t *bytes, size_t n, struct random *r)
{
	const struct core_opener opener = {.open = open_program, .arg = s};
	struct core_lack lack = {0};
	struct error err = {0};
	autoclose int fd = corefile_open(bytes, n);
	struct image *image = core_read(fd, -1, &opener, &lack, NULL, &err);

	if (!image && err.code != STATUS_BAD_FILE && err.code != STATUS_REFUSED &&
	    err.code != STATUS_UNSUPPORTED) {
		fprintf(stderr, "status %d for a bad file: %s\n", err.code, err.message);
		abort();
	}
	return explore_image(image, r);
}

static struct corefile *choose(struct seed *s, struct random *r)
{
	return random_below(r, 2) ? &s->whole : &s->lean;
}

static bool case_cut(void *arg, uint64_t number, struct random *r)
{
	struct corefile *core = choose(arg, r);
	bool early = random_below(r, 4);

	return read_all(arg, core->bytes, random_below(r, early ? core->memory : core->size), r);
}

/* Headers and notes decide, so most changes are there. */
static bool case_bytes(void *arg, uint64_t number, struct random *r)
{
	struct corefile *core = choose(arg, r);

	for (uint64_t n = 1 + random_below(r, 8); n; n--)
		switch (random_below(r, 4)) {
		case 0:
			mutate_bytes(r, core->bytes, core->notes);
			break;
		case 1:
			mutate_bytes(r, core->bytes + core->notes, core->memory - core->notes);
			break;
		case 2:
			/* The first page of each mapped file is in the memory. */
			mutate_bytes(r, core->bytes + core->memory, IMAGE_PAGE);
			break;
		default:
			mutate_bytes(r, core->bytes, core->size);
			break;
		}
	return read_all(arg, core->bytes, core->size, r);
}

/* Segments that are copied over others, are large, or lie elsewhere. */
static bool case_segments(void *arg, uint64_t number, struct random *r)
{
	struct corefile *core = choose(arg, r);
	Elf64_Phdr *headers = (void *)(core->bytes + sizeof(Elf64_Ehdr));
	uint64_t n = (core->notes - sizeof(Elf64_Ehdr)) / sizeof *headers;

	for (uint64_t k = 1 + random_below(r, 4); k; k--) {
		Elf64_Phdr *header = &headers[random_below(r, n)];

		switch (random_below(r, 6)) {
		case 0: *header = headers[random_below(r, n)]; break;
		case 1: header->p_filesz = random_boundary(r); break;
		case 2: header->p_memsz = random_boundary(r); break;
		case 3: header->p_offset = random_below(r, 2) ? random_boundary(r)
							      : random_below(r, core->size); break;
		case 4: header->p_vaddr = random_boundary(r); break;
		default: header->p_flags = (uint32_t)random_below(r, 8); break;
		}
	}
	return read_all(arg, core->bytes, core->size, r);
}

static bool load(struct seed *s, const char *snapshot, struct error *err)
{
	autoclose int fd = open(snapshot, O_RDONLY | O_CLOEXEC);
	struct image *image = snapfile_read(fd, NULL, err);

	return image && corefile_make(image, true, &s->whole) && corefile_make(image, false, &s->lean);
}

int main(int argc, char **argv)
{
	static struct seed seed;
	struct random random = random_of(1, 1);
	struct error err = {0};
	struct fuzz_run run = { .case_seconds = 8, .case_bytes = 400u << 20 };
	bool ok;

	if (!fuzz_arguments(&run, argc, argv, "SNAPSHOT PROGRAM"))
		return 2;
	run.seconds /= 3;
	seed.program = argv[2];
	if (!load(&seed, argv[1], &err)) {
		printf("Bail out! %s: %s\n", argv[1], err.message);
		return 1;
	}
	ok = read_all(&seed, seed.whole.bytes, seed.whole.size, &random) &&
	     read_all(&seed, seed.lean.bytes, seed.lean.size, &random);
	if (!ok)
		printf("Bail out! a good core file is not read\n");
	run.name = "core files cut off";
	ok = ok && fuzz_run(&run, case_cut, &seed);
	run.name = "core files with bytes changed";
	ok = fuzz_run(&run, case_bytes, &seed) && ok;
	run.name = "core files with segments changed";
	return fuzz_run(&run, case_segments, &seed) && ok ? 0 : 1;
}

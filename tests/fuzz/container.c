/* Fuzzes the snapshot file itself: cut off, with bits flipped, and with chunks changed, moved, repeated
 * and left out, whose checksums are right again.
 *
 *   fuzz-container SNAPSHOT SEED FIRST COUNT SECONDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "explore.h"
#include "graph/base/cleanup.h"
#include "harness.h"
#include "probes/image/snapfile.h"

#define HEADER 24             /* bytes of the file's header, and of a chunk's below: snapfile.c */
#define EVERY (64u << 10)     /* cut off at each byte up to here */
#define ROUND 64              /* cuts in one case */

struct chunk {
	uint8_t kind, zero[3];
	uint32_t stored;
	uint64_t size, at, hash;
};

/* A file in pieces: what each chunk holds is decompressed. */
struct piece { struct chunk head; uint8_t *bytes; bool raw; };

struct seed {
	uint8_t *file;
	size_t size;
	struct piece pieces[4096];
	unsigned n;
};

static bool read_file(struct seed *s, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	s->size = (size_t)st.st_size;
	s->file = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	return s->file != MAP_FAILED;
}

static bool take_apart(struct seed *s)
{
	for (size_t at = HEADER; at + sizeof(struct chunk) <= s->size;) {
		struct piece *p = &s->pieces[s->n++];

		memcpy(&p->head, s->file + at, sizeof p->head);
		at += sizeof p->head;
		p->bytes = malloc(p->head.size + 1);
		if (!p->bytes || s->n == ARRAY_SIZE(s->pieces) || p->head.stored > s->size - at ||
		    ZSTD_decompress(p->bytes, p->head.size, s->file + at, p->head.stored) !=
			    p->head.size)
			return false;
		at += p->head.stored;
	}
	return s->n > 2;
}

static void write_piece(FILE *out, struct piece *p)
{
	size_t room = ZSTD_compressBound(p->head.size);
	autofree uint8_t *stored = malloc(room);

	if (!stored)
		abort();
	p->head.stored = (uint32_t)ZSTD_compress(stored, room, p->bytes, p->head.size, 1);
	p->head.hash = XXH3_64bits(stored, p->head.stored);
	fwrite(&p->head, sizeof p->head, 1, out);
	fwrite(stored, p->head.stored, 1, out);
}

static int write_memfd(const void *bytes, size_t n)
{
	int fd = memfd_create("snapshot", MFD_CLOEXEC);

	if (write(fd, bytes, n) != (ssize_t)n)
		abort();
	return fd;
}

/* Read what FD holds as goretain does, and say whether it was taken. FD is closed. */
static bool read_all(int fd, struct random *r)
{
	struct error err = {0};
	struct image *image = snapfile_read(fd, NULL, &err);

	close(fd);
	if (!image && (err.code != STATUS_BAD_FILE && err.code != STATUS_REFUSED)) {
		fprintf(stderr, "status %d for a bad file: %s\n", err.code, err.message);
		abort();
	}
	return explore_image(image, r);
}

static bool case_cut(void *arg, uint64_t number, struct random *r)
{
	struct seed *s = arg;
	uint64_t first = number * ROUND;
	int fd = write_memfd(s->file, s->size);

	if (first >= EVERY)
		first = random_below(r, s->size - ROUND);
	for (uint64_t at = first + ROUND; at-- > first;) {
		struct error err = {0};

		if (ftruncate(fd, (off_t)at) || snapfile_read(fd, NULL, &err) ||
		    err.code != STATUS_BAD_FILE) {
			fprintf(stderr, "cut at %llu: %d %s\n", (unsigned long long)at, err.code,
				err.message);
			abort();
		}
	}
	return true;
}

static bool case_bytes(void *arg, uint64_t number, struct random *r)
{
	struct seed *s = arg;

	for (uint64_t n = 1 + random_below(r, 8); n; n--)
		mutate_bytes(r, s->file, random_below(r, 2) ? s->size : 4096);
	return read_all(write_memfd(s->file, s->size), r);
}

static void change_head(struct random *r, struct chunk *head)
{
	switch (random_below(r, 3)) {
	case 0: head->kind = (uint8_t)"IRTSVNPE?"[random_below(r, 9)]; break;
	case 1: head->at = random_boundary(r); break;
	default: head->at += (random_below(r, 33) - 16) * IMAGE_PAGE; break;
	}
}

/* One change of the sequence or of what a chunk says. */
static void change_pieces(struct seed *s, struct random *r)
{
	/* What comes before the pages matters more than they do. */
	unsigned i = (unsigned)random_below(r, random_below(r, 3) ? s->n < 8 ? s->n : 8 : s->n);
	unsigned k = (unsigned)random_below(r, s->n);
	struct piece *p = &s->pieces[i], other;

	switch (random_below(r, 8)) {
	case 0:
		other = *p;
		*p = s->pieces[k];
		s->pieces[k] = other;
		break;
	case 1:
		*p = s->pieces[k];
		break;
	case 2:
		change_head(r, &p->head);
		break;
	case 3:
		p->head.size = random_below(r, p->head.size + 1);
		break;
	default:
		for (uint64_t n = 1 + random_below(r, 4); n; n--)
			mutate_bytes(r, p->bytes, p->head.size);
		break;
	}
}

static bool case_chunks(void *arg, uint64_t number, struct random *r)
{
	struct seed *s = arg;
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	for (uint64_t n = 1 + random_below(r, 3); n; n--)
		change_pieces(s, r);
	if (!out)
		abort();
	fwrite(s->file, HEADER, 1, out);
	for (unsigned i = 0; i < s->n; i++)
		write_piece(out, &s->pieces[i]);
	fclose(out);
	return read_all(write_memfd(bytes, size), r);
}

/* ---- bombs: small files that ask for much ---- */

/* Where in the facts (the chunk 'I') stand, and in what: snapfile.c. */
enum { FACT_MEMORY = 24, FACT_RANGES = 40, FACT_THREADS = 44, FACT_FILES = 48, FACT_VARIABLES = 56,
       FACT_TEXT = 60 };

static void set_fact(struct seed *s, size_t at, uint32_t value, size_t shift)
{
	uint64_t wide = (uint64_t)value << shift;

	memcpy(s->pieces[0].bytes + at, &wide, shift ? 8 : 4);
}

static struct piece *find_piece(struct seed *s, uint8_t kind)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->pieces[i].head.kind == kind)
			return &s->pieces[i];
	abort();
}

/* Chunk KIND becomes 4 MB of VALUE. */
static void blow_up(struct seed *s, uint8_t kind, int value)
{
	struct piece *p = find_piece(s, kind);

	p->head.size = 4u << 20;
	p->head.at = 0;
	p->bytes = malloc(p->head.size);
	memset(p->bytes, value, p->head.size);
}

static void make_bomb(struct seed *s, uint64_t number)
{
	switch (number) {
	case 0: set_fact(s, FACT_MEMORY, 1, 46); break;
	case 1: set_fact(s, FACT_RANGES, 1u << 22, 0); break;
	case 2: set_fact(s, FACT_THREADS, 1u << 22, 0); break;
	case 3: set_fact(s, FACT_FILES, 1u << 16, 0); break;
	case 4: set_fact(s, FACT_VARIABLES, 1u << 24, 0); break;
	case 5: set_fact(s, FACT_TEXT, 1u << 30, 0); break;
	case 6: blow_up(s, 'S', PAGE_STOP); break;
	case 7: blow_up(s, 'S', PAGE_ZERO); break;
	case 8: blow_up(s, 'P', 0); break;
	case 9: blow_up(s, 'P', 0x41); break;
	case 10: blow_up(s, 'R', 0); break;
	default: blow_up(s, 'T', 0xff); break;
	}
}

#define BOMBS 12
#define REPEATED 300 /* times that what was blown up stands in the file */

static bool case_bomb(void *arg, uint64_t number, struct random *r)
{
	static const uint8_t repeated[BOMBS] = { [6] = 'S', [7] = 'S', [8] = 'P', [9] = 'P', [10] = 'R',
						 [11] = 'T' };
	struct seed *s = arg;
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	make_bomb(s, number);
	fwrite(s->file, HEADER, 1, out);
	for (unsigned i = 0; i < s->n - 1; i++) /* all but the end */
		write_piece(out, &s->pieces[i]);
	for (unsigned i = 0; repeated[number] && i < REPEATED; i++)
		write_piece(out, find_piece(s, repeated[number]));
	write_piece(out, &s->pieces[s->n - 1]);
	fclose(out);
	return read_all(write_memfd(bytes, size), r);
}

int main(int argc, char **argv)
{
	static struct seed seed;
	struct fuzz_run run = { .case_seconds = 8, .case_bytes = 400u << 20 };
	uint64_t cases;
	bool ok;

	if (!fuzz_arguments(&run, argc, argv, "SNAPSHOT"))
		return 2;
	cases = run.count;
	if (!read_file(&seed, argv[1]) || !take_apart(&seed)) {
		printf("Bail out! %s is no snapshot\n", argv[1]);
		return 1;
	}
	run.name = "a file cut off";
	run.count = EVERY / ROUND + 4;
	run.seconds /= 3;
	ok = fuzz_run(&run, case_cut, &seed);
	run.count = cases;
	run.name = "bytes of a file changed";
	ok = fuzz_run(&run, case_bytes, &seed) && ok;
	run.name = "chunks of a file changed, checksums right";
	ok = fuzz_run(&run, case_chunks, &seed) && ok;
	run.name = "small files that ask for much";
	run.first = 0;
	run.count = BOMBS;
	run.seconds = 0;
	return fuzz_run(&run, case_bomb, &seed) && ok ? 0 : 1;
}

/* The limit that a stop's pause is held against: how long copying a process's memory takes if that
 * is all there is to do. Reads what goretain copies in the stop, the present pages of private
 * memory, with process_vm_readv into memory that was faulted in before, and does not stop the
 * process.
 *
 *	copy PID [RUNS]
 *
 * Prints: bytes, then the best nanoseconds of RUNS (5) by one thread and by two. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u
#define PIECE (4u << 20)   /* bytes of one call */
#define MAX_VECTORS 1024   /* of one call: IOV_MAX */
#define PRESENT (1ull << 63) /* Linux Documentation/admin-guide/mm/pagemap.rst */

/* Pages in a row that are there. */
struct run { uint64_t lo, hi; };

struct runs { struct run *items; size_t n, capacity; uint64_t bytes; };

/* One call's worth: runs FIRST to END-1, to the destination at OFFSET. */
struct piece { size_t first, end; uint64_t offset, bytes; };

struct copy {
	pid_t pid;
	struct runs runs;
	struct piece *pieces;
	size_t n_pieces;
	uint8_t *destination;
	_Atomic size_t next;
};

static void die(const char *what)
{
	fprintf(stderr, "copy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void add_run(struct runs *runs, uint64_t lo, uint64_t hi)
{
	if (runs->n == runs->capacity) {
		runs->capacity = runs->capacity ? 2 * runs->capacity : 1024;
		runs->items = reallocarray(runs->items, runs->capacity, sizeof *runs->items);
		if (!runs->items)
			die("memory");
	}
	runs->items[runs->n++] = (struct run){ lo, hi };
	runs->bytes += hi - lo;
}

static bool is_present(int pagemap, uint64_t addr)
{
	static uint64_t entries[PIECE / PAGE];
	static uint64_t first = UINT64_MAX;
	uint64_t page = addr / PAGE, block = page - page % (PIECE / PAGE);

	if (first != block) {
		memset(entries, 0, sizeof entries);
		if (pread(pagemap, entries, sizeof entries, (off_t)(block * 8)) < 0)
			return false;
		first = block;
	}
	return entries[page - block] & PRESENT;
}

/* The present pages of a mapping, in runs that do not cross a piece's end. */
static void add_mapping(struct runs *runs, int pagemap, uint64_t lo, uint64_t hi)
{
	uint64_t begin = lo;

	for (uint64_t at = lo; at <= hi; at += PAGE) {
		bool here = at < hi && is_present(pagemap, at);

		if ((!here || at % PIECE == 0) && begin < at)
			add_run(runs, begin, at);
		if (!here || at % PIECE == 0)
			begin = here ? at : at + PAGE;
	}
}

static void find_runs(struct copy *c)
{
	char path[64], line[4400];
	int pagemap;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/pagemap", c->pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/maps", c->pid);
	maps = fopen(path, "re");
	if (pagemap < 0 || !maps)
		die(path);
	while (fgets(line, sizeof line, maps)) {
		uint64_t lo, hi, inode;
		char flags[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64, &lo, &hi, flags,
			   &inode) != 4)
			continue;
		if (flags[3] == 'p' && flags[0] == 'r' && (!inode || flags[1] == 'w') &&
		    !strstr(line, "[v"))
			add_mapping(&c->runs, pagemap, lo, hi);
	}
	fclose(maps);
	close(pagemap);
}

static void cut_pieces(struct copy *c)
{
	struct piece piece = { 0 };

	c->pieces = calloc(c->runs.n + 1, sizeof *c->pieces);
	if (!c->pieces)
		die("memory");
	for (size_t i = 0; i < c->runs.n; i++) {
		uint64_t bytes = c->runs.items[i].hi - c->runs.items[i].lo;

		if (i - piece.first == MAX_VECTORS || piece.bytes + bytes > PIECE) {
			c->pieces[c->n_pieces++] = piece;
			piece = (struct piece){ i, i, piece.offset + piece.bytes, 0 };
		}
		piece.end = i + 1;
		piece.bytes += bytes;
	}
	if (piece.bytes)
		c->pieces[c->n_pieces++] = piece;
}

static void copy_piece(const struct copy *c, const struct piece *piece)
{
	struct iovec local = { c->destination + piece->offset, piece->bytes };
	struct iovec remote[MAX_VECTORS];

	for (size_t i = piece->first; i < piece->end; i++)
		remote[i - piece->first] = (struct iovec){
			(void *)(uintptr_t)c->runs.items[i].lo,
			c->runs.items[i].hi - c->runs.items[i].lo };
	if (process_vm_readv(c->pid, &local, 1, remote, piece->end - piece->first, 0) < 0)
		die("process_vm_readv");
}

static void *work(void *arg)
{
	struct copy *c = arg;
	size_t i;

	while ((i = atomic_fetch_add(&c->next, 1)) < c->n_pieces)
		copy_piece(c, &c->pieces[i]);
	return NULL;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t time_copy(struct copy *c, bool two)
{
	uint64_t start = now();
	pthread_t other;

	c->next = 0;
	if (two && pthread_create(&other, NULL, work, c) != 0)
		die("a thread");
	work(c);
	if (two)
		pthread_join(other, NULL);
	return now() - start;
}

/* As goretain's taker does it, so that both compete with the machine's load alike. */
static void come_first(void)
{
	int session;

	setsid();
	setpriority(PRIO_PROCESS, 0, -20);
	session = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (session >= 0 && write(session, "-20", 3) < 0)
		errno = 0;
	close(session);
}

int main(int argc, char **argv)
{
	struct copy c = { .pid = argc > 1 ? atoi(argv[1]) : 0 };
	int runs = argc > 2 ? atoi(argv[2]) : 5;
	uint64_t best[2] = { UINT64_MAX, UINT64_MAX };

	if (!c.pid || runs < 1) {
		fprintf(stderr, "usage: copy PID [RUNS]\n");
		return 2;
	}
	come_first();
	find_runs(&c);
	cut_pieces(&c);
	c.destination = mmap(NULL, c.runs.bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c.destination == MAP_FAILED)
		die("memory");
	memset(c.destination, 1, c.runs.bytes);
	for (int run = 0; run < runs; run++)
		for (int two = 0; two < 2; two++) {
			uint64_t ns = time_copy(&c, two);

			best[two] = ns < best[two] ? ns : best[two];
		}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", c.runs.bytes, best[0], best[1]);
	return 0;
}

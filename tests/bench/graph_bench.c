/* How long the graph's passes take on a made-up heap: graph_bench [OBJECTS] [EDGES] [near|shuffled|
 * list|star|dense]. Figures go to standard output; nothing is checked beyond plain sums. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "graph/analysis/paths.h"
#include "graph/builder.h"

#define PAGE 8192
#define OBJECT 64

struct heap {
	uint32_t n;
	uint32_t *row, *dst;
};

static uint64_t state = 1;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pull(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out)
{
	const struct heap *h = ctx;

	for (uint32_t i = lo; i < hi; i++)
		counts[i - lo] = h->row[i + 1] - h->row[i];
	if (out)
		memcpy(out, h->dst + h->row[lo], (h->row[hi] - h->row[lo]) * sizeof *out);
}

static uint32_t parent_of(uint32_t i, const char *kind)
{
	if (!strcmp(kind, "list"))
		return i - 1;
	if (!strcmp(kind, "star"))
		return 0;
	return i / 2 > 300 ? i - 1 - (uint32_t)(next_random() % 300) : i / 2;
}

/* A tree that reaches everything, and further edges between any two objects (of a neighbourhood,
 * unless shuffled). */
static void make_heap(struct heap *h, uint32_t n, uint32_t edges, const char *kind)
{
	bool shuffled = !strcmp(kind, "shuffled");
	uint32_t *src = malloc(edges * sizeof *src), *to = malloc(edges * sizeof *to);
	uint32_t *name = malloc(n * sizeof *name);

	for (uint32_t i = 0; i < n; i++)
		name[i] = i;
	for (uint32_t i = n - 1; shuffled && i > 0; i--) {
		uint32_t j = (uint32_t)(next_random() % (i + 1)), keep = name[i];

		name[i] = name[j];
		name[j] = keep;
	}
	for (uint32_t e = 0; e < edges; e++) {
		uint32_t a, b;

		if (e < n - 1) {
			b = e + 1;
			a = parent_of(b, kind);
		} else {
			a = (uint32_t)(next_random() % n);
			b = (a + (uint32_t)(next_random() % 1000)) % n;
		}
		src[e] = name[a];
		to[e] = name[b];
	}
	h->n = n;
	h->row = calloc(n + 2ull, sizeof *h->row);
	h->dst = malloc(edges * sizeof *h->dst);
	for (uint32_t e = 0; e < edges; e++)
		h->row[src[e] + 2]++;
	for (uint32_t i = 0; i <= n; i++)
		h->row[i + 1] += h->row[i];
	for (uint32_t e = 0; e < edges; e++)
		h->dst[h->row[src[e] + 1]++] = to[e];
	free(src);
	free(to);
	free(name);
}

static double last, last_cpu;

static double cpu(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static void lap(const char *what)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-12s %6.3f s   cpu %6.3f s   peak %ld MB\n", what, now() - last,
	       cpu(&usage) - last_cpu, usage.ru_maxrss / 1024);
	last = now();
	last_cpu = cpu(&usage);
}

static void find_all(const struct graph *g, uint32_t times)
{
	uint64_t found = 0;
	double begin = now();

	for (uint32_t i = 0; i < times; i++) {
		uint64_t at = next_random() % ((uint64_t)g->n_objects * OBJECT);

		found += graph_find(g, 0xc000000000 + at, NULL) != NO_NODE;
	}
	printf("graph_find   %6.1f ns random (%" PRIu64 " found), ", (now() - begin) * 1e9 / times, found);
	begin = now();
	for (uint32_t i = 0; i < times; i++)
		found += graph_find(g, 0xc000000000 + (uint64_t)i % g->n_objects * OBJECT, NULL);
	printf("%.1f ns in order (%" PRIu64 ")\n", (now() - begin) * 1e9 / times, found);
	lap("(finds)");
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)atof(argv[1]) : 14500000;
	uint32_t edges = argc > 2 ? (uint32_t)atof(argv[2]) : 16000000;
	const char *kind = argc > 3 ? argv[3] : "near";
	uint32_t n_extents = (n + PAGE / OBJECT - 1) / (PAGE / OBJECT);
	struct extent *extents = calloc(n_extents, sizeof *extents);
	uint64_t *bits = malloc(n_extents * 2ull * sizeof *bits);
	struct holder *holder = calloc(1, sizeof *holder);
	struct root *root = calloc(1, sizeof *root);
	struct error err = { 0 };
	struct graph *g = graph_new();
	struct path *paths;
	struct heap h;
	struct edge_source source = { .pull = pull, .ctx = &h };
	uint32_t at = 0;

	make_heap(&h, n, edges, kind);
	memset(bits, 0xff, n_extents * 2ull * sizeof *bits);
	for (uint32_t i = 0; i < n_extents; i++)
		extents[i] = (struct extent){ .base = 0xc000000000 + (uint64_t)i * PAGE, .stride = OBJECT,
			.bits = i * 2, .slots = n - i * (PAGE / OBJECT) < PAGE / OBJECT ?
			n - i * (PAGE / OBJECT) : PAGE / OBJECT };
	for (uint32_t i = 0; i < n && at == 0; i++)
		at = h.row[i + 1] > h.row[i] ? i : 0;
	last = now();
	lap("(heap made)");
	if (!graph_set_extents(g, extents, n_extents, bits, &err))
		goto failed;
	lap("extents");
	find_all(g, 20000000);
	if (!graph_pull_edges(g, &source, NULL, &err))
		goto failed;
	lap("edges");
	holder[0].name = "main.root";
	holder[0].task = NO_NODE;
	/* The object nobody refers to is the top of the tree. */
	for (uint32_t i = 0; i < n; i++)
		if (g->rev_row[i] == g->rev_row[i + 1])
			root[0].dst = i;
	root[0].frame = NO_NODE;
	last = now();
	if (!graph_set_holders(g, holder, 1, root, 1, &err) || !graph_mark(g, NULL, &err))
		goto failed;
	lap("mark");
	printf("live objects %" PRIu64 "\n", g->live_objects);
	last = now();
	if (!graph_dominators(g, NULL, &err))
		goto failed;
	lap("dominators");
	for (uint32_t k = 0; k < 3; k++) {
		uint32_t found = paths_find(g, (uint32_t)(next_random() % n), 3, &paths, NULL, &err);

		printf("%u paths, the first of %u objects\n", found, found ? paths[0].n : 0);
		paths_free(paths, found);
		lap("paths");
	}
	printf("retained     %" PRIu64 " of %" PRIu64 "\n", g->holders[0].retained, g->live_bytes);
	graph_free(g);
	free(h.row);
	free(h.dst);
	return 0;
failed:
	fprintf(stderr, "graph_bench: %s\n", err.message);
	return 1;
}

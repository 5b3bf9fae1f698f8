/* From addresses to objects and back, over extents of all kinds; edges in both directions. */
#include "graph/base/parallel.h"
#include "graph/builder.h"
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SEED 20260303u
#define HEAPS 300
#define EXTENTS 60

static const uint64_t strides[] = { 8, 16, 24, 48, 112, 144, 1152, 3072, 6784, 9472, 27264, 3, 1,
				    5000011 };

/* Extents side by side, in pages of several, with gaps, over region borders, and a huge one. */
static uint32_t make_extents(uint64_t *state, struct extent *extents, uint64_t *bits)
{
	uint64_t base = 0xc000000000 + 8192ull * random_below(state, 20000);
	uint32_t n = random_below(state, EXTENTS + 1);
	uint64_t words = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct extent *e = &extents[i];

		memset(e, 0, sizeof *e);
		e->stride = strides[random_below(state, sizeof strides / sizeof *strides)];
		e->slots = random_below(state, 3) ? 1 + random_below(state, 1024) : 1;
		if (e->slots == 1 && random_below(state, 10) == 0)
			e->stride = 200000000;
		switch (random_below(state, 4)) {
		case 0: /* right behind, in the same page perhaps */
			break;
		case 1:
			base = (base + 8191) / 8192 * 8192;
			break;
		case 2:
			base += 8192ull * random_below(state, 100);
			break;
		default:
			base += (1ull << 26) * random_below(state, 3) + 8 * random_below(state, 5);
		}
		e->base = base;
		e->bits = words;
		e->noscan = random_below(state, 2);
		e->tag = i;
		for (uint32_t w = 0; w < (e->slots + 63) / 64; w++) {
			uint64_t word = random_next(state);

			/* Full, empty and mixed; what lies behind the last slot is to be ignored. */
			bits[words++] = word % 5 == 0 ? UINT64_MAX : word % 5 == 1 ? 0 : word;
		}
		base += e->stride * e->slots;
	}
	return n;
}

/* What object ADDR is in, by asking every extent. */
static uint32_t slow_find(const struct extent *extents, uint32_t n, const uint64_t *bits,
			  uint64_t addr, uint64_t *offset)
{
	uint32_t id = 0;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t slot = 0; slot < extents[i].slots; slot++) {
			const struct extent *e = &extents[i];
			uint64_t base = e->base + e->stride * slot;
			bool taken = bits[e->bits + slot / 64] >> slot % 64 & 1;

			if (addr >= base && addr - base < e->stride) {
				*offset = addr - base;
				return taken ? id : NO_NODE;
			}
			id += taken;
		}
	return NO_NODE;
}

static void check_objects(const struct graph *g, const uint64_t *bits)
{
	uint32_t id = 0;

	for (uint32_t i = 0; i < g->n_extents; i++) {
		const struct extent *e = &g->extents[i];

		assert_int_equal(e->first, id);
		for (uint32_t slot = 0; slot < e->slots; slot++) {
			uint64_t addr = e->base + e->stride * slot, offset = 99;
			uint64_t inside = slot % e->stride;

			if (!(bits[e->bits + slot / 64] >> slot % 64 & 1)) {
				assert_int_equal(graph_find(g, addr + inside, NULL), NO_NODE);
				assert_int_equal(graph_slot_object(g, e, slot), NO_NODE);
				continue;
			}
			assert_int_equal(graph_find(g, addr + inside, &offset), id);
			assert_int_equal(offset, inside);
			assert_int_equal(graph_find(g, addr + e->stride - 1, NULL), id);
			assert_int_equal(graph_slot_object(g, e, slot), id);
			assert_int_equal(graph_addr(g, id), addr);
			assert_int_equal(graph_size(g, id), e->stride);
			assert_ptr_equal(graph_extent(g, id), e);
			assert_int_equal(g->flags[id], e->noscan ? OBJECT_NOSCAN : 0);
			id++;
		}
		assert_int_equal(e->count, id - e->first);
	}
	assert_int_equal(g->n_objects, id);
}

static void finds_objects_in_all_kinds_of_extents(void **state)
{
	print_message("# seeds %u to %u\n", SEED, SEED + HEAPS - 1);
	for (uint64_t seed = SEED; seed < SEED + HEAPS; seed++) {
		struct extent *extents = calloc(EXTENTS + 1, sizeof *extents);
		uint64_t *bits = calloc(EXTENTS * 16 + 1, sizeof *bits);
		uint64_t random = seed;
		uint32_t n = make_extents(&random, extents, bits);
		struct graph *g = graph_new();
		struct error err = { 0 };

		assert_true(graph_set_extents(g, extents, n, bits, &err));
		check_objects(g, bits);
		for (int i = 0; n && i < 200; i++) {
			uint64_t end = extents[n - 1].base + extents[n - 1].stride *
				       extents[n - 1].slots + 100000;
			uint64_t addr = extents[0].base - 50000 +
				random_next(&random) % (end - extents[0].base + 50000);
			uint64_t offset = 0, expected = 0;
			uint32_t id = slow_find(extents, n, bits, addr, &expected);

			assert_int_equal(graph_find(g, addr, &offset), id);
			if (id != NO_NODE)
				assert_int_equal(offset, expected);
		}
		assert_int_equal(graph_find(g, 0, NULL), NO_NODE);
		assert_int_equal(graph_find(g, UINT64_MAX, NULL), NO_NODE);
		graph_free(g);
	}
}

/* Slots by multiplication are the slots by division, at every stride and offset of a page run. */
static void multiplies_like_it_divides(void **state)
{
	for (uint64_t stride = 1; stride < 40000; stride += stride < 2000 ? 1 : 127) {
		struct extent *e = calloc(1, sizeof *e);
		uint32_t slots = (uint32_t)(262144 / stride);
		uint64_t *bits = malloc((slots / 64 + 1) * sizeof *bits);
		struct graph *g = graph_new();
		struct error err = { 0 };

		memset(bits, 0xff, (slots / 64 + 1) * sizeof *bits);
		*e = (struct extent){ .base = 1ull << 40, .stride = stride, .slots = slots };
		assert_true(graph_set_extents(g, e, 1, bits, &err));
		for (uint32_t slot = 0; slot < slots; slot++) {
			assert_int_equal(graph_find(g, e->base + slot * stride, NULL), slot);
			assert_int_equal(graph_find(g, e->base + slot * stride + stride - 1, NULL),
					 slot);
		}
		assert_int_equal(graph_find(g, e->base + slots * stride, NULL), NO_NODE);
		graph_free(g);
	}
}

static void refused(struct extent first, struct extent second)
{
	struct extent *extents = calloc(2, sizeof *extents);
	struct graph *g = graph_new();
	struct error err = { 0 };

	extents[0] = first;
	extents[1] = second;
	assert_false(graph_set_extents(g, extents, 2, calloc(64, 8), &err));
	assert_true(err.code == STATUS_BAD_FILE || err.code == STATUS_REFUSED);
	assert_true(strlen(err.message) > 10);
	graph_free(g);
}

static void refuses_extents_that_cannot_be(void **state)
{
	const struct extent fine = { .base = 8192, .stride = 16, .slots = 64 };

	refused(fine, (struct extent){ .base = 8192 + 512, .stride = 16, .slots = 1 });
	refused(fine, (struct extent){ .base = 0, .stride = 16, .slots = 1 });
	refused(fine, (struct extent){ .base = 16384, .stride = 0, .slots = 1 });
	refused(fine, (struct extent){ .base = 16384, .stride = 16, .slots = 0 });
	refused(fine, (struct extent){ .base = UINT64_MAX - 8, .stride = 16, .slots = 1 });
	refused(fine, (struct extent){ .base = 16384, .stride = 1ull << 60, .slots = 16 });
	refused(fine, (struct extent){ .base = 16384, .stride = 1ull << 60, .slots = 1 });
}

static void refuses_roots_that_point_nowhere(void **state)
{
	for (int which = 0; which < 2; which++) {
		struct graph *g = graph_new();
		struct holder *holder = calloc(1, sizeof *holder);
		struct root *root = calloc(1, sizeof *root);
		struct error err = { 0 };

		assert_true(graph_set_extents(g, calloc(1, sizeof(struct extent)), 0, NULL, &err));
		root->holder = which ? 1 : 0;
		root->dst = which ? 0 : 5;
		assert_false(graph_set_holders(g, holder, 1, root, 1, &err));
		assert_int_equal(err.code, STATUS_BAD_FILE);
		graph_free(g);
	}
}

struct wiring { uint32_t *row, *dst; bool fickle; };

static void pull(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out)
{
	struct wiring *w = ctx;

	for (uint32_t i = lo; i < hi; i++) {
		counts[i - lo] = w->row[i + 1] - w->row[i] - (w->fickle && out && i == lo);
		for (uint32_t e = w->row[i]; out && e < w->row[i + 1]; e++)
			*out++ = w->dst[e];
	}
}

/* Enough objects for several pieces on every core; some with very many referrers or edges. */
static void makes_rows_in_both_directions(void **state)
{
	enum { N = 50000, E = 120000 };
	struct extent *e = calloc(N, sizeof *e);
	uint64_t *bits = malloc(N * sizeof *bits), seed = SEED;
	struct wiring w = { calloc(N + 1, 4), calloc(E, 4) };
	struct edge_source source = { .pull = pull, .ctx = &w };
	struct progress progress = { 0 };
	struct graph *g = graph_new();
	struct error err = { 0 };
	uint32_t *counted = calloc(N, sizeof *counted), at = 0;

	for (uint32_t i = 0; i < N; i++) {
		e[i] = (struct extent){ .base = 8192 + 48ull * i, .stride = 48, .slots = 1, .bits = i };
		bits[i] = 1;
		for (uint32_t k = random_below(&seed, 4); k-- > 0 && at < E;)
			w.dst[at++] = random_below(&seed, 3) ? random_below(&seed, N) : 7;
		w.row[i + 1] = at;
	}
	assert_true(graph_set_extents(g, e, N, bits, &err));
	assert_true(graph_pull_edges(g, &source, &progress, &err));
	assert_true(progress.done == progress.total);
	assert_int_equal(g->n_edges, at);
	assert_memory_equal(g->fwd_row, w.row, (N + 1) * 4);
	assert_memory_equal(g->fwd_dst, w.dst, at * 4);
	assert_int_equal(g->rev_row[N], at);
	/* Going through the sources in order, each destination's referrers come up in order. */
	for (uint32_t src = 0; src < N; src++)
		for (uint32_t k = w.row[src]; k < w.row[src + 1]; k++) {
			uint32_t dst = w.dst[k];

			assert_int_equal(g->rev_src[g->rev_row[dst] + counted[dst]], src);
			counted[dst]++;
		}
	for (uint32_t dst = 0; dst < N; dst++)
		assert_int_equal(g->rev_row[dst + 1] - g->rev_row[dst], counted[dst]);
	graph_free(g);
	free(counted);
	free(w.row);
	free(w.dst);
}

static void notices_a_source_that_changes_its_mind(void **state)
{
	uint32_t row[] = { 0, 1 }, dst[] = { 0 };
	struct wiring w = { row, dst, .fickle = true };
	struct edge_source source = { .pull = pull, .ctx = &w };
	struct extent *e = calloc(1, sizeof *e);
	uint64_t *bits = calloc(1, sizeof *bits);
	struct graph *g = graph_new();
	struct error err = { 0 };

	*e = (struct extent){ .base = 8192, .stride = 16, .slots = 1 };
	*bits = 1;
	assert_true(graph_set_extents(g, e, 1, bits, &err));
	assert_false(graph_pull_edges(g, &source, NULL, &err));
	assert_int_equal(err.code, STATUS_REFUSED);
	graph_free(g);
}

struct tally { uint8_t *seen; _Atomic uint64_t total; _Atomic bool bad_worker; };

static void count_items(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct tally *tally = ctx;

	if (worker >= parallel_workers())
		atomic_store(&tally->bad_worker, true);
	for (uint64_t i = lo; i < hi; i++)
		tally->seen[i]++;
	atomic_fetch_add(&tally->total, hi - lo);
}

static void parallel_for_covers_each_item_once(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 2, 7, 64, 1000, 100003 };
	static const uint64_t grains[] = { 0, 1, 3, 64, 1000000, UINT64_MAX };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t k = 0; k < sizeof grains / sizeof *grains; k++) {
			struct tally tally = { calloc(sizes[i] + 1, 1) };

			parallel_for(sizes[i], grains[k], count_items, &tally);
			assert_int_equal(tally.total, sizes[i]);
			assert_false(tally.bad_worker);
			for (uint64_t n = 0; n < sizes[i]; n++)
				assert_int_equal(tally.seen[n], 1);
			assert_int_equal(tally.seen[sizes[i]], 0);
			free(tally.seen);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_objects_in_all_kinds_of_extents),
		cmocka_unit_test(multiplies_like_it_divides),
		cmocka_unit_test(refuses_extents_that_cannot_be),
		cmocka_unit_test(refuses_roots_that_point_nowhere),
		cmocka_unit_test(makes_rows_in_both_directions),
		cmocka_unit_test(notices_a_source_that_changes_its_mind),
		cmocka_unit_test(parallel_for_covers_each_item_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

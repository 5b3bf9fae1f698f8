/* Retained sets against marking again by definition, on random graphs. */
#include "graph/analysis/without.h"
#include "random_graph.h"
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define GRAPHS 2000
#define SEED 20261202u

static bool in(uint64_t set, uint32_t node)
{
	return set >> node & 1;
}

static uint64_t follow(const struct graph *g, const struct truth *t, uint64_t set, uint64_t gone)
{
	uint64_t before;

	do {
		before = set &= ~gone;
		for (uint32_t src = 0; src < g->n_objects; src++)
			for (uint32_t e = g->fwd_row[src]; in(before, src) && e < g->fwd_row[src + 1]; e++)
				if (truly_holds(g, t, src, e))
					set |= 1ull << EDGE_NODE(g->fwd_dst[e]);
	} while ((set & ~gone) != before);
	return before;
}

static struct freed truly_freed(const struct graph *g, const struct truth *t, uint64_t gone)
{
	struct freed freed = { 0 };
	uint64_t set = 0;

	for (uint32_t r = 0; r < g->n_roots; r++)
		if (!in(gone, g->n_objects + g->roots[r].holder) && root_truly_holds(g, t, r))
			set |= 1ull << g->roots[r].dst;
	set = follow(g, t, set, gone);
	for (uint32_t id = 0; id < g->n_objects; id++)
		if (in(t->live, id) && !in(set, id)) {
			freed.objects++;
			freed.bytes += graph_size(g, id);
		}
	return freed;
}

static void check_set(const struct graph *g, const struct truth *t, const uint32_t *gone, size_t n)
{
	struct freed freed, expected;
	struct error err = { 0 };
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= 1ull << gone[i];
	expected = truly_freed(g, t, set);
	assert_true(without_freed(g, gone, n, &freed, NULL, &err));
	assert_int_equal(freed.objects, expected.objects);
	assert_int_equal(freed.bytes, expected.bytes);
}

static void check_reaches(const struct graph *g, const struct truth *t, uint64_t *state)
{
	uint32_t from = random_below(state, g->n_objects), to = random_below(state, g->n_objects);
	struct error err = { 0 };
	bool reaches;

	assert_true(without_reaches(g, from, to, &reaches, NULL, &err));
	assert_int_equal(reaches, in(follow(g, t, 1ull << from, 0), to));
}

/* Of one node that is what the dominator tree says. */
static void check_single(const struct graph *g, uint32_t node)
{
	struct error err = { 0 };
	struct freed freed;

	assert_true(without_freed(g, &node, 1, &freed, NULL, &err));
	assert_int_equal(freed.bytes, g->idom[node] == NO_NODE ? 0 : graph_retained(g, node));
}

static void sets_keep_what_marking_without_them_misses(void **unused)
{
	for (uint64_t seed = SEED; seed < SEED + GRAPHS; seed++) {
		struct graph *g = random_graph(seed);
		uint32_t gone[4], n;
		uint64_t state = seed;
		struct truth t;

		find_truth(g, &t);
		synthetic_analyse(g);
		n = random_below(&state, 5);
		for (uint32_t i = 0; i < n; i++)
			gone[i] = random_below(&state, graph_root_node(g));
		check_set(g, &t, gone, n);
		check_single(g, random_below(&state, graph_root_node(g)));
		check_reaches(g, &t, &state);
		graph_free(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_keep_what_marking_without_them_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

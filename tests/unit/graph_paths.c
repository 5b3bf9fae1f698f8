/* Paths against all there are, on random graphs. */
#include "graph/analysis/paths.h"
#include "random_graph.h"
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GRAPHS 3000
#define SEED 20260707u
#define MAX_PATHS 600
#define K 4

/* Of the paths from one holder by one last referrer the best: its length and its root's rank. */
struct best { uint32_t last, holder, edges, rank; };

static bool edge_between(const struct graph *g, const struct truth *t, uint32_t src, uint32_t dst)
{
	for (uint32_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++)
		if (EDGE_NODE(g->fwd_dst[e]) == dst && truly_holds(g, t, src, e))
			return true;
	return false;
}

/* Distance of every object from object FROM without going through GOAL. */
static void distances(const struct graph *g, const struct truth *t, uint32_t from, uint32_t goal,
		      uint32_t *distance)
{
	bool changed = from != goal;

	memset(distance, 0xff, RANDOM_NODES * sizeof *distance);
	distance[from] = 0;
	while (changed) {
		changed = false;
		for (uint32_t a = 0; a < g->n_objects; a++)
			for (uint32_t b = 0; b < g->n_objects; b++)
				if (a != goal && b != goal && distance[a] != NO_NODE &&
				    distance[a] + 1 < distance[b] && edge_between(g, t, a, b)) {
					distance[b] = distance[a] + 1;
					changed = true;
				}
	}
}

static void add_best(struct best *all, uint32_t *n, struct best b)
{
	for (uint32_t i = 0; i < *n; i++) {
		if (all[i].last != b.last || all[i].holder != b.holder)
			continue;
		if (b.edges < all[i].edges || (b.edges == all[i].edges && b.rank < all[i].rank))
			all[i] = b;
		return;
	}
	assert_true(*n < MAX_PATHS);
	all[(*n)++] = b;
}

static int by_length(const void *a, const void *b)
{
	const struct best *x = a, *y = b;

	if (x->edges != y->edges)
		return x->edges < y->edges ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Every pair of holder and last referrer that GOAL has a path for, the shortest first. */
static uint32_t all_paths(const struct graph *g, const struct truth *t, uint32_t goal,
			  struct best *all)
{
	uint32_t n = 0, distance[RANDOM_NODES];

	for (uint32_t r = 0; r < g->n_roots; r++) {
		const struct root *root = &g->roots[r];

		if (!root_truly_holds(g, t, r))
			continue;
		if (root->dst == goal) {
			add_best(all, &n, (struct best){ NO_NODE, root->holder, 0, root_rank(g, r) });
			continue;
		}
		distances(g, t, root->dst, goal, distance);
		for (uint32_t last = 0; last < g->n_objects; last++)
			if (last != goal && distance[last] != NO_NODE && edge_between(g, t, last, goal))
				add_best(all, &n, (struct best){ last, root->holder,
					 distance[last] + 1, root_rank(g, r) });
	}
	qsort(all, n, sizeof *all, by_length);
	return n;
}

static void check_valid(const struct graph *g, const struct truth *t, const struct path *p,
			uint32_t goal)
{
	uint64_t seen = 0;

	assert_true(p->n > 0);
	assert_true(p->root < g->n_roots && root_truly_holds(g, t, p->root));
	assert_int_equal(g->roots[p->root].dst, p->objects[0]);
	assert_int_equal(p->objects[p->n - 1], goal);
	for (uint32_t i = 0; i < p->n; i++) {
		assert_false(seen >> p->objects[i] & 1);
		seen |= 1ull << p->objects[i];
		if (i)
			assert_true(edge_between(g, t, p->objects[i - 1], p->objects[i]));
	}
}

static uint32_t last_of(const struct path *p)
{
	return p->n > 1 ? p->objects[p->n - 2] : NO_NODE;
}

static void check_goal(const struct graph *g, const struct truth *t, uint32_t goal, uint32_t k)
{
	static struct best all[MAX_PATHS];
	struct error err = { 0 };
	struct path *paths, shortest;
	uint32_t n = paths_find(g, goal, k, &paths, NULL, &err);
	uint32_t n_all = all_paths(g, t, goal, all);

	assert_int_equal(err.code, STATUS_OK);
	assert_int_equal(n, n_all < k ? n_all : k);
	for (uint32_t i = 0; i < n; i++) {
		check_valid(g, t, &paths[i], goal);
		assert_int_equal(paths[i].n - 1, all[i].edges);
		assert_int_equal(root_rank(g, paths[i].root), all[i].rank);
		for (uint32_t j = 0; j < i; j++)
			assert_true(last_of(&paths[i]) != last_of(&paths[j]) ||
				    g->roots[paths[i].root].holder != g->roots[paths[j].root].holder);
	}
	if (n) {
		assert_true(paths_shortest(g, goal, &shortest, &err));
		check_valid(g, t, &shortest, goal);
		assert_int_equal(shortest.n, paths[0].n);
		assert_int_equal(shortest.root, paths[0].root);
		free(shortest.objects);
	} else {
		assert_false(paths_shortest(g, goal, &shortest, &err));
		assert_int_equal(err.code, STATUS_NOT_FOUND);
	}
	paths_free(paths, n);
}

static void finds_the_shortest_of_all_paths(void **state)
{
	print_message("# seeds %u to %u\n", SEED, SEED + GRAPHS - 1);
	for (uint64_t seed = SEED; seed < SEED + GRAPHS; seed++) {
		struct graph *g = random_graph(seed);
		uint64_t choice = seed;
		struct truth t;

		find_truth(g, &t);
		synthetic_analyse(g);
		for (int i = 0; i < 3; i++)
			check_goal(g, &t, random_below(&choice, g->n_objects),
				   1 + random_below(&choice, K));
		graph_free(g);
	}
}

/* A goal that everything hangs from and points back at: an owner of 200,000, whose own referrers
 * are no way to it; the answer must not take a walk through all of them for each. */
static void an_owner_has_one_path(void **state)
{
	enum { OWNED = 200000 };
	static struct synthetic_object objects[OWNED + 2];
	static struct synthetic_edge edges[2 * OWNED + 1];
	struct holder holder = { .name = "h", .package = "", .task = NO_NODE, .type = NO_NODE };
	struct root root = { .frame = NO_NODE };
	struct graph *g;
	struct path *paths;
	struct error err = { 0 };

	/* 0 -> 1, the owner -> a chain of the others, each -> the owner. */
	for (uint32_t i = 0; i < OWNED + 2; i++)
		objects[i] = (struct synthetic_object){ .type = NO_NODE };
	edges[0] = (struct synthetic_edge){ .src = 0, .dst = 1 };
	for (uint32_t i = 0; i < OWNED; i++) {
		edges[1 + 2 * i] = (struct synthetic_edge){ .src = i + 1, .dst = i + 2 };
		edges[2 + 2 * i] = (struct synthetic_edge){ .src = i + 2, .dst = 1 };
	}
	g = synthetic_graph(&(struct synthetic_spec){ .objects = objects, .n_objects = OWNED + 2,
		.edges = edges, .n_edges = 2 * OWNED + 1, .holders = &holder, .n_holders = 1,
		.roots = &root, .n_roots = 1 });
	synthetic_analyse(g);
	assert_int_equal(paths_find(g, 1, 3, &paths, NULL, &err), 1);
	assert_int_equal(paths[0].n, 2);
	paths_free(paths, 1);
	/* The far end of the chain: one path, as long as the chain. */
	assert_int_equal(paths_find(g, OWNED + 1, 3, &paths, NULL, &err), 1);
	assert_int_equal(paths[0].n, OWNED + 2);
	paths_free(paths, 1);
	graph_free(g);
}

/* One slice of 100,000 whose slots all refer to the goal through objects of their own: paths by
 * different last referrers, at the lowest addresses. */
static void a_hub_has_many_paths(void **state)
{
	enum { HUB = 100000 };
	static struct synthetic_object objects[HUB + 2];
	static struct synthetic_edge edges[2 * HUB];
	struct holder holder = { .name = "h", .package = "", .task = NO_NODE, .type = NO_NODE };
	struct root root = { .frame = NO_NODE };
	struct graph *g;
	struct path *paths;
	struct error err = { 0 };

	for (uint32_t i = 0; i < HUB + 2; i++)
		objects[i] = (struct synthetic_object){ .type = NO_NODE };
	for (uint32_t i = 0; i < HUB; i++) {
		edges[2 * i] = (struct synthetic_edge){ .src = 0, .dst = i + 1 };
		edges[2 * i + 1] = (struct synthetic_edge){ .src = i + 1, .dst = HUB + 1 };
	}
	g = synthetic_graph(&(struct synthetic_spec){ .objects = objects, .n_objects = HUB + 2,
		.edges = edges, .n_edges = 2 * HUB, .holders = &holder, .n_holders = 1,
		.roots = &root, .n_roots = 1 });
	synthetic_analyse(g);
	assert_int_equal(paths_find(g, HUB + 1, 3, &paths, NULL, &err), 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(paths[i].n, 3);
		assert_int_equal(paths[i].objects[1], i + 1);
	}
	paths_free(paths, 3);
	graph_free(g);
}

static void the_example_has_two_paths_to_the_shared_map(void **state)
{
	struct graph *g = synthetic_example();
	struct error err = { 0 };
	struct path *paths;

	assert_int_equal(paths_find(g, EXAMPLE_META_42, 3, &paths, NULL, &err), 2);
	assert_string_equal(g->holders[g->roots[paths[0].root].holder].name,
			    "goroutine 1 main.main");
	assert_string_equal(g->holders[g->roots[paths[1].root].holder].name, "main.cache");
	assert_int_equal(paths[1].n, 4);
	paths_free(paths, 2);
	assert_int_equal(paths_find(g, EXAMPLE_DEAD_MAP, 3, &paths, NULL, &err), 0);
	assert_int_equal(err.code, STATUS_OK);
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_shortest_of_all_paths),
		cmocka_unit_test(an_owner_has_one_path),
		cmocka_unit_test(a_hub_has_many_paths),
		cmocka_unit_test(the_example_has_two_paths_to_the_shared_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

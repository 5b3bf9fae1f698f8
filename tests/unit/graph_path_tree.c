/* The path tree against its definition, on random graphs. */
#include "graph/analysis/path_tree.h"
#include "random_graph.h"
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define GRAPHS 2000
#define SEED 20261201u

static bool holds_child(const struct graph *g, const struct truth *t, uint32_t src, uint32_t dst)
{
	for (uint32_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++)
		if (EDGE_NODE(g->fwd_dst[e]) == dst && truly_holds(g, t, src, e))
			return true;
	return false;
}

/* Random graphs have one task that is the program's own, number 0. */
static bool is_lasting(const struct graph *g, uint32_t root)
{
	const struct holder *holder = &g->holders[g->roots[root].holder];

	return holder->kind == HOLDER_GLOBAL || (holder->kind == HOLDER_TASK && holder->task == 0);
}

/* The objects that lasting roots reach, as a set. */
static uint64_t reached_lasting(const struct graph *g, const struct truth *t)
{
	uint64_t set = 0, before;

	for (uint32_t r = 0; r < g->n_roots; r++)
		if (is_lasting(g, r) && root_truly_holds(g, t, r))
			set |= 1ull << g->roots[r].dst;
	do {
		before = set;
		for (uint32_t a = 0; a < g->n_objects; a++)
			for (uint32_t b = 0; set >> a & 1 && b < g->n_objects; b++)
				if (holds_child(g, t, a, b))
					set |= 1ull << b;
	} while (set != before);
	return set;
}

static void check_object(const struct path_tree *tree, const struct truth *t, uint32_t id)
{
	const struct graph *g = tree->g;
	struct error err = { 0 };
	struct path path;

	assert_true(path_tree_path(tree, id, &path, &err));
	assert_int_equal(path.root, path_tree_root(tree, id));
	assert_true(root_truly_holds(g, t, path.root));
	assert_int_equal(g->roots[path.root].dst, path.objects[0]);
	assert_int_equal(path.objects[path.n - 1], id);
	for (uint32_t i = 1; i < path.n; i++)
		assert_true(holds_child(g, t, path.objects[i - 1], path.objects[i]));
	free(path.objects);
}

/* Bytes below ID by asking each object whether it hangs there. */
static uint64_t bytes_below(const struct path_tree *tree, uint32_t id)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < tree->n; i++) {
		uint32_t at = tree->order[i];

		while (at != id && at < tree->g->n_objects)
			at = tree->parent[at];
		bytes += at == id ? graph_size(tree->g, tree->order[i]) : 0;
	}
	return bytes;
}

static void each_live_object_has_one_path(void **state)
{
	print_message("# seeds %u to %u\n", SEED, SEED + GRAPHS - 1);
	for (uint64_t seed = SEED; seed < SEED + GRAPHS; seed++) {
		struct graph *g = random_graph(seed);
		struct error err = { 0 };
		struct path_tree tree;
		uint64_t lasting;
		struct truth t;

		find_truth(g, &t);
		synthetic_analyse(g);
		assert_true(path_tree_build(g, &tree, NULL, &err));
		assert_int_equal(tree.n, g->live_objects);
		lasting = reached_lasting(g, &t);
		for (uint32_t id = 0; id < g->n_objects; id++) {
			assert_int_equal(tree.parent[id] != NO_NODE, t.live >> id & 1);
			if (tree.parent[id] == NO_NODE)
				continue;
			check_object(&tree, &t, id);
			assert_int_equal(tree.bytes[id], bytes_below(&tree, id));
			assert_int_equal(is_lasting(g, path_tree_root(&tree, id)), lasting >> id & 1);
		}
		path_tree_free(&tree);
		graph_free(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_live_object_has_one_path) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

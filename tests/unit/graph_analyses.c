/* Marking, dominators, retained sizes and nearest roots against slow obvious versions, on many
 * random graphs; and on a linked list of ten million objects. */
/* Before cmocka.h, which has a macro fail() of its own. */
#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/builder.h"
#include "graph/query/summary.h"
#include "random_graph.h"
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#define GRAPHS 4000
#define SEED 20260101u

/* Run CHECK on many graphs, analysed. */
static void on_graphs(void (*check)(const struct graph *g, const struct truth *t))
{
	print_message("# seeds %u to %u\n", SEED, SEED + GRAPHS - 1);
	for (uint64_t seed = SEED; seed < SEED + GRAPHS; seed++) {
		struct graph *g = random_graph(seed);
		struct truth t;

		find_truth(g, &t);
		synthetic_analyse(g);
		check(g, &t);
		graph_free(g);
	}
}

static bool in(uint64_t set, uint32_t node)
{
	return set >> node & 1;
}

static void check_marks(const struct graph *g, const struct truth *t)
{
	uint64_t live_bytes = 0, exact = 0, kept = 0, reached = 0;

	for (uint32_t id = 0; id < g->n_objects; id++) {
		bool live = in(t->live, id);
		uint64_t size = graph_size(g, id);

		assert_int_equal(!!(g->flags[id] & OBJECT_LIVE), live);
		assert_int_equal(!!(g->flags[id] & OBJECT_RUNTIME_ONLY), live && !in(t->strong, id));
		live_bytes += live ? size : 0;
		exact += live && (g->flags[id] & OBJECT_KNOWN) == KNOWN_EXACT ? size : 0;
		kept += g->flags[id] & OBJECT_SURVIVED ? size : 0;
		reached += live && (g->flags[id] & OBJECT_SURVIVED) ? size : 0;
	}
	assert_int_equal(g->live_objects, __builtin_popcountll(t->live));
	assert_int_equal(g->live_bytes, live_bytes);
	assert_int_equal(g->typed_exact, exact);
	assert_int_equal(g->meta.kept_by_last_gc, kept);
	assert_int_equal(g->meta.kept_reached, reached);
	for (uint32_t i = 0; i < g->n_roots; i++)
		assert_int_equal(graph_root_holds(g, i), root_truly_holds(g, t, i));
}

static void marks_what_a_fixpoint_marks(void **state)
{
	on_graphs(check_marks);
}

/* Idle edges are those that do not hold, in both directions; referrers ascend. */
static void check_idle(const struct graph *g, const struct truth *t)
{
	int balance[RANDOM_NODES][RANDOM_NODES][2];

	memset(balance, 0, sizeof balance);
	for (uint32_t src = 0; src < g->n_objects; src++)
		for (uint32_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++) {
			bool idle = g->fwd_dst[e] & EDGE_IDLE;

			assert_int_equal(idle, !truly_holds(g, t, src, e));
			balance[src][EDGE_NODE(g->fwd_dst[e])][idle]++;
		}
	for (uint32_t dst = 0; dst < g->n_objects; dst++)
		for (uint32_t e = g->rev_row[dst]; e < g->rev_row[dst + 1]; e++) {
			uint32_t src = EDGE_NODE(g->rev_src[e]);

			assert_true(e == g->rev_row[dst] || src >= EDGE_NODE(g->rev_src[e - 1]));
			balance[src][dst][!!(g->rev_src[e] & EDGE_IDLE)]--;
		}
	for (uint32_t a = 0; a < g->n_objects; a++)
		for (uint32_t b = 0; b < g->n_objects; b++)
			assert_true(!balance[a][b][0] && !balance[a][b][1]);
}

/* The producer hands all objects' bytes over as garbage. */
static void live_bytes_leave_the_garbage(void **state)
{
	static const struct named_bytes parts[] = { { "live heap", 0 }, { "garbage", 1 << 20 },
						    { "stacks", 4096 } };
	struct graph *g = random_graph(7);
	struct error err = { 0 };

	g->memory = calloc(ARRAY_SIZE(parts), sizeof *parts);
	assert_non_null(g->memory);
	memcpy(g->memory, parts, sizeof parts);
	g->n_memory = ARRAY_SIZE(parts);
	for (unsigned i = 0; i < 2; i++) { /* once more changes nothing */
		assert_true(graph_mark(g, NULL, &err));
		assert_true(g->live_bytes > 0);
		assert_int_equal(g->memory[0].bytes, g->live_bytes);
		assert_int_equal(g->memory[1].bytes, (1 << 20) - g->live_bytes);
		assert_int_equal(g->memory[2].bytes, 4096);
	}
	graph_free(g);
}

/* Of live objects that which has no memory behind it is no part of the resident set. */
static void absent_bytes_are_in_no_part(void **state)
{
	static const struct named_bytes parts[] = { { "live heap", 0 }, { "garbage", 0 } };
	static const struct memory_detail details[] = {
		{ "live heap", "touched", 0, 1 }, { "live heap", "never touched", 0, 0 },
		{ "garbage", "touched", 0, 1 }, { "garbage", "never touched", 0, 0 },
	};
	struct graph *g = random_graph(7);
	struct error err = { 0 };
	uint64_t absent[2] = { 0, 0 }, resident = 0, untouched = 0, all = 0;

	/* The second half of each third object, swapped out or never touched in turns. */
	g->absent = calloc(g->n_objects, sizeof *g->absent);
	g->memory = malloc(sizeof parts);
	g->details = malloc(sizeof details);
	assert_true(g->absent && g->memory && g->details);
	for (uint32_t id = 0; id < g->n_objects; id += 3) {
		uint64_t addr = graph_addr(g, id), size = graph_size(g, id);

		g->absent[g->n_absent] = (struct absent){ addr + size / 2, addr + size, id % 2 };
		g->n_absent++;
		absent[id % 2] += size - size / 2;
	}
	for (uint32_t id = 0; id < g->n_objects; id++)
		all += graph_size(g, id);
	memcpy(g->memory, parts, sizeof parts);
	g->n_memory = ARRAY_SIZE(parts);
	g->memory[1].bytes = all - absent[0] - absent[1];
	memcpy(g->details, details, sizeof details);
	g->n_details = ARRAY_SIZE(details);
	g->details[2].bytes = g->memory[1].bytes;
	g->details[3].bytes = absent[0];
	assert_true(graph_mark(g, NULL, &err));
	for (uint32_t id = 0; id < g->n_objects; id++) {
		uint64_t size = graph_size(g, id), half = id % 3 ? 0 : size - size / 2;

		if (!(g->flags[id] & OBJECT_LIVE))
			continue;
		resident += size - half;
		untouched += id % 2 ? 0 : half;
	}
	assert_true(resident > 0 && resident < g->live_bytes && untouched > 0);
	assert_int_equal(g->memory[0].bytes, resident);
	assert_int_equal(g->memory[0].bytes + g->memory[1].bytes, all - absent[0] - absent[1]);
	assert_int_equal(g->details[0].bytes, resident);
	assert_int_equal(g->details[1].bytes, untouched);
	assert_int_equal(g->details[1].bytes + g->details[3].bytes, absent[0]);
	graph_free(g);
}

static void idles_edges_that_do_not_hold(void **state)
{
	on_graphs(check_idle);
}

/* Of a node's dominators, itself aside, the one that has the most of them itself. */
static uint32_t true_idom(const struct graph *g, const struct truth *t, uint32_t node)
{
	uint32_t best = NO_NODE;
	int most = -1;

	for (uint32_t d = 0; d <= graph_root_node(g); d++) {
		int n = __builtin_popcountll(t->dominators[d]);

		if (d != node && in(t->dominators[node], d) && n > most) {
			most = n;
			best = d;
		}
	}
	return best;
}

static void check_dominators(const struct graph *g, const struct truth *t)
{
	for (uint32_t node = 0; node < graph_root_node(g); node++) {
		uint64_t dominators = t->dominators[node];
		uint32_t above = NO_NODE;

		assert_int_equal(g->idom[node], true_idom(g, t, node));
		if (!graph_is_object(g, node))
			continue;
		for (uint32_t h = 0; h < g->n_holders; h++)
			if (in(dominators, g->n_objects + h))
				above = h;
		assert_int_equal(g->above[node], above);
	}
}

static void dominators_are_what_no_path_avoids(void **state)
{
	on_graphs(check_dominators);
}

static void check_retained(const struct graph *g, const struct truth *t)
{
	for (uint32_t d = 0; d <= graph_root_node(g); d++) {
		uint64_t bytes = 0;
		uint32_t objects = 0;

		for (uint32_t id = 0; id < g->n_objects; id++)
			if (in(t->dominators[id], d)) {
				bytes += graph_size(g, id);
				objects++;
			}
		assert_int_equal(graph_retained(g, d), bytes);
		if (graph_is_holder(g, d))
			assert_int_equal(g->holders[d - g->n_objects].objects, objects);
	}
}

static void retained_is_the_size_of_the_subtree(void **state)
{
	on_graphs(check_retained);
}

static void check_kids(const struct graph *g, const struct truth *t)
{
	uint64_t seen = 0;

	for (uint32_t node = 0; node <= graph_root_node(g); node++)
		for (uint32_t k = g->kid_row[node]; k < g->kid_row[node + 1]; k++) {
			uint32_t kid = g->kids[k], before;

			assert_int_equal(g->idom[kid], node);
			assert_false(in(seen, kid));
			seen |= 1ull << kid;
			if (k == g->kid_row[node])
				continue;
			before = g->kids[k - 1];
			assert_true(graph_retained(g, before) > graph_retained(g, kid) ||
				    (graph_retained(g, before) == graph_retained(g, kid) &&
				     before < kid));
		}
	for (uint32_t node = 0; node < graph_root_node(g); node++)
		assert_int_equal(in(seen, node), t->dominators[node] != 0);
}

/* Each object right below the root is in the group of its type, and in no other. */
static void check_shared(const struct graph *g, const struct truth *t)
{
	struct shared_group groups[RANDOM_NODES], few[2];
	uint32_t n = summary_shared_groups(g, groups, ARRAY_SIZE(groups));
	uint64_t objects = 0;

	for (uint32_t id = 0; id < g->n_objects; id++)
		objects += g->idom[id] == graph_root_node(g);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t count = 0, retained = 0, largest = 0;

		for (uint32_t id = 0; id < g->n_objects; id++) {
			if (g->idom[id] != graph_root_node(g) ||
			    g->type[id] != g->type[groups[i].object])
				continue;
			count++;
			retained += g->retained[id];
			if (g->retained[id] > largest)
				largest = g->retained[id];
		}
		assert_int_equal(groups[i].count, count);
		assert_int_equal(groups[i].retained, retained);
		assert_int_equal(g->retained[groups[i].object], largest);
		assert_true(!i || groups[i - 1].retained >= retained);
		objects -= count;
	}
	assert_int_equal(objects, 0);
	/* Fewer are the first of all. */
	assert_int_equal(summary_shared_groups(g, few, ARRAY_SIZE(few)), n < 2 ? n : 2);
	assert_memory_equal(few, groups, (n < 2 ? n : 2) * sizeof *few);
}

static void what_is_shared_is_grouped_by_type(void **state)
{
	on_graphs(check_shared);
}

static void kids_are_whole_and_sorted(void **state)
{
	on_graphs(check_kids);
}

static void check_types(const struct graph *g, const struct truth *t)
{
	for (uint32_t type = 0; type < g->n_types; type++) {
		uint64_t objects = 0, bytes = 0, live = 0, retained = 0, alike = 0;

		for (uint32_t id = 0; id < g->n_objects; id++)
			alike |= g->type[id] == type ? 1ull << id : 0;
		for (uint32_t id = 0; id < g->n_objects; id++) {
			if (!in(alike, id))
				continue;
			objects++;
			bytes += graph_size(g, id);
			live += in(t->live, id) ? graph_size(g, id) : 0;
			if (in(t->live, id) && !(t->dominators[id] & alike & ~(1ull << id)))
				retained += g->retained[id];
		}
		assert_int_equal(g->types[type].objects, objects);
		assert_int_equal(g->types[type].bytes, bytes);
		assert_int_equal(g->types[type].live_bytes, live);
		assert_int_equal(g->types[type].retained, retained);
	}
}

static void types_count_outermost_instances(void **state)
{
	on_graphs(check_types);
}

static void check_nearest(const struct graph *g, const struct truth *t)
{
	for (uint32_t id = 0; id < g->n_objects; id++) {
		assert_int_equal(g->depth[id], t->depth[id]);
		if (t->depth[id] != NO_NODE)
			assert_int_equal(g->root[id], t->root[id]);
		else
			assert_int_equal(g->root[id], NO_NODE);
	}
}

static void nearest_roots_by_relaxation(void **state)
{
	on_graphs(check_nearest);
}

/* Long lists of children are sorted another way: one parent of 70,000, with sizes up to so large
 * that the fast way cannot be taken. */
static void long_lists_are_sorted(void **state)
{
	enum { KIDS = 70000 };
	static struct synthetic_object objects[KIDS + 1];
	static struct synthetic_edge edges[KIDS];
	struct holder holder = { .kind = HOLDER_GLOBAL, .name = "h", .package = "",
				 .task = NO_NODE, .type = NO_NODE };
	struct root root = { .frame = NO_NODE };

	for (int large = 0; large < 2; large++) {
		uint64_t seed = SEED;
		struct graph *g;

		objects[0] = (struct synthetic_object){ .type = NO_NODE };
		for (uint32_t i = 1; i <= KIDS; i++) {
			objects[i] = (struct synthetic_object){ .type = NO_NODE,
				.size = 8ull << random_below(&seed, 14) };
			edges[i - 1] = (struct synthetic_edge){ .dst = i };
		}
		g = synthetic_graph(&(struct synthetic_spec){ .objects = objects,
			.n_objects = KIDS + 1, .edges = edges, .n_edges = KIDS, .holders = &holder,
			.n_holders = 1, .roots = &root, .n_roots = 1 });
		/* No address space is so large: let one span claim it after the index is made. */
		if (large)
			g->extents[g->n_extents - 1].stride = 1ull << 60;
		synthetic_analyse(g);
		assert_int_equal(g->kid_row[1] - g->kid_row[0], KIDS);
		for (uint32_t k = 1; k < KIDS; k++) {
			uint32_t a = g->kids[k - 1], b = g->kids[k];

			assert_true(g->retained[a] > g->retained[b] ||
				    (g->retained[a] == g->retained[b] && a < b));
		}
		graph_free(g);
	}
}

/* Two slots of one object to the same other, one of them weak. */
static void parallel_edges_idle_one_by_one(void **state)
{
	const struct synthetic_object objects[3] = { { NO_NODE }, { NO_NODE }, { NO_NODE } };
	const struct synthetic_edge edges[] = {
		{ .src = 0, .dst = 1 }, { .src = 0, .dst = 1, .strength = STRENGTH_WEAK },
		{ .src = 0, .dst = 1, .strength = STRENGTH_WEAK }, { .src = 2, .dst = 1 },
	};
	struct holder holder = { .name = "h", .package = "", .task = NO_NODE, .type = NO_NODE };
	struct root root = { .frame = NO_NODE };
	struct graph *g = synthetic_graph(&(struct synthetic_spec){ .objects = objects,
		.n_objects = 3, .edges = edges, .n_edges = 4, .holders = &holder, .n_holders = 1,
		.roots = &root, .n_roots = 1 });

	synthetic_analyse(g);
	assert_int_equal(g->fwd_dst[0], 1);
	assert_int_equal(g->fwd_dst[1], 1 | EDGE_IDLE);
	assert_int_equal(g->fwd_dst[2], 1 | EDGE_IDLE);
	assert_int_equal(g->rev_src[g->rev_row[1]], 0 | EDGE_IDLE);
	assert_int_equal(g->rev_src[g->rev_row[1] + 1], 0 | EDGE_IDLE);
	assert_int_equal(g->rev_src[g->rev_row[1] + 2], 0);
	assert_int_equal(g->rev_src[g->rev_row[1] + 3], 2);
	graph_free(g);
}

struct list { uint32_t n; };

static void pull_list(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out)
{
	const struct list *list = ctx;

	for (uint32_t i = lo; i < hi; i++) {
		counts[i - lo] = i + 1 < list->n;
		if (out && counts[i - lo])
			*out++ = i + 1;
	}
}

/* A list of N objects of 16 bytes, STAGE_EDGES. */
static struct graph *make_list(struct list *list, struct edge_source *source)
{
	struct graph *g = graph_new();
	uint32_t n = list->n, n_extents = (n + 511) / 512;
	struct extent *extents = calloc(n_extents, sizeof *extents);
	uint64_t *bits = malloc(n_extents * 64ull);
	struct holder *holder = calloc(1, sizeof *holder);
	struct root *root = calloc(1, sizeof *root);
	struct error err = { 0 };

	for (uint32_t i = 0; i < n_extents; i++)
		extents[i] = (struct extent){ .base = 0xc000000000 + i * 8192ull, .stride = 16,
			.bits = i * 8ull, .slots = n - i * 512 < 512 ? n - i * 512 : 512 };
	memset(bits, 0xff, n_extents * 64ull);
	holder->task = root->frame = NO_NODE;
	*source = (struct edge_source){ .pull = pull_list, .ctx = list };
	assert_true(graph_set_extents(g, extents, n_extents, bits, &err));
	assert_true(graph_pull_edges(g, source, NULL, &err));
	assert_true(graph_set_holders(g, holder, 1, root, 1, &err));
	return g;
}

static void a_list_of_ten_million(void **state)
{
	struct list list = { 10000000 };
	struct edge_source source;
	struct graph *g = make_list(&list, &source);
	struct rusage usage;

	synthetic_analyse(g);
	assert_int_equal(g->live_objects, list.n);
	assert_int_equal(g->depth[list.n - 1], list.n - 1);
	assert_int_equal(g->idom[list.n - 1], list.n - 2);
	assert_int_equal(g->retained[0], 16ull * list.n);
	assert_int_equal(g->retained[list.n / 2], 16ull * (list.n - list.n / 2));
	assert_int_equal(g->holders[0].retained, 16ull * list.n);
	graph_free(g);
	getrusage(RUSAGE_SELF, &usage);
	print_message("# peak %ld MB\n", usage.ru_maxrss / 1024);
}

/* Every stage ends with an error when a watcher wishes it, and leaves a graph to be freed. */
static void stages_can_be_cancelled(void **state)
{
	struct progress progress = { 0 };
	struct list list = { 300000 };
	struct edge_source source;
	struct graph *g = make_list(&list, &source);
	struct graph *fresh = graph_new();
	struct error err = { 0 };

	atomic_store(&progress.cancel, true);
	assert_false(graph_mark(g, &progress, &err));
	assert_int_equal(err.code, STATUS_REFUSED);
	assert_string_equal(err.message, "cancelled");
	atomic_store(&progress.cancel, false);
	assert_true(graph_mark(g, &progress, NULL));
	assert_true(progress.done > 0);
	atomic_store(&progress.cancel, true);
	err = (struct error){ 0 };
	assert_false(graph_dominators(g, &progress, &err));
	assert_string_equal(err.message, "cancelled");
	assert_int_equal(graph_stage(g), STAGE_LIVE);
	graph_free(g);

	err = (struct error){ 0 };
	assert_true(graph_set_extents(fresh, calloc(1, sizeof(struct extent)), 0, NULL, &err));
	assert_false(graph_pull_edges(fresh, &source, &progress, &err));
	assert_string_equal(err.message, "cancelled");
	graph_free(fresh);
}

static void an_empty_graph_is_a_graph(void **state)
{
	struct graph *g = synthetic_graph(&(struct synthetic_spec){ 0 });

	synthetic_analyse(g);
	assert_int_equal(g->live_objects, 0);
	assert_int_equal(graph_retained(g, graph_root_node(g)), 0);
	assert_int_equal(graph_find(g, 0xc000000000, NULL), NO_NODE);
	graph_free(g);
}

static void the_example_says_what_its_picture_says(void **state)
{
	struct graph *g = synthetic_example();
	uint32_t cache = g->n_objects;
	struct lens *lens = g->lens;
	enum known known;

	assert_int_equal(graph_stage(g), STAGE_RETAINED);
	assert_int_equal(g->idom[EXAMPLE_SESSION_1], EXAMPLE_CACHE_GROUPS);
	assert_int_equal(g->idom[EXAMPLE_CACHE], cache);
	assert_int_equal(g->above[EXAMPLE_META_1], 0);
	/* Shared by the cache and a frame. */
	assert_int_equal(g->idom[EXAMPLE_META_42], graph_root_node(g));
	assert_int_equal(g->above[EXAMPLE_TEXT_42], NO_NODE);
	/* Bookkeeping holds the dead goroutine's record, and no other. */
	assert_string_equal(g->holders[g->above[EXAMPLE_G_DEAD]].name, "runtime.allgs");
	assert_string_equal(g->holders[g->above[EXAMPLE_G_91]].name,
			    "goroutine 91 main.(*poller).run");
	assert_true(g->flags[EXAMPLE_G_DEAD] & OBJECT_RUNTIME_ONLY);
	assert_false(g->flags[EXAMPLE_DEAD_MAP] & OBJECT_LIVE);
	assert_false(graph_map_of(g, EXAMPLE_DEAD_MAP)->live);
	assert_int_equal(graph_map_retained(g, &g->maps[g->n_maps - 1]), 0);
	assert_true(g->maps[0].live);

	struct text label = { 0 };

	lens->ops->edge_label(lens, EXAMPLE_SESSION_42, 16, &label, &known);
	assert_string_equal(text_string(&label), ".meta");
	text_clear(&label);
	graph_type_label(g, EXAMPLE_UNKNOWN, &label);
	assert_string_equal(text_string(&label), "? 48 B scan");
	text_clear(&label);
	graph_type_label(g, EXAMPLE_INFERRED, &label);
	assert_string_equal(text_string(&label), "~[]interface {}");
	text_free(&label);
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_what_a_fixpoint_marks),
		cmocka_unit_test(live_bytes_leave_the_garbage),
		cmocka_unit_test(absent_bytes_are_in_no_part),
		cmocka_unit_test(idles_edges_that_do_not_hold),
		cmocka_unit_test(dominators_are_what_no_path_avoids),
		cmocka_unit_test(retained_is_the_size_of_the_subtree),
		cmocka_unit_test(kids_are_whole_and_sorted),
		cmocka_unit_test(what_is_shared_is_grouped_by_type),
		cmocka_unit_test(types_count_outermost_instances),
		cmocka_unit_test(nearest_roots_by_relaxation),
		cmocka_unit_test(long_lists_are_sorted),
		cmocka_unit_test(parallel_edges_idle_one_by_one),
		cmocka_unit_test(a_list_of_ten_million),
		cmocka_unit_test(stages_can_be_cancelled),
		cmocka_unit_test(an_empty_graph_is_a_graph),
		cmocka_unit_test(the_example_says_what_its_picture_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

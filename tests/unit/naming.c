/* Names: packages that are called alike, counts, names cut apart, and sums that count each byte once. */
#include "graph/naming.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/origin.h"
#include "graph/query/together.h"
#include "synthetic.h"
#include "tui/widgets/clip.h"

/* Last: it calls a macro `fail`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void origins_are_those_of_the_longest_path(void **state)
{
	struct origin_path origins[] = {
		{ "main", ORIGIN_MAIN }, { "example.com/app", ORIGIN_MAIN },
		{ "example.com/app/sdk", ORIGIN_DEPENDENCY }, { "net", ORIGIN_MAIN },
		{ "net", ORIGIN_STANDARD }, { "example.com", ORIGIN_DEPENDENCY },
	};
	static const struct { const char *path; enum origin origin; } expected[] = {
		{ "main", ORIGIN_MAIN }, { "net/http", ORIGIN_STANDARD }, { "netx", ORIGIN_UNKNOWN },
		{ "example.com/app/store", ORIGIN_MAIN }, { "example.com/app/sdk/v2", ORIGIN_DEPENDENCY },
		{ "example.com/app/sdks", ORIGIN_MAIN }, { "example.com/apple", ORIGIN_DEPENDENCY },
		{ "example.org/app", ORIGIN_UNKNOWN }, { "", ORIGIN_UNKNOWN }, { "ma", ORIGIN_UNKNOWN },
	};

	origin_sort(origins, ARRAY_SIZE(origins));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(origin_of(origins, ARRAY_SIZE(origins), expected[i].path), expected[i].origin);
}

static void packages_are_told_apart(void **state)
{
	static const struct { const char *path, *shown; } expected[] = {
		{ "context", "context" }, { "github.com/gorilla/context", "gorilla/context" },
		{ "math/rand", "math/rand" }, { "crypto/rand", "crypto/rand" }, { "math/rand/v2", "rand/v2" },
		{ "example.com/a/store", "a/store" }, { "example.com/b/store", "b/store" },
		{ "example.com/x/y/z", "example.com/x/y/z" }, { "example.org/x/y/z", "example.org/x/y/z" },
		{ "sync/atomic", "atomic" }, { "internal/runtime/atomic", "runtime/atomic" },
		{ "net/http", "http" }, { "gopkg.in/yaml.v3", "yaml.v3" },
	};
	struct package_name packages[ARRAY_SIZE(expected)];

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		packages[i].path = expected[i].path;
	naming_packages(packages, ARRAY_SIZE(packages));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		for (size_t k = 0; k < ARRAY_SIZE(packages); k++)
			if (packages[k].path == expected[i].path)
				assert_string_equal(packages[k].shown, expected[i].shown);
}

static void symbols_have_as_much_of_their_paths(void **state)
{
	static const char *const pairs[][2] = {
		{ "github.com/gorilla/context.Get", "gorilla/context.Get" },
		{ "context.WithValue", "context.WithValue" },
		{ "map[string]*github.com/gorilla/context.Bag groups", "map[string]*gorilla/context.Bag groups" },
		{ "goroutine 7 github.com/gorilla/context.Run under iter.Pull",
		  "goroutine 7 gorilla/context.Run under iter.Pull" },
		{ "github.com/gorilla/contexts.Get", "contexts.Get" },
		{ "main.F[github.com/gorilla/context.Bag,net/http.Client]", "main.F[gorilla/context.Bag,http.Client]" },
	};
	struct package_name packages[] = { { "github.com/gorilla/context", "gorilla/context" } };
	struct graph g = { .packages = packages, .n_packages = 1 };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		autotext struct text out = {0};

		naming_put(&g, pairs[i][0], &out);
		assert_string_equal(text_string(&out), pairs[i][1]);
		assert_true(naming_is(&g, pairs[i][1], pairs[i][0]));
		assert_true(naming_is(&g, pairs[i][0], pairs[i][0]));
	}
	assert_false(naming_is(&g, "other/context.Get", pairs[0][0]));
}

static void one_of_a_thing_is_one(void **state)
{
	static const struct { uint64_t n; const char *noun, *text; } counts[] = {
		{ 1, "object", "1 object" }, { 0, "object", "0 objects" }, { 1234, "entry", "1,234 entries" },
		{ 1, "entry", "1 entry" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		autotext struct text out = {0};

		text_counted(&out, counts[i].n, counts[i].noun);
		assert_string_equal(text_string(&out), counts[i].text);
	}
}

static void names_that_differ_are_cut_so_that_they_do(void **state)
{
	static const char *const names[] = {
		"server.mappedListenerOpener", "server.mappedProcessOpener", "server.mappedListenerCloser", "short",
	};

	for (unsigned width = 10; width < 28; width++)
		for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
			for (unsigned k = 0; k < i; k++) {
				autotext struct text a = {0}, b = {0};

				text_clip_at(&a, names[i], width, clip_head(names, ARRAY_SIZE(names), i, width), true);
				text_clip_at(&b, names[k], width, clip_head(names, ARRAY_SIZE(names), k, width), true);
				assert_int_equal(text_width(text_string(&a)), width);
				assert_string_not_equal(text_string(&a), text_string(&b));
			}
}

static void what_lies_below_another_counts_once(void **state)
{
	struct graph *g = synthetic_example();
	const uint32_t nodes[] = { EXAMPLE_SESSION_1, g->n_objects, EXAMPLE_CACHE, EXAMPLE_SESSION_1, EXAMPLE_META_1 };
	struct error err = {0};
	uint64_t bytes;

	assert_true(together_retained(g, nodes, ARRAY_SIZE(nodes), &bytes, &err));
	assert_int_equal(bytes, g->holders[0].retained);
	assert_true(together_retained(g, nodes, 1, &bytes, &err));
	assert_int_equal(bytes, g->retained[EXAMPLE_SESSION_1]);
	graph_free(g);
}

/* Against the slow obvious way: each object counts if one of the list is it or above it. */
static void all_objects_together_are_the_live_heap(void **state)
{
	struct graph *g = synthetic_example();
	autofree uint32_t *nodes = malloc(graph_root_node(g) * sizeof *nodes);
	struct error err = {0};
	uint64_t bytes;

	assert_non_null(nodes);
	for (uint32_t skip = 1; skip < 7; skip++) {
		uint64_t expected = 0;
		uint32_t n = 0;

		for (uint32_t i = 0; i < g->n_objects; i += skip)
			if (g->flags[i] & OBJECT_LIVE)
				nodes[n++] = i;
		for (uint32_t i = 0; i < g->n_objects; i++)
			for (uint32_t up = i; graph_is_object(g, up) && g->flags[i] & OBJECT_LIVE; up = g->idom[up])
				if (up % skip == 0) {
					expected += graph_size(g, i);
					break;
				}
		assert_true(together_retained(g, nodes, n, &bytes, &err));
		assert_int_equal(bytes, expected);
	}
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_are_those_of_the_longest_path),
		cmocka_unit_test(packages_are_told_apart),
		cmocka_unit_test(symbols_have_as_much_of_their_paths),
		cmocka_unit_test(one_of_a_thing_is_one),
		cmocka_unit_test(names_that_differ_are_cut_so_that_they_do),
		cmocka_unit_test(what_lies_below_another_counts_once),
		cmocka_unit_test(all_objects_together_are_the_live_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

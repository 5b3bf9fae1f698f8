/* What a person names, and in which order names are tried. */
#include "graph/query/what.h"

#include <stdio.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "synthetic.h"

/* Last: it calls a macro `fail`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct what resolve(const struct graph *g, const char *text)
{
	struct error err = {0};
	struct what what;

	if (!what_resolve(g, text, &what, &err))
		fail_msg("%s: %s", text, err.message);
	return what;
}

static enum status refused(const struct graph *g, const char *text, char *message, size_t size)
{
	struct error err = {0};
	struct what what;

	assert_false(what_resolve(g, text, &what, &err));
	assert_null(what.holders);
	assert_null(what.types);
	if (message)
		snprintf(message, size, "%s", err.message);
	return err.code;
}

static void an_address_names_the_object_around_it(void **state)
{
	struct graph *g = synthetic_example();
	uint64_t addr = graph_addr(g, EXAMPLE_SESSION_2);
	static const char *const formats[] = { "0x%llx", "0X%llx", "%llu" };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		for (uint64_t offset = 0; offset < 64; offset += 63) {
			char text[32];
			struct what what;

			/* The formats stand above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(text, sizeof text, formats[i], (unsigned long long)(addr + offset));
#pragma GCC diagnostic pop
			what = resolve(g, text);
			assert_int_equal(what.kind, WHAT_OBJECT);
			assert_int_equal(what.object, EXAMPLE_SESSION_2);
			assert_int_equal(what.offset, offset);
			what_free(&what);
		}
	}
	graph_free(g);
}

static void an_address_in_a_global_names_the_global(void **state)
{
	struct graph *g = synthetic_example();
	struct what what = resolve(g, "0x5a0014");

	assert_int_equal(what.kind, WHAT_GLOBAL);
	assert_int_equal(what.n_holders, 1);
	assert_string_equal(g->holders[what.holders[0]].name, "main.buffers");
	what_free(&what);
	assert_int_equal(refused(g, "0x5a0030", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "0", NULL, 0), STATUS_NOT_FOUND);
	graph_free(g);
}

static void names_are_tried_in_order(void **state)
{
	struct graph *g = synthetic_example();
	struct what what = resolve(g, "main.cache");

	assert_int_equal(what.kind, WHAT_GLOBAL);
	assert_string_equal(g->holders[what.holders[0]].name, "main.cache");
	what_free(&what);
	what = resolve(g, "map[string]interface {}");
	assert_int_equal(what.kind, WHAT_TYPE);
	assert_int_equal(what.n_types, 1);
	assert_string_equal(g->types[what.types[0]].name, "map[string]interface {}");
	what_free(&what);
	what = resolve(g, "/^main\\.(cache|session|buffers)$/");
	assert_int_equal(what.kind, WHAT_REGEXP);
	assert_int_equal(what.n_types, 1);
	assert_int_equal(what.n_holders, 2);
	assert_string_equal(g->holders[what.holders[0]].name, "main.cache"); /* retains more */
	what_free(&what);
	what = resolve(g, "/groups|map/"); /* the insides of maps are not named by a pattern */
	for (uint32_t i = 0; i < what.n_types; i++)
		assert_null(strstr(g->types[what.types[i]].name, "groups"));
	what_free(&what);
	graph_free(g);
}

static void what_is_not_there_is_said_so(void **state)
{
	struct graph *g = synthetic_example();
	char message[512];

	assert_int_equal(refused(g, "sess", message, sizeof message), STATUS_NOT_FOUND);
	assert_non_null(strstr(message, "main.session"));
	assert_int_equal(refused(g, "no.such", message, sizeof message), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "/no.such/", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "/a(/", message, sizeof message), STATUS_USAGE);
	assert_true(what_check("/a.b/", NULL) && what_check("a(", NULL));
	assert_false(what_check("/a(/", NULL));
	assert_int_equal(refused(g, "", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "//", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "0xzz", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "0xffffffffffffffffff", NULL, 0), STATUS_NOT_FOUND);
	assert_int_equal(refused(g, "\x1b]0;x\a", message, sizeof message), STATUS_NOT_FOUND);
	assert_null(strchr(message, '\x1b'));
	graph_free(g);
}

static struct instances find(const struct graph *g, const char *text, struct top_item *items,
			     uint32_t max)
{
	struct what what = resolve(g, text);
	struct instances found = { .top = { items, 0, max } };
	struct error err = {0};

	assert_true(what_instances(g, &what, &found, &err));
	what_free(&what);
	return found;
}

static void the_largest_instances_come_first(void **state)
{
	struct graph *g = synthetic_example();
	struct top_item items[2];
	struct instances found = find(g, "main.session", items, 2);

	assert_int_equal(found.count, 3);
	assert_int_equal(found.dead, 0);
	assert_int_equal(found.top.n, 2);
	assert_int_equal(items[0].id, EXAMPLE_SESSION_2);
	assert_int_equal(items[1].id, EXAMPLE_SESSION_1);
	assert_int_equal(found.retained, 512 + 496 + 64);
	assert_string_equal(g->holders[found.holder].name, "main.cache");
	found = find(g, "map[string]interface {}", items, 2);
	assert_int_equal(found.count, 5);
	assert_int_equal(found.dead, 1);
	assert_int_equal(found.holder, NO_NODE);
	graph_free(g);
}

/* An instance below another of the wanted types is in that one's sum already. */
static void what_is_retained_is_counted_once(void **state)
{
	struct graph *g = synthetic_example();
	struct top_item items[8];
	struct instances found = find(g, "/^(main.session|map.string.interface..)|int$/", items, 8);

	for (uint32_t i = 0; i < found.top.n; i++)
		assert_true(items[i].id != EXAMPLE_META_1 && items[i].id != EXAMPLE_ID_2);
	assert_int_equal(found.retained, 512 + 496 + 64 + g->retained[EXAMPLE_META_42] +
			 g->retained[EXAMPLE_CTX_MAP] + g->retained[EXAMPLE_HANDLER_MAP]);
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_names_the_object_around_it),
		cmocka_unit_test(an_address_in_a_global_names_the_global),
		cmocka_unit_test(names_are_tried_in_order),
		cmocka_unit_test(what_is_not_there_is_said_so),
		cmocka_unit_test(the_largest_instances_come_first),
		cmocka_unit_test(what_is_retained_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

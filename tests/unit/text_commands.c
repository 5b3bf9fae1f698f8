/* What report and why say of the example, as text and as JSON, and how tables are printed. */
#include "graph/base/cleanup.h"
#include "graph/base/json.h"
#include "graph/query/proof.h"
#include "graph/query/summary.h"
#include "synthetic.h"
#include "tui/page/outline.h"
#include "tui/page/report.h"
#include "tui/page/why.h"
#include "tui/page/wrap.h"
#include "tui/widgets/table.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Last: it calls a macro `fail`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static bool has(const struct text *t, const char *s)
{
	return strstr(text_string(t), s) != NULL;
}

static void check_has(const struct text *t, const char *s)
{
	if (!has(t, s))
		fail_msg("\"%s\" is not in:\n%s", s, text_string(t));
}

/* No line is wider than COLUMNS, none ends in a space, and none could move the cursor. */
static void check_lines(const struct text *t, unsigned columns)
{
	autotext struct text copy = {0};
	char *save;

	text_puts(&copy, text_string(t));
	for (char *line = strtok_r(copy.bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (text_width(line) > columns)
			fail_msg("%u cells: %s", text_width(line), line);
		assert_null(strpbrk(line, "\x1b\r\t"));
	}
}

/* SQLite's own parser says whether it is JSON; then one value in it. */
static void check_json(const struct text *json, const char *path, const char *value)
{
	sqlite3 *db;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "select json_valid(?1), json_extract(?1, ?2)", -1, &s,
					    NULL), SQLITE_OK);
	sqlite3_bind_text(s, 1, text_string(json), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
	if (sqlite3_step(s) != SQLITE_ROW || !sqlite3_column_int(s, 0))
		fail_msg("not JSON: %s", text_string(json));
	assert_non_null(sqlite3_column_text(s, 1));
	assert_string_equal((const char *)sqlite3_column_text(s, 1), value);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* --- why --- */

static void ask(const struct graph *g, const char *what, uint32_t paths, struct text *out)
{
	struct why_wish wish = { what, paths, 80, true, false };
	struct error err = {0};

	text_clear(out);
	if (!why_text(g, &wish, out, NULL, &err))
		fail_msg("%s: %s", what, err.message);
	check_lines(out, 80);
}

static void why_of_a_type_shows_its_largest_instances(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};

	ask(g, "main.session", 1, &out);
	check_has(&out, "3 objects of type main.session retain 1.07 kB together. All are reached "
		  "through\nglobal main.cache.\nThe largest:\n");
	check_has(&out,
		  "● main.cache        map[string]*main.session, 3 entries                  1.33 kB\n"
		  "└─ [\"user:2\"]       main.session                                           512 B\n"
		  "   └─ .meta         map[string]interface {}, 2 entries                     448 B\n"
		  "      ├─ [\"tags\"] ◇ []interface {}, 1 of 4                                 120 B\n"
		  "      └─ [\"id\"]   ◇ int, 2                                                   8 B\n"
		  "shortest path · Go: main.cache[\"user:2\"]\n");
	check_has(&out, "stopped 84 ms · 2023-11-14 22:13:20 UTC · orders[4242] go1.26.8");
	graph_free(g);
}

static void why_of_an_object_shows_paths_of_all_holders(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};
	char what[32];

	snprintf(what, sizeof what, "%" PRIu64, graph_addr(g, EXAMPLE_META_42) + 8);
	ask(g, what, 3, &out);
	check_has(&out, "The address lies 8 bytes into this object.\n");
	check_has(&out, "Several holders\nreach it: goroutine 1 main.main, global main.cache.\n");
	check_has(&out, "shortest path, 1 of 2 · Go: buf[17] in main.audit\n");
	check_has(&out, "path 2 of 2 · Go: main.cache[\"user:42\"].meta\n");
	graph_free(g);
}

static void why_of_a_global_shows_what_it_holds(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};

	ask(g, "main.cache", 3, &out);
	check_has(&out, "global main.cache alone holds 17 objects, 1.33 kB together.\n");
	check_has(&out, "├─ [\"user:2\"]");
	assert_false(has(&out, "groups")); /* a map's inside is passed through */
	graph_free(g);
}

static void why_of_a_pattern_shows_both(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};

	ask(g, "/^main[.](cache|session)$/", 3, &out);
	check_has(&out, "matches 1 global and 1 type.\n");
	check_has(&out, "global main.cache alone holds");
	check_has(&out, "3 objects of type main.session");
	graph_free(g);
}

static void why_of_nothing_is_not_found(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};
	char dead[32];
	const char *const whats[] = { "no.such", dead, "/no.such/" };

	snprintf(dead, sizeof dead, "0x%" PRIx64, graph_addr(g, EXAMPLE_DEAD_MAP));
	for (size_t i = 0; i < ARRAY_SIZE(whats); i++) {
		struct why_wish wish = { whats[i], 3, 80, true, false };
		struct error err = {0};

		assert_false(why_text(g, &wish, &out, NULL, &err));
		assert_int_equal(err.code, STATUS_NOT_FOUND);
		assert_true(strlen(err.message) > 20);
	}
	graph_free(g);
}

static void why_as_json(void **state)
{
	struct graph *g = synthetic_example();
	struct why_wish wish = { "main.session", 2, 80, true, false };
	struct error err = {0};
	autotext struct text out = {0};

	assert_true(why_json(g, &wish, &out, NULL, &err));
	check_json(&out, "$[1].expression", "main.cache[\"user:1\"]");
	check_json(&out, "$[0].steps[1].label", "[\"user:2\"]");
	check_json(&out, "$[0].steps[1].retained", "512");
	text_clear(&out);
	wish.what = "main.cache";
	assert_true(why_json(g, &wish, &out, NULL, &err));
	check_json(&out, "$[0].holds[0].type", "map[string]*main.session");
	graph_free(g);
}

/* Whatever is asked for: an answer in 80 columns or a sentence. */
static void why_of_every_object_and_type(void **state)
{
	struct graph *g = synthetic_example();
	autotext struct text out = {0};

	for (uint32_t id = 0; id < g->n_objects; id++) {
		struct error err = {0};
		char what[32];
		struct why_wish wish = { what, 3, 80, id % 2, id % 3 };

		snprintf(what, sizeof what, "%" PRIu64, graph_addr(g, id));
		text_clear(&out);
		if (why_text(g, &wish, &out, NULL, &err))
			check_has(&out, "explained ");
		else
			assert_false(g->flags[id] & OBJECT_LIVE);
	}
	graph_free(g);
}

/* --- report --- */

static char *copy(const char *s)
{
	char *c = strdup(s);

	assert_non_null(c);
	return c;
}

static void add_suspect(struct graph *g)
{
	g->suspects = calloc(1, sizeof *g->suspects);
	assert_non_null(g->suspects);
	g->suspects[0] = (struct suspect){
		.rule = "json-tree", .holder = 0, .object = EXAMPLE_CACHE, .retained = 638123456,
		.objects = 4120311,
		.title = copy("main.cache: 41,203 sessions, each keeping the whole decoded request "
			      "(map[string]interface {}) through .meta"),
		.explanation = copy("All of it hangs on one reference."),
		.fix = copy("decode into a type of your own:\ntype Meta struct {\n\tID int\n}"),
	};
	g->n_suspects = 1;
}

static void report_says_what_holds_it(void **state)
{
	static const struct named_bytes parts[] = { { "live heap", 700000 }, { "stacks", 48000 } };
	struct report_wish wish = { 80, true, false };
	struct graph *g = synthetic_example();
	struct error err = {0};
	autotext struct text out = {0};

	add_suspect(g);
	g->memory = malloc(sizeof parts);
	assert_non_null(g->memory);
	memcpy(g->memory, parts, sizeof parts);
	g->n_memory = ARRAY_SIZE(parts);
	assert_true(report_text(g, &wish, &out, &err));
	check_lines(&out, 80);
	check_has(&out, "goretain orders[4242] go1.26.8 amd64, stripped");
	check_has(&out, " live heap       700 kB ████");
	check_has(&out, " 2 stacks       48.0 kB ▎");
	check_has(&out, "map[string]interface {}  68.7 % ████▏");
	check_has(&out, " !1 main.cache: 41,203 sessions, each keeping the whole decoded           "
		  "638 MB\n    request (map[string]interface {}) through .meta\n"
		  "    All of it hangs on one reference.\n"
		  "    Fix: decode into a type of your own:\n         type Meta struct {\n"
		  "             ID int\n         }\n");
	check_has(&out, "goroutine 91 main.(*");
	check_has(&out, "held by several at once");
	check_has(&out, "map[string]*main.session  global main.cache");
	check_has(&out, "exact 75, derived 24, inferred 0");
	text_clear(&out);
	assert_true(report_json(g, &out, &err));
	check_json(&out, "$[0].suspects[0].holder", "main.cache");
	check_json(&out, "$[0].memory[1].part", "stacks");
	check_json(&out, "$[0].holders[1].retained", "5152");
	check_json(&out, "$[0].holders[1].stacks", "2048");
	graph_free(g);
}

static void retained_bytes_of_all_holders_make_up_the_live_heap(void **state)
{
	struct graph *g = synthetic_example();
	struct holder_group groups[16];
	struct error err = {0};
	uint64_t bytes, objects;
	uint32_t all, n = summary_holders(g, groups, ARRAY_SIZE(groups), &all, &err);

	summary_shared(g, &bytes, &objects);
	assert_int_equal(n, all);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(!i || summary_kept(&groups[i]) <= summary_kept(&groups[i - 1]));
		bytes += groups[i].retained;
		objects += groups[i].objects;
	}
	assert_int_equal(bytes, g->live_bytes);
	assert_int_equal(objects, g->live_objects);
	graph_free(g);
}

/* --- the proof line --- */

static void the_proof_line_fits(void **state)
{
	struct graph *g = synthetic_example();

	g->meta.holes = 12000000;
	for (unsigned columns = 80; columns < 200; columns++) {
		autotext struct text line = {0};

		proof_line(g, columns, &line);
		assert_true(text_width(text_string(&line)) <= columns);
		check_has(&line, "explained 108.3 %");
		check_has(&line, "typed 99 %");
		check_has(&line, "live 10.3 ");
		check_has(&line, "reached 100 %");
		check_has(&line, "12.0 MB");
	}
	atomic_store(&g->stage, STAGE_EDGES);
	autotext struct text early = {0};
	proof_line(g, 0, &early);
	check_has(&early, "typed ·");
	graph_free(g);
}

static void a_share_is_whole_only_when_it_is(void **state)
{
	static const struct { uint64_t part, whole; const char *text; } shares[] = {
		{ 1, 1, "100 %" }, { 999999, 1000000, "99.9 %" }, { 0, 5, "0.0 %" }, { 3, 0, "· %" },
		{ 1001, 1000, "100.1 %" }, { UINT64_MAX, UINT64_MAX, "100 %" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		autotext struct text out = {0};

		proof_percent(&out, shares[i].part, shares[i].whole);
		assert_string_equal(text_string(&out), shares[i].text);
	}
}

/* --- tables --- */

static void print_table(enum table_format format, bool lines, struct text *out)
{
	static const char *const names[] = { "n", "text", "mixed" };
	static const struct sql_value rows[][3] = {
		{ { .kind = SQL_INTEGER, .integer = -7 },
		  { .kind = SQL_TEXT, .text = "a\\tb\t\"\n\x1b[31m", .length = 12 },
		  { .kind = SQL_NULL } },
		{ { .kind = SQL_REAL, .real = 1234.5 },
		  { .kind = SQL_TEXT, .text = "é…\xff", .length = 6 },
		  { .kind = SQL_INTEGER, .integer = 5 } },
	};
	char *bytes = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&bytes, &length);
	struct table *table = table_new(file, format, lines);

	assert_true(file && table);
	assert_true(table_header(table, names, 3));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(table_row(table, rows[i], 3));
	assert_true(table_finish(table));
	table_free(table);
	fclose(file);
	text_append(out, bytes, length);
	free(bytes);
}

static void tables_print_hostile_values_safely(void **state)
{
	autotext struct text text = {0}, tsv = {0}, json = {0}, array = {0};

	print_table(TABLE_TEXT, true, &text);
	assert_string_equal(text_string(&text), "     n  text               mixed\n"
			    "    -7  a\\tb\\t\"\\n\\x1b[31m\n1234.5  é…\\xff                 5\n");
	print_table(TABLE_TSV, true, &tsv);
	assert_string_equal(text_string(&tsv), "n\ttext\tmixed\n-7\ta\\\\tb\\t\"\\n\\x1b[31m\t\n"
			    "1234.5\té…\\xff\t5\n");
	print_table(TABLE_JSON, true, &json);
	assert_string_equal(text_string(&json),
			    "{\"n\":-7,\"text\":\"a\\\\tb\\t\\\"\\n\\u001b[31m\",\"mixed\":null}\n"
			    "{\"n\":1234.5,\"text\":\"é…\\ufffd\",\"mixed\":5}\n");
	print_table(TABLE_JSON, false, &array);
	check_json(&array, "$[1].text", "é…\xef\xbf\xbd");
}

static void a_table_without_rows_has_a_header(void **state)
{
	static const char *const names[] = { "a", "b" };
	char *bytes = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&bytes, &length);
	struct table *table = table_new(file, TABLE_TEXT, true);

	assert_true(table_header(table, names, 2) && table_finish(table));
	table_free(table);
	fclose(file);
	assert_string_equal(bytes, "a  b\n");
	free(bytes);
}

/* Widths are found from the first rows; later ones are not lost. */
static void a_long_table_is_printed_whole(void **state)
{
	static const char *const names[] = { "i" };
	char *bytes = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&bytes, &length);
	struct table *table = table_new(file, TABLE_TEXT, true);
	unsigned lines = 0;

	assert_true(table_header(table, names, 1));
	for (int i = 0; i < 1234; i++) {
		struct sql_value v = { .kind = SQL_INTEGER, .integer = i * 1000 };

		assert_true(table_row(table, &v, 1));
	}
	assert_true(table_finish(table));
	table_free(table);
	fclose(file);
	for (size_t i = 0; i < length; i++)
		lines += bytes[i] == '\n';
	assert_int_equal(lines, 1235);
	assert_non_null(strstr(bytes, "\n1233000\n"));
	free(bytes);
}

/* --- lines --- */

static void sentences_wrap_between_words(void **state)
{
	autotext struct text out = {0};

	wrap_text(&out, "one two three four", 9, 2, true);
	assert_string_equal(text_string(&out), "  one two\n  three\n  four\n");
	text_clear(&out);
	wrap_text(&out, "a-word-that-is-too-long x", 8, 0, true);
	assert_string_equal(text_string(&out), "a-word-that-is-too-long\nx\n");
	text_clear(&out);
	wrap_text(&out, "", 8, 3, false);
	assert_string_equal(text_string(&out), "\n");
}

static void outlines_draw_their_branches(void **state)
{
	static const unsigned depths[] = { 0, 1, 2, 2, 1, 0, 1 };
	autooutline struct outline outline = {0};
	autotext struct text out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++)
		text_printf(&outline_add(&outline, depths[i])->label, "%zu", i);
	outline_print(&outline, 40, false, false, false, &out);
	check_has(&out, "* 0");
	check_has(&out, "\n|- 1");
	check_has(&out, "\n|  |- 2");
	check_has(&out, "\n|  `- 3");
	check_has(&out, "\n`- 4");
	check_has(&out, "\n* 5");
	check_has(&out, "\n`- 6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(why_of_a_type_shows_its_largest_instances),
		cmocka_unit_test(why_of_an_object_shows_paths_of_all_holders),
		cmocka_unit_test(why_of_a_global_shows_what_it_holds),
		cmocka_unit_test(why_of_a_pattern_shows_both),
		cmocka_unit_test(why_of_nothing_is_not_found),
		cmocka_unit_test(why_as_json),
		cmocka_unit_test(why_of_every_object_and_type),
		cmocka_unit_test(report_says_what_holds_it),
		cmocka_unit_test(retained_bytes_of_all_holders_make_up_the_live_heap),
		cmocka_unit_test(the_proof_line_fits),
		cmocka_unit_test(a_share_is_whole_only_when_it_is),
		cmocka_unit_test(tables_print_hostile_values_safely),
		cmocka_unit_test(a_table_without_rows_has_a_header),
		cmocka_unit_test(a_long_table_is_printed_whole),
		cmocka_unit_test(sentences_wrap_between_words),
		cmocka_unit_test(outlines_draw_their_branches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

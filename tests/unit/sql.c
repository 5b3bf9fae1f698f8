/* SQL tables: every column of every table, look-ups against scans, plans, refusals, cancelling. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "graph/base/cleanup.h"
#include "graph/sql/files.h"
#include "graph/sql/sql.h"
#include "synthetic.h"

/* Last: it calls a macro `fail`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* --- running queries --- */

static bool ignore_header(void *arg, const char *const *names, unsigned n)
{
	return true;
}

/* A row as "a|b|NULL" and a newline. */
static bool append_row(void *arg, const struct sql_value *values, unsigned n)
{
	struct text *out = arg;

	for (unsigned i = 0; i < n; i++) {
		if (i)
			text_putc(out, '|');
		if (values[i].kind == SQL_NULL)
			text_puts(out, "NULL");
		else if (values[i].kind == SQL_INTEGER)
			text_printf(out, "%" PRId64, values[i].integer);
		else if (values[i].kind == SQL_REAL)
			text_printf(out, "%g", values[i].real);
		else
			text_append(out, values[i].text, values[i].length);
	}
	text_putc(out, '\n');
	return true;
}

static void run(struct sql *sql, const char *query, struct text *out)
{
	struct sql_output output = { .header = ignore_header, .row = append_row, .arg = out };
	struct error err = {0};

	text_clear(out);
	if (!sql_run(sql, query, &output, NULL, &err))
		fail_msg("%s: %s", query, err.message);
}

static struct sql *open_sql(const struct graph *g)
{
	struct error err = {0};
	struct sql *sql = sql_open(g, &err);

	if (!sql)
		fail_msg("%s", err.message);
	return sql;
}

/* --- the example, with what its builder leaves empty --- */

static char *copy(const char *s)
{
	char *c = strdup(s);

	assert_non_null(c);
	return c;
}

static struct graph *full_example(void)
{
	static const struct named_bytes parts[] = { { "live heap", 1000 }, { "stacks", 48 } };
	static const struct size_class classes[] = { { 16, 1, 512, 3, 8192, 4096 } };
	static const struct memory_detail details[] = {
		{ "live heap", "touched", 1000, 1 }, { "free heap", "given back", 7, 0 },
		{ "stacks", "allocated", 48, -1 },
	};
	struct graph *g = synthetic_example();

	g->details = malloc(sizeof details);
	assert_non_null(g->details);
	memcpy(g->details, details, sizeof details);
	g->n_details = ARRAY_SIZE(details);
	g->memory = malloc(sizeof parts);
	g->classes = malloc(sizeof classes);
	g->suspects = calloc(1, sizeof *g->suspects);
	assert_true(g->memory && g->classes && g->suspects);
	memcpy(g->memory, parts, sizeof parts);
	g->n_memory = ARRAY_SIZE(parts);
	memcpy(g->classes, classes, sizeof classes);
	g->n_classes = ARRAY_SIZE(classes);
	g->suspects[0] = (struct suspect){ "json-tree", CONFIDENCE_LIKELY, copy("title"),
					   copy("because"), copy("do"), copy("select 1"), 512, 7, 0,
					   EXAMPLE_CACHE };
	g->n_suspects = 1;
	g->suspects[0].retained = 512;
	atomic_store(&g->stage, STAGE_DONE);
	return g;
}

/* --- every column of every table --- */

struct expectation { const char *table, *query, *rows; };

static const struct expectation expectations[] = {
	{ "meta", "select key, value from meta where key in ('pid', 'go_version', 'typed_inferred') "
	  "order by key", "go_version|go1.26.8\npid|4242\ntyped_inferred|24\n" },
	{ "meta", "select count(*), count(value) from meta", "25|20\n" },
	{ "meta", "select group_concat(value) from meta where key in ('exe', 'arch', 'build', 'taken_at',"
	  " 'pause_ns', 'gc_phase', 'gc_cycle', 'heap_alloc', 'rss', 'content')",
	  "/srv/orders,amd64,stripped,1700000000,84000000,off,17,10240,1048576,all\n" },
	{ "meta", "select sum(value) = (select sum(size) from objects where live) from meta "
	  "where key = 'live_bytes'", "1\n" },
	{ "objects", "select id, addr, size, type_id, type, type_known, noscan, boxed, doubt, live, idom, "
	  "holder, retained, depth, root, preview from objects where id = 3",
	  "3|824633737280|64|0|main.session|derived|0|0|NULL|1|1|0|512|2|0|NULL\n" },
	{ "objects", "select id from objects where id = '3' or id = 4.0", "3\n4\n" },
	{ "objects", "select type, type_known, type_id from objects where id = 37",
	  "NULL|unknown|NULL\n" },
	{ "objects", "select noscan, boxed, preview, idom from objects where id = 11", "1|1|1|8\n" },
	{ "objects", "select sum(survived), sum(live and not survived) from objects", "44|0\n" },
	{ "objects", "select live, idom, holder, retained, depth, root from objects where id = 39",
	  "0|NULL|NULL|NULL|NULL|NULL\n" },
	{ "objects", "select idom, holder from objects where id = 7", "NULL|NULL\n" },
	{ "types", "select id, name, kind, shape, package, size, objects, bytes, live_bytes, retained "
	  "from types where id in (0, 3)", "0|main.session|struct|NULL|main|64|3|192|192|1072\n"
	  "3|map[string]interface {}|map|json tree|NULL|48|6|288|240|7056\n" },
	{ "edges", "select src, src_offset, dst, dst_offset, strength, known, label from edges "
	  "where dst = 37 or src = 46 order by src, dst",
	  "34|64|37|8|strong|exact|.arg\n46|80|29|0|runtime|exact|.c\n46|0|44|0|runtime|exact|.g\n" },
	{ "holders", "select id, kind, name, package, goroutine, objects, retained from holders "
	  "where id in (0, 4)", "0|global|main.cache|main|NULL|17|1328\n"
	  "4|goroutine|goroutine 91 main.(*poller).run|main|91|8|5152\n" },
	{ "roots", "select id, holder, kind, name, goroutine, level, addr, dst, dst_offset, strength, known "
	  "from roots where id in (6, 9)",
	  "6|4|frame|ctx in main.(*poller).run|91|1|824650433152|24|0|strong|exact\n"
	  "9|5|timer|timer|NULL|NULL|NULL|34|0|strong|exact\n" },
	{ "goroutines", "select id, state, wait, wait_ns, function, file, line, created_by, labels, "
	  "stack_bytes, retained, holder, stuck, under from goroutines",
	  "1|running|NULL|NULL|main.main|/src/main.go|20|NULL|NULL|8192|928|3|0|NULL\n"
	  "91|waiting|chan receive|10800000000000|main.(*poller).run|/src/poller.go|70|"
	  "main.startPoller|job=poll|2048|5152|4|1|NULL\n" },
	{ "frames", "select goroutine, level, function, file, line, pc, sp, inlined, origin from frames "
	  "where goroutine = 91", "91|0|runtime.chanrecv|/go/src/runtime/chan.go|664|4206592|"
	  "824650433024|0|runtime\n91|1|main.(*poller).run|/src/poller.go|77|4210688|824650433152|0|main module\n" },
	{ "maps", "select id, object, addr, type, key_type, elem_type, boxes, entries, slots, "
	  "table_bytes, boxed_keys, boxed_key_bytes, boxed_values, boxed_bytes, retained, holder, live "
	  "from maps where id in (0, 6)",
	  "0|0|824633720832|map[string]*main.session|NULL|main.session|NULL|3|8|256|0|0|0|0|1328|0|1\n"
	  "6|39|824633933824|map[string]interface {}|NULL|NULL|empty|1|8|320|0|0|1|32|NULL|NULL|0\n" },
	{ "map_entries", "select map, slot, key, key_type, key_object, value, value_type, value_object, "
	  "value_offset from map_entries where map in (0, 1) and slot = 1",
	  "0|1|user:2|string|NULL|NULL|*main.session|3|0\n"
	  "1|1|tags|string|NULL|[alice]|[]interface {}|14|0\n" },
	{ "suspects", "select rank, rule, confidence, title, explanation, fix, retained, objects, holder, "
	  "object, query from suspects", "1|json-tree|likely|title|because|do|512|7|0|0|select 1\n" },
	{ "memory", "select part, bytes from memory", "live heap|1000\nstacks|48\n" },
	{ "memory_details", "select part, detail, bytes, resident from memory_details",
	  "live heap|touched|1000|1\nfree heap|given back|7|0\nstacks|allocated|48|NULL\n" },
	{ "size_classes", "select size, spans, slots, used, bytes, pinned from size_classes",
	  "16|1|512|3|8192|4096\n" },
};

static void every_table_says_what_the_graph_says(void **state)
{
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	autotext struct text out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
		run(sql, expectations[i].query, &out);
		assert_string_equal(text_string(&out), expectations[i].rows);
	}
	sql_close(sql);
	graph_free(g);
}

static bool has_word(const char *s, const char *word, size_t length)
{
	for (const char *at = s; (at = strstr(at, word)); at++)
		if ((at == s || strchr(" ,(", at[-1])) && strchr(" ,)", at[length]))
			return true;
	return false;
}

static bool is_expected(const char *table, const char *column)
{
	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++)
		if (strcmp(expectations[i].table, table) == 0 &&
		    has_word(expectations[i].query, column, strlen(column)))
			return true;
	return false;
}

/* So that a column that is added is tested too: the schema is read, not repeated. */
static void every_column_of_the_schema_is_expected_above(void **state)
{
	autotext struct text schema = {0};
	unsigned columns = 0;
	char *save, *inner;

	sql_schema(&schema);
	for (char *line = strtok_r(schema.bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char table[32], *column = strchr(line, '(');

		assert_int_equal(sscanf(line, "CREATE TABLE %31[a-z_]", table), 1);
		for (column = strtok_r(column + 1, ",", &inner); column;
		     column = strtok_r(NULL, ",", &inner)) {
			char name[32];

			assert_int_equal(sscanf(column, " %31[a-z_]", name), 1);
			if (!is_expected(table, name))
				fail_msg("no expectation for %s.%s", table, name);
			columns++;
		}
	}
	assert_int_equal(columns, 2 + 17 + 10 + 7 + 7 + 11 + 14 + 9 + 17 + 11 + 9 + 2 + 4 + 6);
}

/* --- stages --- */

static const struct synthetic_object two_objects[] = {
	{ 0, 32, KNOWN_EXACT, NULL }, { 0, 32, KNOWN_EXACT, NULL },
};
static const struct type one_type[] = { { "main.T", "main", TYPE_STRUCT, SHAPE_NONE, 32 } };

static void what_is_not_computed_is_null(void **state)
{
	const struct synthetic_spec spec = {
		.objects = two_objects, .n_objects = 2, .types = one_type, .n_types = 1 };
	struct graph *g = synthetic_graph(&spec);
	struct sql *sql = open_sql(g);
	autotext struct text out = {0};

	run(sql, "select live, holder, retained, type from objects where id = 1", &out);
	assert_string_equal(text_string(&out), "NULL|NULL|NULL|main.T\n");
	run(sql, "select count(*) from objects where holder = 0 or idom = 0", &out);
	assert_string_equal(text_string(&out), "0\n");
	run(sql, "select count(*) from (select id from objects order by holder)", &out);
	assert_string_equal(text_string(&out), "2\n");
	run(sql, "select objects, retained from types", &out);
	assert_string_equal(text_string(&out), "NULL|NULL\n");
	run(sql, "select value from meta where key = 'live_bytes'", &out);
	assert_string_equal(text_string(&out), "NULL\n");
	synthetic_analyse(g);
	run(sql, "select live, o.retained, objects from objects o join types t on t.id = o.type_id "
	    "where o.id = 1", &out);
	assert_string_equal(text_string(&out), "0|NULL|2\n");
	sql_close(sql);
	graph_free(g);
}

/* --- look-ups against scans: `+column` keeps SQLite from handing the condition down --- */

#define RANDOM_OBJECTS 60
#define RANDOM_EDGES 900

/* Few destinations, so that one object often refers to another several times. */
static struct graph *crowded_graph(struct synthetic_object *objects, struct synthetic_edge *edges)
{
	struct synthetic_spec spec = { .objects = objects, .n_objects = RANDOM_OBJECTS, .edges = edges,
				       .n_edges = RANDOM_EDGES, .types = one_type, .n_types = 1 };

	srandom(7);
	for (unsigned i = 0; i < RANDOM_OBJECTS; i++)
		objects[i] = (struct synthetic_object){ i % 3 ? 0 : NO_NODE, 16 + 16 * (i / 20),
							KNOWN_EXACT, NULL };
	for (unsigned i = 0; i < RANDOM_EDGES; i++)
		edges[i] = (struct synthetic_edge){ .src = (uint32_t)random() % RANDOM_OBJECTS,
						    .dst = (uint32_t)random() % 12,
						    .dst_offset = (uint64_t)random() % 16 };
	return synthetic_graph(&spec);
}

static void same_with_and_without_index(struct sql *sql, const char *select, const char *condition,
					const char *column, const char *order)
{
	autotext struct text with = {0}, without = {0}, query = {0};

	text_printf(&query, "%s where %s%s order by %s", select, column, condition, order);
	run(sql, text_string(&query), &with);
	text_clear(&query);
	text_printf(&query, "%s where +%s%s order by %s", select, column, condition, order);
	run(sql, text_string(&query), &without);
	assert_string_equal(text_string(&with), text_string(&without));
}

static void edges_by_destination_are_those_of_the_scan(void **state)
{
	static struct synthetic_object objects[RANDOM_OBJECTS];
	static struct synthetic_edge edges[RANDOM_EDGES];
	struct graph *g = crowded_graph(objects, edges);
	struct sql *sql = open_sql(g);
	autotext struct text a = {0}, b = {0};

	for (int dst = -1; dst <= RANDOM_OBJECTS; dst++) {
		char condition[32];

		snprintf(condition, sizeof condition, "=%d", dst);
		same_with_and_without_index(sql, "select src, src_offset, dst_offset, strength from edges",
					    condition, "dst", "1, 2, 3, 4");
		same_with_and_without_index(sql, "select src, src_offset, dst, dst_offset from edges",
					    condition, "src", "1, 2, 3, 4");
	}
	/* One at a time and from the end: no luck from looking in order. */
	run(sql, "select sum(e.src_offset * (o.id + 1)) from objects o join edges e on e.dst = o.id", &a);
	run(sql, "select sum(src_offset * (dst + 1)) from edges", &b);
	assert_string_equal(text_string(&a), text_string(&b));
	sql_close(sql);
	graph_free(g);
}

static void look_ups_find_what_scans_find(void **state)
{
	static const struct { const char *select, *column; } queries[] = {
		{ "select id from objects", "id" }, { "select id from objects", "addr" },
		{ "select id from objects", "type_id" }, { "select id from objects", "type" },
		{ "select id from objects", "holder" }, { "select id from objects", "idom" },
		{ "select id from types", "name" }, { "select dst from edges", "src" },
		{ "select src from edges", "dst" }, { "select id from roots", "holder" },
		{ "select id from roots", "goroutine" }, { "select id from roots", "dst" },
		{ "select id from roots", "addr" }, { "select id from holders", "name" },
		{ "select id from holders", "goroutine" }, { "select id from goroutines", "id" },
		{ "select function from frames", "goroutine" }, { "select id from maps", "object" },
		{ "select id from maps", "type" }, { "select id from maps", "holder" },
		{ "select key from map_entries", "map" }, { "select rule from suspects", "rank" },
	};
	static const char *const conditions[] = {
		" = 3", " = 91", " = 0", " > 3", " >= 3", " < 3", " <= 3", " between 2 and 5", " = NULL",
		" is null", " = 2.5", " > 2.5", " = 'main.session'", " > 'main'",
		" <= 'map[string]interface {}'", " in (1, 4, 91, NULL)", " = 824633737216",
		" < 824633737300", " = 824633737217", " = -1", " = 99999999999",
		" = 'MAIN.SESSION' collate nocase", " = x'33'",
	};
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);

	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		for (size_t k = 0; k < ARRAY_SIZE(conditions); k++)
			same_with_and_without_index(sql, queries[i].select, conditions[k],
						    queries[i].column, "1");
	sql_close(sql);
	graph_free(g);
}

static void orders_are_those_of_a_sort(void **state)
{
	static const char *const columns[] = { "id", "addr", "type_id", "type", "holder" };
	static const char *const ways[] = { "", " desc" };
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
			autotext struct text query = {0}, a = {0}, b = {0};

			text_printf(&query, "select %s from objects order by %s%s", columns[i], columns[i],
				    ways[w]);
			run(sql, text_string(&query), &a);
			text_clear(&query);
			text_printf(&query, "select %s from objects order by +%s%s", columns[i],
				    columns[i], ways[w]);
			run(sql, text_string(&query), &b);
			assert_string_equal(text_string(&a), text_string(&b));
		}
	}
	sql_close(sql);
	graph_free(g);
}

/* --- functions --- */

/* Of one object a set is what it retains; nothing keeps nothing; what there is not is no answer. */
static void functions_follow_references(void **state)
{
	static const struct { const char *query, *result; } cases[] = {
		{ "select count(*) from objects o where live and retained <> "
		  "(select retained_set(i.id) from objects i where i.id = o.id)", "0\n" },
		{ "select retained_set(id) = sum(size) from objects where live", "1\n" },
		{ "select retained_set(id) from objects where 0", "0\n" },
		{ "select count(*) from edges where strength = 'strong' and not reaches(src, dst)", "0\n" },
		{ "select reaches(0, -1), reaches('x', 0), path(-1)", "NULL|NULL|NULL\n" },
		{ "select count(*) from objects where (path(id) is not null) <> live", "0\n" },
	};
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	autotext struct text out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		run(sql, cases[i].query, &out);
		if (strcmp(text_string(&out), cases[i].result))
			fail_msg("%s: %s", cases[i].query, text_string(&out));
	}
	sql_close(sql);
	graph_free(g);
}

/* --- plans --- */

static void plans_use_what_is_there(void **state)
{
	static const struct { const char *query, *plan; } plans[] = {
		{ "select * from objects where id = 1", ":id=" },
		{ "select * from objects where addr = 1", ":addr=" },
		{ "select * from objects where type = 'x'", ":type=" },
		{ "select * from objects where holder = 1", ":holder=" },
		{ "select * from objects where idom = 1", ":idom=" },
		{ "select * from objects where id > 1 and id < 9", ":id><" },
		{ "select * from objects where id = 1 and type = 'x'", ":id=" },
		{ "select * from objects order by addr", ":addr in order" },
		{ "select type, count(*) from objects group by type", ":type in order" },
		{ "select * from objects where size > 9", ":scan" },
		{ "select * from edges where src = 1", ":src=" },
		{ "select * from edges where dst = 1", ":dst=" },
		{ "select * from objects o join edges e on e.dst = o.id where o.type = 'x'", ":dst=" },
		{ "select * from objects o join edges e on e.src = o.id where o.type = 'x'", ":type=" },
		{ "select * from map_entries where map = 3", ":map=" },
		{ "select * from maps where object = 3", ":object=" },
		{ "select * from frames where goroutine = 3", ":goroutine=" },
	};
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	autotext struct text out = {0}, query = {0};

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		text_clear(&query);
		text_printf(&query, "explain query plan %s", plans[i].query);
		run(sql, text_string(&query), &out);
		if (!strstr(text_string(&out), plans[i].plan) ||
		    strstr(text_string(&out), "TEMP B-TREE"))
			fail_msg("%s: %s", plans[i].query, text_string(&out));
	}
	sql_close(sql);
	graph_free(g);
}

/* --- refusals --- */

static void all_but_reading_is_refused(void **state)
{
	static const char *const queries[] = {
		"attach ':memory:' as other", "create table t(a)", "create view v as select 1",
		"create temp table t(a)", "pragma cache_size = 1", "pragma database_list",
		"select * from pragma_database_list", "insert into objects(id) values (1)",
		"delete from objects", "update objects set size = 0", "drop table objects", "vacuum",
		"begin", "select load_extension('x')", "analyze", "detach main",
		"select 1; select 2", "", "  ;  ",
	};
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	struct sql_output output = { .header = ignore_header, .row = append_row };
	autotext struct text out = {0};

	output.arg = &out;
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		struct error err = {0};

		if (sql_run(sql, queries[i], &output, NULL, &err))
			fail_msg("not refused: %s", queries[i]);
		assert_int_equal(err.code, STATUS_USAGE);
	}
	run(sql, "select count(*) from sqlite_master", &out);
	assert_string_equal(text_string(&out), "0\n");
	sql_close(sql);
	graph_free(g);
}

static void a_bad_query_is_told_where_it_is_bad(void **state)
{
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	struct sql_output output = { .header = ignore_header, .row = append_row };
	struct error err = {0};

	assert_false(sql_run(sql, "select sizee from objects", &output, NULL, &err));
	assert_int_equal(err.code, STATUS_USAGE);
	assert_string_equal(err.message,
			    "bad query: no such column: sizee at character 8: sizee from objects");
	memset(&err, 0, sizeof err);
	assert_true(sql_check("select size from objects", &err));
	assert_false(sql_check("select sizee from objects", &err));
	assert_int_equal(err.code, STATUS_USAGE);
	memset(&err, 0, sizeof err);
	assert_false(sql_run(sql, "select \x1b[31m", &output, NULL, &err));
	assert_null(strchr(err.message, '\x1b'));
	sql_close(sql);
	graph_free(g);
}

/* --- cancelling --- */

static bool cancel_now(void *arg, const char *const *names, unsigned n)
{
	struct progress *progress = arg;

	atomic_store(&progress->cancel, true);
	return true;
}

static bool ignore_row(void *arg, const struct sql_value *values, unsigned n)
{
	return true;
}

static void a_query_without_end_is_cancelled(void **state)
{
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	struct progress progress = {0};
	struct sql_output output = { .header = cancel_now, .row = ignore_row, .arg = &progress };
	struct error err = {0};
	autotext struct text out = {0};

	assert_false(sql_run(sql, "with recursive r(i) as (select 1 union all select i + 1 from r) "
			     "select max(i) from r", &output, &progress, &err));
	assert_int_equal(err.code, STATUS_REFUSED);
	run(sql, "select 1", &out); /* the connection is as good as before */
	assert_string_equal(text_string(&out), "1\n");
	sql_close(sql);
	graph_free(g);
}

static bool stop_at_first(void *arg, const struct sql_value *values, unsigned n)
{
	++*(unsigned *)arg;
	return false;
}

static void a_reader_that_has_enough_ends_the_query(void **state)
{
	struct graph *g = full_example();
	struct sql *sql = open_sql(g);
	unsigned rows = 0;
	struct sql_output output = { .header = ignore_header, .row = stop_at_first, .arg = &rows };
	struct error err = {0};

	assert_true(sql_run(sql, "select id from objects", &output, NULL, &err));
	assert_int_equal(rows, 1);
	sql_close(sql);
	graph_free(g);
}

static int open_in_memory(void *opened)
{
	++*(unsigned *)opened;
	return memfd_create("sort", MFD_CLOEXEC);
}

/* Two sorts that are larger than SQLite keeps in memory: their files are asked for, and used again. */
static void a_large_sort_goes_to_files_of_somebody_else(void **state)
{
	static const char query[] =
		"with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) "
		"select i from (select i, (i * 7919) % 200003 as k, hex(zeroblob(20)) as filling from n "
		"order by k, filling limit -1) limit 2";
	struct graph *g = full_example();
	static unsigned opened;
	autotext struct text first = {0}, again = {0}, plain = {0};
	struct sql *sql = open_sql(g);
	unsigned after_first;

	run(sql, query, &plain);
	sql_close(sql);
	sql_files_from(open_in_memory, &opened);
	sql = open_sql(g);
	run(sql, query, &first);
	after_first = opened;
	run(sql, query, &again);
	assert_true(after_first > 0);
	assert_int_equal(opened, after_first);
	assert_string_equal(text_string(&first), text_string(&plain));
	assert_string_equal(text_string(&again), text_string(&plain));
	sql_close(sql);
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_says_what_the_graph_says),
		cmocka_unit_test(every_column_of_the_schema_is_expected_above),
		cmocka_unit_test(what_is_not_computed_is_null),
		cmocka_unit_test(edges_by_destination_are_those_of_the_scan),
		cmocka_unit_test(look_ups_find_what_scans_find),
		cmocka_unit_test(orders_are_those_of_a_sort),
		cmocka_unit_test(plans_use_what_is_there),
		cmocka_unit_test(functions_follow_references),
		cmocka_unit_test(all_but_reading_is_refused),
		cmocka_unit_test(a_bad_query_is_told_where_it_is_bad),
		cmocka_unit_test(a_query_without_end_is_cancelled),
		cmocka_unit_test(a_reader_that_has_enough_ends_the_query),
		cmocka_unit_test(a_large_sort_goes_to_files_of_somebody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

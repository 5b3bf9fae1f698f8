/* Pictures: what is chosen, that hostile names stay names, and what is not told to others. */
#include "graph/export/dot.h"

#include <graphviz/cgraph.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/query/label.h"
#include "synthetic.h"

/* Last: it calls a macro `fail`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void draw(const struct graph *g, const struct dot_wish *wish, struct text *out)
{
	struct error err = {0};

	text_clear(out);
	if (!dot_write(g, wish, out, NULL, &err))
		fail_msg("%s", err.message);
}

static struct dot_wish about(const uint32_t *subject)
{
	return (struct dot_wish){
		.hood = { .subjects = subject, .n_subjects = 1, .depth = DOT_DEPTH,
			  .max_nodes = DOT_MAX_NODES, .paths = DOT_PATHS },
		.command = "goretain export 4242 --as dot",
	};
}

static Agraph_t *parse(const struct text *dot)
{
	Agraph_t *graph = agmemread(text_string(dot));

	if (!graph)
		fail_msg("not DOT: %s", text_string(dot));
	return graph;
}

static Agnode_t *find_node(Agraph_t *graph, const char *label)
{
	for (Agnode_t *n = agfstnode(graph); n; n = agnxtnode(graph, n))
		if (strstr(agget(n, (char *)"label"), label))
			return n;
	return NULL;
}

/* The label of the edge between the nodes whose labels begin so; NULL if there is no edge. */
static const char *edge_label(Agraph_t *graph, const char *from, const char *to)
{
	Agnode_t *tail = find_node(graph, from);
	Agedge_t *edge;

	assert_non_null(tail);
	for (edge = agfstout(graph, tail); edge; edge = agnxtout(graph, edge))
		if (strstr(agget(aghead(edge), (char *)"label"), to))
			return agget(edge, (char *)"label");
	return NULL;
}

/* --- what is drawn --- */

static void the_way_to_a_holder_is_drawn(void **state)
{
	struct graph *g = synthetic_example();
	uint32_t subject = EXAMPLE_SESSION_2;
	struct dot_wish wish = about(&subject);
	autotext struct text dot = {0};
	Agraph_t *graph;

	draw(g, &wish, &dot);
	graph = parse(&dot);
	assert_string_equal(agget(find_node(graph, "global main.cache"), (char *)"shape"), "tab");
	assert_string_equal(agget(find_node(graph, "global main.cache"), (char *)"style"), "bold");
	assert_string_equal(agget(find_node(graph, "main.session\\n512"), (char *)"peripheries"), "2");
	assert_string_equal(edge_label(graph, "main.session\\n512", "interface {}"), ".meta");
	assert_non_null(edge_label(graph, "3 entries", "main.session"));
	assert_null(strstr(text_string(&dot), "groups")); /* a map's inside is passed through */
	assert_non_null(strstr(text_string(&dot), "explained"));
	assert_non_null(strstr(text_string(&dot), "goretain export 4242 --as dot"));
	agclose(graph);
	graph_free(g);
}

static void a_boxed_value_ends_in_a_diamond(void **state)
{
	struct graph *g = synthetic_example();
	uint32_t subject = EXAMPLE_META_2;
	struct dot_wish wish = about(&subject);
	autotext struct text dot = {0};
	Agraph_t *graph;
	Agnode_t *map;
	unsigned diamonds = 0;

	draw(g, &wish, &dot);
	graph = parse(&dot);
	map = find_node(graph, "map[string]interface {}, 2 entries");
	for (Agedge_t *e = agfstout(graph, map); e; e = agnxtout(graph, e))
		diamonds += strcmp(agget(e, (char *)"arrowhead"), "diamond") == 0;
	assert_int_equal(diamonds, 2);
	agclose(graph);
	graph_free(g);
}

static void pictures_are_the_same_each_time(void **state)
{
	struct graph *a = synthetic_example(), *b = synthetic_example();
	uint32_t subjects[] = { a->n_objects, a->n_objects + 4, EXAMPLE_TEXT_42, EXAMPLE_CTX_MAP };
	struct dot_wish wish = about(subjects);
	autotext struct text first = {0}, second = {0};

	wish.hood.n_subjects = ARRAY_SIZE(subjects);
	draw(a, &wish, &first);
	draw(b, &wish, &second);
	assert_string_equal(text_string(&first), text_string(&second));
	graph_free(a);
	graph_free(b);
}

/* --- content --- */

static void keys_are_told_only_with_data(void **state)
{
	struct graph *g = synthetic_example();
	uint32_t subject = g->n_objects; /* main.cache */
	struct dot_wish wish = about(&subject);
	autotext struct text dot = {0};

	wish.hood.depth = 6;
	draw(g, &wish, &dot);
	assert_null(strstr(text_string(&dot), "user:42"));
	assert_null(strstr(text_string(&dot), "bob the builder"));
	assert_non_null(strstr(text_string(&dot), "[\\\"…7 B\\\"]"));
	assert_non_null(strstr(text_string(&dot), "[\\\"tags\\\"]")); /* schema */
	assert_non_null(strstr(text_string(&dot), "without data"));
	wish.with_data = true;
	draw(g, &wish, &dot);
	assert_non_null(strstr(text_string(&dot), "[\\\"user:42\\\"]"));
	assert_non_null(strstr(text_string(&dot), "bob the builder"));
	assert_non_null(strstr(text_string(&dot), "with data"));
	graph_free(g);
}

/* --- folding and limits --- */

#define MANY 500

enum { T_ROOT, T_ITEM, T_PART };
static const struct type few_types[] = {
	[T_ROOT] = { "map[string]*main.item", "", TYPE_MAP, SHAPE_MAP, 48 },
	[T_ITEM] = { "main.item", "main", TYPE_STRUCT, SHAPE_NONE, 64 },
	[T_PART] = { "map[string]*main.item groups", "", TYPE_ARRAY, SHAPE_MAP_PART, 0 },
};
static const struct holder one_holder[] = {
	{ HOLDER_GLOBAL, KNOWN_EXACT, "main.items", "main", NO_NODE, T_ROOT, 4096, 4104 },
};
static const struct root one_root[] = {
	{ 4096, 0, 0, 0, NO_NODE, ROOT_GLOBAL, KNOWN_EXACT, STRENGTH_STRONG },
};

/* A map with MANY values in groups of its own. */
static struct graph *wide_graph(struct synthetic_object *objects, struct synthetic_edge *edges)
{
	struct synthetic_spec spec = {
		.objects = objects, .n_objects = MANY + 2, .edges = edges, .n_edges = MANY + 1,
		.types = few_types, .n_types = ARRAY_SIZE(few_types), .holders = one_holder,
		.n_holders = 1, .roots = one_root, .n_roots = 1,
	};
	struct graph *g;

	objects[0] = (struct synthetic_object){ T_ROOT, 48, KNOWN_EXACT, NULL };
	objects[1] = (struct synthetic_object){ T_PART, 4096, KNOWN_EXACT, NULL };
	edges[0] = (struct synthetic_edge){ .src = 0, .dst = 1, .offset = 16 };
	for (uint32_t i = 0; i < MANY; i++) {
		objects[i + 2] = (struct synthetic_object){ T_ITEM, 64, KNOWN_EXACT, NULL };
		edges[i + 1] = (struct synthetic_edge){ .src = 1, .dst = i + 2, .offset = 16 + 8 * i };
	}
	g = synthetic_graph(&spec);
	synthetic_analyse(g);
	return g;
}

static void alike_siblings_fold(void **state)
{
	static struct synthetic_object objects[MANY + 2];
	static struct synthetic_edge edges[MANY + 1];
	struct graph *g = wide_graph(objects, edges);
	uint32_t subject = g->n_objects;
	struct dot_wish wish = about(&subject);
	autotext struct text dot = {0};
	Agraph_t *graph;
	Agnode_t *fold;

	draw(g, &wish, &dot);
	graph = parse(&dot);
	assert_int_equal(agnnodes(graph), 2 + 10 + 1);
	fold = find_node(graph, "490 more");
	assert_non_null(fold);
	assert_string_equal(agget(fold, (char *)"shape"), "box3d");
	assert_non_null(strstr(agget(fold, (char *)"label"), "main.item"));
	agclose(graph);
	graph_free(g);
}

/* Objects that a picture stands for, drawn or folded, with the limit at MAX. */
static uint64_t count_drawn(const struct graph *g, uint32_t subject, uint32_t max)
{
	struct hood_wish wish = { &subject, 1, 8, max, 3 };
	autohood struct neighbourhood hood = {0};
	struct error err = {0};
	uint64_t n = 0;

	assert_true(neighbourhood_find(g, &wish, &hood, NULL, &err));
	assert_true(hood.n_nodes <= max);
	for (uint32_t i = 0; i < hood.n_nodes; i++)
		n += hood.nodes[i].kind == HOOD_HOLDER ? 0 : hood.nodes[i].count;
	for (uint32_t i = 0; i < hood.n_edges; i++)
		assert_true(hood.edges[i].from < hood.n_nodes && hood.edges[i].to < hood.n_nodes);
	return n + hood.left_out;
}

static void no_picture_has_more_nodes_than_allowed(void **state)
{
	static struct synthetic_object objects[MANY + 2];
	static struct synthetic_edge edges[MANY + 1];
	struct graph *g = wide_graph(objects, edges), *example = synthetic_example();

	for (uint32_t max = 4; max < 40; max++) {
		assert_int_equal(count_drawn(g, g->n_objects, max), MANY + 1);
		for (uint32_t node = 0; node < graph_root_node(example); node++)
			if (example->idom[node] != NO_NODE)
				count_drawn(example, node, max);
	}
	graph_free(g);
	graph_free(example);
}

#define LONG_LIST 3000

static void a_long_path_is_shortened(void **state)
{
	static struct synthetic_object objects[LONG_LIST];
	static struct synthetic_edge edges[LONG_LIST];
	struct synthetic_spec spec = {
		.objects = objects, .n_objects = LONG_LIST, .edges = edges, .n_edges = LONG_LIST - 1,
		.types = few_types, .n_types = ARRAY_SIZE(few_types), .holders = one_holder,
		.n_holders = 1, .roots = one_root, .n_roots = 1,
	};
	uint32_t subject = LONG_LIST - 1;
	struct dot_wish wish = about(&subject);
	autotext struct text dot = {0};
	Agraph_t *graph;
	struct graph *g;

	for (uint32_t i = 0; i < LONG_LIST; i++) {
		objects[i] = (struct synthetic_object){ T_ITEM, 64, KNOWN_EXACT, NULL };
		edges[i] = (struct synthetic_edge){ .src = i, .dst = i + 1, .offset = 8 };
	}
	g = synthetic_graph(&spec);
	synthetic_analyse(g);
	draw(g, &wish, &dot);
	graph = parse(&dot);
	assert_true(agnnodes(graph) < 20);
	assert_non_null(find_node(graph, "2,988 more steps"));
	agclose(graph);
	graph_free(g);
}

/* --- hostile names --- */

#define LABELS 10000
#define LABEL_BYTES 24

/* Bytes that mean something to somebody, and any others. */
static void random_label(char *out)
{
	static const char *const pieces[] = {
		"\"", "\\", "\\N", "\\G", "\\l", "\\\"", "<", ">", "{", "}", "|", ";", "->", "[label=x]",
		"&amp;", "&#955;", "&lt", "\n", "\r", "\x1b[31m", "/*", "*/", "//", "#", "é", "…", "\xff",
		"\xc3", "\xf0\x9f", "\u202e", "\x7f", "\x01", "'", "`", "$(x)", "%s", " ", "+", "=", "n0",
		"digraph", "]", "main.T",
	};
	size_t length = 0;

	for (int n = (int)(random() % 6); n >= 0; n--) {
		const char *piece = pieces[(size_t)random() % ARRAY_SIZE(pieces)];
		char any[2] = { (char)(1 + random() % 255), 0 };

		if (random() % 4 == 0)
			piece = any;
		if (length + strlen(piece) >= LABEL_BYTES)
			break;
		memcpy(out + length, piece, strlen(piece) + 1);
		length += strlen(piece);
	}
	if (!length)
		strcpy(out, "\\");
}

/* Two objects and a holder, all with names that were never sanitised. */
static struct graph *hostile_graph(struct type *types, struct holder *holder, struct root *root,
				   struct synthetic_edge *edge, char names[4][LABEL_BYTES])
{
	static const struct synthetic_object objects[] = {
		{ 0, 32, KNOWN_EXACT, NULL }, { 1, 64, KNOWN_EXACT, NULL },
	};
	struct synthetic_spec spec = {
		.objects = objects, .n_objects = 2, .edges = edge, .n_edges = 1, .types = types,
		.n_types = 2, .holders = holder, .n_holders = 1, .roots = root, .n_roots = 1,
	};
	struct graph *g;

	for (int i = 0; i < 4; i++)
		random_label(names[i]);
	types[0] = (struct type){ names[0], names[3], TYPE_STRUCT, SHAPE_NONE, 32 };
	types[1] = (struct type){ names[1], "", TYPE_STRUCT, SHAPE_NONE, 64 };
	*holder = (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, names[2], names[3], NO_NODE, NO_NODE };
	*root = (struct root){ 4096, 0, 0, 0, NO_NODE, ROOT_GLOBAL, KNOWN_EXACT, STRENGTH_STRONG };
	*edge = (struct synthetic_edge){ .src = 0, .dst = 1, .offset = 8, .label = names[3] };
	g = synthetic_graph(&spec);
	synthetic_analyse(g);
	return g;
}

static void check_label(Agraph_t *graph, unsigned node, const char *name)
{
	autotext struct text expected = {0}, shown = {0};
	char id[8];
	Agnode_t *n;

	snprintf(id, sizeof id, "n%u", node);
	n = agnode(graph, id, 0);
	assert_non_null(n);
	text_symbol(&shown, name);
	dot_escape(&expected, text_string(&shown));
	if (text_width(text_string(&expected)) < 40) /* else clipped */
		assert_non_null(strstr(agget(n, (char *)"label"), text_string(&expected)));
}

static void hostile_names_stay_names(void **state)
{
	struct type types[2];
	struct holder holder;
	struct root root;
	struct synthetic_edge edge;
	char names[4][LABEL_BYTES];
	autotext struct text dot = {0};

	srandom(11);
	for (int i = 0; i < LABELS / 4; i++) {
		struct graph *g = hostile_graph(types, &holder, &root, &edge, names);
		uint32_t subject = 1;
		struct dot_wish wish = about(&subject);
		Agraph_t *graph;

		wish.with_data = true;
		wish.command = names[1];
		draw(g, &wish, &dot);
		for (size_t c = 0; c < dot.length; c++)
			assert_true(dot.bytes[c] == '\n' || dot.bytes[c] == '\t' ||
				    ((unsigned char)dot.bytes[c] >= 0x20 && dot.bytes[c] != 0x7f));
		graph = parse(&dot);
		assert_int_equal(agnnodes(graph), 3);
		assert_int_equal(agnedges(graph), 2);
		check_label(graph, 0, names[2]);
		check_label(graph, 1, names[0]);
		check_label(graph, 2, names[1]);
		agclose(graph);
		graph_free(g);
	}
}

/* Graphviz itself, on a few. */
static void graphviz_draws_as_many_nodes_and_edges(void **state)
{
	struct type types[2];
	struct holder holder;
	struct root root;
	struct synthetic_edge edge;
	char names[4][LABEL_BYTES], file[] = "/tmp/goretain-dot-XXXXXX";
	int fd = mkstemp(file);
	autotext struct text dot = {0}, command = {0};

	if (system("command -v dot >/dev/null") != 0)
		skip();
	assert_true(fd >= 0);
	text_printf(&command, "dot -Tplain %s", file);
	srandom(13);
	for (int i = 0; i < 8; i++) {
		struct graph *g = hostile_graph(types, &holder, &root, &edge, names);
		uint32_t subject = 1;
		struct dot_wish wish = about(&subject);
		unsigned nodes = 0, edges = 0;
		char line[4096];
		FILE *plain;

		draw(g, &wish, &dot);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, dot.bytes, dot.length, 0), dot.length);
		plain = popen(text_string(&command), "r");
		assert_non_null(plain);
		while (fgets(line, sizeof line, plain)) {
			nodes += strncmp(line, "node ", 5) == 0;
			edges += strncmp(line, "edge ", 5) == 0;
		}
		assert_int_equal(pclose(plain), 0);
		assert_int_equal(nodes, 3);
		assert_int_equal(edges, 2);
		graph_free(g);
	}
	close(fd);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_to_a_holder_is_drawn),
		cmocka_unit_test(a_boxed_value_ends_in_a_diamond),
		cmocka_unit_test(pictures_are_the_same_each_time),
		cmocka_unit_test(keys_are_told_only_with_data),
		cmocka_unit_test(alike_siblings_fold),
		cmocka_unit_test(no_picture_has_more_nodes_than_allowed),
		cmocka_unit_test(a_long_path_is_shortened),
		cmocka_unit_test(hostile_names_stay_names),
		cmocka_unit_test(graphviz_draws_as_many_nodes_and_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

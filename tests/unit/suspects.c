/* The rules of the suspects, each on a small heap made for it: what they find, what they must not
 * find, what they tell as one, and that nothing is told twice. */
/* Before cmocka.h, which has a macro fail() of its own. */
#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/suspects/suspects.h"
#include "synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define KB 1000u
#define MB 1000000u
#define MAX_OBJECTS 300000
#define MAX_HOLDERS 256

enum {
	T_SESSIONS, T_SESSIONS_GROUPS, T_SESSION, T_MAP, T_JSON, T_GROUPS, T_ARRAY, T_BYTES,
	T_CLOSURE, T_VARIABLE, T_CONTEXT, T_SERVICE, T_NODE,
};

static const struct type types[] = {
	[T_SESSIONS] = { "map[string]*main.session", "", TYPE_MAP, SHAPE_MAP, 48 },
	[T_SESSIONS_GROUPS] = { "map[string]*main.session groups", "", TYPE_OTHER, SHAPE_MAP_PART },
	[T_SESSION] = { "main.session", "main", TYPE_STRUCT, SHAPE_NONE, 32 },
	[T_MAP] = { "map[string]string", "", TYPE_MAP, SHAPE_MAP, 48 },
	[T_JSON] = { "map[string]interface {}", "", TYPE_MAP, SHAPE_JSON_TREE, 48 },
	[T_GROUPS] = { "map[string]interface {} groups", "", TYPE_OTHER, SHAPE_MAP_PART, 0 },
	[T_ARRAY] = { "[...]interface {}", "", TYPE_ARRAY, SHAPE_JSON_TREE, 16 },
	[T_BYTES] = { "string bytes", "", TYPE_STRING, SHAPE_BYTES, 1 },
	[T_CLOSURE] = { "func main.newGreeter.func1 closure", "main", TYPE_FUNC, SHAPE_CLOSURE, 16 },
	[T_VARIABLE] = { "map[string]string", "", TYPE_MAP, SHAPE_NONE, 8 },
	[T_CONTEXT] = { "context.valueCtx", "context", TYPE_STRUCT, SHAPE_CONTEXT_VALUE, 48 },
	[T_SERVICE] = { "main.service", "main", TYPE_STRUCT, SHAPE_NONE, 64 },
	[T_NODE] = { "main.node", "main", TYPE_STRUCT, SHAPE_NONE, 16 },
};

/* A heap that is being described. */
struct heap {
	struct synthetic_object objects[MAX_OBJECTS];
	struct synthetic_edge edges[2 * MAX_OBJECTS];
	struct holder holders[MAX_HOLDERS];
	struct root roots[MAX_HOLDERS];
	struct task tasks[MAX_HOLDERS];
	struct frame frames[MAX_HOLDERS];
	struct map maps[MAX_HOLDERS];
	uint32_t n_objects, n_edges, n_holders, n_tasks, n_maps;
	uint64_t bytes;
	enum key_use key_use; /* of its closures */
};

static uint32_t object(struct heap *h, uint32_t type, uint64_t size)
{
	assert_true(h->n_objects < MAX_OBJECTS);
	h->objects[h->n_objects] = (struct synthetic_object){
		.type = type, .size = size,
		.flags = KNOWN_EXACT | (type == T_BYTES ? OBJECT_NOSCAN : 0),
	};
	h->bytes += size;
	return h->n_objects++;
}

static void edge(struct heap *h, uint32_t src, uint32_t dst, uint64_t offset, const char *label)
{
	h->edges[h->n_edges++] = (struct synthetic_edge){ .src = src, .dst = dst, .offset = offset,
							  .label = label };
}

static uint32_t holder(struct heap *h, const char *name, enum holder_kind kind, uint32_t dst)
{
	uint32_t i = h->n_holders++;

	h->holders[i] = (struct holder){ .kind = kind, .known = KNOWN_EXACT, .name = name,
					 .package = "main", .task = NO_NODE, .type = NO_NODE };
	h->roots[i] = (struct root){ .addr = 0x5a0000 + 8 * i, .holder = i, .dst = dst,
				     .frame = NO_NODE, .kind = ROOT_GLOBAL, .known = KNOWN_EXACT };
	return i;
}

/* A goroutine of main.watch whose frame refers to DST. */
static uint32_t task(struct heap *h, enum task_state state, uint32_t dst)
{
	uint32_t i = holder(h, "goroutine main.watch", HOLDER_TASK, dst), t = h->n_tasks++;

	h->tasks[t] = (struct task){
		.id = 18 + t, .state = state, .wait = state == TASK_WAITING ? "chan receive" : NULL,
		.wait_ns = 3600ll * 1000000000 * (t + 1), .function = "main.watch",
		.created_by = "main.startWatch", .holder = i, .first_frame = t, .n_frames = 1,
		.object = NO_NODE, .stuck = -1,
	};
	h->frames[t] = (struct frame){ .task = t, .function = "main.watch",
				       .file = "/src/poller.go", .line = 77 };
	h->holders[i].task = t;
	h->roots[i].kind = ROOT_FRAME;
	h->roots[i].frame = t;
	return i;
}

/* A map of TYPE with BYTES of text in it. Its header's id. */
static uint32_t map(struct heap *h, uint32_t type, uint64_t bytes)
{
	uint32_t header = object(h, type, 48), groups = object(h, T_GROUPS, 272);

	edge(h, header, groups, 16, NULL);
	if (bytes)
		edge(h, groups, object(h, T_BYTES, bytes), 32, "[\"text\"]");
	if (h->n_maps < MAX_HOLDERS)
		h->maps[h->n_maps++] = (struct map){ .object = header, .type = type,
			.key_type = NO_NODE, .elem_type = NO_NODE, .entries = 3, .slots = 8,
			.table = groups };
	return header;
}

/* A decoded document: a map in a map, BYTES of text below. */
static uint32_t document(struct heap *h, uint64_t bytes)
{
	uint32_t outer = map(h, T_JSON, 0), inner = map(h, T_JSON, bytes);

	edge(h, outer + 1, inner, 40, "[\"order\"]");
	return outer;
}

static struct graph *analyse(const struct heap *h, bool with_lens)
{
	const struct synthetic_spec spec = {
		.objects = h->objects, .n_objects = h->n_objects,
		.edges = h->edges, .n_edges = h->n_edges, .types = types,
		.n_types = ARRAY_SIZE(types), .holders = h->holders, .n_holders = h->n_holders,
		.roots = h->roots, .n_roots = h->n_holders, .tasks = h->tasks, .n_tasks = h->n_tasks,
		.frames = h->frames, .n_frames = h->n_tasks, .maps = h->maps, .n_maps = h->n_maps,
		.key_use = h->key_use,
	};
	struct graph *g = synthetic_graph(&spec);
	struct error err = { 0 };

	synthetic_analyse(g);
	if (!with_lens)
		g->lens = NULL;
	assert_true(graph_find_suspects(g, NULL, &err));
	assert_int_equal(graph_stage(g), STAGE_DONE);
	for (uint32_t i = 0; i < g->n_suspects; i++) {
		assert_true(text_width(g->suspects[i].title) <= 76);
		assert_null(strchr(g->suspects[i].title, '\n'));
		assert_true(*g->suspects[i].explanation && *g->suspects[i].fix);
		assert_true(!i || g->suspects[i - 1].retained >= g->suspects[i].retained ||
			    (g->suspects[i].confidence == CONFIDENCE_NOTE &&
			     g->suspects[i - 1].confidence != CONFIDENCE_NOTE));
	}
	return g;
}

static void says(const char *text, const char *words)
{
	if (!strstr(text, words))
		print_error("\"%s\" does not say \"%s\"\n", text, words);
	assert_non_null(strstr(text, words));
}

static void has_suspect(const struct graph *g, uint32_t i, const char *rule, uint64_t retained)
{
	assert_true(i < g->n_suspects);
	assert_string_equal(g->suspects[i].rule, rule);
	assert_int_equal(g->suspects[i].retained, retained);
}

static int new_heap(void **state)
{
	struct heap *h = *state = calloc(1, sizeof *h);

	if (h)
		h->key_use = KEYS_FIXED;
	return h ? 0 : -1;
}

static int free_heap(void **state)
{
	free(*state);
	return 0;
}

/* ---- closure-map ---- */

/* main.handlers refers to a closure that captured a map of BYTES. Returns the closure. */
static uint32_t handler(struct heap *h, uint64_t bytes, bool boxed)
{
	uint32_t closure = object(h, T_CLOSURE, 16), kept = map(h, T_MAP, bytes), to = kept;

	if (boxed) {
		to = object(h, T_VARIABLE, 8);
		edge(h, to, kept, 0, NULL);
	}
	edge(h, closure, to, 8, "captured profile");
	return closure;
}

static void finds_a_closure(void **state)
{
	struct heap *h = *state;
	uint32_t closure = handler(h, MB, false);
	uint32_t holds = holder(h, "main.handlers", HOLDER_GLOBAL, closure);
	struct graph *g = analyse(h, true);

	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "closure-map", MB + 48 + 272);
	assert_int_equal(g->suspects[0].holder, holds);
	assert_int_equal(g->suspects[0].object, closure);
	assert_int_equal(g->suspects[0].objects, 3);
	says(g->suspects[0].title, "main.handlers: closure main.newGreeter.func1 keeps a map: profile");
	says(g->suspects[0].explanation, "captured profile, a map[string]string of 3 entries");
	says(g->suspects[0].explanation, "nothing else keeps that map: 1.00 MB in 3 objects");
	says(g->suspects[0].explanation, "held by global main.handlers");
	says(g->suspects[0].fix, "out of the map");
	graph_free(g);
}

static void finds_a_captured_variable(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	holder(h, "main.handlers", HOLDER_GLOBAL, handler(h, MB, true));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "closure-map", MB + 48 + 272);
	says(g->suspects[0].title, "profile");
	graph_free(g);
}

static void leaves_small_ones_alone(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	holder(h, "main.handlers", HOLDER_GLOBAL, handler(h, 100 * KB, false));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
	/* Much for a small heap, nothing for a large one. */
	holder(h, "main.more", HOLDER_GLOBAL, handler(h, 900 * KB, false));
	holder(h, "main.buffer", HOLDER_GLOBAL, object(h, T_BYTES, 200 * MB));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
}

static void leaves_maps_of_others_alone(void **state)
{
	struct heap *h = *state;
	uint32_t closure = handler(h, MB, false);
	struct graph *g;

	holder(h, "main.handlers", HOLDER_GLOBAL, closure);
	holder(h, "main.profiles", HOLDER_GLOBAL, closure + 1);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
}

static void finds_closures_that_share(void **state)
{
	struct heap *h = *state;
	uint32_t first = handler(h, MB, false), more[2];
	struct graph *g;

	holder(h, "main.get", HOLDER_GLOBAL, first);
	for (unsigned i = 0; i < 2; i++) {
		more[i] = object(h, T_CLOSURE, 16);
		edge(h, more[i], first + 1, 8, "captured profile");
		holder(h, i ? "main.put" : "main.list", HOLDER_GLOBAL, more[i]);
	}
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "closure-map", MB + 48 + 272);
	assert_int_equal(g->suspects[0].holder, NO_NODE);
	says(g->suspects[0].explanation, "shares that with 2 other closures");
	graph_free(g);
}

/* N closures in main.handlers, the seventh with a larger map. */
static void many_handlers(struct heap *h, unsigned n)
{
	uint32_t table = object(h, T_NODE, 512);

	holder(h, "main.handlers", HOLDER_GLOBAL, table);
	for (unsigned i = 0; i < n; i++)
		edge(h, table, handler(h, i == 7 ? 30 * KB : 20 * KB, false), 8 + 8 * i,
		     i == 7 ? ".seventh" : ".other");
}

static uint32_t count_suspects(struct heap *h, enum key_use use)
{
	struct graph *g;
	uint32_t n;

	h->key_use = use;
	g = analyse(h, true);
	n = g->n_suspects;
	graph_free(g);
	return n;
}

/* A handler that looks up what it is asked for needs the map. */
static void leaves_closures_alone_that_need_the_map(void **state)
{
	struct heap *h = *state;

	holder(h, "main.get", HOLDER_GLOBAL, handler(h, MB, false));
	assert_int_equal(count_suspects(h, KEYS_FIXED), 1);
	assert_int_equal(count_suspects(h, KEYS_UNKNOWN), 0);
	assert_int_equal(count_suspects(h, KEYS_VARY), 0);
}

static void tells_of_many_also_where_nobody_knows(void **state)
{
	struct heap *h = *state;

	many_handlers(h, 50);
	assert_int_equal(count_suspects(h, KEYS_UNKNOWN), 1);
	assert_int_equal(count_suspects(h, KEYS_VARY), 0);
}

static void tells_many_closures_as_one(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	many_handlers(h, 50);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "closure-map", 49 * 20 * KB + 30 * KB + 50 * (48 + 272));
	says(g->suspects[0].title, "main.handlers: 50 closures main.newGreeter.func1 keep a map each");
	says(g->suspects[0].explanation, "in 150 objects");
	says(g->suspects[0].explanation, "The largest, reached as main.handlers.seventh");
	says(g->suspects[0].explanation, "All are held by global main.handlers");
	graph_free(g);
}

/* ---- json-tree ---- */

/* N sessions in main.sessions, each with a document of BYTES. */
static void sessions(struct heap *h, unsigned n, uint64_t bytes)
{
	uint32_t header = object(h, T_SESSIONS, 48), groups = object(h, T_SESSIONS_GROUPS, 16 * n + 8);

	holder(h, "main.sessions", HOLDER_GLOBAL, header);
	edge(h, header, groups, 16, NULL);
	for (unsigned i = 0; i < n; i++) {
		uint32_t session = object(h, T_SESSION, 32);

		edge(h, groups, session, 16 * i + 8, "[\"alice\"]");
		edge(h, session, document(h, bytes), 16, ".request");
	}
}

static void finds_a_document(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	sessions(h, 1, MB);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "json-tree", MB + 2 * (48 + 272));
	assert_int_equal(g->suspects[0].objects, 5);
	assert_int_equal(g->suspects[0].object, 3);
	assert_int_equal(g->suspects[0].holder, 0);
	says(g->suspects[0].title,
	     "main.sessions[\"alice\"].request keeps a decoded JSON tree of 5 objects");
	says(g->suspects[0].explanation, "the top of 2 maps of interface values, nested 2 deep");
	says(g->suspects[0].explanation, "this one reference, from a main.session of 32 B, keeps all");
	says(g->suspects[0].explanation, "It is held by global main.sessions.");
	says(g->suspects[0].explanation, "inferred");
	graph_free(g);
}

static void tells_many_documents_as_one(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	sessions(h, 1000, 10 * KB);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "json-tree", 1000ull * (10 * KB + 2 * (48 + 272)));
	assert_int_equal(g->suspects[0].objects, 5000);
	says(g->suspects[0].title,
	     "main.sessions: 1,000 × main.session, each keeps decoded JSON in .request");
	says(g->suspects[0].explanation, "1,000 trees, each kept by a main.session through .request");
	says(g->suspects[0].explanation, "All are held by global main.sessions");
	graph_free(g);
}

static void leaves_flat_maps_alone(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	holder(h, "main.settings", HOLDER_GLOBAL, map(h, T_JSON, MB));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
}

/* What a server read at its start, in a global or in a struct of one, is where it should be. */
static void leaves_configuration_alone(void **state)
{
	struct heap *h = *state;
	uint32_t service = object(h, T_SERVICE, 64);
	struct graph *g;

	holder(h, "main.config", HOLDER_GLOBAL, document(h, MB));
	holder(h, "main.server", HOLDER_GLOBAL, service);
	edge(h, service, document(h, MB), 8, ".options");
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
}

/* A map[string]interface {} of services is no document, however many maps are in it; but a document
 * somewhere below one is. */
static void leaves_services_alone(void **state)
{
	struct heap *h = *state;
	uint32_t top = document(h, 10 * KB), service = object(h, T_SERVICE, 64);
	struct graph *g;

	holder(h, "main.services", HOLDER_GLOBAL, top);
	edge(h, top + 1, service, 48, "[\"mail\"]");
	edge(h, service, object(h, T_BYTES, MB), 0, ".buffer");
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
	edge(h, service, document(h, MB), 8, ".last");
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "json-tree", MB + 2 * (48 + 272));
	says(g->suspects[0].title, "main.services[\"mail\"].last keeps");
	graph_free(g);
}

static void says_that_several_hold(void **state)
{
	struct heap *h = *state;
	uint32_t top = document(h, MB);
	struct graph *g;

	holder(h, "main.first", HOLDER_GLOBAL, top);
	holder(h, "main.second", HOLDER_GLOBAL, top);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	assert_int_equal(g->suspects[0].holder, NO_NODE);
	says(g->suspects[0].explanation, "2 references lead to it");
	says(g->suspects[0].explanation,
	     "held by several: global main.first and global main.second");
	graph_free(g);
}

/* ---- context-map ---- */

/* A context whose value is a map of TYPE. Returns the context; the map's header follows. */
static uint32_t context(struct heap *h, uint32_t type, uint64_t bytes)
{
	uint32_t ctx = object(h, T_CONTEXT, 48);

	edge(h, ctx, map(h, type, bytes), 40, ".val");
	return ctx;
}

static void finds_a_waiting_goroutine(void **state)
{
	struct heap *h = *state;
	uint32_t ctx = context(h, T_MAP, MB), holds = task(h, TASK_WAITING, ctx);
	struct graph *g = analyse(h, true);

	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "context-map", MB + 48 + 272);
	assert_int_equal(g->suspects[0].holder, holds);
	assert_int_equal(g->suspects[0].object, ctx + 1);
	says(g->suspects[0].title, "goroutine 18 main.watch (chan receive) keeps a map in its context");
	says(g->suspects[0].explanation, "waits at poller.go:77 (chan receive) for at least 1 h");
	says(g->suspects[0].explanation, "started by main.startWatch");
	says(g->suspects[0].explanation, "a map[string]string of 3 entries: 1.00 MB in 3 objects");
	graph_free(g);
}

static void leaves_busy_goroutines_alone(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	task(h, TASK_RUNNING, context(h, T_MAP, MB));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 0);
	graph_free(g);
}

static void tells_many_goroutines_as_one(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	for (unsigned i = 0; i < 200; i++)
		task(h, TASK_WAITING, context(h, T_MAP, 10 * KB));
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "context-map", 200ull * (10 * KB + 48 + 272));
	assert_int_equal(g->suspects[0].holder, NO_NODE);
	says(g->suspects[0].title, "200 goroutines main.watch (chan receive) keep 200 maps");
	says(g->suspects[0].explanation, "the longest for at least 8 d");
	says(g->suspects[0].explanation, "in 600 objects");
	graph_free(g);
}

static void says_who_else_holds_the_map(void **state)
{
	struct heap *h = *state;
	uint32_t ctx = context(h, T_MAP, MB);
	struct graph *g;

	task(h, TASK_WAITING, ctx);
	task(h, TASK_WAITING, ctx);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	assert_int_equal(g->suspects[0].holder, NO_NODE);
	says(g->suspects[0].explanation, "held by several: goroutine main.watch and goroutine");
	graph_free(g);
}

/* ---- all together ---- */

/* A document in a context is told by the goroutine that keeps it, and not once more. */
static void tells_nothing_twice(void **state)
{
	struct heap *h = *state;
	uint32_t ctx = object(h, T_CONTEXT, 48), wrapper = object(h, T_CONTEXT, 48);
	struct graph *g;

	task(h, TASK_WAITING, wrapper);
	edge(h, wrapper, ctx, 8, ".Context");
	edge(h, ctx, document(h, MB), 40, ".val");
	edge(h, wrapper, ctx + 2, 40, ".val"); /* the same map once more */
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	has_suspect(g, 0, "context-map", MB + 2 * (48 + 272));
	graph_free(g);
}

static void ranks_by_what_is_retained(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	holder(h, "main.handlers", HOLDER_GLOBAL, handler(h, MB, false));
	task(h, TASK_WAITING, context(h, T_MAP, 2 * MB));
	sessions(h, 1, 4 * MB);
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 3);
	assert_string_equal(g->suspects[0].rule, "json-tree");
	assert_string_equal(g->suspects[1].rule, "context-map");
	assert_string_equal(g->suspects[2].rule, "closure-map");
	graph_free(g);
}

static void does_without_a_lens(void **state)
{
	struct heap *h = *state;
	struct graph *g;

	holder(h, "main.handlers", HOLDER_GLOBAL, handler(h, MB, false));
	task(h, TASK_WAITING, context(h, T_MAP, 2 * MB));
	sessions(h, 100, 40 * KB);
	g = analyse(h, false);
	assert_int_equal(g->n_suspects, 2);
	says(g->suspects[0].title, "main.sessions: 100 decoded JSON trees");
	graph_free(g);
}

/* The way to a document behind a list of 200,000 is told in a few words. */
static void shortens_long_ways(void **state)
{
	struct heap *h = *state;
	uint32_t at = object(h, T_NODE, 16);
	struct graph *g;

	holder(h, "main.list", HOLDER_GLOBAL, at);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t next = object(h, T_NODE, 16);

		edge(h, at, next, 8, ".next");
		at = next;
	}
	edge(h, at, document(h, 10 * MB), 0, ".value");
	g = analyse(h, true);
	assert_int_equal(g->n_suspects, 1);
	says(g->suspects[0].title, "main.list.next");
	says(g->suspects[0].explanation, "…");
	assert_true(strlen(g->suspects[0].explanation) < 1000);
	graph_free(g);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_heap, free_heap)
	const struct CMUnitTest tests[] = {
		TEST(finds_a_closure), TEST(finds_a_captured_variable), TEST(leaves_small_ones_alone),
		TEST(leaves_maps_of_others_alone), TEST(finds_closures_that_share),
		TEST(leaves_closures_alone_that_need_the_map), TEST(tells_of_many_also_where_nobody_knows),
		TEST(tells_many_closures_as_one), TEST(finds_a_document),
		TEST(leaves_configuration_alone), TEST(tells_many_documents_as_one), TEST(leaves_flat_maps_alone),
		TEST(leaves_services_alone), TEST(says_that_several_hold),
		TEST(finds_a_waiting_goroutine), TEST(leaves_busy_goroutines_alone),
		TEST(tells_many_goroutines_as_one), TEST(says_who_else_holds_the_map),
		TEST(tells_nothing_twice), TEST(ranks_by_what_is_retained), TEST(does_without_a_lens),
		TEST(shortens_long_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The explorer on a made-up heap: `synthetic_explorer example` on the small server of the unit
 * tests, `big [SESSIONS]` on a large one with folds, `hostile` on names that would take a terminal
 * over, `ask` with a pause that is asked about first, `endless` with a load that only ends when it
 * is cancelled. */
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/source.h"
#include "probes/source.h"
#include "tests/unit/synthetic.h"
#include "tui/broker/broker.h"
#include "tui/commands/commands.h"
#include "tui/screen/screen.h"

enum { T_CACHE, T_CACHE_GROUPS, T_SESSION, T_JSON, T_JSON_GROUPS, T_INT, T_TEXT, T_CTX, T_NODE,
       T_HOSTILE, N_TYPES };

static const struct type types[N_TYPES] = {
	[T_CACHE] = { "map[string]*main.session", "", TYPE_MAP, SHAPE_MAP, 48 },
	[T_CACHE_GROUPS] = { "map[string]*main.session groups", "", TYPE_ARRAY, SHAPE_MAP_PART, 0 },
	[T_SESSION] = { "main.session", "main", TYPE_STRUCT, SHAPE_NONE, 64 },
	[T_JSON] = { "map[string]interface {}", "", TYPE_MAP, SHAPE_JSON_TREE, 48 },
	[T_JSON_GROUPS] = { "map[string]interface {} groups", "", TYPE_ARRAY, SHAPE_MAP_PART, 0 },
	[T_INT] = { "int", "", TYPE_INT, SHAPE_NONE, 8 },
	[T_TEXT] = { "string bytes", "", TYPE_OTHER, SHAPE_BYTES, 0 },
	[T_CTX] = { "context.valueCtx", "context", TYPE_STRUCT, SHAPE_CONTEXT_VALUE, 48 },
	[T_NODE] = { "main.node", "main", TYPE_STRUCT, SHAPE_NONE, 16 },
	[T_HOSTILE] = { "evil\x1b]0;owned\x07\x1b[31m\xc2\x9b" "2J\x7f\x01name", "", TYPE_STRUCT,
			SHAPE_NONE, 16 },
};

/* A description that grows. Ids are given out in ascending order, as addresses are. */
struct heap {
	struct synthetic_object *objects; uint32_t n_objects;
	struct synthetic_edge *edges; uint32_t n_edges;
	struct holder *holders; uint32_t n_holders;
	struct root *roots; uint32_t n_roots;
	const char **labels;
	struct task *tasks; uint32_t n_tasks;
	struct map *maps; uint32_t n_maps;
};

static void *more(void *array, uint32_t n, size_t size)
{
	void *grown = n & (n - 1) ? array : realloc(array, (n ? 2 * (size_t)n : 1) * size);

	if (!grown)
		abort();
	return grown;
}

__attribute__((format(printf, 1, 2)))
static char *said(const char *format, ...)
{
	char *out = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&out, format, args) < 0)
		abort();
	va_end(args);
	return out;
}

static uint32_t object(struct heap *h, uint32_t type, uint64_t size, uint16_t flags,
		       const char *preview)
{
	h->objects = more(h->objects, h->n_objects, sizeof *h->objects);
	h->objects[h->n_objects] = (struct synthetic_object){
		type, size, (uint16_t)(flags | (flags & OBJECT_KNOWN ? 0 : KNOWN_EXACT)), preview };
	return h->n_objects++;
}

static void edge(struct heap *h, uint32_t src, uint32_t dst, uint64_t offset, const char *label)
{
	h->edges = more(h->edges, h->n_edges, sizeof *h->edges);
	h->edges[h->n_edges++] = (struct synthetic_edge){ src, dst, offset, 0, STRENGTH_STRONG,
							  label };
}

static void root(struct heap *h, struct holder holder, uint32_t dst, enum root_kind kind,
		 const char *label)
{
	h->holders = more(h->holders, h->n_holders, sizeof *h->holders);
	h->roots = more(h->roots, h->n_roots, sizeof *h->roots);
	h->labels = more(h->labels, h->n_roots, sizeof *h->labels);
	h->holders[h->n_holders] = holder;
	h->roots[h->n_roots] = (struct root){ 0x500000 + 8 * h->n_roots, h->n_holders++, dst, 0,
					      NO_NODE, (uint8_t)kind, KNOWN_EXACT,
					      STRENGTH_STRONG };
	h->labels[h->n_roots++] = label;
}

static void map(struct heap *h, uint32_t header, uint32_t type, enum boxes boxes,
		uint64_t entries, uint64_t table)
{
	h->maps = more(h->maps, h->n_maps, sizeof *h->maps);
	h->maps[h->n_maps++] = (struct map){
		.object = header, .type = type, .key_type = NO_NODE, .elem_type = NO_NODE,
		.boxes = boxes, .entries = entries, .slots = entries + entries / 3 + 1,
		.table_bytes = table, .boxed_values = boxes ? entries : 0,
		.boxed_bytes = boxes ? 8 * entries : 0, .table = header + 1 };
}

/* A decoded JSON object of two values; returns its header. */
static uint32_t json(struct heap *h, uint32_t bytes)
{
	uint32_t header = object(h, T_JSON, 48, 0, "2 entries");
	uint32_t groups = object(h, T_JSON_GROUPS, 272, 0, NULL);
	uint32_t id = object(h, T_INT, 8, OBJECT_BOXED | OBJECT_NOSCAN, "42");
	uint32_t text = object(h, T_TEXT, bytes, OBJECT_BOXED | OBJECT_NOSCAN, "\"some text\"");

	edge(h, header, groups, 16, NULL);
	edge(h, groups, id, 32, "[\"id\"]");
	edge(h, groups, text, 64, "[\"text\"]");
	map(h, header, T_JSON, BOXES_EMPTY, 2, 320);
	return header;
}

static void sessions(struct heap *h, uint32_t n)
{
	uint32_t cache = object(h, T_CACHE, 48, 0, said("%u entries", n));
	uint32_t groups = object(h, T_CACHE_GROUPS, 16 * (uint64_t)n + 16, 0, NULL);

	map(h, cache, T_CACHE, BOXES_NONE, n, 16 * (uint64_t)n + 64);
	edge(h, cache, groups, 16, NULL);
	root(h, (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, "main.cache", "main", NO_NODE, T_CACHE,
				 0x500000, 0x500008 }, cache, ROOT_GLOBAL, "main.cache");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t session = object(h, T_SESSION, 64, 0, NULL);
		uint32_t meta;

		edge(h, groups, session, 16 * (uint64_t)i, said("[\"user:%u\"]", i));
		meta = json(h, 16 * (1 + i % 97));
		edge(h, session, meta, 16, ".meta");
	}
}

/* A linked list: deep trees, long paths. */
static void list(struct heap *h, uint32_t n)
{
	uint32_t first = h->n_objects;

	for (uint32_t i = 0; i < n; i++) {
		object(h, T_NODE, 16, 0, NULL);
		if (i)
			edge(h, first + i - 1, first + i, 8, ".next");
	}
	root(h, (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, "main.list", "main", NO_NODE, NO_NODE,
				 0x500100, 0x500110 }, first, ROOT_GLOBAL, ".head");
}

static void pollers(struct heap *h, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t ctx = object(h, T_CTX, 48, 0, NULL);
		uint32_t value = json(h, 1024 + 16 * (i % 7));

		edge(h, ctx, value, 40, ".val");
		h->tasks = more(h->tasks, h->n_tasks, sizeof *h->tasks);
		h->tasks[h->n_tasks] = (struct task){
			.id = 100 + i, .state = TASK_WAITING, .wait = "chan receive",
			.wait_ns = (10000 + (int64_t)i) * 1000000000, .function = "main.(*poller).run",
			.file = "/src/poller.go", .line = 70, .created_by = "main.startPoller",
			.stack_bytes = 8192, .holder = h->n_holders, .object = NO_NODE,
			.stuck = 1 };
		root(h, (struct holder){ HOLDER_TASK, KNOWN_EXACT,
					 said("goroutine %u main.(*poller).run", 100 + i), "main",
					 h->n_tasks, NO_NODE },
		     ctx, ROOT_FRAME, "ctx in main.(*poller).run");
		h->n_tasks++;
	}
}

/* An object that two globals refer to: what several hold at once. */
static void shared(struct heap *h)
{
	uint32_t ring = object(h, T_NODE, 16, 0, NULL), other = object(h, T_NODE, 16, 0, NULL);

	edge(h, ring, other, 8, ".next");
	edge(h, other, ring, 8, ".next");
	root(h, (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, "main.left", "main", NO_NODE, NO_NODE,
				 0x500200, 0x500208 }, ring, ROOT_GLOBAL, "main.left");
	root(h, (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, "main.right", "main", NO_NODE, NO_NODE,
				 0x500208, 0x500210 }, other, ROOT_GLOBAL, "main.right");
}

static void hostile(struct heap *h)
{
	static const char bad[] = "\x1b]0;owned\x07\x1b[?1049l\x1b[2Jbad\r\n\x9b" "31m\xe2\x80\xae";
	uint32_t top = object(h, T_HOSTILE, 64, 0, bad);
	uint32_t below = object(h, T_HOSTILE, 32, OBJECT_BOXED, bad);

	edge(h, top, below, 8, bad);
	root(h, (struct holder){ HOLDER_GLOBAL, KNOWN_EXACT, bad, bad, NO_NODE, T_HOSTILE, 0x500300,
				 0x500308 }, top, ROOT_GLOBAL, bad);
}

static struct graph *large(uint32_t n, bool evil)
{
	static struct heap h;
	static struct synthetic_spec spec;
	static const struct named_bytes parts[] = {
		{ "heap objects", 0 }, { "free spans", 62000000 }, { "stacks", 18000000 },
		{ "runtime", 24000000 }, { "not Go's", 32000000 } };
	struct named_bytes *memory = malloc(sizeof parts); /* the graph's */
	struct graph *g;

	if (!memory)
		abort();
	memcpy(memory, parts, sizeof parts);
	if (evil)
		hostile(&h);
	sessions(&h, n);
	list(&h, 5000);
	shared(&h);
	pollers(&h, 200);
	spec = (struct synthetic_spec){
		h.objects, h.n_objects, h.edges, h.n_edges, types, N_TYPES, h.holders, h.n_holders,
		h.roots, h.n_roots, h.labels, h.tasks, h.n_tasks, NULL, 0, h.maps, h.n_maps, NULL, 0,
		{ .pid = 4242, .process = evil ? "evil\x1b[2Jname" : "orders", .exe = "/srv/orders",
		  .language_version = "go1.26.8", .arch = "amd64", .build = "stripped",
		  .taken_at = time(NULL), .pause_ns = 84000000, .gc_phase = "off", .gc_cycle = 17,
		  .content = "all", .rss = 300000000 } };
	g = synthetic_graph(&spec);
	for (uint32_t i = 0; i < g->n_objects; i++)
		memory[0].bytes += graph_size(g, i);
	g->meta.heap_alloc = g->meta.heap_explained = memory[0].bytes;
	g->memory = memory;
	g->n_memory = ARRAY_SIZE(parts);
	return g;
}

/* The source. */

static const char *mode = "example";
static uint32_t n_sessions = 41203;

static bool load(struct source *source, struct graph *_Atomic *out, struct progress *progress,
		 struct error *err)
{
	const struct forecast forecast = { .bytes = 2100000000, .pause_ns = 5000000000, .threads = 9 };

	if (!strcmp(mode, "ask") && !source->on_forecast(source->forecast_arg, &forecast, err))
		return false;
	progress_begin(progress, "reading", 100);
	while (!strcmp(mode, "endless")) {
		const struct timespec moment = { 0, 1000000 };

		if (progress_cancelled(progress))
			return fail(err, STATUS_REFUSED, "the snapshot was cancelled");
		nanosleep(&moment, NULL);
	}
	if (!strcmp(mode, "example"))
		atomic_store(out, synthetic_example());
	else
		atomic_store(out, large(n_sessions, !strcmp(mode, "hostile")));
	return true;
}

static enum status prepare(const struct request *request)
{
	struct error err = {0};

	return screen_prepare(request, &err) ? STATUS_OK : err.code;
}

/* As goretain's reader, but that what is read is made up. */
static enum status read_nothing(const struct request *request, int broker)
{
	const struct source_wish wish = { .target = request->target };
	struct source *source = source_new(&wish, broker);
	struct error err = {0};

	if (!source)
		return STATUS_REFUSED;
	source->load = load;
	if (cmd_explore(request, source, &err)) {
		source_free(source);
		return STATUS_OK;
	}
	fprintf(stderr, "synthetic_explorer: %s\n", err.message);
	return err.code;
}

int main(int argc, char **argv)
{
	struct request request = { .target = "synthetic", .max_pause_ms = 1000, .interactive = true };

	setlocale(LC_CTYPE, "");
	if (argc > 1)
		mode = argv[1];
	if (argc > 2)
		n_sessions = (uint32_t)strtoul(argv[2], NULL, 10);
	if (!strcmp(mode, "ask"))
		request.pid = (uint64_t)getpid(); /* a stop is of a process */
	request.colour = !getenv("NO_COLOR");
	request.unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	return broker_run(&request, &(struct reader){ prepare, read_nothing });
}

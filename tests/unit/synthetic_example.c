/* The canned heap:
 *
 *   main.cache -> map[string]*main.session -> groups -> 3 x main.session -> .meta (decoded JSON)
 *   goroutine 1 main.audit  buf -> [...]interface {} -> the meta of "user:42"
 *   goroutine 91 main.(*poller).run  ctx -> valueCtx -> cancelCtx, map; ch -> chan nobody else has
 *   http.DefaultServeMux -> ServeMux -> closure main.newHandler.func1 -> captured map
 *   a timer, an os.File with a finalizer, a buffer in a pool, a map that is garbage,
 *   and the runtime's list of goroutines with a dead one in it. */
#include "synthetic.h"

#include "graph/base/cleanup.h"

enum {
	T_SESSION, T_CACHE, T_CACHE_GROUPS, T_JSON, T_JSON_GROUPS, T_INT, T_SLICE, T_ARRAY,
	T_TEXT, T_VALUE_CTX, T_CANCEL_CTX, T_CHAN, T_MUX, T_HANDLER, T_TIMER, T_FILE, T_POOLED,
	T_G, T_ALLGS, T_SUDOG,
};

static const struct type types[] = {
	[T_SESSION] = { "main.session", "main", TYPE_STRUCT, SHAPE_NONE, 64 },
	[T_CACHE] = { "map[string]*main.session", "", TYPE_MAP, SHAPE_MAP, 48 },
	[T_CACHE_GROUPS] = { "map[string]*main.session groups", "", TYPE_ARRAY, SHAPE_MAP_PART, 0 },
	[T_JSON] = { "map[string]interface {}", "", TYPE_MAP, SHAPE_JSON_TREE, 48 },
	[T_JSON_GROUPS] = { "map[string]interface {} groups", "", TYPE_ARRAY, SHAPE_MAP_PART, 0 },
	[T_INT] = { "int", "", TYPE_INT, SHAPE_NONE, 8 },
	[T_SLICE] = { "[]interface {}", "", TYPE_SLICE, SHAPE_NONE, 24 },
	[T_ARRAY] = { "[...]interface {}", "", TYPE_ARRAY, SHAPE_JSON_TREE, 0 },
	[T_TEXT] = { "string bytes", "", TYPE_OTHER, SHAPE_BYTES, 0 },
	[T_VALUE_CTX] = { "context.valueCtx", "context", TYPE_STRUCT, SHAPE_CONTEXT_VALUE, 48 },
	[T_CANCEL_CTX] = { "context.cancelCtx", "context", TYPE_STRUCT, SHAPE_CONTEXT, 80 },
	[T_CHAN] = { "chan struct {}", "", TYPE_CHAN, SHAPE_CHAN, 96 },
	[T_MUX] = { "http.ServeMux", "net/http", TYPE_STRUCT, SHAPE_NONE, 256 },
	[T_HANDLER] = { "func main.newHandler.func1 closure", "main", TYPE_FUNC, SHAPE_CLOSURE, 16 },
	[T_TIMER] = { "time.Timer", "time", TYPE_STRUCT, SHAPE_TIMER, 96 },
	[T_FILE] = { "os.file", "os", TYPE_STRUCT, SHAPE_NONE, 128 },
	[T_POOLED] = { "bytes.Buffer", "bytes", TYPE_STRUCT, SHAPE_NONE, 48 },
	[T_G] = { "runtime.g", "runtime", TYPE_STRUCT, SHAPE_TASK, 416 },
	[T_ALLGS] = { "[...]*runtime.g", "", TYPE_ARRAY, SHAPE_RUNTIME, 0 },
	[T_SUDOG] = { "runtime.sudog", "runtime", TYPE_STRUCT, SHAPE_RUNTIME, 96 },
};

#define EXACT KNOWN_EXACT | OBJECT_SURVIVED
#define DERIVED KNOWN_DERIVED | OBJECT_SURVIVED
#define BOX EXACT | OBJECT_BOXED

/* What session N keeps; its texts are 16, 32 and 1024 bytes. */
#define SESSION(n, id, text_size, text) \
	[EXAMPLE_SESSION_##n] = { T_SESSION, 64, DERIVED, NULL }, \
	[EXAMPLE_META_##n] = { T_JSON, 48, EXACT, "2 entries" }, \
	[EXAMPLE_GROUPS_##n] = { T_JSON_GROUPS, 272, DERIVED, NULL }, \
	[EXAMPLE_ID_##n] = { T_INT, 8, BOX | OBJECT_NOSCAN, id }, \
	[EXAMPLE_TAGS_##n] = { T_SLICE, 24, BOX, "1 of 4" }, \
	[EXAMPLE_ARRAY_##n] = { T_ARRAY, 64, DERIVED, NULL }, \
	[EXAMPLE_TEXT_##n] = { T_TEXT, text_size, EXACT | OBJECT_NOSCAN, text }

static const struct synthetic_object objects[EXAMPLE_OBJECTS] = {
	[EXAMPLE_CACHE] = { T_CACHE, 48, EXACT, "3 entries" },
	[EXAMPLE_CACHE_GROUPS] = { T_CACHE_GROUPS, 208, DERIVED, NULL },
	SESSION(1, "1", 16, "alice"),
	SESSION(2, "2", 32, "bob the builder"),
	SESSION(42, "42", 1024, "a long tag"),
	[EXAMPLE_AUDIT] = { T_ARRAY, 512, DERIVED, NULL },
	[EXAMPLE_VALUE_CTX] = { T_VALUE_CTX, 48, BOX, NULL },
	[EXAMPLE_CANCEL_CTX] = { T_CANCEL_CTX, 80, BOX, NULL },
	[EXAMPLE_CTX_MAP] = { T_JSON, 48, BOX, "1 entry" },
	[EXAMPLE_CTX_GROUPS] = { T_JSON_GROUPS, 272, DERIVED, NULL },
	[EXAMPLE_CTX_TEXT] = { T_TEXT, 4096, EXACT | OBJECT_NOSCAN, "GET /poll" },
	[EXAMPLE_CHAN] = { T_CHAN, 96, EXACT, NULL },
	[EXAMPLE_MUX] = { T_MUX, 256, EXACT, NULL },
	[EXAMPLE_HANDLER] = { T_HANDLER, 16, EXACT, NULL },
	[EXAMPLE_HANDLER_MAP] = { T_JSON, 48, EXACT, "0 entries" },
	[EXAMPLE_HANDLER_GROUPS] = { T_JSON_GROUPS, 272, DERIVED, NULL },
	[EXAMPLE_TIMER] = { T_TIMER, 96, EXACT, NULL },
	[EXAMPLE_FILE] = { T_FILE, 128, EXACT, NULL },
	[EXAMPLE_POOLED] = { T_POOLED, 48, BOX, NULL },
	[EXAMPLE_UNKNOWN] = { NO_NODE, 48, OBJECT_SURVIVED, NULL },
	[EXAMPLE_INFERRED] = { T_SLICE, 24, KNOWN_INFERRED | OBJECT_SURVIVED, NULL },
	[EXAMPLE_DEAD_MAP] = { T_JSON, 48, KNOWN_EXACT, "1 entry" },
	[EXAMPLE_DEAD_GROUPS] = { T_JSON_GROUPS, 272, KNOWN_DERIVED, NULL },
	[EXAMPLE_DEAD_TEXT] = { T_TEXT, 512, KNOWN_EXACT | OBJECT_NOSCAN, "gone" },
	[EXAMPLE_ALLGS] = { T_ALLGS, 64, EXACT, NULL },
	[EXAMPLE_G_1] = { T_G, 416, EXACT, NULL },
	[EXAMPLE_G_91] = { T_G, 416, EXACT, NULL },
	[EXAMPLE_G_DEAD] = { T_G, 416, EXACT, NULL },
	[EXAMPLE_SUDOG] = { T_SUDOG, 96, EXACT, NULL },
};

#define SESSION_EDGES(n) \
	{ EXAMPLE_SESSION_##n, EXAMPLE_META_##n, 16, 0, STRENGTH_STRONG, ".meta" }, \
	{ EXAMPLE_META_##n, EXAMPLE_GROUPS_##n, 16, 0, STRENGTH_STRONG, NULL }, \
	{ EXAMPLE_GROUPS_##n, EXAMPLE_ID_##n, 32, 0, STRENGTH_STRONG, "[\"id\"]" }, \
	{ EXAMPLE_GROUPS_##n, EXAMPLE_TAGS_##n, 64, 0, STRENGTH_STRONG, "[\"tags\"]" }, \
	{ EXAMPLE_TAGS_##n, EXAMPLE_ARRAY_##n, 0, 0, STRENGTH_STRONG, NULL }, \
	{ EXAMPLE_ARRAY_##n, EXAMPLE_TEXT_##n, 8, 0, STRENGTH_STRONG, "[0]" }

static const struct synthetic_edge edges[] = {
	{ EXAMPLE_CACHE, EXAMPLE_CACHE_GROUPS, 16, 0, STRENGTH_STRONG, NULL },
	{ EXAMPLE_CACHE_GROUPS, EXAMPLE_SESSION_1, 24, 0, STRENGTH_STRONG, "[\"user:1\"]" },
	{ EXAMPLE_CACHE_GROUPS, EXAMPLE_SESSION_2, 48, 0, STRENGTH_STRONG, "[\"user:2\"]" },
	{ EXAMPLE_CACHE_GROUPS, EXAMPLE_SESSION_42, 72, 0, STRENGTH_STRONG, "[\"user:42\"]" },
	SESSION_EDGES(1), SESSION_EDGES(2), SESSION_EDGES(42),
	{ EXAMPLE_AUDIT, EXAMPLE_META_42, 280, 0, STRENGTH_STRONG, "[17]" },
	{ EXAMPLE_VALUE_CTX, EXAMPLE_CANCEL_CTX, 8, 0, STRENGTH_STRONG, ".Context" },
	{ EXAMPLE_VALUE_CTX, EXAMPLE_CTX_MAP, 40, 0, STRENGTH_STRONG, ".val" },
	{ EXAMPLE_CTX_MAP, EXAMPLE_CTX_GROUPS, 16, 0, STRENGTH_STRONG, NULL },
	{ EXAMPLE_CTX_GROUPS, EXAMPLE_CTX_TEXT, 32, 0, STRENGTH_STRONG, "[\"request\"]" },
	{ EXAMPLE_CHAN, EXAMPLE_SUDOG, 56, 0, STRENGTH_RUNTIME, ".recvq" },
	{ EXAMPLE_MUX, EXAMPLE_HANDLER, 80, 0, STRENGTH_STRONG, ".tree" },
	{ EXAMPLE_HANDLER, EXAMPLE_HANDLER_MAP, 8, 0, STRENGTH_STRONG, "captured data" },
	{ EXAMPLE_HANDLER_MAP, EXAMPLE_HANDLER_GROUPS, 16, 0, STRENGTH_STRONG, NULL },
	{ EXAMPLE_TIMER, EXAMPLE_UNKNOWN, 64, 8, STRENGTH_STRONG, ".arg" },
	{ EXAMPLE_UNKNOWN, EXAMPLE_INFERRED, 8, 0, STRENGTH_STRONG, NULL },
	{ EXAMPLE_DEAD_MAP, EXAMPLE_DEAD_GROUPS, 16, 0, STRENGTH_STRONG, NULL },
	{ EXAMPLE_DEAD_GROUPS, EXAMPLE_DEAD_TEXT, 32, 0, STRENGTH_STRONG, "[\"old\"]" },
	{ EXAMPLE_DEAD_GROUPS, EXAMPLE_TEXT_1, 64, 0, STRENGTH_STRONG, "[\"tag\"]" },
	{ EXAMPLE_ALLGS, EXAMPLE_G_1, 0, 0, STRENGTH_RUNTIME, "[0]" },
	{ EXAMPLE_ALLGS, EXAMPLE_G_91, 8, 0, STRENGTH_RUNTIME, "[1]" },
	{ EXAMPLE_ALLGS, EXAMPLE_G_DEAD, 16, 0, STRENGTH_RUNTIME, "[2]" },
	{ EXAMPLE_G_91, EXAMPLE_SUDOG, 328, 0, STRENGTH_STRONG, ".waiting" },
	{ EXAMPLE_SUDOG, EXAMPLE_G_91, 0, 0, STRENGTH_RUNTIME, ".g" },
	{ EXAMPLE_SUDOG, EXAMPLE_CHAN, 80, 0, STRENGTH_RUNTIME, ".c" },
};

enum {
	H_CACHE, H_MUX, H_POOL, H_MAIN, H_POLLER, H_TIMER, H_FILE, H_RUNTIME,
};

enum { TASK_MAIN, TASK_POLLER };

#define DATA 0x5a0000ull

static const struct holder holders[] = {
	[H_CACHE] = { HOLDER_GLOBAL, KNOWN_EXACT, "main.cache", "main", NO_NODE, T_CACHE,
		      DATA, DATA + 8 },
	[H_MUX] = { HOLDER_GLOBAL, KNOWN_EXACT, "net/http.DefaultServeMux", "net/http", NO_NODE,
		    T_MUX, DATA + 8, DATA + 16 },
	[H_POOL] = { HOLDER_GLOBAL, KNOWN_EXACT, "main.buffers", "main", NO_NODE, NO_NODE,
		     DATA + 16, DATA + 48 },
	[H_MAIN] = { HOLDER_TASK, KNOWN_EXACT, "goroutine 1 main.main", "main", TASK_MAIN, NO_NODE },
	[H_POLLER] = { HOLDER_TASK, KNOWN_EXACT, "goroutine 91 main.(*poller).run", "main",
		       TASK_POLLER, NO_NODE },
	[H_TIMER] = { HOLDER_TIMER, KNOWN_EXACT, "timer main.tick", "", NO_NODE, NO_NODE },
	[H_FILE] = { HOLDER_SPECIAL, KNOWN_EXACT, "finalizer of os.file", "", NO_NODE, NO_NODE },
	[H_RUNTIME] = { HOLDER_RUNTIME, KNOWN_EXACT, "runtime.allgs", "runtime", NO_NODE, NO_NODE,
			DATA + 64, DATA + 88 },
};

#define STACK 0xc000ff0000ull

static const struct root roots[] = {
	{ DATA, H_CACHE, EXAMPLE_CACHE, 0, NO_NODE, ROOT_GLOBAL, KNOWN_EXACT, STRENGTH_STRONG },
	{ DATA + 8, H_MUX, EXAMPLE_MUX, 0, NO_NODE, ROOT_GLOBAL, KNOWN_EXACT, STRENGTH_STRONG },
	{ DATA + 16, H_POOL, EXAMPLE_POOLED, 0, NO_NODE, ROOT_GLOBAL, KNOWN_EXACT, STRENGTH_POOL },
	{ STACK, H_MAIN, EXAMPLE_AUDIT, 0, 0, ROOT_FRAME, KNOWN_EXACT, STRENGTH_STRONG },
	{ 0, H_MAIN, EXAMPLE_G_1, 0, NO_NODE, ROOT_TASK, KNOWN_EXACT, STRENGTH_STRONG },
	{ STACK + 512, H_POLLER, EXAMPLE_CHAN, 0, 2, ROOT_FRAME, KNOWN_EXACT, STRENGTH_STRONG },
	{ STACK + 640, H_POLLER, EXAMPLE_VALUE_CTX, 0, 3, ROOT_FRAME, KNOWN_EXACT, STRENGTH_STRONG },
	{ STACK + 648, H_POLLER, EXAMPLE_CHAN, 0, 3, ROOT_FRAME, KNOWN_EXACT, STRENGTH_STRONG },
	{ 0, H_POLLER, EXAMPLE_G_91, 0, NO_NODE, ROOT_TASK, KNOWN_EXACT, STRENGTH_STRONG },
	{ 0, H_TIMER, EXAMPLE_TIMER, 0, NO_NODE, ROOT_TIMER, KNOWN_EXACT, STRENGTH_STRONG },
	{ 0, H_FILE, EXAMPLE_FILE, 0, NO_NODE, ROOT_FINALIZER, KNOWN_EXACT, STRENGTH_STRONG },
	{ DATA + 64, H_RUNTIME, EXAMPLE_ALLGS, 0, NO_NODE, ROOT_RUNTIME, KNOWN_EXACT,
	  STRENGTH_RUNTIME },
	{ DATA + 72, H_RUNTIME, EXAMPLE_META_1, 0, NO_NODE, ROOT_WEAK_HANDLE, KNOWN_EXACT,
	  STRENGTH_WEAK },
	{ DATA + 80, H_RUNTIME, EXAMPLE_G_91, 0, NO_NODE, ROOT_RUNTIME, KNOWN_EXACT,
	  STRENGTH_RUNTIME },
};

static const char *const root_labels[] = {
	"main.cache", "http.DefaultServeMux", "main.buffers", "buf in main.audit", "g",
	"c in runtime.chanrecv", "ctx in main.(*poller).run", "ch in main.(*poller).run", "g",
	"timer", "finalizer", "runtime.allgs", "weak handle", "runtime.sched",
};

static const struct task tasks[] = {
	[TASK_MAIN] = { 1, TASK_RUNNING, NULL, -1, "main.main", "/src/main.go", 20, NULL, NULL, NULL, 8192,
			H_MAIN, 0, 2, EXAMPLE_G_1, 0, 0, 0, true, false },
	[TASK_POLLER] = { 91, TASK_WAITING, "chan receive", 3ll * 3600 * 1000000000,
			  "main.(*poller).run", "/src/poller.go", 70, "main.startPoller", "job=poll", "job=…4 B",
			  2048, H_POLLER, 2, 2, EXAMPLE_G_91, 0, 1, 1, false, false },
};

static const uint32_t waits[] = { EXAMPLE_CHAN };

static const struct frame frames[] = {
	{ TASK_MAIN, 0, "main.audit", "/src/audit.go", 12, 0x401000, STACK, false, false },
	{ TASK_MAIN, 1, "main.main", "/src/main.go", 25, 0x402000, STACK + 256, false, false },
	{ TASK_POLLER, 0, "runtime.chanrecv", "/go/src/runtime/chan.go", 664, 0x403000, STACK + 512,
	  false, true, ORIGIN_RUNTIME },
	{ TASK_POLLER, 1, "main.(*poller).run", "/src/poller.go", 77, 0x404000, STACK + 640,
	  false, false, ORIGIN_MAIN },
};

#define JSON_MAP(map, groups, full) \
	{ map, T_JSON, NO_NODE, NO_NODE, 0, BOXES_EMPTY, full, 8, 320, 0, 0, full, 32, groups, { NO_NODE, NO_NODE }, \
	  false, NO_NODE }

static const struct map maps[] = {
	{ EXAMPLE_CACHE, T_CACHE, NO_NODE, T_SESSION, 0, BOXES_NONE, 3, 8, 256, 0, 0, 0, 0,
	  EXAMPLE_CACHE_GROUPS, { NO_NODE, NO_NODE }, false, NO_NODE },
	JSON_MAP(EXAMPLE_META_1, EXAMPLE_GROUPS_1, 2),
	JSON_MAP(EXAMPLE_META_2, EXAMPLE_GROUPS_2, 2),
	JSON_MAP(EXAMPLE_META_42, EXAMPLE_GROUPS_42, 2),
	JSON_MAP(EXAMPLE_CTX_MAP, EXAMPLE_CTX_GROUPS, 1),
	JSON_MAP(EXAMPLE_HANDLER_MAP, EXAMPLE_HANDLER_GROUPS, 0),
	JSON_MAP(EXAMPLE_DEAD_MAP, EXAMPLE_DEAD_GROUPS, 1),
	/* An empty one in a global: no object stands for it, and nobody holds it. */
	{ NO_NODE, T_JSON, NO_NODE, NO_NODE, 0x9000, BOXES_EMPTY, 0, 0, 0, 0, 0, 0, 0, NO_NODE,
	  { NO_NODE, NO_NODE }, false, NO_NODE },
};

#define ENTRY(map, slot, key, value, type, object, boxed) \
	{ map, { slot, key, "string", NO_NODE, value, type, object, 0, boxed } }

static const struct synthetic_entry entries[] = {
	ENTRY(0, 0, "user:1", NULL, "*main.session", EXAMPLE_SESSION_1, false),
	ENTRY(0, 1, "user:2", NULL, "*main.session", EXAMPLE_SESSION_2, false),
	ENTRY(0, 2, "user:42", NULL, "*main.session", EXAMPLE_SESSION_42, false),
	ENTRY(1, 0, "id", "1", "int", EXAMPLE_ID_1, true),
	ENTRY(1, 1, "tags", "[alice]", "[]interface {}", EXAMPLE_TAGS_1, true),
	ENTRY(2, 0, "id", "2", "int", EXAMPLE_ID_2, true),
	ENTRY(2, 1, "tags", "[bob the builder]", "[]interface {}", EXAMPLE_TAGS_2, true),
	ENTRY(3, 0, "id", "42", "int", EXAMPLE_ID_42, true),
	ENTRY(3, 1, "tags", "[a long tag]", "[]interface {}", EXAMPLE_TAGS_42, true),
	ENTRY(4, 0, "request", "GET /poll", "string", EXAMPLE_CTX_TEXT, true),
	ENTRY(6, 0, "old", "gone", "string", EXAMPLE_DEAD_TEXT, true),
};

struct graph *synthetic_example(void)
{
	const struct synthetic_spec spec = {
		.objects = objects, .n_objects = EXAMPLE_OBJECTS,
		.edges = edges, .n_edges = ARRAY_SIZE(edges),
		.types = types, .n_types = ARRAY_SIZE(types),
		.holders = holders, .n_holders = ARRAY_SIZE(holders),
		.roots = roots, .n_roots = ARRAY_SIZE(roots), .root_labels = root_labels,
		.tasks = tasks, .n_tasks = ARRAY_SIZE(tasks), .waits = waits, .n_waits = ARRAY_SIZE(waits),
		.frames = frames, .n_frames = ARRAY_SIZE(frames),
		.maps = maps, .n_maps = ARRAY_SIZE(maps),
		.entries = entries, .n_entries = ARRAY_SIZE(entries),
		.meta = {
			.pid = 4242, .process = "orders", .exe = "/srv/orders",
			.language_version = "go1.26.8", .arch = "amd64", .build = "stripped",
			.taken_at = 1700000000, .pause_ns = 84000000, .gc_phase = "off",
			.gc_cycle = 17, .heap_alloc = 10240, .rss = 1 << 20, .content = "all",
		},
	};
	struct graph *g = synthetic_graph(&spec);

	synthetic_analyse(g);
	return g;
}

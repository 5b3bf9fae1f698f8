/* Where the program's packages come from: by the modules that its build information lists, and the folders
 * of Go's own library. */
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/text.h"
#include "graph/origin.h"
#include "probes/go/roots/roots.h"

#define MAX_MODULES 65536u
#define MAX_PATH 1024

/* The runtime, and the folders at the top of the standard library (1.18 to 1.27): an import path without a
 * dot may as well be the program's. */
static const struct origin_path own[] = {
	{ "runtime", ORIGIN_RUNTIME }, { "internal/runtime", ORIGIN_RUNTIME }, { "main", ORIGIN_MAIN },
	{ "runtime/cgo", ORIGIN_RUNTIME }, { "runtime/debug", ORIGIN_STANDARD },
	{ "runtime/metrics", ORIGIN_STANDARD }, { "runtime/pprof", ORIGIN_STANDARD },
	{ "runtime/trace", ORIGIN_STANDARD },
};

static const char *const library[] = {
	"archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug",
	"embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index",
	"internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect",
	"regexp", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text",
	"time", "unicode", "unique", "unsafe", "vendor", "weak",
};

struct list { struct roots *roots; struct origin_path *items; uint32_t n, capacity; };

static void add(struct list *list, const char *path, enum origin origin)
{
	struct origin_path *item = GROW(list->items, list->n, list->capacity);

	if (!item) {
		list->roots->failed = true;
		return;
	}
	*item = (struct origin_path){ path, origin };
	list->n++;
}

/* The N bytes at PATH, foreign. */
static void add_foreign(struct list *list, const char *path, size_t n, enum origin origin)
{
	autotext struct text shown = { 0 };

	text_escape(&shown, path, n, MAX_PATH);
	if (shown.length)
		add(list, name_pool_copy(list->roots->names, text_string(&shown)), origin);
}

/* Lines "mod PATH VERSION SUM" and "dep PATH VERSION SUM" of the build information, with tabs between. Where
 * no main module is named, what shares the host of the program's own path is of it. */
static void add_modules(struct list *list, const char *text)
{
	const char *path = strstr(text, "path\t"), *mod = strstr(text, "\nmod\t");
	size_t host = path ? strcspn(path + 5, "/\n") : 0;

	if (mod)
		add_foreign(list, mod + 5, strcspn(mod + 5, "\t\n"), ORIGIN_MAIN);
	else if (path && path[5 + host] == '/' && memchr(path + 5, '.', host))
		add_foreign(list, path + 5, host, ORIGIN_MAIN);
	for (text = strstr(text, "\ndep\t"); text && list->n < MAX_MODULES; text = strstr(text, "\ndep\t")) {
		text += 5;
		add_foreign(list, text, strcspn(text, "\t\n"), ORIGIN_DEPENDENCY);
	}
}

void roots_origins(struct roots *roots)
{
	struct list list = { .roots = roots };
	struct graph *g = roots->heap->graph;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		add(&list, own[i].path, own[i].origin);
	for (size_t i = 0; i < ARRAY_SIZE(library); i++)
		add(&list, library[i], ORIGIN_STANDARD);
	if (roots->heap->go.build_info)
		add_modules(&list, roots->heap->go.build_info);
	origin_sort(list.items, list.n);
	g->origins = list.items;
	g->n_origins = list.n;
}

uint8_t roots_origin(struct roots *roots, const char *function)
{
	struct known_origin *known = &roots->known_origins[(uintptr_t)function / 16 % ARRAY_SIZE(roots->known_origins)];

	if (known->function != function) {
		known->function = function;
		known->origin = (uint8_t)graph_origin(roots->heap->graph, name_pool_path_of(function));
	}
	return known->origin;
}

#include "graph/origin.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"

static int by_path(const void *a, const void *b)
{
	const struct origin_path *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->origin > y->origin) - (x->origin < y->origin);
}

void origin_sort(struct origin_path *origins, uint32_t n)
{
	if (n)
		qsort(origins, n, sizeof *origins, by_path);
}

/* The first of the origins whose path is the N_PATH bytes at PATH; NULL if there is none. */
static const struct origin_path *find_exact(const struct origin_path *origins, uint32_t n, const char *path,
					    size_t n_path)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strncmp(origins[mid].path, path, n_path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && !strncmp(origins[lo].path, path, n_path) && !origins[lo].path[n_path] ? &origins[lo] : NULL;
}

enum origin origin_of(const struct origin_path *origins, uint32_t n, const char *path)
{
	for (size_t length = strlen(path); length; length--) {
		const struct origin_path *found =
			path[length] == '/' || !path[length] ? find_exact(origins, n, path, length) : NULL;

		if (found)
			return found->origin;
	}
	return ORIGIN_UNKNOWN;
}

enum origin graph_origin(const struct graph *g, const char *path)
{
	return origin_of(g->origins, g->n_origins, path);
}

const char *origin_word(enum origin origin)
{
	static const char *const words[] = {
		[ORIGIN_RUNTIME] = "runtime", [ORIGIN_STANDARD] = "standard library",
		[ORIGIN_DEPENDENCY] = "dependency", [ORIGIN_MAIN] = "main module",
	};

	return (unsigned)origin < ARRAY_SIZE(words) ? words[origin] : NULL;
}

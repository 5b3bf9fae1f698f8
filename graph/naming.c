#include "graph/naming.h"

#include <stdlib.h>
#include <string.h>

/* The package at the head of the run of path characters at S, NULL if it is none with a name of its own. */
static const struct package_name *package_at(const struct graph *g, const char *s, size_t *length)
{
	for (uint32_t i = 0; i < g->n_packages; i++) {
		*length = strlen(g->packages[i].path);
		if (!strncmp(s, g->packages[i].path, *length) && s[*length] == '.')
			return &g->packages[i];
	}
	return NULL;
}

/* Bytes at S up to where the next run of path characters begins, this one included. */
static size_t one_run(const char *s)
{
	size_t n = 0;

	while (text_in_path((unsigned char)s[n]))
		n++;
	while (s[n] && !text_in_path((unsigned char)s[n]))
		n++;
	return n;
}

void naming_put(const struct graph *g, const char *symbol, struct text *out)
{
	autotext struct text run = {0};

	while (*symbol && g->n_packages) {
		size_t length, n;
		const struct package_name *package = package_at(g, symbol, &length);

		if (package) {
			text_puts(out, package->shown);
			symbol += length;
		}
		/* What follows the path is no path: a dot, and then a name. */
		n = one_run(symbol);
		text_clear(&run);
		text_append(&run, symbol, n);
		text_symbol(out, text_string(&run));
		symbol += n;
	}
	text_symbol(out, symbol);
}

void naming_type(const struct graph *g, const struct type *type, struct text *out)
{
	naming_put(g, type->spelled ? type->spelled : type->name, out);
}

bool naming_is(const struct graph *g, const char *pattern, const char *name)
{
	autotext struct text shown = {0}, last = {0};

	if (strcmp(pattern, name) == 0)
		return true;
	naming_put(g, name, &shown);
	text_symbol(&last, name);
	return strcmp(pattern, text_string(&shown)) == 0 || strcmp(pattern, text_string(&last)) == 0;
}

/* ---- which names ---- */

/* The last word of PATH, with a version behind it if it ends in one. */
static const char *last_word(const char *path)
{
	autotext struct text shown = {0};

	text_symbol(&shown, path);
	return path + strlen(path) - shown.length;
}

bool naming_is_internal(const char *path)
{
	static const char *const heads[] = { "internal/", "runtime/internal/", "vendor/", "crypto/internal/",
					     "net/http/internal" };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (!strncmp(path, heads[i], strlen(heads[i])))
			return true;
	return false;
}

bool naming_is_longer(const struct package_name *package)
{
	return package->shown != last_word(package->path);
}

static int by_shown(const void *a, const void *b)
{
	const struct package_name *x = a, *y = b;
	int order = strcmp(x->shown, y->shown);

	return order ? order : strcmp(x->path, y->path);
}

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && !strcmp(path + n - m, end) && (n == m || path[n - m - 1] == '/');
}

/* The shortest end of a path longer than its last word that no other of the N has. */
static const char *distinct_end(const struct package_name *group, uint32_t n, const struct package_name *of)
{
	const char *end = of->shown;

	while (end > of->path) {
		bool only = true;

		for (end--; end > of->path && end[-1] != '/'; end--)
			;
		for (uint32_t i = 0; i < n; i++)
			only &= &group[i] == of || !ends_with(group[i].path, end);
		if (only)
			break;
	}
	return end;
}

#define MOST_ALIKE 256u /* paths that are compared; of more each is shown whole */

/* Name the N packages whose paths end with one word. */
static void name_group(struct package_name *group, uint32_t n)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < n; i++)
		open += !naming_is_internal(group[i].path);
	for (uint32_t i = 0; i < n && n > 1; i++)
		if (open != 1 || naming_is_internal(group[i].path))
			group[i].shown = n > MOST_ALIKE ? group[i].path : distinct_end(group, n, &group[i]);
}

void naming_packages(struct package_name *packages, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		packages[i].shown = last_word(packages[i].path);
	if (n)
		qsort(packages, n, sizeof *packages, by_shown);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && !strcmp(packages[end].shown, packages[i].shown); end++)
			;
		name_group(packages + i, end - i);
	}
}

#include "probes/go/find/packages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/naming.h"
#include "probes/go/heap.h"

#define MAX_NESTING 16u /* of types in types, spelled */
#define MOST_ALIKE 4096u /* packages that are told apart: names are looked for among them */

/* A package of which the program has types, by the name that its types bear. */
struct bearer { const char *path, *name; size_t length; bool alike; };

struct reading {
	struct heap *heap;
	struct bearer *bearers; /* by name, then by path */
	uint32_t n_bearers;
};

void packages_free(struct packages *packages)
{
	free(packages->spelled);
	*packages = (struct packages){ 0 };
}

const char *packages_type_name(const struct heap *heap, uint32_t type)
{
	const struct packages *p = &heap->packages;

	return type < p->n_spelled && p->spelled[type] ? p->spelled[type]
						       : types_get(heap->types, type)->name;
}

/* ---- types whose packages have one name ---- */

static int by_name(const void *a, const void *b)
{
	const struct bearer *x = a, *y = b;
	size_t n = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->name, y->name, n);

	if (!order)
		order = (x->length > y->length) - (x->length < y->length);
	return order ? order : strcmp(x->path, y->path);
}

static bool same_name(const struct bearer *a, const struct bearer *b)
{
	return a->length == b->length && !memcmp(a->name, b->name, a->length);
}

/* What TYPE says of its package; false if it is of none. */
static bool bearer_of(const struct rtype *t, struct bearer *out)
{
	const char *dot = t->named && *t->package ? strchr(t->name, '.') : NULL;

	if (!dot || (size_t)(dot - t->name) > strcspn(t->name, "["))
		return false;
	*out = (struct bearer){ .path = t->package, .name = t->name, .length = (size_t)(dot - t->name) };
	return true;
}

/* One of N packages of one name keeps it: that whose path it is, or the only one that programs can import. */
static void judge(struct bearer *group, uint32_t n)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < n; i++)
		open += !naming_is_internal(group[i].path);
	for (uint32_t i = 0; i < n && n > 1; i++) {
		bool whole = strlen(group[i].path) == group[i].length;

		group[i].alike = !whole && (open != 1 || naming_is_internal(group[i].path));
	}
}

static bool find_bearers(struct reading *r)
{
	uint32_t n = types_count(r->heap->types), kept = 0;

	r->bearers = malloc(((size_t)n + 1) * sizeof *r->bearers);
	for (uint32_t i = 0; r->bearers && i < n; i++)
		r->n_bearers += bearer_of(types_get(r->heap->types, i), &r->bearers[r->n_bearers]);
	if (!r->bearers)
		return false;
	qsort(r->bearers, r->n_bearers, sizeof *r->bearers, by_name);
	for (uint32_t i = 0; i < r->n_bearers; i++)
		if (!kept || by_name(&r->bearers[kept - 1], &r->bearers[i]))
			r->bearers[kept++] = r->bearers[i];
	r->n_bearers = kept;
	for (uint32_t i = 0, end; i < kept; i = end) {
		for (end = i + 1; end < kept && same_name(&r->bearers[i], &r->bearers[end]); end++)
			;
		judge(r->bearers + i, end - i);
	}
	return true;
}

/* ---- how a type is spelled then ---- */

static bool spell(const struct reading *r, uint32_t type, unsigned depth, struct text *out);

static bool spell_named(const struct reading *r, const struct rtype *t, struct text *out)
{
	struct bearer key;
	const struct bearer *found = NULL;

	if (bearer_of(t, &key))
		found = bsearch(&key, r->bearers, r->n_bearers, sizeof key, by_name);
	if (!found || !found->alike) {
		text_puts(out, t->name);
		return false;
	}
	text_printf(out, "%s%s", found->path, t->name + found->length);
	return true;
}

/* True if it is spelled otherwise than the program does. Structs, functions and interfaces without a name stay
 * as they are. */
static bool spell(const struct reading *r, uint32_t type, unsigned depth, struct text *out)
{
	const struct rtype *t = types_find(r->heap->types, type);
	bool other;

	if (!t || t->named || depth > MAX_NESTING)
		return t ? spell_named(r, t, out) : false;
	switch (t->kind) {
	case KIND_POINTER: text_putc(out, '*'); break;
	case KIND_SLICE: text_puts(out, "[]"); break;
	case KIND_ARRAY: text_printf(out, "[%" PRIu64 "]", t->len); break;
	case KIND_CHAN:
		text_puts(out, !strncmp(t->name, "<-", 2) ? "<-chan " : !strncmp(t->name, "chan<-", 6)
								       ? "chan<- " : "chan ");
		break;
	case KIND_MAP:
		text_puts(out, "map[");
		other = spell(r, t->key, depth + 1, out);
		text_putc(out, ']');
		return spell(r, t->elem, depth + 1, out) || other;
	default:
		text_puts(out, t->name);
		return false;
	}
	return spell(r, t->elem, depth + 1, out);
}

static bool spell_types(struct reading *r)
{
	struct packages *out = &r->heap->packages;
	uint32_t n = types_count(r->heap->types);

	out->spelled = calloc((size_t)n + 1, sizeof *out->spelled);
	if (!out->spelled)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		autotext struct text name = { 0 };

		if (spell(r, i, 0, &name))
			out->spelled[i] = name_pool_copy(&r->heap->names, text_string(&name));
	}
	out->n_spelled = n;
	return true;
}

/* ---- packages of functions, variables and types ---- */

static int by_path(const void *a, const void *b)
{
	const struct package_name *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* Those whose last word says all go. */
static void keep_alike(struct graph *g)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_packages && n < MOST_ALIKE; i++)
		if (naming_is_longer(&g->packages[i]))
			g->packages[n++] = g->packages[i];
	g->n_packages = n;
}

static bool name_packages(struct reading *r)
{
	const struct code_facts *code = &r->heap->code;
	struct graph *g = r->heap->graph;
	struct package_name *all = calloc((size_t)code->n_package_names + r->n_bearers + 1, sizeof *all);
	uint32_t n = 0, kept = 0;

	if (!all)
		return false;
	for (uint32_t i = 0; i < code->n_package_names; i++)
		all[n++].path = code->package_names[i];
	for (uint32_t i = 0; i < r->n_bearers; i++)
		all[n++].path = r->bearers[i].path;
	if (n)
		qsort(all, n, sizeof *all, by_path);
	for (uint32_t i = 0; i < n; i++)
		if (!kept || by_path(&all[kept - 1], &all[i]))
			all[kept++] = all[i];
	naming_packages(all, kept);
	g->packages = all;
	g->n_packages = kept;
	keep_alike(g);
	return true;
}

bool packages_read(struct heap *heap, struct error *err)
{
	struct reading r = { .heap = heap };
	bool good = find_bearers(&r) && spell_types(&r) && name_packages(&r);

	free(r.bearers);
	if (!good)
		return fail_memory(err, "the names of packages");
	return forms_respell(&heap->typing.forms, heap->packages.spelled, heap->packages.n_spelled) ||
	       fail_memory(err, "the names of types");
}

/* Who puts entries into a container, and who takes them out: what the program's code says. The linker leaves
 * functions out that nothing can reach, so what is there may be called. */
#include <stdio.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/lens.h"
#include "probes/go/code/callers.h"
#include "probes/go/lens/lens.h"

#define MOST_INLINED 16 /* calls, one in the other */
#define MOST_ADDERS 64  /* functions that put into one type of map, whose callers are looked for */

/* Types of maps whose entries are alike: a named map type is the same as its underlying one. */
static bool same_map(const struct heap *heap, uint32_t a, uint32_t b)
{
	const struct rtype *x = types_find(heap->types, a), *y = types_find(heap->types, b);

	return a == b || (x && y && x->kind == KIND_MAP && y->kind == KIND_MAP && x->key == y->key &&
			  x->elem == y->elem);
}

/* Does the symbol belong to PACKAGE? */
static bool is_of(const char *name, const char *package)
{
	size_t n = strlen(package);

	return strncmp(name, package, n) == 0 && (name[n] == '.' || name[n] == '/');
}

/* Code that works on maps of any type for others: reflection and the runtime itself. */
static bool is_generic_machinery(const char *name)
{
	return is_of(name, "reflect") || is_of(name, "runtime") || is_of(name, "internal");
}

/* Whose code it is, by the path: 0 the main package, 1 a module's (its first word is a host), 2 the library's. */
static unsigned distance(const char *name)
{
	size_t first = strcspn(name, "/"), dot = strcspn(name, ".");

	if (is_of(name, "main"))
		return 0;
	return name[first] && dot < first ? 1 : 2;
}

static bool describe(struct heap *heap, uint64_t entry, struct container_function *out)
{
	autotext struct text name = { 0 }, file = { 0 };
	const char *s;
	struct go_func f;

	*out = (struct container_function){ 0 };
	if (!func_find(&heap->go, entry, &f) || !f.name)
		return false;
	text_escape(&name, f.name, strlen(f.name), sizeof out->name - 4);
	snprintf(out->name, sizeof out->name, "%s", text_string(&name));
	s = func_line(&heap->go, &f, f.entry, &out->line);
	if (s) {
		s = text_base_name(s);
		text_escape(&file, s, strlen(s), sizeof out->file - 4);
		snprintf(out->file, sizeof out->file, "%s", text_string(&file));
	}
	return !name.failed && !file.failed;
}

/* Keep F if it is nearer to the main package than one that is shown. */
static void show(struct container_function *shown, uint32_t *n, const struct container_function *f)
{
	uint32_t at = *n;

	if (*n == CONTAINER_SHOWN) {
		if (distance(shown[*n - 1].name) <= distance(f->name))
			return;
		at = *n - 1;
	} else {
		++*n;
	}
	for (; at > 0 && distance(shown[at - 1].name) > distance(f->name); at--)
		shown[at] = shown[at - 1];
	shown[at] = *f;
}

static bool is_running(const struct graph *g, const char *function)
{
	for (uint32_t i = 0; i < g->n_frames; i++)
		if (g->frames[i].function && strcmp(g->frames[i].function, function) == 0)
			return true;
	return false;
}

/* One use of the map's type; false if that leaves the answer open. */
static bool add_use(struct heap *heap, const struct code_map_use *use, struct container_use *out)
{
	struct container_function f;

	if (!describe(heap, use->entry, &f))
		return false;
	if (use->type == NO_TYPE)
		return is_generic_machinery(f.name);
	if (use->takes) {
		out->n_takers++;
		out->running = out->running || is_running(heap->graph, f.name);
		show(out->takers, &out->shown_takers, &f);
	} else {
		out->n_adders++;
		show(out->adders, &out->shown_adders, &f);
	}
	return true;
}

/* Is it a function of the program itself? Without build information: of package main. */
static bool is_own(void *arg, uint64_t entry)
{
	struct heap *heap = arg;
	struct go_func f;

	return func_find(&heap->go, entry, &f) && f.name && is_of(f.name, "main");
}

/* A call in the program's own code, by the line where it stands there: that of the outermost function, where what
 * it calls is inlined and calls in its turn. */
static bool describe_call(struct heap *heap, const struct code_call *call, struct container_function *out)
{
	struct go_call calls[MOST_INLINED];
	struct go_func f;
	uint32_t n;

	if (!describe(heap, call->entry, out))
		return false;
	if (call->after == call->entry || !func_find(&heap->go, call->entry, &f))
		return true;
	n = func_calls(&heap->go, &f, call->after - 1, calls, ARRAY_SIZE(calls));
	if (n && !calls[n - 1].inlined)
		out->line = calls[n - 1].line;
	return true;
}

void lens_users(struct heap *heap, const uint64_t *entries, uint32_t n, struct container_use *out)
{
	struct code_callers callers;

	if (!n || !heap->code.program)
		return;
	code_callers_find(heap->code.program, entries, n, is_own, heap, &callers);
	for (uint32_t i = 0; i < callers.n; i++)
		out->n_users += describe_call(heap, &callers.calls[i], &out->users[out->n_users]);
	out->indirect = !out->n_users;
	for (uint32_t i = 0; out->indirect && i < callers.n_tops; i++)
		out->n_users += describe(heap, callers.tops[i], &out->users[out->n_users]);
}

void lens_container_use(struct lens *lens, uint32_t map, struct container_use *out)
{
	struct heap *heap = lens_heap(lens);
	const struct map *m = &heap->graph->maps[map];
	const struct code_facts *facts = &heap->code;
	uint64_t adders[MOST_ADDERS];
	uint32_t n = 0;

	*out = (struct container_use){ .known = m->type != NO_NODE && facts->n_map_uses > 0 };
	for (uint32_t i = 0; out->known && i < facts->n_map_uses; i++) {
		const struct code_map_use *use = &facts->map_uses[i];

		if (use->type == NO_TYPE ? use->takes
					 : same_map(heap, use->type, heap->typing.forms.items[m->type].type))
			out->known = add_use(heap, use, out);
		else
			continue;
		if (!use->takes && n < MOST_ADDERS)
			adders[n++] = use->entry;
	}
	if (out->known)
		lens_users(heap, adders, n, out);
}

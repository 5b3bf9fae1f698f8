#include "probes/go/debuginfo.h"

#include <stdlib.h>

#include "graph/grow.h"
#include "probes/variables.h"

struct collector {
	struct types *types;
	struct code_global *items;
	uint32_t n, capacity;
};

/* The type of a variable: by its descriptor, or by its name ("*net/http.Client"), of which leading
 * stars are taken off until the program has a type. */
static bool type_of(struct go *go, struct types *types, const struct variable *v,
		    struct code_global *out)
{
	const struct go_module *m = &go->modules[0];
	const char *name = go->image->variables->text + v->type;

	out->form = CODE_VALUE;
	out->type = NO_TYPE;
	if (v->descriptor_kind != DESCRIPTOR_NONE)
		out->type = types_at(types, v->descriptor < m->etypes - m->types
						    ? m->types + v->descriptor
						    : v->descriptor + go->image->variables->bias);
	if (out->type == NO_TYPE && *name)
		out->type = types_by_path(types, name);
	if (out->type == NO_TYPE && *name == '*') {
		out->type = types_by_path(types, name + 1);
		out->form = CODE_POINTER;
	}
	return out->type != NO_TYPE;
}

static bool collect(struct go *go, struct collector *c, struct error *err)
{
	const struct variables *v = go->image->variables;

	for (uint32_t i = 0; i < v->n; i++) {
		struct code_global found = { .addr = v->items[i].addr }, *item;

		if (!type_of(go, c->types, &v->items[i], &found))
			continue;
		item = GROW(c->items, c->n, c->capacity);
		if (!item)
			return fail_memory(err, "types of globals");
		*item = found;
		c->n++;
	}
	return true;
}

/* Does one of the debug information's variables, sorted, cover ADDR? */
static bool covered(const struct collector *c, uint64_t addr)
{
	const struct code_global *global = code_global_before(c->items, c->n, addr);

	return global && addr - global->addr < types_get(c->types, global->type)->size;
}

static bool merge(struct collector *c, struct code_facts *facts, struct error *err)
{
	uint32_t said = c->n;

	code_globals_sort(c->items, said);
	for (uint32_t i = 0; i < facts->n_globals; i++) {
		struct collector seen = { .types = c->types, .items = c->items, .n = said };
		struct code_global *item;

		if (covered(&seen, facts->globals[i].addr))
			continue;
		item = GROW(c->items, c->n, c->capacity);
		if (!item)
			return fail_memory(err, "types of globals");
		*item = facts->globals[i];
		c->n++;
	}
	code_globals_sort(c->items, c->n);
	free(facts->globals);
	facts->globals = c->items;
	facts->n_globals = c->n;
	return true;
}

bool debuginfo_read(struct go *go, struct types *types, struct code_facts *facts, struct error *err)
{
	struct collector c = { .types = types };

	if (!go->image->variables)
		return true;
	if (collect(go, &c, err) && (!c.n || merge(&c, facts, err)))
		return true;
	free(c.items);
	return false;
}

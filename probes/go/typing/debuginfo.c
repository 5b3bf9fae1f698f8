#include "probes/go/typing/debuginfo.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "probes/go/types/made.h"
#include "probes/go/types/variable_masks.h"
#include "probes/image/variables.h"

struct collector {
	struct types *types;
	struct code_global *items;
	uint32_t n, capacity;
};

/* A type whose pointers are not where the collector has the variable's is not believed. */
static bool collect(struct go *go, struct collector *c, const uint32_t *made, struct error *err)
{
	struct variables *v = go->image->variables;

	for (uint32_t i = 0; i < v->n; i++) {
		uint32_t type = v->items[i].type ? made[v->items[i].type - 1] : NO_TYPE;
		struct code_global *item;

		if (type == NO_TYPE ||
		    !variable_mask_agrees(go, c->types, v->items[i].addr, type, 1))
			continue;
		item = GROW(c->items, c->n, c->capacity);
		if (!item)
			return fail_memory(err, "types of globals");
		*item = (struct code_global){ .addr = v->items[i].addr, .type = type,
					      .form = CODE_VALUE };
		c->n++;
		if (!v->items[i].size)
			v->items[i].size = types_get(c->types, type)->size;
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
	autofree uint32_t *made = NULL;

	if (!go->image->variables || !go->image->variables->types.n)
		return true;
	made = made_types(go, types, err);
	if (made && collect(go, &c, made, err) && (!c.n || merge(&c, facts, err)))
		return true;
	free(c.items);
	return false;
}

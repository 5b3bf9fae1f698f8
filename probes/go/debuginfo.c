#include "probes/go/debuginfo.h"

#include <stdlib.h>

#include "probes/dwarf.h"
#include "probes/go/grow.h"

struct collector {
	struct go *go;
	struct types *types;
	uint64_t bias;
	struct code_global *items;
	uint32_t n, capacity;
	bool failed;
};

static void collect(void *arg, const struct dwarf_variable *v)
{
	struct collector *c = arg;
	const struct go_module *m = &c->go->modules[0];
	uint64_t at = v->is_address || v->descriptor >= m->etypes - m->types
			      ? v->descriptor + c->bias : v->descriptor + m->types;
	uint32_t type = types_at(c->types, at);
	struct code_global *item;

	if (type == NO_TYPE)
		return;
	item = GROW(c->items, c->n, c->capacity);
	if (!item) {
		c->failed = true;
		return;
	}
	*item = (struct code_global){ .addr = v->addr + c->bias, .type = type, .form = CODE_VALUE };
	c->n++;
}

static int by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct code_global *)a)->addr, y = ((const struct code_global *)b)->addr;

	return (x > y) - (x < y);
}

/* Does one of the debug information's variables, sorted, cover ADDR? */
static bool covered(const struct collector *c, uint64_t addr)
{
	uint32_t lo = 0, hi = c->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->items[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr - c->items[lo - 1].addr < types_get(c->types, c->items[lo - 1].type)->size;
}

static bool merge(struct collector *c, struct code_facts *facts, struct error *err)
{
	uint32_t said = c->n;

	qsort(c->items, said, sizeof *c->items, by_addr);
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
	qsort(c->items, c->n, sizeof *c->items, by_addr);
	free(facts->globals);
	facts->globals = c->items;
	facts->n_globals = c->n;
	return true;
}

bool debuginfo_read(struct go *go, struct types *types, const struct symbols *symbols,
		    struct code_facts *facts, struct error *err)
{
	struct collector c = { .go = go, .types = types, .bias = symbols_bias(symbols) };

	if (!symbols_have_debug(symbols) || !dwarf_variables(go->image->exe_fd, collect, &c) ||
	    !c.n) {
		free(c.items);
		return true;
	}
	if (c.failed || !merge(&c, facts, err)) {
		free(c.items);
		return fail_memory(err, "types of globals");
	}
	return true;
}

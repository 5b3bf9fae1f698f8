#include "graph/suspects/census.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/naming.h"
#include "graph/query/label.h"

#define MANY 64 /* entries; of fewer, what they are made of is counted */

struct walk {
	const struct path_tree *tree;
	const uint64_t *told;
	uint32_t *stack, n, capacity;
	uint64_t *entries, *all; /* by type, those not known last */
	struct census *out;
};

static bool push(struct walk *w, uint32_t id)
{
	uint32_t *place = GROW(w->stack, w->n, w->capacity);

	if (!place)
		return false;
	*place = id;
	w->n++;
	return true;
}

/* Put what hangs directly on ID into the stack. */
static bool push_children(struct walk *w, uint32_t id)
{
	const struct graph *g = w->tree->g;
	uint32_t last = NO_NODE;

	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		uint32_t child = EDGE_NODE(g->fwd_dst[e]);

		if (w->tree->parent[child] != id || child == last)
			continue;
		last = child;
		if (!push(w, child))
			return false;
	}
	return true;
}

static uint32_t type_of(const struct graph *g, uint32_t id)
{
	return g->type[id] < g->n_types ? g->type[id] : g->n_types;
}

/* A child may stand in the stack twice if two edges lead to it; it is counted when it is taken out first. */
static bool walk(struct walk *w, uint32_t place, struct error *err)
{
	const struct graph *g = w->tree->g;
	autofree uint64_t *seen = array_zero(g->n_objects / 64 + 1, sizeof *seen, "suspects", err);

	if (!seen)
		return false;
	if (!push(w, place))
		return fail_memory(err, "suspects");
	while (w->n) {
		uint32_t id = w->stack[--w->n], parent = w->tree->parent[id];
		bool inside = id == place || label_visible(g, id) == place;

		if (seen[id / 64] >> id % 64 & 1)
			continue;
		seen[id / 64] |= 1ull << id % 64;
		w->out->objects++;
		if (w->told[id / 64] >> id % 64 & 1)
			w->out->told += w->tree->bytes[id];
		w->out->fresh += !(g->flags[id] & OBJECT_SURVIVED);
		if (!inside) {
			w->all[type_of(g, id)]++;
			if (parent < g->n_objects && (parent == place || label_visible(g, parent) == place))
				w->entries[type_of(g, id)]++;
		}
		if (!push_children(w, id))
			return fail_memory(err, "suspects");
	}
	return true;
}

/* The type that most are of; *SUM is how many there are in all. */
static uint32_t most(const struct graph *g, const uint64_t *counts, uint64_t *sum)
{
	uint32_t best = 0;

	*sum = 0;
	for (uint32_t t = 0; t <= g->n_types; t++) {
		*sum += counts[t];
		if (counts[t] > counts[best])
			best = t;
	}
	return best;
}

bool census_take(const struct path_tree *tree, const uint64_t *told, uint32_t place, struct census *out,
		 struct error *err)
{
	const struct graph *g = tree->g;
	autofree uint64_t *entries = array_zero(g->n_types + 1ull, sizeof *entries, "suspects", err);
	autofree uint64_t *all = array_zero(g->n_types + 1ull, sizeof *all, "suspects", err);
	struct walk w = { .tree = tree, .told = told, .entries = entries, .all = all, .out = out };
	const uint64_t *counts = entries;
	uint32_t type;
	bool ok;

	*out = (struct census){ .type = NO_NODE };
	ok = entries && all && walk(&w, place, err);
	free(w.stack);
	if (!ok)
		return false;
	type = most(g, counts, &out->entries);
	if (out->entries < MANY) {
		counts = all;
		type = most(g, counts, &out->entries);
	}
	out->count = counts[type];
	out->type = type < g->n_types ? type : NO_NODE;
	return true;
}

void census_put_type(const struct graph *g, const struct census *census, struct text *out)
{
	if (census->type < g->n_types)
		naming_type(g, &g->types[census->type], out);
	else
		text_puts(out, "objects of unknown type");
}

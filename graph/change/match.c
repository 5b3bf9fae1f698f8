#include "graph/change/match.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/sorted.h"

struct matching {
	const struct graph *g;
	const struct digest *old;
	uint32_t *was;    /* of each object of g */
	uint32_t *type;   /* of each type of the older snapshot: that of g of the same name, NO_NODE */
	bool collected;   /* a collection ended between the two, so that what it did not keep is new */
};

struct named { const char *name; uint32_t type; };

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static bool translate_types(struct matching *m, struct error *err)
{
	const struct graph *g = m->g;
	autofree struct named *names = array_new(g->n_types, sizeof *names, "types", err);

	m->type = array_ones(m->old->n_types, sizeof *m->type, "types", err);
	if (!names || !m->type)
		return false;
	for (uint32_t t = 0; t < g->n_types; t++)
		names[t] = (struct named){ g->types[t].name ? g->types[t].name : "", t };
	if (g->n_types)
		qsort(names, g->n_types, sizeof *names, by_name);
	for (uint32_t t = 0; t < m->old->n_types && g->n_types; t++) {
		const struct named wanted = { m->old->types[t], 0 };
		const struct named *found = bsearch(&wanted, names, g->n_types, sizeof *names, by_name);

		m->type[t] = found ? found->type : NO_NODE;
	}
	return true;
}

/* Two types of one name are one: a program may have a descriptor twice. */
static bool same_type(const struct matching *m, uint32_t id, uint32_t old)
{
	uint32_t now = m->g->type[id], then = m->old->type[old];

	if ((m->g->flags[id] & OBJECT_KNOWN) < KNOWN_DERIVED || now >= m->g->n_types || then == NO_NODE)
		return true; /* nothing says otherwise */
	return strcmp(m->g->types[now].name, m->old->types[then]) == 0;
}

static void match_object(struct matching *m, uint32_t id, uint32_t old)
{
	uint32_t now = m->g->type[id], then = m->old->type[old];

	if (m->collected && !(m->g->flags[id] & OBJECT_SURVIVED))
		return;
	if ((then != NO_NODE && now == m->type[then]) || same_type(m, id, old))
		m->was[id] = old;
}

/* The slots of extent E that were those of extent O, which has the same base and stride. */
static void match_extent(struct matching *m, const struct extent *e, const struct extent *o)
{
	uint32_t words = ((e->slots < o->slots ? e->slots : o->slots) + 63) / 64;
	uint32_t id = e->first, old = o->first;

	for (uint32_t w = 0; w < words; w++) {
		uint64_t now = m->g->bits[e->bits + w], then = m->old->bits[o->bits + w];

		for (uint64_t both = now & then; both; both &= both - 1) {
			uint64_t below = (both & -both) - 1;

			match_object(m, id + (uint32_t)__builtin_popcountll(now & below),
				     old + (uint32_t)__builtin_popcountll(then & below));
		}
		id += (uint32_t)__builtin_popcountll(now);
		old += (uint32_t)__builtin_popcountll(then);
	}
}

uint32_t *match_objects(const struct graph *g, const struct digest *old, struct error *err)
{
	struct matching m = { .g = g, .old = old, .collected = g->meta.gc_cycle > old->gc_cycle };
	bool ok;

	m.was = array_ones(g->n_objects, sizeof *m.was, "what was there before", err);
	ok = m.was && translate_types(&m, err);
	for (uint32_t i = 0; ok && i < g->n_extents && match_how(g, old) != MATCH_NAMES; i++) {
		const struct extent *e = &g->extents[i];
		const struct extent *o = sorted_find(old->extents, old->n_extents, sizeof *o, e->base);

		if (o && o->stride == e->stride)
			match_extent(&m, e, o);
	}
	free(m.type);
	if (ok)
		return m.was;
	free(m.was);
	return NULL;
}

enum match_how match_how(const struct graph *g, const struct digest *old)
{
	const struct meta *m = &g->meta;

	if (m->pid != old->pid || m->started != old->started || strcmp(m->exe ? m->exe : "", old->exe) != 0)
		return MATCH_NAMES;
	return m->gc_cycle - old->gc_cycle <= 1 ? MATCH_EXACT : MATCH_ADDRESS;
}

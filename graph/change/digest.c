#include "graph/change/digest.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/text.h"

/* --- sums --- */

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct digest_sum *)a)->key, ((const struct digest_sum *)b)->key);
}

/* Make one of those that have the same key. */
static void merge(struct digest_sums *sums)
{
	uint32_t n = 0;

	if (sums->n)
		qsort(sums->items, sums->n, sizeof *sums->items, by_key);
	for (uint32_t i = 0; i < sums->n; i++) {
		struct digest_sum *s = &sums->items[i], *last = n ? &sums->items[n - 1] : NULL;

		if (!last || strcmp(last->key, s->key) != 0) {
			sums->items[n++] = *s;
			continue;
		}
		last->count += s->count;
		last->bytes += s->bytes;
		last->objects += s->objects;
		last->stacks += s->stacks;
		free(s->key);
	}
	sums->n = n;
}

void digest_free_sums(struct digest_sums *sums)
{
	for (uint32_t i = 0; i < sums->n; i++)
		free(sums->items[i].key);
	free(sums->items);
	*sums = (struct digest_sums){ 0 };
}

const struct digest_sum *digest_find(const struct digest_sums *sums, const char *key)
{
	const struct digest_sum wanted = { .key = (char *)key };

	return sums->n ? bsearch(&wanted, sums->items, sums->n, sizeof wanted, by_key) : NULL;
}

void digest_holder_key(const struct graph *g, uint32_t holder, struct text *out)
{
	const struct holder *h = &g->holders[holder];
	const struct task *task = graph_holder_task(g, holder);

	if (h->system) {
		text_printf(out, "%d the runtime's own", (int)HOLDER_RUNTIME);
		return;
	}
	text_printf(out, "%d ", (int)h->kind);
	if (!task) {
		text_printf(out, "%s", h->name);
		return;
	}
	text_puts(out, task->function ? task->function : "?");
	if (task->under)
		text_printf(out, " under %s", task->under);
}

/* One item for each holder, not summed up yet. */
static bool list_holders(const struct graph *g, struct digest_sums *out, struct error *err)
{
	out->items = array_zero(g->n_holders, sizeof *out->items, "sums by holder", err);
	for (uint32_t h = 0; out->items && h < g->n_holders; h++) {
		const struct task *task = graph_holder_task(g, h);
		struct digest_sum *s = &out->items[out->n];
		struct text key = { 0 };

		digest_holder_key(g, h, &key);
		if (key.failed)
			return fail_memory(err, "sums by holder");
		*s = (struct digest_sum){ .key = key.bytes, .count = 1, .stacks = task ? task->stack_bytes : 0 };
		out->n++;
	}
	return out->items != NULL;
}

bool digest_by_holder(const struct path_tree *tree, const uint32_t *objects, struct digest_sums *out,
		      struct error *err)
{
	const struct graph *g = tree->g;

	*out = (struct digest_sums){ 0 };
	if (!list_holders(g, out, err)) {
		digest_free_sums(out);
		return false;
	}
	for (uint32_t i = 0; i < tree->n; i++) {
		uint32_t id = tree->order[i], parent = tree->parent[id];
		struct digest_sum *s;

		if (parent < g->n_objects)
			continue;
		s = &out->items[g->roots[parent - g->n_objects].holder];
		s->bytes += tree->bytes[id];
		s->objects += objects[id];
	}
	merge(out);
	return true;
}

bool digest_by_type(const struct graph *g, struct digest_sums *out, struct error *err)
{
	autofree uint64_t *count = array_zero(g->n_types + 1, sizeof *count, "sums by type", err);

	*out = (struct digest_sums){ .items = array_zero(g->n_types, sizeof *out->items, "sums by type", err) };
	if (!count || !out->items)
		return false;
	for (uint32_t id = 0; id < g->n_objects; id++)
		if (g->flags[id] & OBJECT_LIVE)
			count[g->type[id] < g->n_types ? g->type[id] : g->n_types]++;
	for (uint32_t t = 0; t < g->n_types; t++) {
		const struct type *type = &g->types[t];
		struct digest_sum *s = &out->items[out->n];

		if (!count[t])
			continue;
		*s = (struct digest_sum){ strdup(type->spelled ? type->spelled : type->name), count[t],
					  type->live_bytes, count[t], 0 };
		if (!s->key) {
			digest_free_sums(out);
			return fail_memory(err, "sums by type");
		}
		out->n++;
	}
	merge(out);
	return true;
}

uint32_t *digest_count(const struct path_tree *tree, struct error *err)
{
	uint32_t *objects = array_zero(tree->g->n_objects, sizeof *objects, "a digest", err);

	for (uint32_t i = tree->n; objects && i-- > 0;) {
		uint32_t id = tree->order[i], parent = tree->parent[id];

		objects[id]++;
		if (parent < tree->g->n_objects)
			objects[parent] += objects[id];
	}
	return objects;
}

/* --- the digest --- */

static void *copy_of(const void *items, uint64_t n, size_t size, struct error *err)
{
	void *copy = array_new(n, size, "a digest", err);

	if (copy && n)
		memcpy(copy, items, n * size);
	return copy;
}

/* Words of bitmap that the extents have: each begins with a word of its own. */
static uint64_t words_of_bits(const struct graph *g)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < g->n_extents; i++) {
		const struct extent *e = &g->extents[i];
		uint64_t end = e->bits + (e->slots + 63ull) / 64;

		n = end > n ? end : n;
	}
	return n;
}

static bool copy_types(const struct graph *g, struct digest *d, struct error *err)
{
	d->types = array_zero(g->n_types, sizeof *d->types, "a digest", err);
	if (!d->types)
		return false;
	for (; d->n_types < g->n_types; d->n_types++) {
		const char *name = g->types[d->n_types].name;

		if (!(d->types[d->n_types] = strdup(name ? name : "")))
			return fail_memory(err, "a digest");
	}
	return true;
}

/* A type that may turn out otherwise in the next snapshot says nothing of the slot. */
static bool copy_objects(const struct graph *g, const struct path_tree *tree, struct digest *d,
			 struct error *err)
{
	d->n_objects = g->n_objects;
	d->type = array_new(g->n_objects, sizeof *d->type, "a digest", err);
	d->bytes = copy_of(tree->bytes, g->n_objects, sizeof *d->bytes, err);
	if (!d->type || !d->bytes || !(d->objects = digest_count(tree, err)))
		return false;
	for (uint32_t id = 0; id < g->n_objects; id++)
		d->type[id] = (g->flags[id] & OBJECT_KNOWN) >= KNOWN_DERIVED ? g->type[id] : NO_NODE;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct digest_map *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static bool copy_maps(const struct graph *g, struct digest *d, struct error *err)
{
	d->maps = array_new(g->n_maps, sizeof *d->maps, "a digest", err);
	for (uint32_t i = 0; d->maps && i < g->n_maps; i++)
		if (g->maps[i].live)
			d->maps[d->n_maps++] = (struct digest_map){ g->maps[i].addr, g->maps[i].entries };
	if (d->n_maps)
		qsort(d->maps, d->n_maps, sizeof *d->maps, by_address);
	return d->maps != NULL;
}

static bool fill(const struct graph *g, const struct path_tree *tree, struct digest *d, struct error *err)
{
	const struct meta *m = &g->meta;

	d->pid = m->pid;
	d->started = m->started;
	d->gc_cycle = m->gc_cycle;
	d->heap_alloc = m->heap_alloc;
	d->taken_ns = m->taken_ns;
	d->live_bytes = g->live_bytes;
	d->live_objects = g->live_objects;
	d->n_extents = g->n_extents;
	d->exe = strdup(m->exe ? m->exe : "");
	d->extents = copy_of(g->extents, g->n_extents, sizeof *d->extents, err);
	d->bits = copy_of(g->bits, words_of_bits(g), sizeof *d->bits, err);
	if (!d->exe)
		return fail_memory(err, "a digest");
	return d->extents && d->bits && copy_types(g, d, err) && copy_objects(g, tree, d, err) &&
	       copy_maps(g, d, err) && digest_by_holder(tree, d->objects, &d->by_holder, err) &&
	       digest_by_type(g, &d->by_type, err);
}

struct digest *digest_make(const struct graph *g, const struct path_tree *tree, struct error *err)
{
	struct digest *d = calloc(1, sizeof *d);

	if (!d) {
		fail_memory(err, "a digest");
		return NULL;
	}
	if (fill(g, tree, d, err))
		return d;
	digest_free(d);
	return NULL;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->n_types; i++)
		free(d->types[i]);
	digest_free_sums(&d->by_holder);
	digest_free_sums(&d->by_type);
	void *arrays[] = { d->exe, d->extents, d->bits, d->type, d->bytes, d->objects, d->types, d->maps };

	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		free(arrays[i]);
	free(d);
}

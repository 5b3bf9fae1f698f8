#include "graph/change/change.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "graph/change/gather.h"
#include "graph/naming.h"
#include "graph/query/chain.h"
#include "graph/query/label.h"

#define LEAST_ROW 4096     /* bytes; less never has a row of its own */
#define SHARE_OF_CHANGE 200 /* nor has less than this part of what changed in all */
#define SHARE_OF_LIVE 20000 /* or of what lives, where that is less */
#define ALIKE 4            /* from so many rows alike on they are told as one */

struct work {
	const struct graph *g;
	const struct digest *old;
	struct change *out;
	struct path_tree tree;
	uint32_t *objects, *was;
	struct digest_sums by_holder, by_type;
	uint32_t capacity;
};

static struct change_row *add_row(struct work *w, struct error *err)
{
	struct change_row *row = GROW(w->out->rows, w->out->n, w->capacity);

	if (!row) {
		fail_memory(err, "what changed");
		return NULL;
	}
	*row = (struct change_row){ .object = NO_NODE, .holder = NO_NODE, .type = NO_NODE, .count = 1,
				    .count_was = 1 };
	w->out->n++;
	return row;
}

/* The row's name is what TEXT says. */
static bool name_row(struct change_row *row, struct text *text, struct error *err)
{
	row->name = strdup(text_string(text));
	return (row->name && !text->failed) || fail_memory(err, "what changed");
}

/* --- by path --- */

/* What alike places have in common: what is above them, and of which types the first and the last of the
 * objects are through which the growth goes. */
struct kin { uint32_t above, first, last; };

static struct kin kin_of(const struct graph *g, const struct places *places, const struct place *p)
{
	const struct place *head = &places->items[p->head];

	return (struct kin){ head->above, head->object == NO_NODE ? NO_NODE : g->type[head->object],
			     p->object == NO_NODE ? NO_NODE : g->type[p->object] };
}

static bool are_kin(const struct graph *g, const struct places *places, const struct place *a,
		    const struct place *b)
{
	struct kin x = kin_of(g, places, a), y = kin_of(g, places, b);

	return x.last < g->n_types && memcmp(&x, &y, sizeof x) == 0;
}

struct told { const struct graph *g; const struct places *places; };

/* Alike places next to each other, that which grew most first. */
static int by_kin(const void *a, const void *b, void *arg)
{
	const struct told *told = arg;
	const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;
	struct kin left = kin_of(told->g, told->places, x), right = kin_of(told->g, told->places, y);
	int order = memcmp(&left, &right, sizeof left);

	if (order)
		return order;
	return x->grew != y->grew ? (x->grew > y->grew ? -1 : 1) : x < y ? -1 : x > y;
}

static void say_holder(const struct graph *g, uint32_t holder, struct text *out)
{
	const struct task *task = graph_holder_task(g, holder);

	if (g->holders[holder].system) {
		text_puts(out, "the runtime's own");
	} else if (task) {
		text_puts(out, "goroutine ");
		label_task(g, task, out);
	} else {
		label_holder(g, holder, out);
	}
}

static bool say_path(struct work *w, uint32_t object, struct text *out, struct error *err)
{
	struct path path;

	if (!path_tree_path(&w->tree, object, &path, err))
		return false;
	chain_path(w->g, &path, out);
	free(path.objects);
	return true;
}

static void look_at_map(struct work *w, struct change_row *row)
{
	const struct map *map = graph_map_of(w->g, row->object);
	const struct digest_map *was;

	if (!map)
		return;
	was = sorted_find(w->old->maps, w->old->n_maps, sizeof *was, map->addr);
	row->is_map = true;
	row->entries = map->entries;
	row->entries_was = was ? was->entries : 0;
}

/* How much hangs on the place now, and did. */
static void measure(struct work *w, const struct digest_sums *now, const struct places *places,
		    const struct place *p, struct change_row *row)
{
	if (p->object != NO_NODE) {
		row->now = w->tree.bytes[p->object];
		row->was = w->old->bytes[w->was[p->object]];
	} else {
		const struct digest_sum *n = &now->items[p - places->items];
		const struct digest_sum *o = digest_find(&w->old->by_holder, n->key);

		row->now = n->bytes + n->stacks;
		row->was = o ? o->bytes + o->stacks : 0;
		row->count = n->count;
		row->count_was = o ? o->count : 0;
	}
	row->grew += p->grew;
	row->objects += p->objects;
}

/* N places that are told as one: the first grew most. */
static bool tell_places(struct work *w, const struct gathering *in, const struct places *places,
			struct place *const *kin, uint32_t n, struct error *err)
{
	struct change_row *row = add_row(w, err);
	const struct place *first = kin[0];
	autotext struct text name = { 0 };

	if (!row)
		return false;
	row->by = CHANGE_BY_PATH;
	for (uint32_t i = 0; i < n; i++) {
		struct change_row one = { 0 };

		measure(w, &w->by_holder, places, kin[i], &one);
		row->now += one.now;
		row->was += one.was;
		row->grew += one.grew;
		row->objects += one.objects;
		if (n == 1) {
			row->count = one.count ? one.count : 1;
			row->count_was = one.count ? one.count_was : 1;
		}
	}
	row->object = gather_name(in, first);
	if (n > 1)
		row->count = row->count_was = n;
	if (row->object != NO_NODE) {
		row->type = w->g->type[row->object];
		if (!say_path(w, row->object, &name, err))
			return false;
		if (n == 1)
			look_at_map(w, row);
	} else if (first->holder != NO_NODE) {
		row->holder = first->holder;
		say_holder(w->g, first->holder, &name);
	}
	return name_row(row, &name, err);
}

static bool is_told(const struct gathering *in, const struct place *p)
{
	return (p->grew < 0 ? (uint64_t)-p->grew : (uint64_t)p->grew) >= in->least;
}

static bool tell_all_places(struct work *w, const struct gathering *in, const struct places *places,
			    struct error *err)
{
	autofree struct place **told = array_new(places->n, sizeof *told, "what changed", err);
	uint32_t n = 0;

	if (!told)
		return false;
	for (uint32_t i = 0; i < places->n; i++)
		if (is_told(in, &places->items[i]))
			told[n++] = &places->items[i];
	if (n)
		qsort_r(told, n, sizeof *told, by_kin, &(struct told){ w->g, places });
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && are_kin(w->g, places, told[i], told[end]); end++)
			;
		if (end - i < ALIKE)
			end = i + 1;
		if (!tell_places(w, in, places, told + i, end - i, err))
			return false;
	}
	return true;
}

static bool by_path(struct work *w, struct progress *progress, struct error *err)
{
	uint64_t changed = w->out->live > w->out->live_was ? w->out->live - w->out->live_was
							   : w->out->live_was - w->out->live;
	uint64_t share = changed / SHARE_OF_CHANGE, of_live = w->out->live / SHARE_OF_LIVE;
	struct gathering in = { &w->tree, w->objects, w->was, w->old, LEAST_ROW };
	struct places places;
	bool ok;

	if (share > of_live)
		share = of_live;
	if (share > in.least)
		in.least = share;
	ok = gather_find(&in, &w->by_holder, &places, progress, err) &&
	     tell_all_places(w, &in, &places, err);
	free(places.items);
	return ok;
}

/* --- by type and by crowd of tasks --- */

/* Rows for the keys of NOW and WAS that differ. */
static bool tell_sums(struct work *w, const struct digest_sums *now, const struct digest_sums *was,
		      enum change_by by, bool (*wanted)(const char *key), struct error *err)
{
	for (uint32_t i = 0, j = 0; i < now->n || j < was->n;) {
		int order = i == now->n ? 1 : j == was->n ? -1 : strcmp(now->items[i].key, was->items[j].key);
		const struct digest_sum none = { 0 };
		const struct digest_sum *n = order <= 0 ? &now->items[i++] : &none;
		const struct digest_sum *o = order >= 0 ? &was->items[j++] : &none;
		const char *key = n->key ? n->key : o->key;
		autotext struct text name = { 0 };
		struct change_row *row;

		if ((n->bytes + n->stacks == o->bytes + o->stacks && n->count == o->count) || !wanted(key))
			continue;
		if (!(row = add_row(w, err)))
			return false;
		row->by = by;
		row->now = n->bytes + n->stacks;
		row->was = o->bytes + o->stacks;
		row->grew = (int64_t)(row->now - row->was);
		row->objects = (int64_t)(n->objects - o->objects);
		row->count = n->count;
		row->count_was = o->count;
		naming_put(w->g, by == CHANGE_BY_TASK ? strchr(key, ' ') + 1 : key, &name);
		if (!name_row(row, &name, err))
			return false;
	}
	return true;
}

static bool any_key(const char *key)
{
	return true;
}

static bool is_task_key(const char *key)
{
	return atoi(key) == HOLDER_TASK;
}

/* --- all --- */

static int by_growth(const void *a, const void *b)
{
	const struct change_row *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	if (x->grew != y->grew)
		return x->grew > y->grew ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* What is new since and still here, and what of the older snapshot's live bytes is gone. */
static void sum_up(struct work *w)
{
	struct change *c = w->out;
	uint64_t stayed = 0;

	c->how = match_how(w->g, w->old);
	c->elapsed_ns = w->g->meta.taken_ns && w->old->taken_ns ? w->g->meta.taken_ns - w->old->taken_ns : 0;
	c->live = w->g->live_bytes;
	c->live_was = w->old->live_bytes;
	c->heap = w->g->meta.heap_alloc;
	c->heap_was = w->old->heap_alloc;
	for (uint32_t i = 0; i < w->tree.n && c->how != MATCH_NAMES; i++) {
		uint32_t id = w->tree.order[i], was = w->was[id];
		uint64_t size = graph_size(w->g, id);

		if (was == NO_NODE) {
			c->fresh += size;
			c->fresh_objects++;
		} else if (w->old->bytes[was]) {
			stayed += size;
		}
	}
	c->gone = c->how == MATCH_NAMES || stayed > c->live_was ? 0 : c->live_was - stayed;
}

static bool compare(struct work *w, struct progress *progress, struct error *err)
{
	if (!path_tree_build(w->g, &w->tree, progress, err) ||
	    !(w->objects = digest_count(&w->tree, err)) || !(w->was = match_objects(w->g, w->old, err)) ||
	    !digest_by_holder(&w->tree, w->objects, &w->by_holder, err) ||
	    !digest_by_type(w->g, &w->by_type, err))
		return false;
	sum_up(w);
	if (!by_path(w, progress, err) ||
	    !tell_sums(w, &w->by_type, &w->old->by_type, CHANGE_BY_TYPE, any_key, err) ||
	    !tell_sums(w, &w->by_holder, &w->old->by_holder, CHANGE_BY_TASK, is_task_key, err))
		return false;
	if (w->out->n)
		qsort(w->out->rows, w->out->n, sizeof *w->out->rows, by_growth);
	return true;
}

bool change_find(const struct graph *g, const struct digest *old, struct change *out,
		 struct progress *progress, struct error *err)
{
	struct work w = { .g = g, .old = old, .out = out };
	bool ok;

	*out = (struct change){ 0 };
	ok = compare(&w, progress, err);
	path_tree_free(&w.tree);
	free(w.objects);
	free(w.was);
	digest_free_sums(&w.by_holder);
	digest_free_sums(&w.by_type);
	return ok;
}

void change_free(struct change *change)
{
	for (uint32_t i = 0; i < change->n; i++)
		free(change->rows[i].name);
	free(change->rows);
	*change = (struct change){ 0 };
}

uint32_t change_rows(const struct change *change, enum change_by by, uint32_t *first)
{
	uint32_t n = 0;

	for (*first = 0; *first < change->n && change->rows[*first].by != by; ++*first)
		;
	while (*first + n < change->n && change->rows[*first + n].by == by)
		n++;
	return n;
}

double change_rate(const struct change *change, int64_t grew)
{
	return change->elapsed_ns > 0 ? (double)grew * 1e9 / (double)change->elapsed_ns : 0;
}

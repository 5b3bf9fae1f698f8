#include "graph/query/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/analysis/paths.h"
#include "graph/base/cleanup.h"
#include "graph/base/top.h"
#include "graph/naming.h"
#include "graph/query/label.h"

#define WORTH_SAYING 10 /* stacks of a tenth or more of what a row keeps */
#define SMALL_STACKS (64u << 10) /* and no less: every goroutine has one */

static bool has(const char *s)
{
	return s && *s;
}

void summary_process(const struct graph *g, struct text *out)
{
	const struct meta *m = &g->meta;

	text_puts(out, has(m->process) ? m->process : "?");
	if (m->pid)
		text_printf(out, "[%" PRIu64 "]", m->pid);
	if (has(m->language_version))
		text_printf(out, " %s", m->language_version);
	if (has(m->arch))
		text_printf(out, " %s", m->arch);
	if (has(m->build))
		text_printf(out, ", %s", m->build);
}

void summary_stop(const struct graph *g, struct text *out)
{
	time_t taken = (time_t)g->meta.taken_at;
	char when[64];
	struct tm tm;

	/* For a core file nothing was stopped. */
	if (g->meta.pause_ns) {
		text_puts(out, "stopped ");
		text_duration(out, g->meta.pause_ns);
	}
	if (g->meta.taken_at <= 0 || !gmtime_r(&taken, &tm))
		return;
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
	text_printf(out, "%s%s", g->meta.pause_ns ? " · " : "taken ", when);
}

/* --- types and maps --- */

static uint32_t take_ids(const struct top *top, uint32_t *ids)
{
	for (uint32_t i = 0; i < top->n; i++)
		ids[i] = top->items[i].id;
	return top->n;
}

uint32_t summary_types(const struct graph *g, struct type_row *rows, uint32_t max, uint32_t *all)
{
	autofree struct top_item *items = calloc((size_t)max + 1, sizeof *items);
	struct top top = { items, 0, max };

	*all = 0;
	if (!items)
		return 0;
	for (uint32_t t = 0; t <= g->n_types; t++) {
		bool known = t < g->n_types;
		uint64_t retained = known ? g->types[t].retained : g->untyped_retained;

		if (!retained || (known && g->types[t].shape == SHAPE_MAP_PART))
			continue;
		++*all;
		top_offer(&top, known ? t : NO_NODE, retained);
	}
	for (uint32_t i = 0; i < top.n; i++)
		rows[i] = (struct type_row){ top.items[i].id, top.items[i].key };
	return top.n;
}

void summary_type(const struct graph *g, const struct type_row *row, struct text *out)
{
	if (row->type < g->n_types)
		naming_type(g, &g->types[row->type], out);
	else
		text_puts(out, "unknown type");
}

uint32_t summary_maps(const struct graph *g, uint32_t *maps, uint32_t max)
{
	autofree struct top_item *items = calloc((size_t)max + 1, sizeof *items);
	struct top top = { items, 0, max };

	if (!items)
		return 0;
	for (uint32_t i = 0; i < g->n_maps; i++) {
		uint64_t retained = graph_map_retained(g, &g->maps[i]);

		if (retained)
			top_offer(&top, i, retained);
	}
	return take_ids(&top, maps);
}

/* --- holders --- */

static int compare_names(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Can holders of the kind be alike? Of one global there is one. */
static bool has_kin(const struct graph *g, uint32_t holder)
{
	enum holder_kind kind = g->holders[holder].kind;

	return graph_holder_task(g, holder) || kind == HOLDER_TIMER || kind == HOLDER_SPECIAL;
}

/* Order in which holders of one group stand side by side. */
static int compare_kin(const struct graph *g, uint32_t a, uint32_t b)
{
	const struct task *left = graph_holder_task(g, a), *right = graph_holder_task(g, b);
	int order = (int)has_kin(g, a) - (int)has_kin(g, b);

	if (!order)
		order = (int)g->holders[a].kind - (int)g->holders[b].kind;
	if (order)
		return order;
	if (!has_kin(g, a))
		return a < b ? -1 : a > b;
	if (!left || !right)
		return compare_names(g->holders[a].name, g->holders[b].name);
	order = compare_names(left->function, right->function);
	return order ? order : compare_names(left->wait, right->wait);
}

bool summary_alike(const struct graph *g, uint32_t a, uint32_t b)
{
	return compare_kin(g, a, b) == 0;
}

static int compare_holders(const void *a, const void *b, void *arg)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = compare_kin(arg, left, right);

	return order ? order : left < right ? -1 : left > right;
}

uint64_t summary_stack(const struct graph *g, uint32_t holder)
{
	const struct task *task = graph_holder_task(g, holder);

	return task ? task->stack_bytes : 0;
}

uint64_t summary_whole(const struct graph *g)
{
	uint64_t bytes = g->live_bytes;

	for (uint32_t h = 0; h < g->n_holders; h++)
		bytes += summary_stack(g, h);
	return bytes;
}

void summary_add(const struct graph *g, struct holder_group *group, uint32_t holder)
{
	const struct holder *h = &g->holders[holder];
	const struct task *task = graph_holder_task(g, holder);

	if (!group->count)
		*group = (struct holder_group){ .holder = holder, .wait_ns = -1 };
	if (h->retained + summary_stack(g, holder) >
	    g->holders[group->holder].retained + summary_stack(g, group->holder))
		group->holder = holder;
	group->count++;
	group->retained += h->retained;
	group->stacks += summary_stack(g, holder);
	group->objects += h->objects;
	if (task && task->wait_ns > group->wait_ns)
		group->wait_ns = task->wait_ns;
}

static int compare_groups(const void *a, const void *b)
{
	const struct holder_group *left = a, *right = b;

	if (summary_kept(left) != summary_kept(right))
		return summary_kept(left) > summary_kept(right) ? -1 : 1;
	return left->holder < right->holder ? -1 : left->holder > right->holder;
}

uint32_t summary_holders(const struct graph *g, struct holder_group *groups, uint32_t max,
			 uint32_t *all, struct error *err)
{
	autofree uint32_t *order = calloc((size_t)g->n_holders + 1, sizeof *order);
	autofree struct holder_group *every = calloc((size_t)g->n_holders + 1, sizeof *every);
	uint32_t n = 0, groups_n = 0;

	*all = 0;
	if (!order || !every) {
		fail_memory(err, "the list of holders");
		return 0;
	}
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (g->holders[h].retained || summary_stack(g, h))
			order[n++] = h;
	qsort_r(order, n, sizeof *order, compare_holders, (void *)g);
	for (uint32_t i = 0; i < n; i++) {
		if (i && compare_kin(g, order[i - 1], order[i]) != 0)
			groups_n++;
		summary_add(g, &every[groups_n], order[i]);
	}
	*all = groups_n += n > 0;
	qsort(every, groups_n, sizeof *every, compare_groups);
	n = groups_n < max ? groups_n : max;
	memcpy(groups, every, n * sizeof *groups);
	return n;
}

void summary_group(const struct graph *g, const struct holder_group *group, struct text *out)
{
	const struct task *task = graph_holder_task(g, group->holder);

	if (group->count > 1) {
		text_count(out, group->count);
		text_puts(out, " × ");
	}
	if (group->count > 1 && task) {
		text_puts(out, "goroutine ");
		label_task(g, task, out);
	} else {
		label_holder(g, group->holder, out);
	}
	if (task && task->wait)
		text_printf(out, " · %s", task->wait);
	if (task && task->wait && group->wait_ns >= 0) {
		text_puts(out, ", ");
		text_duration(out, (uint64_t)group->wait_ns);
	}
}

void summary_say_stacks(const struct holder_group *group, struct text *out)
{
	if (group->stacks < SMALL_STACKS || group->stacks < summary_kept(group) / WORTH_SAYING)
		return;
	text_puts(out, group->count > 1 ? "stacks " : "its stack ");
	text_size(out, group->stacks, false);
}

bool summary_reached_from(const struct graph *g, uint32_t object, struct text *out,
			  struct progress *progress, struct error *err)
{
	enum { PATHS = 8, SHOWN = 3 };
	uint32_t holders[PATHS], n = 0, n_paths;
	struct path *paths;
	struct error failed = {0};

	if (g->above[object] != NO_NODE) {
		label_holder(g, g->above[object], out);
		return true;
	}
	n_paths = paths_find(g, object, PATHS, &paths, progress, &failed);
	for (uint32_t i = 0; i < n_paths; i++) {
		uint32_t holder = g->roots[paths[i].root].holder, k = 0;

		while (k < n && holders[k] != holder)
			k++;
		if (k < n)
			continue;
		if (n < SHOWN) {
			text_puts(out, n ? ", " : "");
			label_holder(g, holder, out);
		}
		holders[n++] = holder;
	}
	paths_free(paths, n_paths);
	text_puts(out, n > SHOWN || n_paths == PATHS ? " and others" : "");
	return failed.code == STATUS_OK || fail(err, failed.code, "%s", failed.message);
}

void summary_shared(const struct graph *g, uint64_t *bytes, uint64_t *objects)
{
	*bytes = g->live_bytes;
	*objects = g->live_objects;
	for (uint32_t h = 0; h < g->n_holders; h++) {
		*bytes -= g->holders[h].retained;
		*objects -= g->holders[h].objects;
	}
}

uint32_t summary_shared_objects(const struct graph *g, uint32_t *objects, uint32_t max)
{
	uint32_t root = graph_root_node(g), n = 0;

	for (uint32_t k = g->kid_row[root]; k < g->kid_row[root + 1] && n < max; k++)
		if (graph_is_object(g, g->kids[k]))
			objects[n++] = g->kids[k];
	return n;
}

uint32_t summary_shared_groups(const struct graph *g, struct shared_group *groups, uint32_t max)
{
	autofree struct shared_group *all = calloc((size_t)g->n_types + 1, sizeof *all);
	autofree struct top_item *items = calloc((size_t)max + 1, sizeof *items);
	struct top top = { items, 0, max };
	uint32_t root = graph_root_node(g);

	if (!all || !items)
		return 0;
	for (uint32_t k = g->kid_row[root]; k < g->kid_row[root + 1]; k++) {
		uint32_t id = g->kids[k];
		struct shared_group *group;

		if (!graph_is_object(g, id))
			continue;
		group = &all[g->type[id] < g->n_types ? g->type[id] : g->n_types];
		if (!group->count++)
			group->object = id; /* children come most retained first */
		group->retained += g->retained[id];
	}
	for (uint32_t i = 0; i <= g->n_types; i++)
		if (all[i].count)
			top_offer(&top, i, all[i].retained);
	for (uint32_t i = 0; i < top.n; i++)
		groups[i] = all[items[i].id];
	return top.n;
}

void summary_shared_group(const struct graph *g, const struct shared_group *group, struct text *out)
{
	if (group->count == 1) {
		label_object(g, group->object, out);
		return;
	}
	text_count(out, group->count);
	text_puts(out, " × ");
	if (graph_type(g, group->object))
		graph_type_label(g, group->object, out);
	else
		text_puts(out, "unknown type");
}

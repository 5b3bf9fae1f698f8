#include "tui/views/holders.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"
#include "graph/query/summary.h"

enum { MOST_ROWS = 300 };

static struct top_row group_row(const struct graph *g, const struct holder_group *group)
{
	return (struct top_row){
		.kind = group->count > 1 ? TOP_ALIKE : TOP_HOLDER,
		.node = g->n_objects + group->holder, .count = group->count,
		.objects = group->objects, .bytes = summary_kept(group),
		.stacks = group->stacks, .wait_ns = group->wait_ns,
	};
}

/* What has no row of its own, from what all holders keep together. */
static struct top_row rest_row(const struct graph *g, const struct top_rows *rows, uint32_t all,
			       const struct top_row *several)
{
	struct top_row rest = { .kind = TOP_REST, .node = NO_NODE, .count = all - rows->n,
				.bytes = summary_whole(g) - several->bytes,
				.objects = g->live_objects - several->objects };

	for (uint32_t i = 0; i < rows->n; i++) {
		rest.bytes -= rows->items[i].bytes;
		rest.objects -= rows->items[i].objects;
	}
	return rest;
}

static void insert_sorted(struct top_rows *rows, const struct top_row *row)
{
	uint32_t at = rows->n++;

	for (; at && rows->items[at - 1].bytes < row->bytes; at--)
		rows->items[at] = rows->items[at - 1];
	rows->items[at] = *row;
}

bool top_rows_make(const struct graph *g, struct top_rows *out, struct error *err)
{
	struct top_row several = { .kind = TOP_SEVERAL, .node = graph_root_node(g) }, rest;
	autofree struct holder_group *groups = malloc(MOST_ROWS * sizeof *groups);
	uint32_t n, all;

	*out = (struct top_rows){0};
	out->items = malloc((MOST_ROWS + 2) * sizeof *out->items);
	if (!groups || !out->items)
		return fail_memory(err, "the list of holders");
	n = summary_holders(g, groups, MOST_ROWS, &all, err);
	while (out->n < n) {
		out->items[out->n] = group_row(g, &groups[out->n]);
		out->n++;
	}
	summary_shared(g, &several.bytes, &several.objects);
	rest = rest_row(g, out, all, &several);
	if (several.bytes)
		insert_sorted(out, &several);
	if (rest.count)
		out->items[out->n++] = rest;
	return true;
}

void top_rows_free(struct top_rows *rows)
{
	free(rows->items);
	*rows = (struct top_rows){0};
}

static bool stands_for(const struct graph *g, const struct top_row *row, uint32_t holder)
{
	if (row->kind != TOP_HOLDER && row->kind != TOP_ALIKE)
		return false;
	return summary_alike(g, row->node - g->n_objects, holder);
}

static bool belongs(const struct graph *g, const struct top_rows *rows, uint32_t number,
		    uint32_t holder)
{
	if (rows->items[number].kind != TOP_REST)
		return stands_for(g, &rows->items[number], holder);
	for (uint32_t i = 0; i < rows->n; i++)
		if (stands_for(g, &rows->items[i], holder))
			return false;
	return g->holders[holder].retained > 0 || g->holders[holder].kind == HOLDER_TASK;
}

uint32_t *top_rows_members(const struct graph *g, const struct top_rows *rows, uint32_t number,
			   uint32_t *n)
{
	uint32_t root = graph_root_node(g);
	uint32_t *nodes = malloc(((size_t)g->n_holders + 1) * sizeof *nodes);

	*n = 0;
	for (uint32_t i = g->kid_row[root]; nodes && i < g->kid_row[root + 1]; i++)
		if (graph_is_holder(g, g->kids[i]) &&
		    belongs(g, rows, number, g->kids[i] - g->n_objects))
			nodes[(*n)++] = g->kids[i];
	return nodes;
}

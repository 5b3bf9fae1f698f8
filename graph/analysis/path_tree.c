#include "graph/analysis/path_tree.h"

#include <stdlib.h>

#include "graph/analysis/tree.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"

#define REPORT 65536 /* objects between two looks at the progress */

/* In which order ways are looked for. What is of one rank is searched together, by length. */
enum rank { RANK_LASTING, RANK_TASK, RANK_TIMER, RANK_SPECIAL, RANK_RUNTIME, RANKS };

struct ranked { uint32_t root, rank; };

/* The task that was there first: in Go that of main.main. */
static uint32_t first_task(const struct graph *g)
{
	uint32_t first = NO_NODE;

	for (uint32_t i = 0; i < g->n_tasks; i++)
		if (!g->tasks[i].system && (first == NO_NODE || g->tasks[i].id < g->tasks[first].id))
			first = i;
	return first;
}

static enum rank rank_of(const struct holder *holder, uint32_t first)
{
	if (holder->system)
		return RANK_RUNTIME;
	switch (holder->kind) {
	case HOLDER_GLOBAL: return RANK_LASTING;
	case HOLDER_TASK: return first != NO_NODE && holder->task == first ? RANK_LASTING : RANK_TASK;
	case HOLDER_TIMER: return RANK_TIMER;
	case HOLDER_SPECIAL: return RANK_SPECIAL;
	default: return RANK_RUNTIME;
	}
}

static int compare_ranked(const void *a, const void *b, void *graph)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return nearest_before(graph, x->root, y->root) ? -1 : nearest_before(graph, y->root, x->root);
}

/* The roots that hold, in the order in which they are searched from. */
static struct ranked *ranked_roots(const struct graph *g, uint32_t *n, struct error *err)
{
	struct ranked *ranked = array_new(g->n_roots, sizeof *ranked, "roots", err);
	uint32_t first = first_task(g);

	*n = 0;
	for (uint32_t r = 0; ranked && r < g->n_roots; r++)
		if (graph_root_holds(g, r))
			ranked[(*n)++] = (struct ranked){
				r, rank_of(&g->holders[g->roots[r].holder], first) };
	if (ranked)
		qsort_r(ranked, *n, sizeof *ranked, compare_ranked, (void *)g);
	return ranked;
}

static void reach(struct path_tree *t, uint32_t id, uint32_t parent)
{
	if (t->parent[id] != NO_NODE)
		return;
	t->parent[id] = parent;
	t->order[t->n++] = id;
}

/* Breadth first from what is in the queue since HEAD. */
static bool spread(struct path_tree *t, uint32_t *head, struct progress *progress, struct error *err)
{
	const struct graph *g = t->g;

	for (; *head < t->n; ++*head) {
		uint32_t id = t->order[*head];

		for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++)
			if (!(g->fwd_dst[e] & EDGE_IDLE))
				reach(t, g->fwd_dst[e], id);
		if (*head % REPORT == 0) {
			progress_add(progress, REPORT);
			if (array_cancelled(progress, err))
				return false;
		}
	}
	return true;
}

static bool spread_all(struct path_tree *t, struct progress *progress, struct error *err)
{
	uint32_t n, next = 0, head = 0;
	autofree struct ranked *ranked = ranked_roots(t->g, &n, err);

	if (!ranked)
		return false;
	for (enum rank rank = 0; rank < RANKS; rank++) {
		for (; next < n && ranked[next].rank == rank; next++)
			reach(t, t->g->roots[ranked[next].root].dst, t->g->n_objects + ranked[next].root);
		if (!spread(t, &head, progress, err))
			return false;
	}
	return true;
}

/* Children come behind their parents: backwards each sum is whole when it is handed up. */
static void sum(struct path_tree *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		t->bytes[t->order[i]] = graph_size(t->g, t->order[i]);
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t parent = t->parent[t->order[i]];

		if (parent < t->g->n_objects)
			t->bytes[parent] += t->bytes[t->order[i]];
	}
}

bool path_tree_build(const struct graph *g, struct path_tree *out, struct progress *progress,
		     struct error *err)
{
	*out = (struct path_tree){ .g = g };
	progress_begin(progress, "named paths", g->n_objects);
	out->order = array_new(g->n_objects, sizeof *out->order, "named paths", err);
	out->parent = array_ones(g->n_objects, sizeof *out->parent, "named paths", err);
	out->bytes = array_zero(g->n_objects, sizeof *out->bytes, "named paths", err);
	if (!out->order || !out->parent || !out->bytes || !spread_all(out, progress, err))
		return false;
	sum(out);
	return true;
}

void path_tree_free(struct path_tree *tree)
{
	free(tree->order);
	free(tree->parent);
	free(tree->bytes);
	*tree = (struct path_tree){ 0 };
}

uint32_t path_tree_root(const struct path_tree *tree, uint32_t id)
{
	while (tree->parent[id] < tree->g->n_objects)
		id = tree->parent[id];
	return tree->parent[id] - tree->g->n_objects;
}

bool path_tree_path(const struct path_tree *tree, uint32_t id, struct path *out, struct error *err)
{
	uint32_t n = 1;

	for (uint32_t at = id; tree->parent[at] < tree->g->n_objects; at = tree->parent[at])
		n++;
	*out = (struct path){ .n = n, .objects = array_new(n, sizeof *out->objects, "a path", err) };
	if (!out->objects)
		return false;
	for (uint32_t at = id; n > 0; at = tree->parent[at])
		out->objects[--n] = at;
	out->root = tree->parent[out->objects[0]] - tree->g->n_objects;
	return true;
}

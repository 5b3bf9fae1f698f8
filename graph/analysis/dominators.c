/* Dominators by the semi-NCA algorithm (Georgiadis, Tarjan, Werneck: Finding Dominators in
 * Practice): semidominators as Lengauer and Tarjan find them, with path compression only, and from
 * those each node's dominator by climbing the tree that is already there. The graph is the virtual
 * root, its children the holders, theirs the objects that their root slots hold, and the edges that
 * hold. Nothing here recurses: a linked list makes a walk as deep as the heap is large. */
#include <stdlib.h>
#include <string.h>

#include "graph/analysis/tree.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/builder.h"

#define AHEAD 8      /* nodes of distance between the steps that fetch a node's predecessors */
#define REPORT 65536 /* nodes between two looks at the progress */

static void tree_free(struct tree *t)
{
	free(t->node);
	free(t->number);
	free(t->idom);
	*t = (struct tree){ 0 };
}

/* An edge still to be walked. */
struct step { uint32_t node, from; };

struct walk {
	const struct graph *g;
	struct tree *tree;
	struct step *steps; /* a stack; an edge goes there once, when its source is numbered */
	uint64_t depth, capacity;
	struct progress *progress;
};

static bool reserve(struct walk *w, uint64_t extra, struct error *err)
{
	uint64_t capacity = w->capacity ? w->capacity : 4096;
	struct step *steps;

	if (w->depth + extra <= w->capacity)
		return true;
	while (capacity < w->depth + extra)
		capacity += capacity / 2;
	steps = realloc(w->steps, capacity * sizeof *steps);
	if (!steps)
		return fail_memory(err, "dominators");
	w->steps = steps;
	w->capacity = capacity;
	return true;
}

static void push(struct walk *w, uint32_t node, uint32_t from)
{
	__builtin_prefetch(&w->tree->number[node]);
	if (graph_is_object(w->g, node))
		__builtin_prefetch(&w->g->fwd_row[node]);
	w->steps[w->depth++] = (struct step){ node, from };
}

/* Push what NODE, which has NUMBER, refers to; the first of it to be walked first. */
static bool push_edges(struct walk *w, uint32_t node, uint32_t number, struct error *err)
{
	const struct graph *g = w->g;

	if (graph_is_object(g, node)) {
		uint32_t begin = g->fwd_row[node], end = g->fwd_row[node + 1];

		if (!reserve(w, end - begin, err))
			return false;
		while (end-- > begin)
			if (!(g->fwd_dst[end] & EDGE_IDLE))
				push(w, g->fwd_dst[end], number);
	} else if (graph_is_holder(g, node)) {
		const struct holder *holder = &g->holders[node - g->n_objects];

		if (!reserve(w, holder->n_roots, err))
			return false;
		for (uint32_t i = holder->n_roots; i-- > 0;)
			if (graph_root_holds(g, holder->first_root + i))
				push(w, g->roots[holder->first_root + i].dst, number);
	} else {
		if (!reserve(w, g->n_holders, err))
			return false;
		for (uint32_t i = g->n_holders; i-- > 0;)
			push(w, g->n_objects + i, number);
	}
	return true;
}

/* The edge now on top comes next if this one leads no further: its node's row was fetched when it
 * was pushed, what that row says is fetched now. */
static void look_below(const struct walk *w)
{
	uint32_t node = w->steps[w->depth - 1].node;

	if (graph_is_object(w->g, node))
		__builtin_prefetch(&w->g->fwd_dst[w->g->fwd_row[node]]);
}

/* Number all that is reached depth first, each with the number of its parent in the walk. The walk
 * is a true depth-first one though edges are pushed early, since the edge that is popped first is
 * the one that numbers its node. */
static bool number_nodes(struct walk *w, struct error *err)
{
	struct tree *t = w->tree;

	if (!reserve(w, 1, err))
		return false;
	push(w, graph_root_node(w->g), 0);
	while (w->depth) {
		struct step step = w->steps[--w->depth];
		uint32_t number = t->n;

		if (w->depth)
			look_below(w);
		if (t->number[step.node] != NO_NODE)
			continue;
		t->number[step.node] = number;
		t->node[number] = step.node;
		t->idom[number] = step.from;
		t->n++;
		if (!push_edges(w, step.node, number, err))
			return false;
		if (number % REPORT == 0) {
			progress_add(w->progress, REPORT);
			if (array_cancelled(w->progress, err))
				return false;
		}
	}
	return true;
}

static bool walk_graph(const struct graph *g, struct tree *t, struct progress *progress,
		       struct error *err)
{
	struct walk w = { .g = g, .tree = t, .progress = progress };
	uint64_t n = graph_root_node(g) + 1ull;
	bool ok;

	t->number = array_ones(n, sizeof *t->number, "dominators", err);
	t->node = array_new(n, sizeof *t->node, "dominators", err);
	t->idom = array_new(n, sizeof *t->idom, "dominators", err);
	ok = t->number && t->node && t->idom && number_nodes(&w, err);
	free(w.steps);
	return ok;
}

/* All arrays by number. A node's path leads to its ancestor in the walk, and after compression to
 * one further up; LEAST is the least semidominator on the path up to but without the ancestor. */
struct forest {
	const struct graph *g;
	const struct tree *tree;
	uint32_t *semi, *ancestor, *least;
	uint32_t *path; /* scratch of compress() */
};

/* The least semidominator on the path from V to the root of its tree, among the nodes above LAST,
 * which are those linked into trees so far. */
static uint32_t evaluate(struct forest *f, uint32_t v, uint32_t last)
{
	uint32_t n = 0, least;

	while (f->ancestor[v] > last) {
		f->path[n++] = v;
		v = f->ancestor[v];
	}
	least = f->least[v];
	while (n--) {
		uint32_t u = f->path[n];

		if (f->least[u] < least)
			least = f->least[u];
		f->least[u] = least;
		f->ancestor[u] = f->ancestor[v];
	}
	return least;
}

/* Is the node that W was walked to from its only referrer? Then there is nothing to compare. */
static bool only_parent(const struct forest *f, uint32_t w, uint32_t node)
{
	return f->g->rev_row[node + 1] - f->g->rev_row[node] == 1 &&
	       graph_is_object(f->g, f->tree->node[f->tree->idom[w]]);
}

/* Have the rows of nodes that come soon on their way to the cache. */
static void look_ahead(const struct forest *f, uint32_t w)
{
	const struct graph *g = f->g;
	uint32_t far = w > 3 * AHEAD ? f->tree->node[w - 3 * AHEAD] : NO_NODE;
	uint32_t middle = w > 2 * AHEAD ? f->tree->node[w - 2 * AHEAD] : NO_NODE;
	uint32_t near = w > AHEAD ? f->tree->node[w - AHEAD] : NO_NODE;

	if (graph_is_object(g, far))
		__builtin_prefetch(&g->rev_row[far]);
	if (graph_is_object(g, middle) && !only_parent(f, w - 2 * AHEAD, middle))
		__builtin_prefetch(&g->rev_src[g->rev_row[middle]]);
	if (graph_is_object(g, near) && !only_parent(f, w - AHEAD, near) &&
	    g->rev_row[near] < g->rev_row[near + 1])
		__builtin_prefetch(&f->tree->number[EDGE_NODE(g->rev_src[g->rev_row[near]])]);
}

static uint32_t semidominator(struct forest *f, uint32_t w)
{
	const struct graph *g = f->g;
	uint32_t node = f->tree->node[w], semi = f->semi[w];

	if (!graph_is_object(g, node))
		return 0;
	if (only_parent(f, w, node))
		return semi;
	for (uint32_t e = g->rev_row[node]; e < g->rev_row[node + 1]; e++) {
		uint32_t src = g->rev_src[e], candidate;

		if (src & EDGE_IDLE)
			continue;
		candidate = f->tree->number[src];
		if (candidate == NO_NODE)
			continue;
		if (candidate > w)
			candidate = evaluate(f, candidate, w);
		if (candidate < semi)
			semi = candidate;
	}
	return semi;
}

/* Root slots are no nodes: what the holders alone contribute comes before all edges. A holder that
 * was numbered after the object it holds has the virtual root for its only ancestor. */
static void start_semidominators(struct forest *f)
{
	const struct graph *g = f->g;
	const uint32_t *number = f->tree->number;

	memcpy(f->semi, f->tree->idom, f->tree->n * sizeof *f->semi);
	memcpy(f->ancestor, f->tree->idom, f->tree->n * sizeof *f->ancestor);
	for (uint32_t i = 0; i < g->n_roots; i++) {
		uint32_t w = number[g->roots[i].dst];
		uint32_t holder = number[g->n_objects + g->roots[i].holder];
		uint32_t semi = holder < w ? holder : 0;

		if (graph_root_holds(g, i) && semi < f->semi[w])
			f->semi[w] = semi;
	}
}

static bool find_dominators(struct forest *f, uint32_t *idom, struct progress *progress,
			    struct error *err)
{
	uint32_t n = f->tree->n;

	start_semidominators(f);
	for (uint32_t w = n - 1; w > 0; w--) {
		look_ahead(f, w);
		f->semi[w] = f->least[w] = semidominator(f, w);
		if (w % REPORT == 0) {
			progress_add(progress, REPORT);
			if (array_cancelled(progress, err))
				return false;
		}
	}
	for (uint32_t w = 1; w < n; w++) {
		uint32_t d = idom[w];

		while (d > f->semi[w])
			d = idom[d];
		idom[w] = d;
	}
	return true;
}

static bool make_tree(const struct graph *g, struct tree *t, struct progress *progress,
		      struct error *err)
{
	autofree uint32_t *semi = NULL, *ancestor = NULL, *least = NULL, *path = NULL;
	struct forest f = { .g = g, .tree = t };

	if (!walk_graph(g, t, progress, err))
		return false;
	f.semi = semi = array_new(t->n, sizeof *semi, "dominators", err);
	f.ancestor = ancestor = array_new(t->n, sizeof *ancestor, "dominators", err);
	f.least = least = array_new(t->n, sizeof *least, "dominators", err);
	f.path = path = array_new(t->n, sizeof *path, "dominators", err);
	return semi && ancestor && least && path && find_dominators(&f, t->idom, progress, err);
}

/* Dominators and nearest roots ask the same rows and nothing of each other: one core each. */
struct both {
	struct graph *g;
	struct tree tree;
	struct progress *progress;
	bool ok[2];
	struct error err[2];
};

static void run_one(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct both *both = ctx;

	for (uint64_t i = lo; i < hi; i++)
		both->ok[i] = i ? nearest_roots(both->g, both->progress, &both->err[i]) :
				  make_tree(both->g, &both->tree, both->progress, &both->err[i]);
}

bool graph_dominators(struct graph *g, struct progress *progress, struct error *err)
{
	struct both both = { .g = g, .progress = progress };
	bool ok;

	progress_begin(progress, "dominators", 4 * g->live_objects);
	parallel_for(2, 1, run_one, &both);
	for (int i = 0; i < 2; i++)
		if (!both.ok[i])
			fail(err, both.err[i].code, "%s", both.err[i].message);
	ok = both.ok[0] && both.ok[1] && tree_sum(g, &both.tree, progress, err);
	tree_free(&both.tree);
	if (ok)
		graph_publish(g, STAGE_RETAINED);
	return ok;
}

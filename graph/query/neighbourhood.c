#include "graph/query/neighbourhood.h"

#include <stdlib.h>
#include <string.h>

#include "graph/analysis/paths.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/query/children.h"
#include "graph/query/label.h"

#define PATH_SHOWN 12      /* objects of one path at most; the middle of a longer one is one node */
#define SUBJECT_NODES 4    /* a subject, its holder and two of its path, at least */
#define NEGLIGIBLE 200     /* what retains less than this part of the largest subject is folded */
#define ALWAYS_DRAWN 24    /* unless there are fewer nodes than these */
#define MAX_REFERRERS 2000 /* of a drawn object that are looked at for more edges */

/* A child that may be drawn if there is room. */
struct candidate { struct child child; uint32_t parent, depth; };

struct choice {
	const struct graph *g;
	const struct hood_wish *wish;
	struct neighbourhood *hood;
	struct candidate *candidates;
	uint32_t n, capacity;
	uint32_t parents;    /* drawn nodes with candidates */
	uint32_t path_shown; /* objects of one path */
	uint64_t negligible; /* less retained than this is not worth a node */
	struct error *err;
};

/* --- nodes and edges --- */

static uint32_t find_node(const struct neighbourhood *hood, enum hood_kind kind, uint32_t id)
{
	for (uint32_t i = 0; i < hood->n_nodes; i++)
		if (hood->nodes[i].kind == kind && hood->nodes[i].id == id)
			return i;
	return NO_NODE;
}

static uint32_t add_node(struct choice *c, struct hood_node node)
{
	struct neighbourhood *h = c->hood;

	if (!GROW(h->nodes, h->n_nodes, h->node_capacity)) {
		fail_memory(c->err, "a picture");
		return NO_NODE;
	}
	h->nodes[h->n_nodes] = node;
	return h->n_nodes++;
}

/* The node of an object or holder, added if it is not there yet. */
static uint32_t node_of(struct choice *c, uint32_t graph_node)
{
	const struct graph *g = c->g;
	bool holder = graph_is_holder(g, graph_node);
	enum hood_kind kind = holder ? HOOD_HOLDER : HOOD_OBJECT;
	uint32_t id = holder ? graph_node - g->n_objects : graph_node;
	uint32_t at = find_node(c->hood, kind, id);

	if (at != NO_NODE)
		return at;
	return add_node(c, (struct hood_node){ .kind = kind, .id = id, .count = 1,
					       .retained = graph_retained(g, graph_node) });
}

static struct hood_edge *find_edge(const struct neighbourhood *hood, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < hood->n_edges; i++)
		if (hood->edges[i].from == from && hood->edges[i].to == to)
			return &hood->edges[i];
	return NULL;
}

static bool add_edge(struct choice *c, struct hood_edge edge)
{
	struct neighbourhood *h = c->hood;
	struct hood_edge *there = find_edge(h, edge.from, edge.to);

	if (there) {
		there->critical |= edge.critical;
		return true;
	}
	if (!GROW(h->edges, h->n_edges, h->edge_capacity))
		return fail_memory(c->err, "a picture");
	edge.boxed = edge.src != NO_NODE && edge.dst != NO_NODE &&
		     label_boxed(c->g, edge.src, edge.dst);
	h->edges[h->n_edges++] = edge;
	return true;
}

/* --- paths --- */

/* A path's objects that are drawn, map parts left out: places in path->objects. */
static uint32_t visible_steps(const struct graph *g, const struct path *path, uint32_t *places)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < path->n; i++)
		if (i + 1 == path->n || !label_is_map_part(g, path->objects[i]))
			places[n++] = i;
	return n;
}

/* One more step of a path: from hood node FROM to the object at PLACE. */
static uint32_t add_step(struct choice *c, const struct path *path, uint32_t place, uint32_t from,
			 bool critical)
{
	uint32_t to = node_of(c, path->objects[place]);
	struct hood_edge edge = { .from = from, .to = to, .src = NO_NODE,
				  .dst = path->objects[place], .root = NO_NODE,
				  .critical = critical };

	if (to == NO_NODE)
		return NO_NODE;
	if (place > 0)
		edge.src = path->objects[place - 1];
	else
		edge.root = path->root;
	return add_edge(c, edge) ? to : NO_NODE;
}

static uint32_t add_gap(struct choice *c, uint32_t object, uint64_t count, uint32_t from,
			bool critical)
{
	uint32_t to = find_node(c->hood, HOOD_STEPS, object);
	struct hood_edge edge = { .from = from, .src = NO_NODE, .dst = NO_NODE, .root = NO_NODE,
				  .critical = critical };

	if (to == NO_NODE)
		to = add_node(c, (struct hood_node){ .kind = HOOD_STEPS, .id = object,
				      .count = count, .retained = c->g->retained[object] });
	edge.to = to;
	return to != NO_NODE && add_edge(c, edge) ? to : NO_NODE;
}

static bool add_path(struct choice *c, const struct path *path, bool critical)
{
	const struct graph *g = c->g;
	autofree uint32_t *places = calloc((size_t)path->n + 1, sizeof *places);
	uint32_t n, at, head = c->path_shown / 2, tail;

	if (!places)
		return fail_memory(c->err, "a path");
	n = visible_steps(g, path, places);
	tail = n > c->path_shown ? n - (c->path_shown - head) : head;
	at = node_of(c, g->n_objects + g->roots[path->root].holder);
	for (uint32_t i = 0; i < n && at != NO_NODE; i++) {
		if (i == head && tail > head) {
			at = add_gap(c, path->objects[places[i]], tail - head, at, critical);
			i = tail; /* labelled still by the pointer from the object before it */
			if (at == NO_NODE)
				break;
		}
		at = add_step(c, path, places[i], at, critical);
	}
	return at != NO_NODE;
}

static bool add_paths(struct choice *c, uint32_t object, bool first, struct progress *progress)
{
	struct path *paths = NULL;
	struct error err = {0};
	uint32_t n = paths_find(c->g, object, c->wish->paths, &paths, progress, &err);
	bool good = true;

	if (!n && err.code != STATUS_OK)
		return fail(c->err, err.code, "%s", err.message);
	for (uint32_t i = 0; i < n && good; i++)
		if (i == 0 || c->hood->n_nodes + c->path_shown + 2 < c->wish->max_nodes)
			good = add_path(c, &paths[i], first && i == 0);
	paths_free(paths, n);
	return good;
}

static bool add_subject(struct choice *c, uint32_t node, bool first, struct progress *progress)
{
	uint32_t at;

	if (graph_is_object(c->g, node)) {
		node = label_visible(c->g, node);
		if (!add_paths(c, node, first, progress))
			return false;
	}
	at = node_of(c, node);
	if (at == NO_NODE)
		return false;
	c->hood->nodes[at].subject = true;
	if (c->hood->nodes[at].retained / NEGLIGIBLE > c->negligible)
		c->negligible = c->hood->nodes[at].retained / NEGLIGIBLE;
	return true;
}

/* --- what is dominated: always the candidate that retains most --- */

/* Of each parent some children may stay undrawn, and then one more node is needed to fold them. */
static void set_pending(struct choice *c, uint32_t at, uint32_t pending)
{
	struct hood_node *node = &c->hood->nodes[at];

	c->parents += (pending > 0) - (node->pending > 0);
	node->pending = pending;
}

static bool add_candidates(struct choice *c, uint32_t at, uint32_t depth)
{
	const struct hood_node *node = &c->hood->nodes[at];
	uint32_t graph_node = node->kind == HOOD_HOLDER ? c->g->n_objects + node->id : node->id;
	autochildren struct children children = {0};

	if (!children_find(c->g, graph_node, CHILDREN_DOMINATED, &children, NULL, c->err))
		return false;
	for (uint32_t i = 0; i < children.n; i++) {
		if (!GROW(c->candidates, c->n, c->capacity))
			return fail_memory(c->err, "a picture");
		c->candidates[c->n++] = (struct candidate){ children.items[i], at, depth };
	}
	set_pending(c, at, children.n);
	return true;
}

static uint32_t best_candidate(const struct choice *c)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < c->n; i++)
		if (c->candidates[i].child.retained > c->candidates[best].child.retained)
			best = i;
	return best;
}

static bool draw_child(struct choice *c, const struct candidate *candidate)
{
	const struct child *child = &candidate->child;
	bool fold = child->kind != CHILD_ONE;
	struct hood_node folded = { .kind = HOOD_FOLD, .id = child->node, .count = child->count,
				    .retained = child->retained,
				    .alike = child->kind == CHILD_ALIKE };
	uint32_t at = fold ? add_node(c, folded) : node_of(c, child->node);
	struct hood_edge edge = { .from = candidate->parent, .to = at, .src = NO_NODE,
				  .dst = child->node, .root = NO_NODE };

	if (at == NO_NODE)
		return false;
	if (graph_is_holder(c->g, child->via))
		edge.root = label_find_root(c->g, child->via - c->g->n_objects, child->node);
	else
		edge.src = child->via;
	edge.dominates = !fold && child->via == NO_NODE;
	if (!add_edge(c, edge))
		return false;
	return fold || candidate->depth >= c->wish->depth ||
	       add_candidates(c, at, candidate->depth + 1);
}

static bool draw_dominated(struct choice *c, struct progress *progress)
{
	while (c->n) {
		uint32_t best = best_candidate(c);
		struct candidate candidate = c->candidates[best];
		uint32_t already = candidate.child.kind == CHILD_ONE &&
				   find_node(c->hood, HOOD_OBJECT, candidate.child.node) != NO_NODE;
		uint32_t pending = c->hood->nodes[candidate.parent].pending;
		uint32_t folds = c->parents - (pending == 1);

		if (progress_cancelled(progress))
			return fail(c->err, STATUS_REFUSED, "the picture was cancelled");
		if (c->hood->n_nodes + !already + folds > c->wish->max_nodes ||
		    (c->hood->n_nodes >= ALWAYS_DRAWN && candidate.child.retained < c->negligible))
			return true;
		memmove(&c->candidates[best], &c->candidates[best + 1],
			(c->n - best - 1) * sizeof *c->candidates);
		c->n--;
		set_pending(c, candidate.parent, pending - 1);
		if (!draw_child(c, &candidate))
			return false;
	}
	return true;
}

/* Take all that is left of the children of candidate FIRST's parent; SUM is their fold. Returns how
 * many candidates that are. */
static uint32_t take_rest(struct choice *c, uint32_t first, struct child *sum)
{
	uint32_t parent = c->candidates[first].parent, n = 0;

	*sum = (struct child){ .node = c->candidates[first].child.node };
	for (uint32_t i = first; i < c->n; i++) {
		struct child *child = &c->candidates[i].child;

		if (c->candidates[i].parent != parent || !child->count)
			continue;
		n++;
		sum->count += child->count;
		sum->retained += child->retained;
		child->count = 0; /* done */
	}
	return n;
}

/* All that is left of one parent's children becomes one node. */
static bool fold_rest(struct choice *c, uint32_t first)
{
	struct candidate only = c->candidates[first];
	struct child sum;
	bool alone = take_rest(c, first, &sum) == 1;
	struct hood_edge edge = { .from = only.parent, .src = NO_NODE, .dst = NO_NODE,
				  .root = NO_NODE };

	if (c->hood->n_nodes >= c->wish->max_nodes) {
		c->hood->left_out += sum.count;
		return true;
	}
	if (alone) {
		only.depth = c->wish->depth; /* no deeper */
		return draw_child(c, &only);
	}
	edge.to = add_node(c, (struct hood_node){ .kind = HOOD_FOLD, .id = sum.node,
			      .count = sum.count, .retained = sum.retained });
	return edge.to != NO_NODE && add_edge(c, edge);
}

static bool fold_rests(struct choice *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->candidates[i].child.count && !fold_rest(c, i))
			return false;
	return true;
}

/* --- references between what is drawn that are neither paths nor dominators --- */

static uint32_t drawn_source(const struct choice *c, uint32_t referrer)
{
	return find_node(c->hood, HOOD_OBJECT, label_visible(c->g, referrer));
}

static bool add_references(struct choice *c, uint32_t to)
{
	const struct graph *g = c->g;
	uint32_t id = c->hood->nodes[to].id;
	uint32_t first = g->rev_row[id], end = g->rev_row[id + 1];

	if (end - first > MAX_REFERRERS)
		end = first + MAX_REFERRERS;
	for (uint32_t r = first; r < end; r++) {
		uint32_t from;

		if (g->rev_src[r] & EDGE_IDLE)
			continue;
		from = drawn_source(c, g->rev_src[r]);
		if (from == NO_NODE || from == to)
			continue;
		if (!add_edge(c, (struct hood_edge){ .from = from, .to = to, .src = g->rev_src[r],
						     .dst = id, .root = NO_NODE }))
			return false;
	}
	return true;
}

static bool has_pointer(const struct neighbourhood *h, uint32_t to)
{
	for (uint32_t i = 0; i < h->n_edges; i++)
		if (h->edges[i].to == to && !h->edges[i].dominates)
			return true;
	return false;
}

/* A node that a drawn pointer leads to needs no line from its dominator. */
static void drop_dominators(struct neighbourhood *h)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->n_edges; i++)
		if (!h->edges[i].dominates || !has_pointer(h, h->edges[i].to))
			h->edges[n++] = h->edges[i];
	h->n_edges = n;
}

static bool add_all_references(struct choice *c)
{
	for (uint32_t i = 0; i < c->hood->n_nodes; i++)
		if (c->hood->nodes[i].kind == HOOD_OBJECT && !add_references(c, i))
			return false;
	drop_dominators(c->hood);
	return true;
}

static bool choose(struct choice *c, struct progress *progress)
{
	uint32_t n_subjects = c->wish->n_subjects, most = c->wish->max_nodes / SUBJECT_NODES;

	if (n_subjects > most)
		n_subjects = most ? most : 1;
	c->path_shown = n_subjects ? c->wish->max_nodes / n_subjects - 2 : 0;
	if (c->path_shown > PATH_SHOWN)
		c->path_shown = PATH_SHOWN;
	for (uint32_t i = 0; i < n_subjects; i++)
		if (!add_subject(c, c->wish->subjects[i], i == 0, progress))
			return false;
	for (uint32_t i = 0, n = c->hood->n_nodes; i < n; i++)
		if (c->hood->nodes[i].subject && c->wish->depth && !add_candidates(c, i, 1))
			return false;
	return draw_dominated(c, progress) && fold_rests(c) && add_all_references(c);
}

bool neighbourhood_find(const struct graph *g, const struct hood_wish *wish,
			struct neighbourhood *out, struct progress *progress, struct error *err)
{
	struct choice c = { .g = g, .wish = wish, .hood = out, .err = err };
	bool good;

	memset(out, 0, sizeof *out);
	good = choose(&c, progress);
	free(c.candidates);
	if (!good)
		neighbourhood_free(out);
	return good;
}

void neighbourhood_free(struct neighbourhood *hood)
{
	free(hood->nodes);
	free(hood->edges);
	memset(hood, 0, sizeof *hood);
}

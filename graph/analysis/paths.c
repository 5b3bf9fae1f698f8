/* Paths are searched from the goal backwards. The distance of every object from its nearest root is
 * known (graph.depth), and that is never more than what is still to go, so best-first search (A*)
 * walks straight to the roots. A path's class is its pair of last referrer and holder: a state of
 * the search is an object together with the last referrer by which it was reached, and an object
 * is expanded for K last referrers at most, since what lies above it serves each of them alike. */
#include "graph/analysis/paths.h"

#include <stdlib.h>

#include "graph/analysis/tree.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"

#define MAX_STATES (1u << 21) /* where the search for further paths ends */
#define MAX_REFERRERS (1u << 15) /* of one object, the nearest, are followed */
#define REPORT 4096

/* An object reached from the goal; or, with ROOT set, the end of a path at it. */
struct state {
	uint32_t node;
	uint32_t from;  /* state one step nearer to the goal, NO_NODE for the goal itself */
	uint32_t last;  /* last referrer, NO_NODE on paths from a root straight to the goal */
	uint32_t steps; /* edges from here to the goal */
	uint32_t root;  /* NO_NODE while the path does not end here */
};

struct search {
	const struct graph *g;
	uint32_t goal, k;
	struct state *states;
	uint32_t n_states, capacity;
	uint32_t *heap, n_heap;    /* states to be expanded, the best on top */
	uint32_t *expanded;        /* hash table by node: states that were */
	uint32_t n_places, n_expanded;
	uint64_t *below, *beside;  /* objects known to be dominated by the goal, and not to be */
	uint32_t *heads, *nexts;   /* chains of roots by the object they point at */
	uint32_t heads_mask;
	struct path *found;
	uint32_t *found_last, n_found;
};

/* Edges of the shortest path that a state can become part of. */
static uint32_t least_length(const struct search *s, const struct state *x)
{
	return x->steps + (x->root == NO_NODE ? s->g->depth[x->node] : 0);
}

static uint32_t best_root(const struct search *s, const struct state *x)
{
	return x->root == NO_NODE ? s->g->root[x->node] : x->root;
}

/* The order of paths; among equals the one that has come further, so that the search goes deep and
 * not wide. */
static bool before(const struct search *s, uint32_t a, uint32_t b)
{
	const struct state *x = &s->states[a], *y = &s->states[b];
	uint32_t x_length = least_length(s, x), y_length = least_length(s, y);
	uint32_t x_root = best_root(s, x), y_root = best_root(s, y);

	if (x_length != y_length)
		return x_length < y_length;
	if (x_root != y_root)
		return nearest_before(s->g, x_root, y_root);
	if (x->steps != y->steps)
		return x->steps > y->steps;
	if (x->node != y->node)
		return x->node < y->node;
	return a < b;
}

static void sift_up(struct search *s, uint32_t at)
{
	uint32_t moved = s->heap[at];

	for (; at > 0 && before(s, moved, s->heap[(at - 1) / 2]); at = (at - 1) / 2)
		s->heap[at] = s->heap[(at - 1) / 2];
	s->heap[at] = moved;
}

static uint32_t pop(struct search *s)
{
	uint32_t top = s->heap[0], moved = s->heap[--s->n_heap];
	uint32_t at = 0, kid;

	for (; (kid = 2 * at + 1) < s->n_heap; at = kid) {
		if (kid + 1 < s->n_heap && before(s, s->heap[kid + 1], s->heap[kid]))
			kid++;
		if (!before(s, s->heap[kid], moved))
			break;
		s->heap[at] = s->heap[kid];
	}
	s->heap[at] = moved;
	return top;
}

static bool grow(struct search *s, struct error *err)
{
	uint32_t capacity = s->capacity ? 2 * s->capacity : 1024;
	struct state *states = realloc(s->states, capacity * sizeof *states);
	uint32_t *heap;

	if (!states)
		return fail_memory(err, "paths");
	s->states = states;
	heap = realloc(s->heap, capacity * sizeof *heap);
	if (!heap)
		return fail_memory(err, "paths");
	s->heap = heap;
	s->capacity = capacity;
	return true;
}

static bool push(struct search *s, struct state state, struct error *err)
{
	if (s->n_states == s->capacity && !grow(s, err))
		return false;
	s->states[s->n_states] = state;
	s->heap[s->n_heap] = s->n_states++;
	sift_up(s, s->n_heap++);
	return true;
}

static bool bit(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/* Does the goal dominate ID (itself, too), so that no path to ID avoids it? Climbs to the first
 * dominator of which the answer is known, and notes it for all on the way: no object is climbed
 * twice. */
static bool dominated(struct search *s, uint32_t id)
{
	const struct graph *g = s->g;
	uint32_t at = id;
	bool yes;

	while (graph_is_object(g, at) && at != s->goal && !bit(s->below, at) && !bit(s->beside, at) &&
	       g->retained[at] < g->retained[s->goal])
		at = g->idom[at];
	yes = at == s->goal || (graph_is_object(g, at) && bit(s->below, at));
	for (; id != at; id = g->idom[id])
		(yes ? s->below : s->beside)[id / 64] |= 1ull << id % 64;
	return yes;
}

/* Is ID's shortest path, or the root of it, to be preferred to OTHER's? */
static bool nearer(const struct graph *g, uint32_t id, uint32_t other)
{
	if (g->depth[id] != g->depth[other])
		return g->depth[id] < g->depth[other];
	if (g->root[id] != g->root[other])
		return nearest_before(g, g->root[id], g->root[other]);
	return id < other;
}

/* Sink the top of a heap of referrers that has the farthest one on top. */
static void sink_farthest(const struct graph *g, uint32_t *heap, uint32_t n)
{
	uint32_t at = 0, kid, moved = heap[0];

	for (; (kid = 2 * at + 1) < n; at = kid) {
		if (kid + 1 < n && nearer(g, heap[kid], heap[kid + 1]))
			kid++;
		if (!nearer(g, moved, heap[kid]))
			break;
		heap[at] = heap[kid];
	}
	heap[at] = moved;
}

static void raise_farthest(const struct graph *g, uint32_t *heap, uint32_t at)
{
	uint32_t moved = heap[at];

	for (; at > 0 && nearer(g, heap[(at - 1) / 2], moved); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = moved;
}

/* Collect the objects that hold ID by an edge, each once, and at most MAX_REFERRERS of them: the
 * nearest. OUT has room for as many. Those that hang from the goal themselves are no way to it. */
static uint32_t referrers(struct search *s, uint32_t id, uint32_t *out)
{
	const struct graph *g = s->g;
	uint32_t n = 0, before_it = NO_NODE;

	for (uint32_t e = g->rev_row[id]; e < g->rev_row[id + 1]; e++) {
		uint32_t src = g->rev_src[e];

		if ((src & EDGE_IDLE) || src == before_it || !(g->flags[src] & OBJECT_LIVE))
			continue;
		before_it = src;
		if (n == MAX_REFERRERS && !nearer(g, src, out[0]))
			continue;
		if (dominated(s, src))
			continue;
		if (n < MAX_REFERRERS) {
			out[n] = src;
			raise_farthest(g, out, n++);
		} else {
			out[0] = src;
			sink_farthest(g, out, n);
		}
	}
	return n;
}

/* Spread object ids over a table of a power of two places. */
static uint32_t place_of(uint32_t id, uint32_t mask)
{
	return id * 0x9e3779b1u & mask;
}

/* Chain the roots that hold by the object they point at. */
static bool chain_roots(struct search *s, struct error *err)
{
	const struct graph *g = s->g;
	uint32_t n = 16;

	while (n < g->n_roots)
		n *= 2;
	s->heads_mask = n - 1;
	s->heads = array_ones(n, sizeof *s->heads, "paths", err);
	s->nexts = array_new(g->n_roots, sizeof *s->nexts, "paths", err);
	if (!s->heads || !s->nexts)
		return false;
	for (uint32_t i = g->n_roots; i-- > 0;) {
		uint32_t *head = &s->heads[place_of(g->roots[i].dst, s->heads_mask)];

		if (!graph_root_holds(g, i))
			continue;
		s->nexts[i] = *head;
		*head = i;
	}
	return true;
}

/* Where state X's object is in the hash table, or the free place for it. *TIMES counts those that
 * were expanded there for other last referrers. */
static uint32_t expanded_place(const struct search *s, const struct state *x, uint32_t *times)
{
	uint32_t mask = s->n_places - 1, at = place_of(x->node, mask);

	*times = 0;
	for (; s->expanded[at] != NO_NODE; at = (at + 1) & mask) {
		const struct state *other = &s->states[s->expanded[at]];

		if (other->node == x->node && other->last == x->last)
			break;
		*times += other->node == x->node;
	}
	return at;
}

static bool grow_expanded(struct search *s, struct error *err)
{
	autofree uint32_t *old = s->expanded;
	uint32_t n = s->n_places, times;

	s->n_places = n ? 2 * n : 1024;
	s->expanded = array_ones(s->n_places, sizeof *s->expanded, "paths", err);
	if (!s->expanded)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (old[i] != NO_NODE)
			s->expanded[expanded_place(s, &s->states[old[i]], &times)] = old[i];
	return true;
}

/* Note that state X is expanded. *FRESH is false if its object was already, for the same last
 * referrer or for K others. */
static bool note_expanded(struct search *s, uint32_t x, bool *fresh, struct error *err)
{
	uint32_t at, times;

	if (2 * s->n_expanded >= s->n_places && !grow_expanded(s, err))
		return false;
	at = expanded_place(s, &s->states[x], &times);
	*fresh = s->expanded[at] == NO_NODE && times < s->k;
	if (*fresh) {
		s->expanded[at] = x;
		s->n_expanded++;
	}
	return true;
}

static bool is_found(const struct search *s, uint32_t holder, uint32_t last)
{
	for (uint32_t i = 0; i < s->n_found; i++)
		if (s->found_last[i] == last && s->g->roots[s->found[i].root].holder == holder)
			return true;
	return false;
}

/* Turn state X, which ends at a root, into a path. */
static bool take_path(struct search *s, uint32_t x, struct error *err)
{
	const struct state *end = &s->states[x];
	struct path *path = &s->found[s->n_found];
	uint32_t n = 0;

	if (is_found(s, s->g->roots[end->root].holder, end->last))
		return true;
	path->objects = array_new(end->steps + 1ull, sizeof *path->objects, "paths", err);
	if (!path->objects)
		return false;
	for (uint32_t at = end->from; at != NO_NODE; at = s->states[at].from)
		path->objects[n++] = s->states[at].node;
	path->n = n;
	path->root = end->root;
	s->found_last[s->n_found++] = end->last;
	return true;
}

/* What is above an object that has one holder only leads to that one. */
static bool exhausted(const struct search *s, const struct state *state)
{
	return is_found(s, s->g->above[state->node], state->last);
}

/* Paths may end at X's object: one for each root slot that points at it. */
static bool push_roots(struct search *s, uint32_t x, const struct state *state, struct error *err)
{
	uint32_t root = s->heads[place_of(state->node, s->heads_mask)];

	for (; root != NO_NODE; root = s->nexts[root])
		if (s->g->roots[root].dst == state->node &&
		    !push(s, (struct state){ state->node, x, state->last, state->steps, root }, err))
			return false;
	return true;
}

static bool expand(struct search *s, uint32_t x, uint32_t *scratch, struct error *err)
{
	struct state state = s->states[x]; /* pushing moves the array */
	bool fresh;
	uint32_t n;

	if (exhausted(s, &state))
		return true;
	if (!note_expanded(s, x, &fresh, err))
		return false;
	if (!fresh)
		return true;
	if (s->g->depth[state.node] == 0 && !push_roots(s, x, &state, err))
		return false;
	n = referrers(s, state.node, scratch);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t last = state.node == s->goal ? scratch[i] : state.last;

		if (!push(s, (struct state){ scratch[i], x, last, state.steps + 1, NO_NODE }, err))
			return false;
	}
	return true;
}

static bool run(struct search *s, uint32_t *scratch, struct progress *progress, struct error *err)
{
	uint32_t popped = 0;

	if (!push(s, (struct state){ s->goal, NO_NODE, NO_NODE, 0, NO_NODE }, err))
		return false;
	while (s->n_heap && s->n_found < s->k && s->n_states < MAX_STATES) {
		uint32_t x = pop(s);

		if (++popped % REPORT == 0 && array_cancelled(progress, err))
			return false;
		if (!(s->states[x].root != NO_NODE ? take_path(s, x, err) :
						     expand(s, x, scratch, err)))
			return false;
	}
	return true;
}

/* A goal so far from the roots that the search gave up on the way still has its stored path. */
static bool fall_back(struct search *s, struct error *err)
{
	if (s->n_found)
		return true;
	if (!paths_shortest(s->g, s->goal, &s->found[0], err))
		return false;
	s->n_found = 1;
	return true;
}

static bool prepare(struct search *s, struct error *err)
{
	uint64_t words = s->g->n_objects / 64 + 1;

	/* The kernel hands zeros out page by page: most of these are never touched. */
	s->below = calloc(words, sizeof *s->below);
	s->beside = calloc(words, sizeof *s->beside);
	s->found = calloc(s->k, sizeof *s->found);
	s->found_last = calloc(s->k, sizeof *s->found_last);
	if (!s->below || !s->beside || !s->found || !s->found_last)
		return fail_memory(err, "paths");
	return chain_roots(s, err);
}

static void finish(struct search *s)
{
	free(s->states);
	free(s->heap);
	free(s->expanded);
	free(s->below);
	free(s->beside);
	free(s->heads);
	free(s->nexts);
	free(s->found_last);
}

uint32_t paths_find(const struct graph *g, uint32_t goal, uint32_t k, struct path **out,
		    struct progress *progress, struct error *err)
{
	struct search s = { .g = g, .goal = goal, .k = k };
	autofree uint32_t *scratch = array_new(MAX_REFERRERS, sizeof *scratch, "paths", err);
	bool ok;

	*out = NULL;
	if (!k || !(g->flags[goal] & OBJECT_LIVE))
		return 0;
	ok = scratch && prepare(&s, err) && run(&s, scratch, progress, err) && fall_back(&s, err);
	finish(&s);
	if (!ok) {
		paths_free(s.found, s.n_found);
		return 0;
	}
	*out = s.found;
	return s.n_found;
}

void paths_free(struct path *paths, uint32_t n)
{
	for (uint32_t i = 0; paths && i < n; i++)
		free(paths[i].objects);
	free(paths);
}

/* The referrer that ID's nearest root was found by: one edge nearer to the same root; of several
 * the one at the lowest address. */
static uint32_t nearest_referrer(const struct graph *g, uint32_t id)
{
	for (uint32_t e = g->rev_row[id]; e < g->rev_row[id + 1]; e++) {
		uint32_t src = g->rev_src[e];

		if (!(src & EDGE_IDLE) && g->depth[src] == g->depth[id] - 1 &&
		    g->root[src] == g->root[id])
			return src;
	}
	return NO_NODE;
}

bool paths_shortest(const struct graph *g, uint32_t goal, struct path *out, struct error *err)
{
	uint32_t at = goal;

	*out = (struct path){ 0 };
	if (g->depth[goal] == NO_NODE)
		return fail(err, STATUS_NOT_FOUND, "nothing holds that object: it is garbage");
	out->root = g->root[goal];
	out->objects = array_new(g->depth[goal] + 1ull, sizeof *out->objects, "a path", err);
	if (!out->objects)
		return false;
	out->n = g->depth[goal] + 1;
	for (uint32_t i = out->n; i-- > 0 && at != NO_NODE; at = i ? nearest_referrer(g, at) : at)
		out->objects[i] = at;
	return true;
}

#include "random_graph.h"

#include <string.h>

#include "synthetic.h"

#define MAX_OBJECTS 48
#define MAX_HOLDERS 8
#define MAX_EDGES 160
#define MAX_ROOTS 24
#define TYPES 5

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(random_next(state) % n);
}

static enum strength random_strength(uint64_t *state)
{
	static const enum strength some[] = { STRENGTH_POOL, STRENGTH_WEAK, STRENGTH_RUNTIME,
					      STRENGTH_RUNTIME };

	return random_below(state, 6) ? STRENGTH_STRONG : some[random_below(state, 4)];
}

static const struct type random_types[TYPES] = {
	{ "a", "", TYPE_STRUCT, SHAPE_NONE, 16 }, { "b", "", TYPE_STRUCT, SHAPE_NONE, 16 },
	{ "c", "", TYPE_STRUCT, SHAPE_NONE, 16 }, { "d", "", TYPE_STRUCT, SHAPE_NONE, 16 },
	{ "e", "", TYPE_STRUCT, SHAPE_NONE, 16 },
};

static const struct task random_tasks[] = {
	{ .id = 1, .holder = 0, .first_frame = 0, .n_frames = 2 },
	{ .id = 2, .holder = NO_NODE, .system = true },
};

static const struct frame random_frames[] = {
	{ .task = 0, .level = 0, .function = "runtime.park", .system = true },
	{ .task = 0, .level = 1, .function = "main.main" },
};

struct graph *random_graph(uint64_t seed)
{
	/* Static, since the graph's lens goes on reading them: one graph at a time. */
	static struct synthetic_object objects[MAX_OBJECTS];
	static struct synthetic_edge edges[MAX_EDGES];
	static struct holder holders[MAX_HOLDERS];
	static struct root roots[MAX_ROOTS];
	uint64_t state = seed;
	uint32_t n = 1 + random_below(&state, MAX_OBJECTS);
	uint32_t n_edges = random_below(&state, n * 3 + 1);
	uint32_t n_holders = 1 + random_below(&state, MAX_HOLDERS);
	uint32_t n_roots = random_below(&state, MAX_ROOTS + 1);

	memset(objects, 0, sizeof objects);
	memset(edges, 0, sizeof edges);
	memset(holders, 0, sizeof holders);
	memset(roots, 0, sizeof roots);
	n_edges = n_edges > MAX_EDGES ? MAX_EDGES : n_edges;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t type = random_below(&state, TYPES + 1);

		objects[i].type = type == TYPES ? NO_NODE : type;
		objects[i].size = 16ull << random_below(&state, 4);
		objects[i].flags = (uint16_t)random_below(&state, KNOWN_EXACT + 1);
		objects[i].flags |= random_below(&state, 2) ? OBJECT_SURVIVED : 0;
	}
	for (uint32_t i = 0; i < n_edges; i++)
		edges[i] = (struct synthetic_edge){ .src = random_below(&state, n),
			.dst = random_below(&state, n), .strength = random_strength(&state) };
	for (uint32_t i = 0; i < n_holders; i++)
		holders[i] = (struct holder){ .kind = random_below(&state, HOLDER_RUNTIME + 1),
			.name = "h", .package = "", .type = NO_NODE,
			.task = random_below(&state, 3) ? NO_NODE : random_below(&state, 2) };
	for (uint32_t i = 0; i < n_roots; i++)
		roots[i] = (struct root){ .addr = 4096 + 8ull * random_below(&state, 16),
			.holder = random_below(&state, n_holders), .dst = random_below(&state, n),
			.frame = random_below(&state, 3) ? NO_NODE : random_below(&state, 2),
			.strength = (uint8_t)random_strength(&state) };
	return synthetic_graph(&(struct synthetic_spec){
		.objects = objects, .n_objects = n, .edges = edges, .n_edges = n_edges,
		.types = random_types, .n_types = TYPES, .holders = holders,
		.n_holders = n_holders, .roots = roots, .n_roots = n_roots,
		.tasks = random_tasks, .n_tasks = 2, .frames = random_frames, .n_frames = 2,
	});
}

static bool in(uint64_t set, uint32_t node)
{
	return set >> node & 1;
}

/* Everything reachable from SET along edges; those of the runtime only if ALL. */
static uint64_t closure(const struct graph *g, uint64_t set, bool all)
{
	uint64_t before;

	do {
		before = set;
		for (uint32_t src = 0; src < g->n_objects; src++)
			for (uint64_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++) {
				enum strength strength = graph_edge_strength(g, e);

				if (in(set, src) && strength != STRENGTH_WEAK &&
				    (all || strength != STRENGTH_RUNTIME))
					set |= 1ull << EDGE_NODE(g->fwd_dst[e]);
			}
	} while (set != before);
	return set;
}

static uint64_t root_set(const struct graph *g, bool all)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < g->n_roots; i++)
		if (g->roots[i].strength != STRENGTH_WEAK &&
		    (all || g->roots[i].strength != STRENGTH_RUNTIME))
			set |= 1ull << g->roots[i].dst;
	return set;
}

bool truly_holds(const struct graph *g, const struct truth *t, uint32_t src, uint64_t edge)
{
	uint32_t dst = EDGE_NODE(g->fwd_dst[edge]);
	enum strength strength = graph_edge_strength(g, edge);

	if (strength == STRENGTH_WEAK)
		return false;
	if (!in(t->strong, dst))
		return true;
	/* What something else reaches is held neither by bookkeeping nor by what that keeps. */
	return strength != STRENGTH_RUNTIME && !(in(t->live, src) && !in(t->strong, src));
}

bool root_truly_holds(const struct graph *g, const struct truth *t, uint32_t root)
{
	enum strength strength = (enum strength)g->roots[root].strength;

	return strength != STRENGTH_WEAK &&
	       (strength != STRENGTH_RUNTIME || !in(t->strong, g->roots[root].dst));
}

/* All nodes that the virtual root reaches without going through node GONE. */
static uint64_t reachable(const struct graph *g, const struct truth *t, uint32_t gone)
{
	uint64_t set = 1ull << graph_root_node(g), before;

	for (uint32_t h = 0; h < g->n_holders; h++)
		set |= 1ull << (g->n_objects + h);
	set &= ~(1ull << gone);
	do {
		before = set;
		for (uint32_t i = 0; i < g->n_roots; i++)
			if (in(set, g->n_objects + g->roots[i].holder) && root_truly_holds(g, t, i))
				set |= 1ull << g->roots[i].dst;
		for (uint32_t src = 0; src < g->n_objects; src++)
			for (uint64_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++)
				if (in(set, src) && src != gone && truly_holds(g, t, src, e))
					set |= 1ull << EDGE_NODE(g->fwd_dst[e]);
		set &= ~(1ull << gone);
	} while (set != before);
	return gone == graph_root_node(g) ? 0 : set;
}

static bool root_system(const struct graph *g, const struct root *r)
{
	uint32_t task = g->holders[r->holder].task;

	if (r->frame != NO_NODE)
		return g->frames[r->frame].system;
	return task != NO_NODE && g->tasks[task].system;
}

uint32_t root_rank(const struct graph *g, uint32_t root)
{
	const struct root *r = &g->roots[root];

	return (uint32_t)g->holders[r->holder].kind << 24 | (uint32_t)root_system(g, r) << 23 |
	       (uint32_t)r->addr << 7 | root;
}

static void relax(const struct graph *g, struct truth *t, uint32_t id, uint32_t depth,
		  uint32_t root, bool *changed)
{
	if (depth > t->depth[id] || (depth == t->depth[id] &&
	    root_rank(g, root) >= root_rank(g, t->root[id])))
		return;
	t->depth[id] = depth;
	t->root[id] = root;
	*changed = true;
}

static void find_nearest(const struct graph *g, struct truth *t)
{
	bool changed;

	memset(t->depth, 0xff, sizeof t->depth);
	do {
		changed = false;
		for (uint32_t i = 0; i < g->n_roots; i++)
			if (root_truly_holds(g, t, i))
				relax(g, t, g->roots[i].dst, 0, i, &changed);
		for (uint32_t src = 0; src < g->n_objects; src++)
			for (uint64_t e = g->fwd_row[src]; e < g->fwd_row[src + 1]; e++)
				if (t->depth[src] != NO_NODE && truly_holds(g, t, src, e))
					relax(g, t, EDGE_NODE(g->fwd_dst[e]), t->depth[src] + 1,
					      t->root[src], &changed);
	} while (changed);
}

void find_truth(const struct graph *g, struct truth *t)
{
	uint64_t all;

	memset(t, 0, sizeof *t);
	t->strong = closure(g, root_set(g, false), false);
	t->live = closure(g, root_set(g, true) | t->strong, true);
	all = reachable(g, t, RANDOM_NODES - 1);
	for (uint32_t gone = 0; gone <= graph_root_node(g); gone++) {
		uint64_t left = reachable(g, t, gone);

		for (uint32_t node = 0; node <= graph_root_node(g); node++)
			if (in(all & ~left, node))
				t->dominators[node] |= 1ull << gone;
	}
	find_nearest(g, t);
}

/* What subtrees of the dominator tree are made of: all of them level by level, each level on every
 * core, since one tree may be most of the heap. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/parallel.h"
#include "graph/suspects/rule.h"

#define GRAIN 2048

/* What an object is in a decoded JSON tree. */
enum role {
	ROLE_MAP, ROLE_ARRAY,
	ROLE_INSIDE,  /* a map's inside, or the box of a slice or string */
	ROLE_LEAF,    /* text, numbers, anything without pointers */
	ROLE_FOREIGN, /* nothing that a decoder makes */
};

/* An object whose children are to be counted, with how deep in the tree it is. */
struct step { uint32_t node; uint16_t depth; bool foreign; };

struct steps { struct step *items; uint64_t n, capacity; };

struct level {
	const struct graph *g;
	const uint8_t *roles;  /* of each type */
	const struct step *steps;
	struct anatomy sums[PARALLEL_MAX];
	struct steps next[PARALLEL_MAX];
	_Atomic bool failed;
};

static enum role role_of_type(const struct type *type)
{
	switch (type->shape) {
	case SHAPE_JSON_TREE: return type->kind == TYPE_MAP ? ROLE_MAP : ROLE_ARRAY;
	case SHAPE_MAP_PART: return ROLE_INSIDE;
	case SHAPE_BYTES: case SHAPE_TINY: return ROLE_LEAF;
	case SHAPE_NONE: break;
	default: return ROLE_FOREIGN;
	}
	return type->kind == TYPE_SLICE || type->kind == TYPE_STRING ? ROLE_INSIDE : ROLE_FOREIGN;
}

static enum role role_of(const struct level *level, uint32_t id)
{
	uint32_t type = level->g->type[id];
	enum role role = type < level->g->n_types ? level->roles[type] : ROLE_FOREIGN;

	return role == ROLE_FOREIGN && level->g->flags[id] & OBJECT_NOSCAN ? ROLE_LEAF : role;
}

static bool push(struct steps *steps, struct step step)
{
	struct step *place = GROW(steps->items, steps->n, steps->capacity);

	if (!place)
		return false;
	*place = step;
	steps->n++;
	return true;
}

/* Count object ID, found at a place like STEP's, and see to it that its children are. */
static void meet(struct level *level, unsigned worker, uint32_t id, struct step step)
{
	const struct graph *g = level->g;
	struct anatomy *sum = &level->sums[worker];
	enum role role = step.foreign ? ROLE_LEAF : role_of(level, id);

	sum->objects++;
	sum->maps += role == ROLE_MAP;
	sum->arrays += role == ROLE_ARRAY;
	if (role == ROLE_FOREIGN)
		sum->foreign_bytes += g->retained[id];
	step.node = id;
	step.foreign |= role == ROLE_FOREIGN;
	if ((role == ROLE_MAP || role == ROLE_ARRAY) && step.depth < UINT16_MAX)
		step.depth++;
	if (step.depth > sum->depth)
		sum->depth = step.depth;
	if (g->kid_row[id] < g->kid_row[id + 1] && !push(&level->next[worker], step))
		level->failed = true;
}

static void meet_children(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct level *level = ctx;
	const struct graph *g = level->g;

	for (uint64_t i = lo; i < hi; i++) {
		struct step step = level->steps[i];

		for (uint32_t k = g->kid_row[step.node]; k < g->kid_row[step.node + 1]; k++)
			meet(level, worker, g->kids[k], step);
	}
}

/* The workers' lists as one; they are empty after. */
static bool join(struct level *level, struct steps *out, struct error *err)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < PARALLEL_MAX; w++)
		n += level->next[w].n;
	if (n > out->capacity) {
		free(out->items);
		out->capacity = n;
		out->items = array_new(n, sizeof *out->items, "suspects", err);
		if (!out->items)
			return false;
	}
	out->n = 0;
	for (unsigned w = 0; w < PARALLEL_MAX; w++) {
		struct steps *from = &level->next[w];

		if (from->n)
			memcpy(out->items + out->n, from->items, from->n * sizeof *from->items);
		out->n += from->n;
		from->n = 0;
	}
	return true;
}

static bool descend(const struct hunt *hunt, struct level *level, struct error *err)
{
	struct steps steps = { 0 };
	bool ok = join(level, &steps, err);

	while (ok && steps.n) {
		level->steps = steps.items;
		parallel_for(steps.n, GRAIN, meet_children, level);
		ok = (!level->failed || fail_memory(err, "suspects")) &&
		     !array_cancelled(hunt->progress, err) && join(level, &steps, err);
	}
	free(steps.items);
	return ok;
}

static void add_up(const struct level *level, struct anatomy *out)
{
	*out = (struct anatomy){ 0 };
	for (unsigned w = 0; w < PARALLEL_MAX; w++) {
		const struct anatomy *sum = &level->sums[w];

		out->objects += sum->objects;
		out->maps += sum->maps;
		out->arrays += sum->arrays;
		out->foreign_bytes += sum->foreign_bytes;
		if (sum->depth > out->depth)
			out->depth = sum->depth;
	}
}

bool hunt_anatomy(const struct hunt *hunt, const struct finding *items, uint32_t n,
		  struct anatomy *out, struct error *err)
{
	const struct graph *g = hunt->g;
	autofree uint8_t *roles = array_new(g->n_types, sizeof *roles, "suspects", err);
	struct level level = { .g = g, .roles = roles };
	bool ok;

	if (!roles)
		return false;
	for (uint32_t t = 0; t < g->n_types; t++)
		roles[t] = (uint8_t)role_of_type(&g->types[t]);
	for (uint32_t i = 0; i < n; i++)
		meet(&level, 0, items[i].object, (struct step){ 0 });
	ok = level.failed ? fail_memory(err, "suspects") : descend(hunt, &level, err);
	for (unsigned w = 0; w < PARALLEL_MAX; w++)
		free(level.next[w].items);
	add_up(&level, out);
	return ok;
}

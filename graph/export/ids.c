#include "graph/export/ids.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

/* Object number i of those with a name has the id 2 * (i + 1); those without have odd ones. */
struct ids {
	Agraph_t *graph;
	char **names;         /* the graph's own copies (agstrdup), as its writer wants them */
	uint32_t n, capacity;
	uint32_t *table;      /* hash table of numbers + 1, linear probing */
	uint32_t size;        /* a power of two, at least twice n */
	uint64_t anonymous;
};

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

/* The place of NAME in the table, or the empty one where it belongs. */
static uint32_t *place_of(const struct ids *ids, const char *name)
{
	uint32_t at = hash(name) & (ids->size - 1);

	while (ids->table[at] && strcmp(ids->names[ids->table[at] - 1], name) != 0)
		at = (at + 1) & (ids->size - 1);
	return &ids->table[at];
}

static bool make_room(struct ids *ids)
{
	uint32_t size = ids->size ? 2 * ids->size : 64;
	uint32_t *table;

	if (2 * (ids->n + 1) <= ids->size)
		return true;
	table = calloc(size, sizeof *table);
	if (!table)
		return false;
	free(ids->table);
	ids->table = table;
	ids->size = size;
	for (uint32_t i = 0; i < ids->n; i++)
		*place_of(ids, ids->names[i]) = i + 1;
	return true;
}

static bool add_name(struct ids *ids, const char *name)
{
	char **slot;

	if (!make_room(ids) || !(slot = GROW(ids->names, ids->n, ids->capacity)) || !(*slot = agstrdup(ids->graph, (char *)name)))
		return false;
	ids->n++;
	*place_of(ids, name) = ids->n;
	return true;
}

static void *ids_open(Agraph_t *g, Agdisc_t *discipline)
{
	struct ids *ids = calloc(1, sizeof *ids);

	if (ids)
		ids->graph = g;
	return ids;
}

static long ids_map(void *state, int kind, char *name, IDTYPE *id, int create)
{
	struct ids *ids = state;
	uint32_t number;

	if (!ids)
		return 0;
	if (!name) {
		*id = 2 * ids->anonymous++ + 1;
		return create;
	}
	number = ids->size ? *place_of(ids, name) : 0;
	if (!number && create && add_name(ids, name))
		number = ids->n;
	*id = 2ull * number;
	return number != 0;
}

static long ids_alloc(void *state, int kind, IDTYPE id)
{
	return 0; /* nobody chooses a number here */
}

static void ids_release(void *state, int kind, IDTYPE id)
{
}

static char *ids_print(void *state, int kind, IDTYPE id)
{
	const struct ids *ids = state;

	return id % 2 || !id || id / 2 > ids->n ? NULL : ids->names[id / 2 - 1];
}

static void ids_close(void *state)
{
	struct ids *ids = state;

	if (ids) {
		free(ids->names);
		free(ids->table);
	}
	free(ids);
}

static void ids_register(void *state, int kind, void *object)
{
}

static Agiddisc_t ids = { ids_open, ids_map, ids_alloc, ids_release, ids_print, ids_close, ids_register };

Agdisc_t ids_discipline = { &AgMemDisc, &ids, &AgIoDisc };

/* Both designs of Go's maps, read the same way: their parts, and their entries in slot order
 * (runtime/map.go to 1.23; internal/runtime/maps from 1.24 on). */
#ifndef GORETAIN_PROBES_GO_MAPS_H
#define GORETAIN_PROBES_GO_MAPS_H

#include "probes/go/forms.h"

/* A map's header as it stands in memory, checked. */
struct map_view {
	struct go *go;
	const struct rtype *type;
	uint64_t header;      /* address */
	uint64_t entries;     /* as its header says */
	/* buckets */
	uint64_t buckets, n_buckets, old_buckets, n_old_buckets, extra;
	uint64_t most_overflow; /* buckets hung behind them; more is a chain that leads into itself */
	/* Swiss */
	uint64_t directory, n_tables; /* n_tables 0: `directory` is the one group, or 0 */
};

/* Read the header at ADDR of a map of type TYPE. False if it makes no sense. */
bool map_open(struct map_view *map, struct go *go, const struct types *types, uint32_t type,
	      uint64_t addr);

/* Call FN for each part of the map beside its header: N elements of FORM at ADDR. Overflow buckets
 * come one by one. */
typedef void (*map_part_fn)(void *arg, enum form form, uint64_t addr, uint64_t n);
void map_parts(const struct map_view *map, map_part_fn fn, void *arg);

/* One full slot. Keys and elements that the map keeps outside are resolved. */
struct map_slot {
	uint64_t number;  /* counted over all cells, so that it is the same each time */
	uint64_t key, elem; /* addresses of the values */
};

struct map_cursor {
	const struct map_view *map;
	uint64_t number;        /* of the next cell */
	uint64_t outer, inner;  /* table and group, or bucket and its place in the chain */
	uint64_t block, n_blocks; /* current groups, or the current bucket */
	uint64_t last_table;
	unsigned cell;          /* of eight */
	bool old;               /* walking the old buckets */
	uint64_t overflow, misses; /* buckets hung behind others; those that are not here */
};

void map_begin(struct map_cursor *cursor, const struct map_view *map);
bool map_next(struct map_cursor *cursor, struct map_slot *slot);

/* Slots there are, full or not. */
uint64_t map_slots(const struct map_view *map);

#endif

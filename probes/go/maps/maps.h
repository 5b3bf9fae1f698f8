/* Both designs of Go's maps, and sync.Map, read the same way: their parts, and their entries in slot
 * order (runtime/map.go to 1.23; internal/runtime/maps from 1.24 on; sync.h). */
#ifndef GORETAIN_PROBES_GO_MAPS_MAPS_H
#define GORETAIN_PROBES_GO_MAPS_MAPS_H

#include <stdatomic.h>

#include "probes/go/maps/sync.h"
#include "probes/go/typing/forms.h"

/* A map's header as it stands in memory, checked. */
struct map_view {
	struct go *go;
	const struct rtype *type;
	uint32_t key, elem;   /* types */
	uint64_t header;      /* address */
	uint64_t entries;     /* as its header says; of a sync.Map, as they were counted */
	/* buckets */
	uint64_t buckets, n_buckets, old_buckets, n_old_buckets, extra;
	uint64_t most_overflow; /* buckets hung behind them; more is a chain that leads into itself */
	/* Swiss */
	uint64_t directory, n_tables; /* n_tables 0: `directory` is the one group, or 0 */
	/* sync.Map and the like, at `self`. One made of two maps is seen through the one of them that
	 * has all entries: that is what stands above then, but for the element's type. */
	struct sync_layout sync;
	uint64_t self;
	struct sync_trie trie;
	struct types *types;
};

/* Read the header at ADDR of a map, a sync.Map or a hash trie of type TYPE. False if it makes no sense,
 * or TYPE is none of them. The view is where it was opened: it must not be copied. */
bool map_open(struct map_view *map, struct go *go, struct types *types, uint32_t type,
	      uint64_t addr);

/* Call FN for each part of the map beside its header: N elements of FORM at ADDR. Overflow buckets
 * come one by one, also where they lie behind an array of buckets; nodes and entries of a sync.Map as
 * FORM_VALUE, its maps' headers as FORM_MAP. */
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
	uint64_t found;         /* full cells of buckets */
	bool sought;            /* looked for one on its way from the old to the new buckets */
	struct sync_walk walk;
};

void map_begin(struct map_cursor *cursor, const struct map_view *map);
bool map_next(struct map_cursor *cursor, struct map_slot *slot);

/* Slots there are, full or not. */
uint64_t map_slots(const struct map_view *map);

/* Maps that are what they seem have less than all memory together; those that share their tables would be
 * walked for ever. May MAP be looked at, SPENT on others being what it is? Adds to that, and tells the
 * map's slots. A map that is refused for its own sake costs the others nothing. Any thread. */
bool map_affordable(const struct map_view *map, _Atomic uint64_t *spent, uint64_t *slots);

/* Where a map whose header is at HEADER has its first groups or buckets, whatever its type; 0 if it has none. */
uint64_t map_first_block(const struct go *go, uint64_t header);

/* Where in a map's header the pointer to its buckets, group or directory is, in both designs. */
#define MAP_FIRST_POINTER 16u

#endif

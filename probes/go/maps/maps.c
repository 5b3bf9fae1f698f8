#include "probes/go/maps/maps.h"

#include <string.h>

#define CELLS 8u /* of a bucket or group */
#define MAX_TABLES (1ull << 32)
#define MAX_GROUPS 128u /* of one table */
#define MAX_MISSES 65536u /* buckets that are not here: behind so many, no more are looked for */

/* hmap (runtime/map.go) */
enum { HMAP_FLAGS = 8, HMAP_B = 9, HMAP_BUCKETS = 16, HMAP_OLD_BUCKETS = 24 };
enum { HMAP_SAME_SIZE_GROW = 8 };
enum { TOPHASH_EVACUATED_X = 2, TOPHASH_EVACUATED_EMPTY = 4, TOPHASH_MIN = 5 };
/* maps.Map and maps.table (internal/runtime/maps) */
enum { MAP_DIR_PTR = 16, MAP_DIR_LEN = 24, MAP_DEPTH = 32 };
enum { TABLE_DEPTH = 6, TABLE_GROUPS = 16, TABLE_MASK = 24 };
enum { CTRL_EMPTY_OR_DELETED = 0x80 };

_Static_assert(HMAP_BUCKETS == MAP_FIRST_POINTER && MAP_DIR_PTR == MAP_FIRST_POINTER,
	       "what frame_maps.c looks for in frames");

static bool plain_next(struct map_cursor *c, struct map_slot *slot);

static bool swiss(const struct map_view *map)
{
	return map->go->layout.maps == MAPS_SWISS;
}

/* How many of N buckets at ADDR are here, up to the first that is not. */
static uint64_t present_buckets(const struct map_view *map, uint64_t addr, uint64_t n)
{
	const uint8_t *bytes;

	return addr ? image_run(map->go->image, addr, n * map->type->bucket_size, &bytes) /
		      map->type->bucket_size : 0;
}

static bool open_buckets(struct map_view *map)
{
	struct image *image = map->go->image;
	uint8_t b = image_u8(image, map->header + HMAP_B);

	if (b > 40 || !map->type->bucket_size)
		return false;
	map->buckets = image_u64(image, map->header + HMAP_BUCKETS);
	map->n_buckets = map->buckets ? 1ull << b : 0;
	map->old_buckets = image_u64(image, map->header + HMAP_OLD_BUCKETS);
	map->extra = image_u64(image, map->header +
					(uint64_t)map->go->layout.hmap_extra);
	if (map->old_buckets)
		map->n_old_buckets = image_u8(image, map->header + HMAP_FLAGS) &
				     HMAP_SAME_SIZE_GROW || !b ? 1ull << b : 1ull << (b - 1);
	/* A map grows before it has more overflow buckets than others (tooManyOverflowBuckets). */
	map->most_overflow = 64 + 4 * (present_buckets(map, map->buckets, map->n_buckets) +
				       present_buckets(map, map->old_buckets, map->n_old_buckets));
	return true;
}

uint64_t map_first_block(const struct go *go, uint64_t header)
{
	struct image *image = go->image;
	uint64_t first = image_u64(image, header + MAP_FIRST_POINTER);

	if (go->layout.maps != MAPS_SWISS || !image_u64(image, header + MAP_DIR_LEN))
		return first;
	return image_u64(image, image_u64(image, first) + TABLE_GROUPS);
}

static uint64_t directory_at(const struct map_view *map, uint64_t i)
{
	return image_u64(map->go->image, map->directory + 8 * i);
}

/* Has the directory just been doubled, but not its length (Map.installTableSplit)? Every table stands
 * in it twice then; in the old one that which was too small for a split stood once. */
static bool just_doubled(const struct map_view *map)
{
	uint8_t depth = image_u8(map->go->image, map->header + MAP_DEPTH);

	if (!map->n_tables || depth >= 32 || 1ull << depth != 2 * map->n_tables ||
	    !image_at(map->go->image, map->directory, 8 * map->n_tables))
		return false;
	for (uint64_t i = 0; i < map->n_tables; i++)
		if (directory_at(map, 2 * (i / 2)) != directory_at(map, i))
			return false;
	return directory_at(map, 2 * map->n_tables - 1) != 0;
}

static bool open_swiss(struct map_view *map)
{
	struct image *image = map->go->image;

	map->directory = image_u64(image, map->header + MAP_DIR_PTR);
	map->n_tables = image_u64(image, map->header + MAP_DIR_LEN);
	if (map->n_tables >= MAX_TABLES || map->n_tables & (map->n_tables - 1) ||
	    map->type->group_size < 8)
		return false;
	if (just_doubled(map))
		map->n_tables *= 2;
	return true;
}

static bool open_plain(struct map_view *map, struct go *go, const struct rtype *t, uint64_t addr)
{
	if (!image_at(go->image, addr, 48))
		return false;
	*map = (struct map_view){ .go = go, .type = t, .key = t->key, .elem = t->elem,
				  .header = addr };
	map->entries = image_u64(go->image, addr);
	return swiss(map) ? open_swiss(map) : open_buckets(map);
}

/* sync.readOnly: a map, and whether the other one has more. */
enum { READ_ONLY_MAP = 0, READ_ONLY_AMENDED = 8 };

/* The headers of a sync.Map's two maps, 0 where it has none; in *BEHIND whether the second has
 * all. */
static void two_maps(struct image *image, const struct sync_layout *sync, uint64_t self,
		     uint64_t headers[2], bool *behind)
{
	uint64_t read = image_u64(image, self + sync->read);

	headers[0] = read ? image_u64(image, read + READ_ONLY_MAP) : 0;
	headers[1] = image_u64(image, self + sync->dirty);
	*behind = read ? image_u8(image, read + READ_ONLY_AMENDED) : headers[1] != 0;
}

static bool open_sync(struct map_view *map, struct go *go, struct types *types,
		      const struct sync_layout *sync, uint64_t addr)
{
	struct map_cursor cursor;
	struct map_slot slot;
	uint64_t headers[2], header;
	bool behind;

	*map = (struct map_view){ .go = go };
	if (sync->design == SYNC_TWO_MAPS) {
		two_maps(go->image, sync, addr, headers, &behind);
		header = headers[behind];
		if (header && !open_plain(map, go, types_get(types, sync->table), header))
			return false;
	}
	map->sync = *sync;
	map->self = addr;
	map->types = types;
	map->key = sync->key;
	map->elem = sync->elem;
	map->trie = (struct sync_trie){ go->image, &map->sync, 0 };
	if (sync->design == SYNC_TRIE)
		map->trie.root = image_u64(go->image, addr + sync->root);
	map->entries = 0;
	map_begin(&cursor, map);
	while (map_next(&cursor, &slot))
		map->entries++;
	return true;
}

bool map_open(struct map_view *map, struct go *go, struct types *types, uint32_t type,
	      uint64_t addr)
{
	const struct rtype *t = types_find(types, type);
	struct sync_layout sync;

	if (t && t->kind == KIND_MAP)
		return open_plain(map, go, t, addr);
	return sync_layout_of(types, type, &sync) && image_at(go->image, addr, t->size) &&
	       open_sync(map, go, types, &sync, addr);
}

/* ---- parts ---- */

/* Buckets hung behind bucket number I of an array, since 8 cells were not enough. */
static uint64_t overflow_of(const struct map_view *map, uint64_t bucket)
{
	return image_u64(map->go->image, bucket + map->type->bucket_size - 8);
}

static void overflow_parts(const struct map_view *map, uint64_t buckets, uint64_t n,
			   map_part_fn fn, void *arg)
{
	uint64_t size = map->type->bucket_size, steps = 0;

	for (uint64_t i = 0; i < n && image_at(map->go->image, buckets + i * size, size); i++) {
		uint64_t next = overflow_of(map, buckets + i * size);

		for (; next && steps < map->most_overflow; steps++) {
			fn(arg, FORM_MAP_BUCKETS, next, 1);
			next = overflow_of(map, next);
		}
	}
}

static void bucket_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	if (map->buckets) {
		fn(arg, FORM_MAP_BUCKETS, map->buckets, map->n_buckets);
		overflow_parts(map, map->buckets, map->n_buckets, fn, arg);
	}
	if (map->old_buckets) {
		fn(arg, FORM_MAP_BUCKETS, map->old_buckets, map->n_old_buckets);
		overflow_parts(map, map->old_buckets, map->n_old_buckets, fn, arg);
	}
	if (map->extra)
		fn(arg, FORM_MAP_EXTRA, map->extra, 1);
}

/* How many places of the directory a table has, by its depth. */
static uint64_t places_of(const struct map_view *map, uint64_t table)
{
	uint8_t depth = image_u8(map->go->image, table + TABLE_DEPTH);

	return depth < 32 && map->n_tables >> depth ? map->n_tables >> depth : 1;
}

/* The table at place *AT of the directory, and *AT behind its places. While a table is replaced, by a
 * larger one or by two (table.grow, Map.installTableSplit), the first of its places lead to the new and
 * the others to the old one, which has all of its entries until that is done. */
static uint64_t next_in_directory(const struct map_view *map, uint64_t *at)
{
	uint64_t i = *at, table = directory_at(map, i), places = places_of(map, table);

	for (uint64_t reach = places; reach <= 2 * places; reach *= 2) {
		uint64_t last;

		if (i & (reach - 1) || map->n_tables - i < reach)
			break;
		last = directory_at(map, i + reach - 1);
		if (last != table && i % places_of(map, last) == 0 && places_of(map, last) >= reach) {
			table = last;
			places = places_of(map, last);
			break;
		}
	}
	*at = i + places;
	return table;
}

static void swiss_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	struct image *image = map->go->image;
	uint64_t last = 0;

	if (!map->n_tables) {
		if (map->directory)
			fn(arg, FORM_MAP_GROUPS, map->directory, 1);
		return;
	}
	fn(arg, FORM_MAP_DIRECTORY, map->directory, map->n_tables);
	for (uint64_t i = 0; i < map->n_tables; i++) {
		uint64_t table = directory_at(map, i), groups;

		if (!table)
			return;
		if (table == last) /* stands in several places, one after the other */
			continue;
		last = table;
		fn(arg, FORM_MAP_TABLE, table, 1);
		groups = image_u64(image, table + TABLE_GROUPS);
		if (groups)
			fn(arg, FORM_MAP_GROUPS, groups, image_u64(image, table + TABLE_MASK) + 1);
	}
}

static void plain_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	if (swiss(map))
		swiss_parts(map, fn, arg);
	else
		bucket_parts(map, fn, arg);
}

static void trie_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	struct sync_walk walk = { .trie = &map->trie };
	uint64_t node;
	bool is_entry;

	while ((node = sync_next(&walk, &is_entry)))
		fn(arg, FORM_VALUE, node, 1);
}

/* The entries of one of a sync.Map's maps with what they lead to; with DELETED those only that the
 * other one does not have. */
static void entry_parts(const struct map_view *map, bool deleted, map_part_fn fn, void *arg)
{
	struct map_cursor cursor;
	struct map_slot slot;

	map_begin(&cursor, map);
	while (plain_next(&cursor, &slot)) {
		uint64_t entry = image_u64(map->go->image, slot.elem);
		uint64_t value = sync_entry_value(map->go, entry);

		if (deleted && (value || !image_u64(map->go->image, entry)))
			continue;
		fn(arg, FORM_VALUE, entry, 1);
		if (value)
			fn(arg, FORM_VALUE, value, 1);
	}
}

static void two_maps_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	uint64_t read = image_u64(map->go->image, map->self + map->sync.read), headers[2];
	bool behind;

	two_maps(map->go->image, &map->sync, map->self, headers, &behind);
	if (read)
		fn(arg, FORM_VALUE, read, 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct rtype *table = types_get(map->types, map->sync.table);
		struct map_view one;

		if (!headers[i] || !open_plain(&one, map->go, table, headers[i]))
			continue;
		fn(arg, FORM_MAP, headers[i], 1);
		plain_parts(&one, fn, arg);
		if (i == behind || behind)
			entry_parts(&one, i != behind, fn, arg);
	}
}

void map_parts(const struct map_view *map, map_part_fn fn, void *arg)
{
	switch (map->sync.design) {
	case SYNC_NONE: plain_parts(map, fn, arg); break;
	case SYNC_TWO_MAPS: two_maps_parts(map, fn, arg); break;
	case SYNC_TRIE: trie_parts(map, fn, arg); break;
	}
}

static void sum_slots(void *arg, enum form form, uint64_t addr, uint64_t n)
{
	uint64_t *slots = arg;

	if (form == FORM_MAP_BUCKETS)
		*slots += CELLS * n;
}

static uint64_t plain_slots(const struct map_view *map)
{
	uint64_t slots = 0, last = 0;

	if (!swiss(map))
		bucket_parts(map, sum_slots, &slots);
	else if (!map->n_tables)
		return map->directory ? CELLS : 0;
	for (uint64_t i = 0; i < map->n_tables;) {
		uint64_t table = next_in_directory(map, &i);
		uint64_t groups = image_u64(map->go->image, table + TABLE_MASK) + 1;

		if (!table)
			break;
		if (table != last && groups <= MAX_GROUPS)
			slots += CELLS * groups;
		last = table;
	}
	return slots;
}

/* Of a trie: its inner nodes' children. */
static uint64_t trie_slots(const struct map_view *map)
{
	struct sync_walk walk = { .trie = &map->trie };
	uint64_t slots = 0;
	bool is_entry;

	while (sync_next(&walk, &is_entry))
		slots += is_entry ? 0 : SYNC_CHILDREN;
	return slots;
}

uint64_t map_slots(const struct map_view *map)
{
	if (map->sync.design == SYNC_TRIE)
		return trie_slots(map);
	return map->type ? plain_slots(map) : 0;
}

/* Words of the directory, or buckets, that are here: what it takes to count slots. */
static uint64_t present_parts(const struct map_view *map)
{
	const uint8_t *bytes;

	if (map->sync.design != SYNC_NONE || !map->type)
		return 1;
	if (swiss(map))
		return 1 + image_run(map->go->image, map->directory, 8 * map->n_tables, &bytes) / 8;
	return 1 + present_buckets(map, map->buckets, map->n_buckets) +
	       present_buckets(map, map->old_buckets, map->n_old_buckets);
}

bool map_affordable(const struct map_view *map, _Atomic uint64_t *spent, uint64_t *slots)
{
	uint64_t most = image_most(map->go->image), parts = present_parts(map);

	*slots = 0;
	if (atomic_fetch_add(spent, parts) > most)
		return false;
	*slots = map_slots(map);
	return *slots <= most && atomic_fetch_add(spent, *slots) <= most;
}

/* ---- entries ---- */

void map_begin(struct map_cursor *c, const struct map_view *map)
{
	*c = (struct map_cursor){ .map = map, .old = map->n_old_buckets > 0,
				  .walk.trie = &map->trie };
}

/* Keys and elements larger than 128 bytes lie elsewhere, the cell has a pointer. */
static uint64_t resolve(const struct map_view *map, uint64_t addr, bool indirect)
{
	return indirect ? image_u64(map->go->image, addr) : addr;
}

static void emit(const struct map_cursor *c, uint64_t key, uint64_t elem, struct map_slot *slot)
{
	slot->number = c->number - 1;
	slot->key = resolve(c->map, key, c->map->type->indirect_key);
	slot->elem = resolve(c->map, elem, c->map->type->indirect_elem);
}

/* Has the old bucket been moved into the new array? Its cells are stale then. */
static bool evacuated(const struct map_view *map, uint64_t bucket)
{
	uint8_t top = image_u8(map->go->image, bucket);

	return top >= TOPHASH_EVACUATED_X && top <= TOPHASH_EVACUATED_EMPTY;
}

/* Is the old bucket from which bucket number I was made, or may still be, in the image? */
static bool old_is_here(const struct map_view *map, uint64_t i)
{
	return image_at(map->go->image,
			map->old_buckets + (i & (map->n_old_buckets - 1)) * map->type->bucket_size, 1);
}

/* The first bucket of the next chain that counts: of new ones those whose old one was moved, or is just
 * being. All old ones do: of a chain caught on the move, some cells are still to go, and those that
 * have gone say so one by one. False at the end. */
static bool next_chain(struct map_cursor *c)
{
	const struct map_view *map = c->map;
	uint64_t size = map->type->bucket_size;

	for (;;) {
		uint64_t i = c->outer++;
		bool moved;

		if (c->old && i >= map->n_old_buckets) {
			c->old = false;
			c->outer = 0;
			continue;
		}
		if (!c->old && i >= map->n_buckets)
			return false;
		moved = !map->n_old_buckets ||
			evacuated(map, map->old_buckets + (i & (map->n_old_buckets - 1)) * size);
		if (!c->old && !moved) {
			if (!old_is_here(map, i) && ++c->misses > MAX_MISSES)
				return false;
			continue;
		}
		c->block = (c->old ? map->old_buckets : map->buckets) + i * size;
		if (image_at(map->go->image, c->block, size))
			return true;
		if (++c->misses > MAX_MISSES)
			return false;
	}
}

/* Has the chain that begins at BUCKET a cell whose key has the same bytes as that at KEY? */
static bool has_key(const struct map_view *map, uint64_t bucket, const uint8_t *key)
{
	uint64_t size = map->type->key_size, steps = 0;

	for (; bucket && steps <= map->most_overflow; steps++, bucket = overflow_of(map, bucket))
		for (unsigned cell = 0; cell < CELLS; cell++) {
			const uint8_t *here = image_at(map->go->image, bucket + CELLS + cell * size, size);

			if (here && image_u8(map->go->image, bucket + cell) >= TOPHASH_MIN &&
			    !memcmp(here, key, size))
				return true;
		}
	return false;
}

static bool is_zero(const struct map_view *map, uint64_t addr, uint64_t n)
{
	const uint8_t *bytes = image_at(map->go->image, addr, n);

	while (bytes && n && !bytes[n - 1])
		n--;
	return !bytes || !n;
}

/* The bucket of the old chain number I, and in *CELL the cell, that was last marked as moved; 0 if none
 * was. Cells are moved in order. */
static uint64_t last_moved(const struct map_view *map, uint64_t i, unsigned *cell)
{
	uint64_t bucket = map->old_buckets + i * map->type->bucket_size, found = 0, steps = 0;

	for (; bucket && steps <= map->most_overflow; steps++, bucket = overflow_of(map, bucket))
		for (unsigned k = 0; k < CELLS; k++) {
			uint8_t top = image_u8(map->go->image, bucket + k);

			if (top < TOPHASH_EVACUATED_X || top >= TOPHASH_EVACUATED_EMPTY)
				continue;
			found = bucket;
			*cell = k;
		}
	return found;
}

/* A cell is marked as moved before it is written where it goes (evacuate), perhaps to a bucket that has to
 * be allocated first. If one is missing in the count, it is that. */
static bool in_transit(struct map_cursor *c, struct map_slot *slot)
{
	const struct map_view *map = c->map;
	const struct rtype *t = map->type;

	if (c->sought || !map->n_old_buckets || c->found + 1 != image_u64(map->go->image, map->header))
		return false;
	c->sought = true;
	for (uint64_t i = 0; i < map->n_old_buckets && old_is_here(map, i); i++) {
		unsigned cell = 0;
		uint64_t bucket = last_moved(map, i, &cell), to = i;
		uint64_t key = bucket + CELLS + cell * (uint64_t)t->key_size;
		uint64_t elem = bucket + CELLS + CELLS * (uint64_t)t->key_size +
				cell * (uint64_t)t->elem_size;
		const uint8_t *bytes = bucket ? image_at(map->go->image, key, t->key_size) : NULL;

		/* Chains that were moved as a whole are cleared. */
		if (!bytes || (is_zero(map, key, t->key_size) && is_zero(map, elem, t->elem_size)))
			continue;
		if (image_u8(map->go->image, bucket + cell) != TOPHASH_EVACUATED_X)
			to += map->n_old_buckets;
		if (to >= map->n_buckets || has_key(map, map->buckets + to * t->bucket_size, bytes))
			continue;
		c->number++;
		emit(c, key, elem, slot);
		return true;
	}
	return false;
}

static bool next_bucket_slot(struct map_cursor *c, struct map_slot *slot)
{
	const struct map_view *map = c->map;
	const struct rtype *t = map->type;

	for (;;) {
		if (!c->block && !next_chain(c))
			return in_transit(c, slot);
		for (; c->cell < CELLS; c->cell++) {
			uint8_t top = image_u8(map->go->image, c->block + c->cell);
			unsigned cell = c->cell;

			c->number++;
			if (top < TOPHASH_MIN)
				continue;
			c->cell++;
			c->found++;
			emit(c, c->block + CELLS + cell * (uint64_t)t->key_size,
			     c->block + CELLS + CELLS * (uint64_t)t->key_size +
				     cell * (uint64_t)t->elem_size, slot);
			return true;
		}
		c->cell = 0;
		c->block = overflow_of(map, c->block);
		if (c->block && (++c->overflow > map->most_overflow ||
				 !image_at(map->go->image, c->block, t->bucket_size)))
			c->block = 0;
	}
}

/* The next array of groups: the one group of a small map, or those of the next table. */
static bool next_table(struct map_cursor *c)
{
	const struct map_view *map = c->map;
	struct image *image = map->go->image;

	c->inner = 0;
	if (!map->n_tables) {
		c->block = map->directory;
		c->n_blocks = 1;
		return c->outer++ == 0 && c->block;
	}
	while (c->outer < map->n_tables) {
		uint64_t table = next_in_directory(map, &c->outer);

		if (!table)
			return false;
		if (table == c->last_table)
			continue;
		c->last_table = table;
		c->block = image_u64(image, table + TABLE_GROUPS);
		c->n_blocks = image_u64(image, table + TABLE_MASK) + 1;
		if (c->n_blocks <= MAX_GROUPS)
			return true;
	}
	return false;
}

static bool next_swiss_slot(struct map_cursor *c, struct map_slot *slot)
{
	const struct rtype *t = c->map->type;

	for (;;) {
		uint64_t group;

		if (c->inner >= c->n_blocks && !next_table(c))
			return false;
		group = c->block + c->inner * t->group_size;
		if (!image_at(c->map->go->image, group, t->group_size))
			c->cell = CELLS;
		while (c->cell < CELLS) {
			unsigned cell = c->cell++;

			c->number++;
			if (image_u8(c->map->go->image, group + cell) & CTRL_EMPTY_OR_DELETED)
				continue;
			emit(c, group + t->keys_offset + cell * (uint64_t)t->key_stride,
			     group + t->elems_offset + cell * (uint64_t)t->elem_stride, slot);
			return true;
		}
		c->cell = 0;
		c->inner++;
	}
}

static bool plain_next(struct map_cursor *c, struct map_slot *slot)
{
	if (!c->map->type)
		return false;
	return swiss(c->map) ? next_swiss_slot(c, slot) : next_bucket_slot(c, slot);
}

static bool trie_next(struct map_cursor *c, struct map_slot *slot)
{
	const struct sync_layout *sync = &c->map->sync;
	uint64_t node;
	bool is_entry;

	while ((node = sync_next(&c->walk, &is_entry)))
		if (is_entry) {
			*slot = (struct map_slot){ c->number++, node + sync->key_at,
						   node + sync->elem_at };
			return true;
		}
	return false;
}

/* The cells of the map that a sync.Map is seen through, but for what was deleted. */
static bool entry_next(struct map_cursor *c, struct map_slot *slot)
{
	while (plain_next(c, slot)) {
		slot->elem = sync_entry_value(c->map->go,
					      image_u64(c->map->go->image, slot->elem));
		if (slot->elem)
			return true;
	}
	return false;
}

bool map_next(struct map_cursor *c, struct map_slot *slot)
{
	switch (c->map->sync.design) {
	case SYNC_TWO_MAPS: return entry_next(c, slot);
	case SYNC_TRIE: return trie_next(c, slot);
	default: return plain_next(c, slot);
	}
}

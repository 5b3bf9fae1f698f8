/* The tables maps and map_entries. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/lens.h"
#include "graph/sql/module.h"

static uint64_t count_maps(const struct graph *g)
{
	return graph_stage(g) >= STAGE_EDGES ? g->n_maps : 0;
}

/* --- maps --- */

static const struct map *map_of_row(const struct sql_row *row)
{
	return &row->g->maps[row->number];
}

static void map_object(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, graph_map_in(map_of_row(row)));
}

static void map_addr(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, map_of_row(row)->addr);
}

static void map_type(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_type_name(row->g, map_of_row(row)->type));
}

static void map_key_type(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_type_name(row->g, map_of_row(row)->key_type));
}

static void map_elem_type(struct sql_row *row, struct sql_value *v)
{
	sql_set_text(v, sql_type_name(row->g, map_of_row(row)->elem_type));
}

static void map_boxes(struct sql_row *row, struct sql_value *v)
{
	enum boxes boxes = map_of_row(row)->boxes;

	sql_set_text(v, boxes == BOXES_EMPTY ? "empty" : boxes == BOXES_METHODS ? "methods" : NULL);
}

/* Columns that are just a number of struct map. */
#define MAP_NUMBER(field) \
	static void map_##field(struct sql_row *row, struct sql_value *v) \
	{ \
		sql_set_integer(v, map_of_row(row)->field); \
	}

MAP_NUMBER(entries)
MAP_NUMBER(slots)
MAP_NUMBER(table_bytes)
MAP_NUMBER(boxed_keys)
MAP_NUMBER(boxed_key_bytes)
MAP_NUMBER(boxed_values)
MAP_NUMBER(boxed_bytes)
MAP_NUMBER(live)

static void map_retained(struct sql_row *row, struct sql_value *v)
{
	uint64_t retained = graph_map_retained(row->g, map_of_row(row));

	if (retained)
		sql_set_integer(v, retained);
}

static void map_holder(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, graph_map_holder(row->g, map_of_row(row)));
}

static const struct sql_column map_columns[] = {
	{ "id", "INTEGER", sql_number, STAGE_EDGES, ACCESS_ROW, .unique = true },
	{ "object", "INTEGER", map_object, STAGE_EDGES, ACCESS_INDEX, .keys = count_maps },
	{ "addr", "INTEGER", map_addr, STAGE_EDGES, ACCESS_INDEX, .keys = count_maps },
	{ "type", "TEXT", map_type, STAGE_EDGES, ACCESS_INDEX },
	{ "key_type", "TEXT", map_key_type, STAGE_EDGES },
	{ "elem_type", "TEXT", map_elem_type, STAGE_EDGES },
	{ "boxes", "TEXT", map_boxes, STAGE_EDGES },
	{ "entries", "INTEGER", map_entries, STAGE_EDGES },
	{ "slots", "INTEGER", map_slots, STAGE_EDGES },
	{ "table_bytes", "INTEGER", map_table_bytes, STAGE_EDGES },
	{ "boxed_keys", "INTEGER", map_boxed_keys, STAGE_EDGES },
	{ "boxed_key_bytes", "INTEGER", map_boxed_key_bytes, STAGE_EDGES },
	{ "boxed_values", "INTEGER", map_boxed_values, STAGE_EDGES },
	{ "boxed_bytes", "INTEGER", map_boxed_bytes, STAGE_EDGES },
	{ "retained", "INTEGER", map_retained, STAGE_RETAINED },
	{ "holder", "INTEGER", map_holder, STAGE_RETAINED, ACCESS_INDEX,
	  .keys = sql_count_holders },
	{ "live", "INTEGER", map_live, STAGE_LIVE },
};

const struct sql_table sql_table_maps = {
	"maps", map_columns, ARRAY_SIZE(map_columns), count_maps
};

/* --- map_entries: a row of this table's numbers is a map, which expands into its entries --- */

enum { KEY, KEY_TYPE, VALUE, VALUE_TYPE, TEXTS };
enum { COLUMN_KEY = 2, COLUMN_KEY_TYPE = 3, COLUMN_VALUE = 5, COLUMN_VALUE_TYPE = 6 };

/* An entry as kept: its texts are offsets into one arena, 0 = NULL. */
struct kept {
	uint64_t slot, value_offset;
	uint32_t key_object, value_object;
	size_t text[TEXTS];
};

struct sql_entries {
	struct kept *items;
	uint32_t n, capacity;
	struct text arena;
	uint64_t used;  /* columns that the query names */
	uint64_t map;   /* whose entries these are */
	bool read;
};

void sql_entries_free(struct sql_entries *e)
{
	if (!e)
		return;
	text_free(&e->arena);
	free(e->items);
	free(e);
}

static size_t keep_text(struct sql_entries *e, unsigned column, const char *s)
{
	size_t at = e->arena.length;

	if (!s || !(e->used >> column & 1))
		return 0;
	text_append(&e->arena, s, strlen(s) + 1);
	return at;
}

static bool keep_entry(void *arg, const struct map_entry *entry)
{
	struct sql_entries *e = arg;
	struct kept *k = GROW(e->items, e->n, e->capacity);

	if (!k)
		return false;
	e->n++;
	*k = (struct kept){ .slot = entry->slot, .value_offset = entry->value_offset,
			    .key_object = entry->key_object, .value_object = entry->value_object };
	k->text[KEY] = keep_text(e, COLUMN_KEY, entry->key);
	k->text[KEY_TYPE] = keep_text(e, COLUMN_KEY_TYPE, entry->key_type);
	k->text[VALUE] = keep_text(e, COLUMN_VALUE, entry->value);
	k->text[VALUE_TYPE] = keep_text(e, COLUMN_VALUE_TYPE, entry->value_type);
	return e->n < UINT32_MAX / 2;
}

static uint32_t expand_map(struct sql_row *row)
{
	struct sql_entries *e = row->entries;
	struct lens *lens = row->g->lens;

	if (!e)
		e = row->entries = calloc(1, sizeof *e);
	if (!e || !lens)
		return 0;
	if (e->read && e->map == row->number && e->used == row->used)
		return e->n;
	e->n = 0;
	text_clear(&e->arena);
	text_putc(&e->arena, ' '); /* so that no text begins at 0 */
	e->used = row->used;
	e->map = row->number;
	e->read = true;
	lens->ops->map_entries(lens, (uint32_t)row->number, keep_entry, e);
	return e->n;
}

static uint64_t estimate_entries(const struct graph *g)
{
	return count_maps(g) * 8;
}

static const struct kept *entry_of_row(const struct sql_row *row)
{
	return &row->entries->items[row->inner];
}

static void set_kept_text(const struct sql_row *row, unsigned which, struct sql_value *v)
{
	size_t at = entry_of_row(row)->text[which];

	if (!at || at >= row->entries->arena.length)
		return;
	sql_set_text(v, text_string(&row->entries->arena) + at);
	v->scratch = true;
}

static void entry_slot(struct sql_row *row, struct sql_value *v)
{
	sql_set_integer(v, entry_of_row(row)->slot);
}

static void entry_key(struct sql_row *row, struct sql_value *v)
{
	set_kept_text(row, KEY, v);
}

static void entry_key_type(struct sql_row *row, struct sql_value *v)
{
	set_kept_text(row, KEY_TYPE, v);
}

static void entry_key_object(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, entry_of_row(row)->key_object);
}

static void entry_value(struct sql_row *row, struct sql_value *v)
{
	set_kept_text(row, VALUE, v);
}

static void entry_value_type(struct sql_row *row, struct sql_value *v)
{
	set_kept_text(row, VALUE_TYPE, v);
}

static void entry_value_object(struct sql_row *row, struct sql_value *v)
{
	sql_set_node(v, entry_of_row(row)->value_object);
}

static void entry_value_offset(struct sql_row *row, struct sql_value *v)
{
	if (entry_of_row(row)->value_object != NO_NODE)
		sql_set_integer(v, entry_of_row(row)->value_offset);
}

static const struct sql_column entry_columns[] = {
	{ "map", "INTEGER", sql_number, STAGE_EDGES, ACCESS_ROW, .keys = count_maps },
	{ "slot", "INTEGER", entry_slot, STAGE_EDGES },
	[COLUMN_KEY] = { "key", "TEXT", entry_key, STAGE_EDGES },
	[COLUMN_KEY_TYPE] = { "key_type", "TEXT", entry_key_type, STAGE_EDGES },
	{ "key_object", "INTEGER", entry_key_object, STAGE_EDGES },
	[COLUMN_VALUE] = { "value", "TEXT", entry_value, STAGE_EDGES },
	[COLUMN_VALUE_TYPE] = { "value_type", "TEXT", entry_value_type, STAGE_EDGES },
	{ "value_object", "INTEGER", entry_value_object, STAGE_EDGES },
	{ "value_offset", "INTEGER", entry_value_offset, STAGE_EDGES },
};

const struct sql_table sql_table_map_entries = {
	.name = "map_entries", .columns = entry_columns, .n_columns = ARRAY_SIZE(entry_columns),
	.rows = count_maps, .expand = expand_map, .expanded_rows = estimate_entries,
};

/* Tables as data: what a virtual table is to the engine (module.c), so that a table is a list
 * of columns (tables.c) and not a module of its own. Internal to graph/sql/. */
#ifndef GORETAIN_GRAPH_SQL_MODULE_H
#define GORETAIN_GRAPH_SQL_MODULE_H

#include <sqlite3.h>

#include "graph/graph.h"
#include "graph/sql/sql.h"

/* An object of a scan: where the last one was, so that the next is found without a search.
 * SLOT is that of object ID, NO_NODE if none is known in this extent yet. */
struct sql_place { const struct extent *extent; uint32_t id, slot; };

struct sql_entries; /* the entries of one map, read from the lens */

/* The row a cursor stands on. */
struct sql_row {
	const struct graph *g;
	uint64_t number;        /* of the row in its table; unknown if by_referrer */
	uint64_t used;          /* bit n: column n is named by the query (63: any above) */
	/* edges found by their destination: position in rev_src, and that destination */
	bool by_referrer;
	uint64_t at;
	uint32_t dst;
	/* edges: the last one looked at, its source and the position it had (by_referrer) */
	uint32_t hint_src;
	uint64_t hint_edge, hint_at;
	struct sql_place place;
	uint32_t inner;         /* number within an expanded row (map_entries) */
	struct sql_entries *entries;
	struct text text;       /* holds the text of the last value */
};

/* Rows to visit: numbers lo..hi-1, or list[lo..hi-1], or the referrers rev_src[lo..hi-1]. */
struct sql_rows {
	uint64_t lo, hi;
	const uint32_t *list;
	bool by_referrer;
};

/* How rows with a given value are found. */
enum sql_access {
	ACCESS_SCAN,    /* they are not: all rows are visited */
	ACCESS_ROW,     /* the value is the row's number */
	ACCESS_SORTED,  /* the value rises with the row's number */
	ACCESS_INDEX,   /* by a permutation, sorted at first use */
	ACCESS_LIST,    /* `list` says, for one value only */
};

struct sql_column {
	const char *name;
	const char *type;       /* as declared */
	/* Its value in this row; *V is NULL unless the function says otherwise. */
	void (*value)(struct sql_row *row, struct sql_value *v);
	enum stage since;       /* NULL before this stage */
	enum sql_access access;
	bool unique;            /* one row a value at most */
	/* How many different values there are, roughly; NULL: unique, or a guess */
	uint64_t (*keys)(const struct graph *g);
	/* ACCESS_INDEX: a faster way than comparing to sort all rows by it; may be NULL. */
	uint32_t *(*sort)(const struct graph *g);
	void (*list)(const struct graph *g, int64_t key, struct sql_rows *rows);
};

struct sql_table {
	const char *name;
	const struct sql_column *columns;
	unsigned n_columns;
	uint64_t (*rows)(const struct graph *g);
	/* Rows that consist of several: reads them into ROW->entries and says how many. Or NULL. */
	uint32_t (*expand)(struct sql_row *row);
	uint64_t (*expanded_rows)(const struct graph *g); /* estimate over all */
};

extern const struct sql_table *const sql_tables[]; /* ended by NULL */

/* Make all tables known to DB. What it returns is the indexes' memory: free it with
 * sql_module_free after DB is closed. NULL without memory or when SQLite refuses. */
struct sql_module *sql_module_register(sqlite3 *db, const struct graph *g);
void sql_module_free(struct sql_module *module);

/* CREATE TABLE statement of one table, without a semicolon. */
void sql_table_declaration(const struct sql_table *table, struct text *out);

/* The state of a cursor's row goes with it. */
void sql_entries_free(struct sql_entries *entries);

/* Filled in by value functions. */
void sql_set_integer(struct sql_value *v, uint64_t n);
void sql_set_text(struct sql_value *v, const char *s); /* lives as long as the graph; may be NULL */
void sql_set_name(struct sql_value *v, const char *s); /* the same, but "" is NULL too */
void sql_set_scratch(struct sql_value *v, const struct text *t); /* "" is NULL */
void sql_set_node(struct sql_value *v, uint32_t n);         /* NO_NODE is NULL */

/* The tables by where they are declared, and what their value functions share. */
extern const struct sql_table sql_table_objects, sql_table_types,
	sql_table_edges; /* objects.c */
extern const struct sql_table sql_table_holders, sql_table_roots, sql_table_goroutines,
	sql_table_frames; /* holders.c */
extern const struct sql_table sql_table_maps, sql_table_map_entries; /* maps.c */

void sql_number(struct sql_row *row, struct sql_value *v);
uint64_t sql_count_holders(const struct graph *g);
const char *sql_known_word(unsigned known); /* NULL for KNOWN_NO */
const char *sql_strength_word(unsigned strength);
const char *sql_type_name(const struct graph *g, uint32_t type); /* NULL if unknown */

#endif

#include "graph/sql/module.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"

/* idxNum of a plan: what of the column's values is given, and in which order rows come. The column
 * stands above it. */
enum {
	PLAN_EQUAL = 1, PLAN_LOW = 2, PLAN_HIGH = 4, PLAN_ORDER = 8, PLAN_DESCENDING = 16,
	PLAN_COLUMN = 8, /* shift */
};

/* One table of one connection. */
struct binding {
	const struct graph *g;
	const struct sql_table *table;
	uint32_t **indexes;   /* of each column: rows sorted by it, or NULL so far */
};

struct sql_module { struct binding *bindings; unsigned n; };

struct vtab { sqlite3_vtab base; struct binding *binding; };

struct cursor {
	sqlite3_vtab_cursor base;
	struct binding *binding;
	struct sql_row row;
	struct sql_rows rows;
	uint64_t position;    /* rows.lo .. rows.hi - 1 are still to come from here */
	bool descending;
	uint32_t inner_n;     /* rows in an expanded one */
};

/* --- values --- */

void sql_set_integer(struct sql_value *v, uint64_t n)
{
	v->kind = SQL_INTEGER;
	v->integer = (int64_t)n;
}

void sql_set_node(struct sql_value *v, uint32_t n)
{
	if (n != NO_NODE)
		sql_set_integer(v, n);
}

void sql_set_text(struct sql_value *v, const char *s)
{
	if (!s)
		return;
	v->kind = SQL_TEXT;
	v->text = s;
	v->length = strlen(s);
}

void sql_set_name(struct sql_value *v, const char *s)
{
	if (s && *s)
		sql_set_text(v, s);
}

void sql_set_scratch(struct sql_value *v, const struct text *t)
{
	if (!t->length)
		return;
	v->kind = SQL_TEXT;
	v->scratch = true;
	v->text = text_string(t);
	v->length = t->length;
}

static void clear_row(struct sql_row *row)
{
	text_free(&row->text);
	sql_entries_free(row->entries);
	memset(row, 0, sizeof *row);
}

static struct sql_value column_value(const struct sql_column *column, struct sql_row *row)
{
	struct sql_value v = {0};

	if (graph_stage(row->g) >= (int)column->since)
		column->value(row, &v);
	return v;
}

/* SQLite's order: NULL, numbers, text by its bytes. Tables have no other values. */
static int compare_values(const struct sql_value *a, const struct sql_value *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == SQL_INTEGER)
		return a->integer < b->integer ? -1 : a->integer > b->integer;
	return a->kind == SQL_TEXT ? strcmp(a->text, b->text) : 0;
}

/* --- indexes --- */

struct sorting { const struct sql_column *column; struct sql_row left, right; };

static int compare_rows(const void *a, const void *b, void *arg)
{
	struct sorting *s = arg;
	struct sql_value left, right;
	int order;

	s->left.number = *(const uint32_t *)a;
	s->right.number = *(const uint32_t *)b;
	left = column_value(s->column, &s->left);
	right = column_value(s->column, &s->right);
	order = compare_values(&left, &right);
	if (order)
		return order;
	return s->left.number < s->right.number ? -1 : s->left.number > s->right.number;
}

static uint32_t *sort_rows(const struct binding *b, const struct sql_column *column)
{
	struct sorting s = { .column = column, .left.g = b->g, .right.g = b->g };
	uint64_t n = b->table->rows(b->g);
	uint32_t *rows = calloc(n + 1, sizeof *rows);

	if (!rows)
		return NULL;
	for (uint64_t i = 0; i < n; i++)
		rows[i] = (uint32_t)i;
	qsort_r(rows, n, sizeof *rows, compare_rows, &s);
	clear_row(&s.left);
	clear_row(&s.right);
	return rows;
}

static const uint32_t *index_of(struct binding *b, unsigned column)
{
	const struct sql_column *c = &b->table->columns[column];

	if (!b->indexes[column])
		b->indexes[column] = c->sort ? c->sort(b->g) : sort_rows(b, c);
	return b->indexes[column];
}

/* The first position at which the column's value is V or above, or above V if AFTER. */
static uint64_t bound(struct cursor *c, const struct sql_column *column, const struct sql_value *v,
		      bool after)
{
	uint64_t lo = c->rows.lo, hi = c->rows.hi;

	while (lo < hi) {
		uint64_t middle = lo + (hi - lo) / 2;
		struct sql_value here;
		int order;

		c->row.number = c->rows.list ? c->rows.list[middle] : middle;
		here = column_value(column, &c->row);
		order = compare_values(&here, v);
		if (order < 0 || (after && order == 0))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* --- plans --- */

static bool is_text(const struct sql_column *column)
{
	return column->type[0] == 'T';
}

static int plan_bit(unsigned char op)
{
	switch (op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return PLAN_EQUAL;
	case SQLITE_INDEX_CONSTRAINT_GT:
	case SQLITE_INDEX_CONSTRAINT_GE:
		return PLAN_LOW;
	case SQLITE_INDEX_CONSTRAINT_LT:
	case SQLITE_INDEX_CONSTRAINT_LE:
		return PLAN_HIGH;
	default:
		return 0;
	}
}

/* The part of a plan that constraint number I can be, 0 if none. */
static int usable_bit(const struct sql_table *table, sqlite3_index_info *info, int i)
{
	const struct sqlite3_index_constraint *k = &info->aConstraint[i];
	const struct sql_column *column;
	int bit = plan_bit(k->op);

	if (!k->usable || !bit || k->iColumn < 0)
		return 0;
	column = &table->columns[k->iColumn];
	if (column->access == ACCESS_SCAN || (column->access == ACCESS_LIST && bit != PLAN_EQUAL))
		return 0;
	if (is_text(column) && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
		return 0;
	return bit;
}

struct plan { int column, bits; double rows, cost; };

static double equal_rows(const struct binding *b, const struct sql_column *column, double rows)
{
	uint64_t keys;

	if (column->unique)
		return 1;
	keys = column->keys ? column->keys(b->g) : 10;
	return 1 + rows / (double)(keys + 1);
}

/* The plan for what is given of one column. */
static struct plan plan_column(const struct binding *b, sqlite3_index_info *info, int column,
			       double rows)
{
	struct plan p = { .column = column, .rows = rows };

	for (int i = 0; i < info->nConstraint; i++)
		if (info->aConstraint[i].iColumn == column)
			p.bits |= usable_bit(b->table, info, i);
	if (p.bits & PLAN_EQUAL) {
		p.bits = PLAN_EQUAL;
		p.rows = equal_rows(b, &b->table->columns[column], rows);
	} else {
		if (p.bits & PLAN_LOW)
			p.rows /= 4;
		if (p.bits & PLAN_HIGH)
			p.rows /= 4;
	}
	p.cost = 4 + p.rows;
	return p;
}

/* Can rows be delivered in the order that is asked for? Then say so in P. */
static bool plan_order(const struct sql_table *table, sqlite3_index_info *info, struct plan *p)
{
	const struct sqlite3_index_orderby *by = info->aOrderBy;
	const struct sql_column *column;

	if (info->nOrderBy < 1 || by->iColumn < 0)
		return false;
	column = &table->columns[by->iColumn];
	if (info->nOrderBy > 1 && !(column->unique && column->access == ACCESS_ROW))
		return false;
	if (column->access == ACCESS_SCAN || column->access == ACCESS_LIST)
		return false;
	if (p->bits && p->column != by->iColumn)
		return false;
	p->column = by->iColumn;
	p->bits |= PLAN_ORDER | (by->desc ? PLAN_DESCENDING : 0);
	if (column->access == ACCESS_INDEX)
		p->cost *= 2; /* not in the order of memory */
	return true;
}

/* Tell SQLite which values we want, in the order in which xFilter takes them. */
static void pass_values(const struct sql_table *table, sqlite3_index_info *info, struct plan *p)
{
	int n = 0;

	for (int bit = PLAN_EQUAL; bit <= PLAN_HIGH; bit <<= 1) {
		for (int i = 0; p->bits & bit && i < info->nConstraint; i++) {
			if (info->aConstraint[i].iColumn != p->column ||
			    usable_bit(table, info, i) != bit)
				continue;
			info->aConstraintUsage[i].argvIndex = ++n;
			break;
		}
	}
}

/* idxStr, which EXPLAIN QUERY PLAN shows; the columns in use follow for who expands rows. */
static int name_plan(const struct sql_table *table, sqlite3_index_info *info, const struct plan *p)
{
	const char *column = p->bits ? table->columns[p->column].name : "";
	char used[32] = "";

	if (table->expand)
		snprintf(used, sizeof used, ";%" PRIx64, (uint64_t)info->colUsed);
	info->idxStr = sqlite3_mprintf("%s%s%s%s%s%s", p->bits ? column : "scan",
				       p->bits & PLAN_EQUAL ? "=" : "",
				       p->bits & PLAN_LOW ? ">" : "",
				       p->bits & PLAN_HIGH ? "<" : "",
				       p->bits & PLAN_ORDER ? " in order" : "", used);
	info->needToFreeIdxStr = 1;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static double table_rows(const struct binding *b)
{
	const struct sql_table *t = b->table;

	return (double)(t->expanded_rows ? t->expanded_rows(b->g) : t->rows(b->g));
}

static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	struct binding *b = ((struct vtab *)vtab)->binding;
	double rows = table_rows(b);
	struct plan best = { .column = 0, .rows = rows, .cost = 4 + rows };

	for (int i = 0; i < info->nConstraint; i++) {
		struct plan p;

		if (!usable_bit(b->table, info, i))
			continue;
		p = plan_column(b, info, info->aConstraint[i].iColumn, rows);
		if (p.cost < best.cost || !best.bits)
			best = p;
	}
	pass_values(b->table, info, &best);
	info->orderByConsumed = plan_order(b->table, info, &best);
	info->idxNum = best.column << PLAN_COLUMN | best.bits;
	info->estimatedCost = best.cost;
	info->estimatedRows = (sqlite3_int64)best.rows;
	if (best.bits & PLAN_EQUAL && b->table->columns[best.column].unique)
		info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
	return name_plan(b->table, info, &best);
}

/* --- cursors --- */

/* What a value in the query says of a column's values. */
enum said { SAID_VALUE, SAID_NOTHING_EQUAL, SAID_CANNOT_TELL };

static enum said read_value(const struct sql_column *column, sqlite3_value *from,
			    struct sql_value *v)
{
	int type = sqlite3_value_type(from);

	if (type == SQLITE_NULL)
		return SAID_NOTHING_EQUAL;
	memset(v, 0, sizeof *v);
	if (is_text(column)) {
		if (type != SQLITE_TEXT)
			return SAID_CANNOT_TELL;
		sql_set_text(v, (const char *)sqlite3_value_text(from));
		return v->text ? SAID_VALUE : SAID_CANNOT_TELL;
	}
	if (sqlite3_value_numeric_type(from) != SQLITE_INTEGER)
		return SAID_CANNOT_TELL;
	v->kind = SQL_INTEGER;
	v->integer = sqlite3_value_int64(from);
	return SAID_VALUE;
}

static void no_rows(struct cursor *c)
{
	c->rows.hi = c->rows.lo;
}

static void seek_equal(struct cursor *c, const struct sql_column *column, const struct sql_value *v)
{
	if (column->access == ACCESS_LIST) {
		no_rows(c);
		column->list(c->row.g, v->integer, &c->rows);
		c->row.dst = (uint32_t)v->integer;
	} else if (column->access == ACCESS_ROW) {
		if (v->integer < 0 || (uint64_t)v->integer >= c->rows.hi) {
			no_rows(c);
			return;
		}
		c->rows.lo = (uint64_t)v->integer;
		c->rows.hi = c->rows.lo + 1;
	} else {
		uint64_t lo = bound(c, column, v, false);

		c->rows.hi = bound(c, column, v, true);
		c->rows.lo = lo;
	}
}

/* Narrow the rows by the plan's values. SQLite checks each row again, so that rows may be left in
 * that do not fit, whenever a value cannot be compared as it stands. */
static void narrow(struct cursor *c, const struct sql_column *column, int bits, int argc,
		   sqlite3_value **argv)
{
	int n = 0;

	for (int bit = PLAN_EQUAL; bit <= PLAN_HIGH && n < argc; bit <<= 1) {
		struct sql_value v;

		if (!(bits & bit))
			continue;
		switch (read_value(column, argv[n++], &v)) {
		case SAID_NOTHING_EQUAL:
			no_rows(c);
			return;
		case SAID_CANNOT_TELL:
			continue;
		case SAID_VALUE:
			break;
		}
		if (bit == PLAN_EQUAL)
			seek_equal(c, column, &v);
		else if (bit == PLAN_LOW)
			c->rows.lo = bound(c, column, &v, false);
		else
			c->rows.hi = bound(c, column, &v, true);
	}
}

/* Stand on the row at the cursor's position; an expanded one must have something inside. */
static void settle(struct cursor *c)
{
	for (; c->position < c->rows.hi; c->position++) {
		uint64_t last = c->rows.hi - 1, done = c->position - c->rows.lo;
		uint64_t at = c->descending ? last - done : c->position;

		c->row.at = at;
		c->row.by_referrer = c->rows.by_referrer;
		c->row.number = c->rows.list ? c->rows.list[at] : at;
		c->row.inner = 0;
		if (!c->binding->table->expand)
			return;
		c->inner_n = c->binding->table->expand(&c->row);
		if (c->inner_n)
			return;
	}
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *name, int argc,
		  sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	const struct sql_table *table = c->binding->table;
	unsigned number = (unsigned)plan >> PLAN_COLUMN;
	const struct sql_column *column = &table->columns[number];
	const char *used = name ? strchr(name, ';') : NULL;
	bool known = graph_stage(c->row.g) >= (int)column->since;
	bool planned = plan & (PLAN_EQUAL | PLAN_LOW | PLAN_HIGH | PLAN_ORDER);

	c->row.used = used ? strtoull(used + 1, NULL, 16) : 0;
	c->row.by_referrer = false;
	c->row.hint_at = UINT64_MAX;
	c->descending = plan & PLAN_DESCENDING;
	c->rows = (struct sql_rows){ .hi = table->rows(c->row.g) };
	if (planned && known && column->access == ACCESS_INDEX) {
		c->rows.list = index_of(c->binding, number);
		if (!c->rows.list)
			return SQLITE_NOMEM;
	}
	if (known)
		narrow(c, column, plan, argc, argv);
	else if (argc)
		no_rows(c);
	c->position = c->rows.lo;
	settle(c);
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	if (c->binding->table->expand && ++c->row.inner < c->inner_n)
		return SQLITE_OK;
	c->position++;
	settle(c);
	return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	return c->position >= c->rows.hi;
}

static int column_of_row(sqlite3_vtab_cursor *base, sqlite3_context *out, int number)
{
	struct cursor *c = (struct cursor *)base;
	struct sql_value v = column_value(&c->binding->table->columns[number], &c->row);

	if (v.kind == SQL_INTEGER)
		sqlite3_result_int64(out, v.integer);
	else if (v.kind == SQL_TEXT)
		sqlite3_result_text64(out, v.text, v.length,
				      v.scratch ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8);
	return SQLITE_OK; /* NULL by default */
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	struct cursor *c = (struct cursor *)base;

	*out = (sqlite3_int64)(c->binding->table->expand ? c->row.number << 32 | c->row.inner
							 : c->position);
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
	struct cursor *c = calloc(1, sizeof *c);

	if (!c)
		return SQLITE_NOMEM;
	c->binding = ((struct vtab *)vtab)->binding;
	c->row.g = c->binding->g;
	*out = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	clear_row(&c->row);
	free(c);
	return SQLITE_OK;
}

/* --- the module --- */

void sql_table_declaration(const struct sql_table *table, struct text *out)
{
	text_printf(out, "CREATE TABLE %s(", table->name);
	for (unsigned i = 0; i < table->n_columns; i++)
		text_printf(out, "%s%s %s", i ? ", " : "", table->columns[i].name,
			    table->columns[i].type);
	text_puts(out, ")");
}

static int connect_table(sqlite3 *db, void *arg, int argc, const char *const *argv,
			 sqlite3_vtab **out, char **message)
{
	autotext struct text declaration = {0};
	struct vtab *vtab = sqlite3_malloc(sizeof *vtab);
	int rc;

	if (!vtab)
		return SQLITE_NOMEM;
	memset(vtab, 0, sizeof *vtab);
	vtab->binding = arg;
	sql_table_declaration(vtab->binding->table, &declaration);
	rc = sqlite3_declare_vtab(db, text_string(&declaration));
	if (rc == SQLITE_OK)
		rc = sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
	if (rc != SQLITE_OK) {
		*message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
		sqlite3_free(vtab);
		return rc;
	}
	*out = &vtab->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *vtab)
{
	sqlite3_free(vtab);
	return SQLITE_OK;
}

/* No xCreate: the tables are simply there, and no others can be made. */
static const sqlite3_module table_module = {
	.iVersion = 1, .xConnect = connect_table, .xDisconnect = disconnect,
	.xBestIndex = best_index, .xOpen = open_cursor, .xClose = close_cursor, .xFilter = filter,
	.xNext = next, .xEof = at_end, .xColumn = column_of_row, .xRowid = row_id,
};

static unsigned count_tables(void)
{
	unsigned n = 0;

	while (sql_tables[n])
		n++;
	return n;
}

/* An eponymous table is connected when it is first named, and stays so. */
static bool connect_now(sqlite3 *db, const char *name)
{
	autotext struct text query = {0};
	sqlite3_stmt *statement = NULL;
	int rc;

	text_printf(&query, "SELECT 1 FROM %s", name);
	rc = sqlite3_prepare_v2(db, text_string(&query), -1, &statement, NULL);
	sqlite3_finalize(statement);
	return rc == SQLITE_OK;
}

static bool bind_table(sqlite3 *db, struct binding *b)
{
	b->indexes = calloc(b->table->n_columns, sizeof *b->indexes);
	return b->indexes &&
	       sqlite3_create_module(db, b->table->name, &table_module, b) == SQLITE_OK &&
	       connect_now(db, b->table->name);
}

struct sql_module *sql_module_register(sqlite3 *db, const struct graph *g)
{
	struct sql_module *m = calloc(1, sizeof *m);
	bool good = m != NULL;

	if (m)
		m->bindings = calloc(count_tables(), sizeof *m->bindings);
	good = good && m->bindings;
	for (; good && sql_tables[m->n]; m->n++) {
		m->bindings[m->n] = (struct binding){ .g = g, .table = sql_tables[m->n] };
		good = bind_table(db, &m->bindings[m->n]);
	}
	if (good)
		return m;
	sql_module_free(m);
	return NULL;
}

void sql_module_free(struct sql_module *m)
{
	if (!m)
		return;
	for (unsigned i = 0; m->bindings && i < count_tables(); i++) {
		const struct binding *b = &m->bindings[i];

		for (unsigned j = 0; b->indexes && j < b->table->n_columns; j++)
			free(b->indexes[j]);
		free(b->indexes);
	}
	free(m->bindings);
	free(m);
}

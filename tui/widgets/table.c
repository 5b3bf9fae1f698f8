#include "tui/widgets/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/clean.h"
#include "graph/base/cleanup.h"
#include "graph/base/json.h"

#define KEPT_ROWS 100
#define MAX_CELL 60 /* cells; longer ones are not waited for when columns are aligned */

/* A row kept back: its texts, one after the other with their NULs, and whether it is a number. */
struct kept_row { struct text *cells; bool *numbers; };

struct table {
	FILE *file;
	enum table_format format;
	bool lines, any, failed, aligned;
	unsigned n;
	char **names;
	struct kept_row kept[KEPT_ROWS];
	unsigned n_kept;
	unsigned *widths;
	bool *words;          /* of each column: some value is no number */
};

struct table *table_new(FILE *file, enum table_format format, bool lines)
{
	struct table *t = calloc(1, sizeof *t);

	if (t)
		*t = (struct table){ .file = file, .format = format, .lines = lines };
	return t;
}

static void free_row(struct table *t, struct kept_row *row)
{
	for (unsigned i = 0; row->cells && i < t->n; i++)
		text_free(&row->cells[i]);
	free(row->cells);
	free(row->numbers);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n_kept; i++)
		free_row(t, &t->kept[i]);
	for (unsigned i = 0; t->names && i < t->n; i++)
		free(t->names[i]);
	free(t->names);
	free(t->widths);
	free(t->words);
	free(t);
}

static bool put(struct table *t, const struct text *out)
{
	if (out->failed || fwrite(text_string(out), 1, out->length, t->file) != out->length)
		t->failed = true;
	return !t->failed;
}

static bool is_number(const struct sql_value *v)
{
	return v->kind == SQL_INTEGER || v->kind == SQL_REAL;
}

static void put_number(struct text *out, const struct sql_value *v)
{
	if (v->kind == SQL_INTEGER)
		text_printf(out, "%" PRId64, v->integer);
	else
		text_printf(out, "%.15g", v->real);
}

/* --- TSV --- */

static void put_tsv(struct text *out, const struct sql_value *v)
{
	if (v->kind == SQL_TEXT)
		text_escape(out, v->text, v->length, 0);
	else if (v->kind != SQL_NULL)
		put_number(out, v);
}

static bool tsv_row(struct table *t, const struct sql_value *values)
{
	autotext struct text line = {0};

	for (unsigned i = 0; i < t->n; i++) {
		if (i)
			text_putc(&line, '\t');
		put_tsv(&line, &values[i]);
	}
	text_putc(&line, '\n');
	return put(t, &line);
}

/* --- JSON --- */

static void put_json(struct json *j, const struct sql_value *v)
{
	switch (v->kind) {
	case SQL_NULL:
		json_null(j);
		break;
	case SQL_INTEGER:
		json_signed(j, v->integer);
		break;
	case SQL_REAL:
		json_real(j, v->real);
		break;
	case SQL_TEXT:
		json_bytes(j, v->text, v->length);
		break;
	}
}

static bool json_row(struct table *t, const struct sql_value *values)
{
	autotext struct text line = {0};
	struct json j = { .out = &line };

	if (!t->lines)
		text_puts(&line, t->any ? ",\n" : "[\n");
	json_open(&j, '{');
	for (unsigned i = 0; i < t->n; i++) {
		json_key(&j, t->names[i]);
		put_json(&j, &values[i]);
	}
	json_close(&j, '}');
	if (t->lines)
		text_putc(&line, '\n');
	return put(t, &line);
}

/* --- text --- */

static void put_cell(struct text *out, const struct sql_value *v)
{
	if (v->kind == SQL_TEXT)
		text_clean(out, v->text, v->length);
	else if (v->kind != SQL_NULL)
		put_number(out, v);
}

static void measure(struct table *t, unsigned i, const char *cell, enum sql_kind kind)
{
	unsigned width = text_width(cell);

	if (width > MAX_CELL)
		width = MAX_CELL;
	if (width > t->widths[i])
		t->widths[i] = width;
	t->words[i] |= kind == SQL_TEXT;
}

static bool keep(struct table *t, const struct sql_value *values)
{
	struct kept_row *row = &t->kept[t->n_kept];

	row->cells = calloc(t->n + 1, sizeof *row->cells);
	row->numbers = calloc(t->n + 1, sizeof *row->numbers);
	t->n_kept++;
	if (!row->cells || !row->numbers)
		return false;
	for (unsigned i = 0; i < t->n; i++) {
		put_cell(&row->cells[i], &values[i]);
		row->numbers[i] = is_number(&values[i]);
		measure(t, i, text_string(&row->cells[i]), values[i].kind);
	}
	return true;
}

/* A line of cells, without the spaces that an empty last cell leaves. */
static bool put_cells(struct table *t, struct text *line)
{
	while (line->length && line->bytes[line->length - 1] == ' ')
		line->length--;
	text_putc(line, '\n');
	return put(t, line);
}

static void put_spaces(struct text *line, unsigned n)
{
	while (n--)
		text_putc(line, ' ');
}

/* One cell in its column: numbers to the right, words to the left, no spaces at a line's end. */
static void align(struct table *t, struct text *line, unsigned i, const char *cell, bool right)
{
	unsigned width = text_width(cell), room = t->widths[i] > width ? t->widths[i] - width : 0;

	if (i)
		put_spaces(line, 2);
	if (right)
		put_spaces(line, room);
	text_puts(line, cell);
	if (!right && i + 1 < t->n)
		put_spaces(line, room);
}

static bool put_names(struct table *t)
{
	autotext struct text line = {0};

	for (unsigned i = 0; i < t->n; i++)
		align(t, &line, i, t->names[i], !t->words[i]);
	return put_cells(t, &line);
}

static bool put_kept(struct table *t, const struct kept_row *row)
{
	autotext struct text line = {0};

	for (unsigned i = 0; i < t->n; i++)
		align(t, &line, i, text_string(&row->cells[i]), row->numbers[i] && !t->words[i]);
	return put_cells(t, &line);
}

/* The columns' widths are known as well as they will be: write what was kept back. */
static bool begin_text(struct table *t)
{
	t->aligned = true;
	if (!put_names(t))
		return false;
	for (unsigned i = 0; i < t->n_kept; i++) {
		bool good = put_kept(t, &t->kept[i]);

		free_row(t, &t->kept[i]);
		t->kept[i] = (struct kept_row){0};
		if (!good)
			return false;
	}
	return true;
}

static bool text_row(struct table *t, const struct sql_value *values)
{
	autotext struct text line = {0}, cell = {0};

	if (!t->aligned && t->n_kept < KEPT_ROWS)
		return keep(t, values);
	if (!t->aligned && !begin_text(t))
		return false;
	for (unsigned i = 0; i < t->n; i++) {
		text_clear(&cell);
		put_cell(&cell, &values[i]);
		align(t, &line, i, text_string(&cell), !t->words[i] && is_number(&values[i]));
	}
	return put_cells(t, &line);
}

/* --- all three --- */

static bool tsv_header(struct table *t)
{
	autotext struct text line = {0};

	for (unsigned i = 0; i < t->n; i++) {
		if (i)
			text_putc(&line, '\t');
		text_escape(&line, t->names[i], strlen(t->names[i]), 0);
	}
	text_putc(&line, '\n');
	return put(t, &line);
}

bool table_header(struct table *t, const char *const *names, unsigned n)
{
	t->n = n;
	t->names = calloc(n + 1, sizeof *t->names);
	t->widths = calloc(n + 1, sizeof *t->widths);
	t->words = calloc(n + 1, sizeof *t->words);
	t->failed = !t->names || !t->widths || !t->words;
	for (unsigned i = 0; !t->failed && i < n; i++) {
		autotext struct text clean = {0};

		text_clean(&clean, names[i], strlen(names[i]));
		t->names[i] = strdup(text_string(&clean));
		if (t->names[i])
			t->widths[i] = text_width(t->names[i]);
		else
			t->failed = true;
	}
	if (t->failed)
		return false;
	return t->format != TABLE_TSV || tsv_header(t);
}

bool table_row(struct table *t, const struct sql_value *values, unsigned n)
{
	bool good = false;

	if (t->failed || n != t->n)
		return false;
	switch (t->format) {
	case TABLE_TEXT:
		good = text_row(t, values);
		break;
	case TABLE_JSON:
		good = json_row(t, values);
		break;
	case TABLE_TSV:
		good = tsv_row(t, values);
		break;
	}
	t->any = true;
	return good;
}

bool table_finish(struct table *t)
{
	autotext struct text line = {0};

	if (t->failed)
		return false;
	if (t->format == TABLE_TEXT && t->n)
		return t->aligned || begin_text(t);
	if (t->format == TABLE_JSON && !t->lines) {
		text_puts(&line, t->any ? "\n]\n" : "[]\n");
		return put(t, &line);
	}
	return true;
}

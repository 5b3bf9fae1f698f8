/* Tables on standard output: aligned columns for people, JSON or TSV for programs. Rows are written
 * as they come; only the first hundred are kept back, to find how wide the columns are. */
#ifndef GORETAIN_TUI_WIDGETS_TABLE_H
#define GORETAIN_TUI_WIDGETS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "graph/base/error.h"
#include "graph/sql/sql.h"
#include "tui/command.h"

struct table;

/* A table that goes to FILE, which stays the caller's. LINES: JSON as one object a line, else as
 * one array. NULL without memory. Free with table_free. */
struct table *table_new(FILE *file, enum table_format format, bool lines);
void table_free(struct table *table);

/* Names of the N columns, before the first row. */
bool table_header(struct table *table, const char *const *names, unsigned n);
/* A row of N values. False when nothing more can be written. */
bool table_row(struct table *table, const struct sql_value *values, unsigned n);
/* Write what was kept back and close brackets. */
bool table_finish(struct table *table);

#endif

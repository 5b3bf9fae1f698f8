#include "tui/widgets/branches.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

enum { DEEPEST_INDENT = 10 };

static void lines_free(struct branch *row)
{
	line_free(&row->what);
	line_free(&row->more);
	line_free(&row->value);
}

void branches_free(struct branches *branches)
{
	branches_remove(branches, 0, branches->n);
	free(branches->rows);
	*branches = (struct branches){0};
}

bool branches_insert(struct branches *branches, uint32_t at, const struct branch *row)
{
	if (!GROW(branches->rows, branches->n, branches->capacity))
		return false;
	memmove(&branches->rows[at + 1], &branches->rows[at],
		(branches->n - at) * sizeof *branches->rows);
	branches->rows[at] = *row;
	branches->n++;
	return true;
}

void branches_remove(struct branches *branches, uint32_t from, uint32_t to)
{
	if (from >= to)
		return;
	for (uint32_t i = from; i < to; i++)
		lines_free(&branches->rows[i]);
	memmove(&branches->rows[from], &branches->rows[to],
		(branches->n - to) * sizeof *branches->rows);
	branches->n -= to - from;
}

uint32_t branches_end(const struct branches *branches, uint32_t at)
{
	uint32_t end = at + 1;

	while (end < branches->n && branches->rows[end].level > branches->rows[at].level)
		end++;
	return end;
}

uint32_t branches_parent(const struct branches *branches, uint32_t at)
{
	for (uint32_t i = at; i-- > 0;)
		if (branches->rows[i].level < branches->rows[at].level)
			return i;
	return UINT32_MAX;
}

void branches_close(struct branches *branches, uint32_t at)
{
	branches_remove(branches, at + 1, branches_end(branches, at));
	branches->rows[at].open = false;
}

void branches_indent(const struct branch *row, const char *open, const char *closed,
		     const char *leaf, struct text *out)
{
	unsigned level = row->level > DEEPEST_INDENT ? DEEPEST_INDENT : row->level;

	for (unsigned i = 0; i < level; i++)
		text_puts(out, "  ");
	if (row->level > DEEPEST_INDENT)
		text_printf(out, "%u ", row->level);
	text_puts(out, row->leaf ? leaf : row->open ? open : closed);
}

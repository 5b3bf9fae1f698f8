/* The visible rows of a tree that opens and closes, as one array: what lies below an open row
 * follows it with a higher level. */
#ifndef GORETAIN_TUI_WIDGETS_BRANCHES_H
#define GORETAIN_TUI_WIDGETS_BRANCHES_H

#include "graph/lens.h"
#include "tui/widgets/cells.h"

/* A row. What most fields mean is the view's own affair. */
struct branch {
	uint8_t kind;
	bool open, leaf;
	bool said;           /* the lines are made */
	unsigned level;
	uint32_t node, via, type, number;
	uint64_t count, objects, bytes;
	struct subject inside;
	struct line what, more, value; /* the tree's once the row is in it */
};

struct branches { struct branch *rows; uint32_t n, capacity; };

void branches_free(struct branches *branches);
/* Insert ROW before row AT; false without memory. Its lines become the tree's. */
bool branches_insert(struct branches *branches, uint32_t at, const struct branch *row);
void branches_remove(struct branches *branches, uint32_t from, uint32_t to);
/* One past the last row below row AT. */
uint32_t branches_end(const struct branches *branches, uint32_t at);
/* The row that row AT is below, UINT32_MAX if none. */
uint32_t branches_parent(const struct branches *branches, uint32_t at);
/* Remove what is below AT and mark it closed. */
void branches_close(struct branches *branches, uint32_t at);
/* The indent of a row and the sign that says whether it opens; deep levels are numbered. */
void branches_indent(const struct branch *row, const char *open, const char *closed,
		     const char *leaf, struct text *out);

#endif

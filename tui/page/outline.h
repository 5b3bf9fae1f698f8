/* A tree as lines of text: `├─ .meta   map[string]interface {}, 3 entries   15.1 kB`. */
#ifndef GORETAIN_TUI_PAGE_OUTLINE_H
#define GORETAIN_TUI_PAGE_OUTLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/text.h"

#define OUTLINE_DEPTH 32

struct outline_row {
	unsigned depth;   /* 0: a root, marked with a dot */
	struct text label, what;
	bool boxed;       /* a diamond before WHAT */
	uint64_t bytes;
	uint32_t lines;   /* bit n: a line goes on at depth n below this row */
};

struct outline { struct outline_row *rows; unsigned n, capacity; bool failed; };

/* Add a row below all others and hand it out to be filled in; never NULL: without memory FAILED is
 * set and what is filled in is lost. The pointer lives until the next row is added. Depth is at
 * most one more than the row before, and less than OUTLINE_DEPTH. */
struct outline_row *outline_add(struct outline *outline, unsigned depth);

/* Append it to OUT, in COLUMNS cells, or with WHOLE in as many as names need. UNICODE: else lines of ASCII. EXACT: bytes to the last. */
void outline_print(struct outline *outline, unsigned columns, bool whole, bool unicode, bool exact,
		   struct text *out);
void outline_free(struct outline *outline);
#define autooutline __attribute__((cleanup(outline_free)))

#endif

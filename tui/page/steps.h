/* A path as a person follows it: the parts of maps are left out, each step has its label, and where
 * the labels are the source's own the whole is one expression. */
#ifndef GORETAIN_TUI_PAGE_STEPS_H
#define GORETAIN_TUI_PAGE_STEPS_H

#include "graph/analysis/paths.h"
#include "graph/base/error.h"
#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/query/slots.h"

struct step {
	uint32_t object;
	struct text label;
	enum slot_place slot; /* where in an array it lies, as the path comes to that */
	struct text dynamic;  /* type of the interface whose pointer leads to it; empty if none's does */
	bool boxed;           /* and it is its box */
};

struct steps {
	struct step *items;     /* the first one's label is the root's */
	uint32_t n, root;
	struct text expression; /* `main.cache["user:42"].meta`; `main.fifo.items, 2 slots before its start`;
				 * empty if a step is nothing in Go */
	bool go;                /* the expression is one of Go */
};

/* The steps of PATH, the goal even if it is a map's part. Free with steps_free. */
bool steps_of_path(const struct graph *g, const struct path *path, struct steps *out,
		   struct error *err);
void steps_free(struct steps *steps);
#define autosteps __attribute__((cleanup(steps_free)))

#endif

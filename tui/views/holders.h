/* The first level of the dominator tree, made for people. Goroutines, timers or finalizers that are alike
 * are one row, and what no single thing holds is a row of its own. */
#ifndef GORETAIN_TUI_VIEWS_HOLDERS_H
#define GORETAIN_TUI_VIEWS_HOLDERS_H

#include "graph/base/error.h"
#include "graph/graph.h"

enum top_kind {
	TOP_HOLDER,
	TOP_ALIKE,   /* `count` that are alike; `node` is the largest of them */
	TOP_SEVERAL, /* objects that several holders reach; `node` is the root */
	TOP_REST,    /* `count` smaller groups of holders */
};

struct top_row {
	enum top_kind kind;
	uint32_t node;
	uint64_t count, objects, bytes;
	uint64_t stacks; /* of the bytes, those of goroutines' stacks */
	int64_t wait_ns; /* TOP_ALIKE: the longest wait */
};

struct top_rows { struct top_row *items; uint32_t n; };

/* Needs STAGE_RETAINED. Most retained first. Free with top_rows_free. */
bool top_rows_make(const struct graph *g, struct top_rows *out, struct error *err);
void top_rows_free(struct top_rows *rows);

/* The holders (as nodes) behind row NUMBER, of kind TOP_ALIKE or TOP_REST, most retained first;
 * to be freed. NULL without memory. */
uint32_t *top_rows_members(const struct graph *g, const struct top_rows *rows, uint32_t number,
			   uint32_t *n);

#endif

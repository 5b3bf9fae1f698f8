/* The K largest of many, found in one pass with K places. */
#ifndef GORETAIN_GRAPH_BASE_TOP_H
#define GORETAIN_GRAPH_BASE_TOP_H

#include <stdint.h>

/* ITEMS has room for MAX; the largest key comes first, of equal keys the one offered first. */
struct top_item { uint64_t key; uint32_t id; };
struct top { struct top_item *items; uint32_t n, max; };

/* Keep ID if its KEY is among the largest so far. */
static inline void top_offer(struct top *top, uint32_t id, uint64_t key)
{
	uint32_t i;

	if (top->n == top->max) {
		if (!top->max || key <= top->items[top->n - 1].key)
			return;
		top->n--;
	}
	for (i = top->n++; i > 0 && top->items[i - 1].key < key; i--)
		top->items[i] = top->items[i - 1];
	top->items[i] = (struct top_item){ key, id };
}

#endif

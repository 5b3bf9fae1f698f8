#include "graph/query/together.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"

enum state { UNSEEN, LISTED, BELOW, CLEAR }; /* BELOW one that is listed; CLEAR of any */

static uint32_t parent_of(const struct graph *g, uint32_t node)
{
	return g->idom[node] < graph_root_node(g) ? g->idom[node] : NO_NODE;
}

/* Is one of the listed above NODE? What is learnt on the way up is kept: nobody climbs there again. */
static bool is_below(const struct graph *g, uint8_t *states, uint32_t node)
{
	uint32_t up = parent_of(g, node);
	enum state found;

	while (up != NO_NODE && states[up] == UNSEEN)
		up = parent_of(g, up);
	found = up == NO_NODE || states[up] == CLEAR ? CLEAR : BELOW;
	for (up = parent_of(g, node); up != NO_NODE && states[up] == UNSEEN; up = parent_of(g, up))
		states[up] = (uint8_t)found;
	return found == BELOW;
}

bool together_retained(const struct graph *g, const uint32_t *nodes, size_t n, uint64_t *out,
		       struct error *err)
{
	autofree uint8_t *states = calloc((size_t)graph_root_node(g) + 1, sizeof *states);
	autofree uint32_t *each = malloc((n + 1) * sizeof *each);
	size_t n_each = 0;

	*out = 0;
	if (!states || !each)
		return fail_memory(err, "a sum");
	for (size_t i = 0; i < n; i++) {
		if (states[nodes[i]] == LISTED)
			continue;
		states[nodes[i]] = LISTED;
		each[n_each++] = nodes[i];
	}
	for (size_t i = 0; i < n_each; i++)
		if (!is_below(g, states, each[i]))
			*out += graph_retained(g, each[i]);
	return true;
}

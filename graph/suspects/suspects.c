#include "graph/suspects/suspects.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/builder.h"
#include "graph/rows.h"
#include "graph/suspects/rule.h"

#define LEAST_BYTES (256u << 10) /* less is never worth a person's time */
#define LEAST_SHARE 100          /* nor is less than a hundredth of what is live */

/* The rules. One that comes first has told of its memory, and later ones leave that out: those that
 * say more of how the memory is kept come before those that only say what it is. */
static const struct rule *const rules[] = {
	&rule_context_map, &rule_closure_map, &rule_json_tree, &rule_crowd,
	&rule_gathering,
};

static int by_retained(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	/* What may be by design comes behind what is none. */
	if ((x->confidence == CONFIDENCE_NOTE) != (y->confidence == CONFIDENCE_NOTE))
		return x->confidence == CONFIDENCE_NOTE ? 1 : -1;
	if (x->retained != y->retained)
		return x->retained > y->retained ? -1 : 1;
	return x->object < y->object ? -1 : x->object > y->object;
}

/* The roots that hold, by the object they point at. */
static bool index_roots(struct hunt *hunt, struct error *err)
{
	const struct graph *g = hunt->g;
	autofree uint32_t *dst = array_new(g->n_roots, sizeof *dst, "roots", err);
	struct rows rows = { .dst = dst, .n_src = g->n_roots, .n_dst = g->n_objects };

	if (!dst)
		return false;
	for (uint32_t r = 0; r < g->n_roots; r++)
		dst[r] = graph_root_holds(g, r) ? g->roots[r].dst : NO_NODE;
	return rows_invert(&rows, &hunt->root_row, &hunt->root_ids, NULL, err);
}

static bool run_rules(struct hunt *hunt, struct suspect_list *list, struct error *err)
{
	uint64_t n = hunt->g->n_objects;

	progress_begin(hunt->progress, "suspects", ARRAY_SIZE(rules) * n);
	hunt->told = array_zero(n / 64 + 1, sizeof *hunt->told, "suspects", err);
	hunt->under = array_zero(n, sizeof *hunt->under, "suspects", err);
	if (!hunt->told || !hunt->under || !index_roots(hunt, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i]->survey ? !rules[i]->survey(hunt, list, err)
				     : !hunt_rule(hunt, rules[i], list, err))
			return false;
	return true;
}

bool graph_find_suspects(struct graph *g, struct progress *progress, struct error *err)
{
	struct hunt hunt = { .g = g, .progress = progress, .threshold = LEAST_BYTES };
	struct suspect_list list = { 0 };
	bool ok;

	if (g->live_bytes / LEAST_SHARE > hunt.threshold)
		hunt.threshold = g->live_bytes / LEAST_SHARE;
	ok = run_rules(&hunt, &list, err);
	free(hunt.told);
	free(hunt.under);
	free(hunt.root_row);
	free(hunt.root_ids);
	path_tree_free(&hunt.tree);
	if (!ok) {
		suspect_list_free(&list);
		return false;
	}
	if (list.n)
		qsort(list.items, list.n, sizeof *list.items, by_retained);
	g->suspects = list.items;
	g->n_suspects = list.n;
	graph_publish(g, STAGE_DONE);
	return true;
}

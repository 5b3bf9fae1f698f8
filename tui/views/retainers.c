#include "tui/views/retainers.h"

#include <string.h>

#include "graph/query/children.h"
#include "graph/query/label.h"
#include "tui/page/words.h"

enum {
	MOST_ROOTS = 10,    /* rows of roots at one object */
	MOST_LEVELS = 12,   /* unfolded along a path at first */
	MOST_CHAIN = 400,   /* dominators shown */
	MOST_STEPS = 12,    /* of a path at each end of a line */
};

/* Is NODE the subject, or does it stand above row AT already? */
static bool stands_above(const struct retainers *r, uint32_t at, uint32_t node)
{
	if (node == r->subject)
		return true;
	for (; at != UINT32_MAX; at = branches_parent(r->rows, at))
		if (r->rows->rows[at].node == node)
			return true;
	return false;
}

static struct branch object_row(const struct retainers *r, uint32_t above, uint32_t node,
				     uint32_t via, uint32_t goal, unsigned level)
{
	bool again = above == UINT32_MAX ? node == r->subject : stands_above(r, above, node);

	return (struct branch){
		.kind = again ? HELD_AGAIN : HELD_OBJECT, .leaf = again, .node = node, .via = via,
		.number = goal, .level = level, .bytes = graph_retained(r->graph, node),
	};
}

/* Rows for the roots that point at OBJECT, one a holder; returns the next place. */
static uint32_t insert_roots(struct retainers *r, uint32_t at, uint32_t object, unsigned level,
			     uint32_t but)
{
	const struct graph *g = r->graph;
	uint32_t first = 0, n = r->index ? index_roots(r->index, object, &first) : 0, shown = 0;
	uint32_t last = NO_NODE;
	struct branch more = { .kind = HELD_MORE_ROOTS, .leaf = true, .level = level,
				    .node = object, .via = NO_NODE };

	for (uint32_t i = first; i < first + n; i++) {
		uint32_t number = r->index->by_goal[i];
		struct branch row = { .kind = HELD_ROOT, .leaf = true, .level = level,
					   .number = number, .via = NO_NODE,
					   .node = g->n_objects + g->roots[number].holder };

		if (number == but || row.node == last ||
		    g->roots[number].strength == STRENGTH_WEAK)
			continue;
		last = row.node;
		row.bytes = g->holders[g->roots[number].holder].retained;
		if (shown++ >= MOST_ROOTS)
			more.count++;
		else if (branches_insert(r->rows, at, &row))
			at++;
	}
	if (more.count && branches_insert(r->rows, at, &more))
		at++;
	return at;
}

/* Rows for what refers to OBJECT, below row ABOVE (UINT32_MAX: at the first level), the wanted
 * ones first: object PREFER, or root number ROOT. */
static bool insert_referrers(struct retainers *r, uint32_t above, uint32_t object,
			     uint32_t prefer, uint32_t prefer_via, uint32_t root,
			     struct progress *progress)
{
	unsigned level = above == UINT32_MAX ? 0 : r->rows->rows[above].level + 1;
	uint32_t at = above == UINT32_MAX ? 0 : above + 1;
	autochildren struct children children = {0};
	struct branch row;

	if (!children_find(r->graph, object, CHILDREN_REFERRERS, &children, progress, NULL))
		return false;
	if (prefer != NO_NODE) {
		row = object_row(r, above, prefer, prefer_via, object, level);
		at += branches_insert(r->rows, at, &row);
	}
	if (root != NO_NODE) {
		row = (struct branch){ .kind = HELD_ROOT, .leaf = true, .level = level,
			.number = root, .via = NO_NODE,
			.node = r->graph->n_objects + r->graph->roots[root].holder };
		row.bytes = graph_retained(r->graph, row.node);
		at += branches_insert(r->rows, at, &row);
	}
	at = insert_roots(r, at, object, level, root);
	for (uint32_t i = 0; i < children.n; i++) {
		const struct child *c = &children.items[i];

		if (c->kind == CHILD_ONE && c->node == prefer)
			continue;
		row = object_row(r, above, c->node, c->via, object, level);
		if (c->kind != CHILD_ONE)
			row = (struct branch){
				.kind = c->kind == CHILD_ALIKE ? HELD_FOLD : HELD_REST,
				.leaf = true, .node = object, .via = NO_NODE,
				.type = r->graph->type[c->node], .level = level,
				.count = c->count, .bytes = c->retained };
		at += branches_insert(r->rows, at, &row);
	}
	return true;
}

bool retainers_tree(struct retainers *r, const struct path *path, struct progress *progress)
{
	const struct graph *g = r->graph;
	uint32_t above = UINT32_MAX, goal = r->subject;
	uint32_t left = path ? path->n - 1 : 0;
	struct branch nothing = { .kind = HELD_NOTHING, .leaf = true, .node = NO_NODE,
				       .number = r->subject, .via = NO_NODE };

	for (unsigned level = 0; level < MOST_LEVELS; level++) {
		uint32_t via = left ? path->objects[left - 1] : NO_NODE, next = via;

		/* Over the parts of a map, to the map itself. */
		if (via != NO_NODE)
			next = label_visible(g, via);
		while (left && path->objects[left - 1] != next)
			left--;
		if (via != NO_NODE && !left)
			next = via; /* the map's own head lies elsewhere */
		if (!insert_referrers(r, above, goal, next, via,
				      path && next == NO_NODE ? path->root : NO_NODE, progress))
			return false;
		if (above != UINT32_MAX)
			r->rows->rows[above].open = true;
		if (next == NO_NODE || !left)
			break;
		above = above == UINT32_MAX ? 0 : above + 1;
		if (above >= r->rows->n || r->rows->rows[above].kind != HELD_OBJECT)
			break;
		goal = next;
		left--;
	}
	if (!r->rows->n)
		branches_insert(r->rows, 0, &nothing);
	return true;
}

bool retainers_unfold(struct retainers *r, uint32_t at, struct progress *progress)
{
	uint32_t before = r->rows->n;

	if (!insert_referrers(r, at, r->rows->rows[at].node, NO_NODE, NO_NODE, NO_NODE, progress))
		return false;
	r->rows->rows[at].open = r->rows->n > before;
	r->rows->rows[at].leaf = r->rows->n == before;
	return true;
}

void retainers_chain(struct retainers *r)
{
	const struct graph *g = r->graph;
	uint32_t root = graph_root_node(g), node = g->idom[r->subject], n = 0;
	struct branch row = { .kind = HELD_DOMINATOR, .leaf = true, .via = NO_NODE };

	for (; node != NO_NODE && node != root && n < MOST_CHAIN; node = g->idom[node]) {
		if (graph_is_object(g, node) && label_is_map_part(g, node) &&
		    label_visible(g, node) != node)
			continue;
		row.node = node;
		row.bytes = graph_retained(g, node);
		n += branches_insert(r->rows, r->rows->n, &row);
	}
	row.number = r->subject;
	row.kind = node == NO_NODE ? HELD_NOTHING : node == root ? HELD_SEVERAL : HELD_SKIPPED;
	row.node = NO_NODE;
	row.bytes = 0;
	if (node != root || !n || graph_is_object(g, r->rows->rows[n - 1].node))
		branches_insert(r->rows, r->rows->n, &row);
	if (row.kind == HELD_SKIPPED && g->above[r->subject] != NO_NODE) {
		row.kind = HELD_DOMINATOR;
		row.node = g->n_objects + g->above[r->subject];
		row.bytes = graph_retained(g, row.node);
		branches_insert(r->rows, r->rows->n, &row);
	}
}

static void say_root(const struct graph *g, struct branch *row)
{
	const struct root *root = &g->roots[row->number];
	const char *holder = g->holders[root->holder].name;
	autotext struct text label = {0};
	size_t n = strlen(holder);

	words_holder(g, root->holder, &row->what);
	label_root(g, row->number, &label);
	if (label.length && (label.length > n ||
			     strcmp(holder + n - label.length, text_string(&label)) != 0))
		text_printf(&row->what.text, "  %s", text_string(&label));
	if (root->known == KNOWN_CONSERVATIVE)
		line_puts(&row->what, ROLE_DIM, "  looks like a pointer");
	if (root->strength == STRENGTH_RUNTIME)
		line_puts(&row->what, ROLE_DIM, root->kind == ROOT_FINALIZER
						? "  only if nothing else does" : "  bookkeeping");
}

static void say_referrer(const struct graph *g, struct branch *row)
{
	autotext struct text label = {0};

	if (label_step(g, row->via, row->number, &label) && label.length) {
		text_printf(&row->what.text, "%s  ", text_string(&label));
		line_less(&row->what);
	}
	words_type(g, row->node, &row->what);
	if (row->kind == HELD_AGAIN)
		line_puts(&row->what, ROLE_DIM, "  again: a ring");
}

static void say_more(struct branch *row, const char *words)
{
	line_role(&row->what, ROLE_DIM);
	text_puts(&row->what.text, "… ");
	text_count(&row->what.text, row->count);
	text_printf(&row->what.text, " more %s", words);
}

void retainers_say(const struct graph *g, struct branch *row)
{
	row->said = true;
	switch ((enum held_kind)row->kind) {
	case HELD_OBJECT: case HELD_AGAIN: say_referrer(g, row); return;
	case HELD_ROOT: say_root(g, row); return;
	case HELD_MORE_ROOTS: say_more(row, "roots"); return;
	case HELD_FOLD: say_more(row, "like these"); return;
	case HELD_REST: say_more(row, "of other types"); return;
	case HELD_DOMINATOR: words_node(g, row->node, &row->what); return;
	case HELD_SEVERAL:
		text_puts(&row->what.text, "several at once: none alone frees it");
		return;
	case HELD_SKIPPED: text_puts(&row->what.text, "… and so on, up to"); return;
	case HELD_NOTHING:
		text_puts(&row->what.text, "nothing: it is garbage, ");
		text_puts(&row->what.text, graph_finalizer(g, row->number) == NO_NODE
						   ? "the next collection frees it"
						   : "freed when its finalizer has run");
		return;
	}
}

bool retainers_subject(const struct graph *g, const struct branch *row, struct subject *out)
{
	if (row->kind != HELD_OBJECT && row->kind != HELD_AGAIN && row->kind != HELD_ROOT &&
	    row->kind != HELD_DOMINATOR)
		return false;
	*out = graph_is_object(g, row->node)
		? (struct subject){ .kind = SUBJECT_OBJECT, .id = row->node }
		: (struct subject){ .kind = SUBJECT_HOLDER, .id = row->node - g->n_objects };
	return true;
}

static void add_step(struct line *out, const char *step)
{
	if (!*step)
		return;
	text_puts(&out->text, " ▸ ");
	text_puts(&out->text, step);
}

void retainers_path(const struct graph *g, const struct path *path, struct line *out)
{
	const struct root *root = &g->roots[path->root];
	const char *holder = g->holders[root->holder].name;
	autotext struct text label = {0}, left_out = {0};
	size_t n = strlen(holder);

	line_puts(out, ROLE_ROOT, holder);
	label_root(g, path->root, &label);
	if (label.length > n || strcmp(holder + n - label.length, text_string(&label)) != 0)
		add_step(out, text_string(&label));
	for (uint32_t i = 1; i < path->n; i++) {
		if (i == MOST_STEPS && path->n > 2 * MOST_STEPS) {
			i = path->n - MOST_STEPS;
			text_puts(&left_out, "… ");
			text_count(&left_out, path->n - 2 * MOST_STEPS);
			text_puts(&left_out, " more …");
			add_step(out, text_string(&left_out));
		}
		text_clear(&label);
		label_step(g, path->objects[i - 1], path->objects[i], &label);
		add_step(out, text_string(&label));
	}
}

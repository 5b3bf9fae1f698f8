/* Dominators: what would go if this went, as a tree that opens and closes. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/query/children.h"
#include "graph/query/label.h"
#include "graph/query/summary.h"
#include "tui/page/words.h"
#include "tui/views/holders.h"
#include "tui/views/views.h"
#include "tui/widgets/branches.h"

enum { RETAINED, SHARE, BAR, OBJECTS, ITSELF, ADDRESS, WHAT, N_COLUMNS };
enum { BAR_WIDTH = 8, ALIKE_ABOVE = 20, ALIKE_SHOWN = 10 };

static const struct column columns[N_COLUMNS] = {
	[RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 0, 0 },
	[SHARE] = { "SHARE", ALIGN_RIGHT, 6, 7, 3, 0 },
	[BAR] = { "", ALIGN_LEFT, BAR_WIDTH, BAR_WIDTH, DROP_NAMES, 0 },
	[OBJECTS] = { "OBJECTS", ALIGN_RIGHT, 7, 13, 2, 0 },
	[ITSELF] = { "ITSELF", ALIGN_RIGHT, 8, 16, 6, 0 },
	[ADDRESS] = { "ADDRESS", ALIGN_LEFT, 12, 14, 5, 0 },
	[WHAT] = { "WHAT", ALIGN_LEFT, 34, 0, 0, 0 },
};

enum row_kind {
	ROW_NODE,       /* a holder or an object; for a holder that is nothing but a pointer to
			 * one object, `via` is that object */
	ROW_ALIKE, ROW_SEVERAL, ROW_REST_HOLDERS, /* as enum top_kind */
	ROW_MORE_ALIKE, /* more of those above */
	ROW_FOLD,       /* more objects of `type` */
	ROW_REST,       /* more objects of any type */
	ROW_WAIT,       /* being computed */
};

enum work { WORK_NONE, WORK_TOPS, WORK_BELOW };

struct dominators {
	struct branches tree;
	struct top_rows tops;
	/* The job: what it makes, and for which node. */
	enum work work;
	const struct graph *graph;
	uint64_t whole; /* that all rows of the first level can keep */
	uint32_t node;
	struct top_rows new_tops;
	struct children below;
	bool good;
};

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	struct dominators *d = calloc(1, sizeof *d);

	if (!d)
		return fail_memory(err, "the dominators");
	page->state = d;
	page->panes[0].columns = columns;
	page->panes[0].n_columns = N_COLUMNS;
	page->panes[0].heads = true;
	page->empty = "what holds what is being computed ·";
	return true;
}

static void close_view(struct page *page)
{
	struct dominators *d = page->state;

	if (!d)
		return;
	branches_free(&d->tree);
	top_rows_free(&d->tops);
	top_rows_free(&d->new_tops);
	children_free(&d->below);
	free(d);
}

/* The object that a global is nothing but a pointer to; NO_NODE if it is more. */
static uint32_t inner(const struct graph *g, uint32_t node)
{
	autotext struct text label = {0};
	const struct holder *holder = &g->holders[node - g->n_objects];
	uint32_t kid = g->kids[g->kid_row[node]];
	size_t n;

	if (holder->kind != HOLDER_GLOBAL || g->kid_row[node + 1] - g->kid_row[node] != 1)
		return NO_NODE;
	if (label_is_map_part(g, kid) || !label_step(g, node, kid, &label))
		return NO_NODE;
	/* The name may stand with its package's whole path, or with the last word of it. */
	n = strlen(holder->name);
	if (label.length > n || strcmp(holder->name + n - label.length, text_string(&label)))
		return NO_NODE;
	return kid;
}

static struct branch node_row(const struct graph *g, uint32_t node, uint32_t via, unsigned level)
{
	struct branch row = { .kind = ROW_NODE, .node = node, .via = via, .level = level,
				.bytes = graph_retained(g, node) };
	uint32_t below = node;

	if (graph_is_holder(g, node)) {
		row.via = inner(g, node);
		row.bytes += summary_stack(g, node - g->n_objects);
	}
	if (graph_is_holder(g, node) && row.via != NO_NODE)
		below = row.via;
	row.leaf = g->kid_row[below] == g->kid_row[below + 1];
	return row;
}

/* The first level, when it has been made. */
static void show_tops(struct page *page, struct dominators *d)
{
	const struct graph *g = d->graph;

	branches_remove(&d->tree, 0, d->tree.n);
	for (uint32_t i = 0; i < d->tops.n; i++) {
		const struct top_row *top = &d->tops.items[i];
		struct branch row = { .kind = (uint8_t)top->kind, .node = top->node,
					.via = NO_NODE, .count = top->count, .number = i,
					.objects = top->objects, .bytes = top->bytes,
					.leaf = top->kind == TOP_REST };

		if (top->kind == TOP_HOLDER)
			row = node_row(g, top->node, NO_NODE, 0);
		if (!branches_insert(&d->tree, d->tree.n, &row))
			break;
	}
	page->panes[0].n_rows = d->tree.n;
	page->empty = "nothing in this heap is live";
}

static void job(void *arg, struct progress *progress)
{
	struct dominators *d = arg;

	if (d->work == WORK_TOPS)
		d->good = top_rows_make(d->graph, &d->new_tops, NULL);
	else
		d->good = children_find(d->graph, d->node, CHILDREN_DOMINATED, &d->below,
					progress, NULL);
}

/* Rows for what was found below NODE. */
static struct branch below_row(const struct graph *g, const struct child *c, unsigned level)
{
	struct branch row = { .kind = c->kind == CHILD_ALIKE ? ROW_FOLD : ROW_REST,
				.node = NO_NODE, .via = NO_NODE, .type = g->type[c->node],
				.level = level, .count = c->count, .bytes = c->retained,
				.leaf = true };

	return c->kind == CHILD_ONE ? node_row(g, c->node, c->via, level) : row;
}

static uint32_t waiting_row(const struct dominators *d)
{
	for (uint32_t i = 0; i < d->tree.n; i++)
		if (d->tree.rows[i].kind == ROW_WAIT)
			return i;
	return UINT32_MAX;
}

static void show_below(struct page *page, struct dominators *d)
{
	uint32_t at = waiting_row(d), parent;

	if (at == UINT32_MAX)
		return;
	parent = branches_parent(&d->tree, at);
	branches_remove(&d->tree, at, at + 1);
	for (uint32_t i = 0; i < d->below.n; i++) {
		struct branch row = below_row(d->graph, &d->below.items[i],
						d->tree.rows[parent].level + 1);

		if (!branches_insert(&d->tree, at + i, &row))
			break;
	}
	if (!d->below.n) {
		d->tree.rows[parent].open = false;
		d->tree.rows[parent].leaf = d->good;
		screen_message(page->screen, d->good ? "nothing below it but its own parts; "
			       "Enter opens it" : "it was ended");
	}
	page->panes[0].n_rows = d->tree.n;
}

static void job_done(struct page *page)
{
	struct dominators *d = page->state;
	enum work work = d->work;

	d->work = WORK_NONE;
	if (work == WORK_TOPS && d->good) {
		top_rows_free(&d->tops);
		d->tops = d->new_tops;
		d->new_tops = (struct top_rows){0};
		show_tops(page, d);
	} else if (work == WORK_TOPS) {
		page->empty = "the list of holders was ended; leave and come back to make it";
	} else if (work == WORK_BELOW) {
		show_below(page, d);
		children_free(&d->below);
	}
}

static void update(struct page *page)
{
	struct dominators *d = page->state;

	if (!screen_has(page->screen, STAGE_RETAINED))
		return;
	d->graph = screen_graph(page->screen);
	d->whole = summary_whole(d->graph);
	if (d->tree.n || d->work != WORK_NONE)
		return;
	d->work = WORK_TOPS;
	page_job(page, job, d);
}

/* Words of a row, made once. */

/* `more` of a row is the step alone, for the breadcrumb. */
static void say_object(struct page *page, const struct graph *g, struct branch *row)
{
	struct text *step = &row->more.text;
	bool direct = label_step(g, row->via, row->node, step);

	if (!direct) {
		text_puts(step, "via ");
		text_counted(step, words_referrers(g, screen_index(page->screen), row->node), "path");
	}
	line_puts(&row->what, direct ? ROLE_PLAIN : ROLE_DIM, text_string(step));
	text_puts(&row->what.text, step->length ? "  " : "");
	words_brief(g, row->node, &row->what);
	if (direct && step->length)
		return;
	text_clear(step);
	words_name(g, row->node, step);
}

/* Say what of BYTES that COUNT goroutines keep is their stacks. False if that is not worth it. */
static bool say_stacks(uint64_t count, uint64_t bytes, uint64_t stacks, struct line *out)
{
	autotext struct text said = {0};

	summary_say_stacks(&(struct holder_group){ .count = (uint32_t)count, .stacks = stacks,
						   .retained = bytes - stacks }, &said);
	if (said.length)
		text_printf(&out->text, "  %s", text_string(&said));
	return said.length;
}

static void say_holder(const struct graph *g, struct branch *row)
{
	words_name(g, row->node, &row->more.text);
	if (row->via == NO_NODE) {
		words_holder(g, row->node - g->n_objects, &row->what);
		say_stacks(1, row->bytes, summary_stack(g, row->node - g->n_objects), &row->what);
		return;
	}
	line_role(&row->what, ROLE_ROOT);
	text_printf(&row->what.text, "global %s", text_string(&row->more.text));
	line_role(&row->what, ROLE_PLAIN);
	line_less(&row->what);
	text_puts(&row->what.text, "  ");
	words_brief(g, row->via, &row->what);
}

static void say_alike(const struct graph *g, const struct dominators *d,
		      const struct branch *row, struct line *out)
{
	uint32_t holder = row->node - g->n_objects;
	struct task task;

	text_count(&out->text, row->count);
	line_role(out, ROLE_ROOT);
	text_puts(&out->text, " × ");
	if (g->holders[holder].kind != HOLDER_TASK) {
		label_holder(g, holder, &out->text);
		line_role(out, ROLE_PLAIN);
		return;
	}
	task = g->tasks[g->holders[holder].task];
	task.wait_ns = d->tops.items[row->number].wait_ns;
	text_puts(&out->text, "goroutine ");
	label_task(g, &task, &out->text);
	line_role(out, ROLE_PLAIN);
	line_less(out);
	if (say_stacks(row->count, row->bytes, d->tops.items[row->number].stacks, out))
		return; /* there is no room for more */
	text_puts(&out->text, "  ");
	words_task(&task, &out->text);
}

static void say_more(const struct branch *row, const char *words, struct line *out)
{
	line_role(out, ROLE_DIM);
	text_puts(&out->text, "… ");
	text_count(&out->text, row->count);
	text_printf(&out->text, " %s", words);
	line_role(out, ROLE_PLAIN);
}

static void say(struct page *page, struct branch *row)
{
	const struct dominators *d = page->state;
	const struct graph *g = d->graph;

	row->said = true;
	switch ((enum row_kind)row->kind) {
	case ROW_NODE:
		if (graph_is_holder(g, row->node))
			say_holder(g, row);
		else
			say_object(page, g, row);
		return;
	case ROW_ALIKE: say_alike(g, d, row, &row->what); return;
	case ROW_SEVERAL:
		line_puts(&row->what, ROLE_ROOT, "held by several at once");
		line_less(&row->what);
		text_puts(&row->what.text, "  none alone frees it");
		return;
	case ROW_REST_HOLDERS: say_more(row, "smaller holders", &row->what); return;
	case ROW_MORE_ALIKE: say_more(row, "more that are alike", &row->what); return;
	case ROW_FOLD: say_more(row, "more like these", &row->what); return;
	case ROW_REST: say_more(row, "more of other types", &row->what); return;
	case ROW_WAIT: text_puts(&row->what.text, "· counting what is below"); return;
	}
}

static void say_objects(const struct page *page, const struct branch *row, struct text *out)
{
	const struct dominators *d = page->state;
	const struct index *index = screen_index(page->screen);
	uint64_t n = row->kind == ROW_NODE ? 0 : row->objects;

	if (row->kind == ROW_NODE && graph_is_holder(d->graph, row->node))
		n = d->graph->holders[row->node - d->graph->n_objects].objects;
	else if (row->kind == ROW_NODE && index)
		n = index->objects[row->node];
	if (n)
		text_count(out, n);
	else if (row->kind == ROW_NODE)
		text_puts(out, "·");
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	struct dominators *d = page->state;
	struct branch *r = &d->tree.rows[index];
	const struct graph *g = d->graph;
	bool exact = screen_exact(page->screen);

	if (!r->said)
		say(page, r);
	branches_indent(r, "▾ ", "▸ ", "  ", &out->cells[WHAT].text);
	line_append(&out->cells[WHAT], &r->what);
	if (r->kind == ROW_WAIT)
		return;
	text_size(&out->cells[RETAINED].text, r->bytes, exact);
	words_share(r->bytes, d->whole, &out->cells[SHARE].text);
	if (r->bytes * 200 >= d->whole)
		text_bar(&out->cells[BAR].text, r->bytes, d->whole, BAR_WIDTH,
			 theme_unicode());
	say_objects(page, r, &out->cells[OBJECTS].text);
	if (r->kind != ROW_NODE || !graph_is_object(g, r->node))
		return;
	text_size(&out->cells[ITSELF].text, graph_size(g, r->node), exact);
	text_printf(&out->cells[ADDRESS].text, "0x%llx",
		    (unsigned long long)graph_addr(g, r->node));
}

/* Opening and closing. */

static struct branch *selected(struct page *page)
{
	struct dominators *d = page->state;

	return d->tree.n ? &d->tree.rows[page->panes[0].selected] : NULL;
}

static uint32_t node_below(const struct graph *g, const struct branch *row)
{
	if (row->kind == ROW_NODE && graph_is_holder(g, row->node) && row->via != NO_NODE)
		return row->via;
	return row->node;
}

/* The rows for alike holders are at hand. */
static void unfold_alike(struct page *page, struct dominators *d, uint32_t at)
{
	struct branch *row = &d->tree.rows[at];
	struct branch more = { .kind = ROW_MORE_ALIKE, .node = NO_NODE, .via = NO_NODE,
				    .number = row->number, .level = 1, .leaf = true,
				    .bytes = row->bytes };
	uint32_t n, shown;
	autofree uint32_t *nodes = top_rows_members(d->graph, &d->tops, row->number, &n);

	shown = n > ALIKE_ABOVE ? ALIKE_SHOWN : n;
	more.count = n - shown;
	row->open = true;
	for (uint32_t i = 0; nodes && i < shown; i++) {
		struct branch one = node_row(d->graph, nodes[i], NO_NODE, 1);

		more.bytes -= one.bytes;
		branches_insert(&d->tree, at + 1 + i, &one);
	}
	if (nodes && more.count)
		branches_insert(&d->tree, at + 1 + shown, &more);
	page->panes[0].n_rows = d->tree.n;
}

static void unfold(struct page *page, struct dominators *d, uint32_t at)
{
	struct branch *row = &d->tree.rows[at];
	struct branch wait = { .kind = ROW_WAIT, .level = row->level + 1, .leaf = true,
				 .node = NO_NODE, .via = NO_NODE };
	uint32_t before = waiting_row(d);

	if (before != UINT32_MAX) {
		screen_message(page->screen, "one at a time: Esc ends what is being counted");
		return;
	}
	if (row->kind == ROW_ALIKE) {
		unfold_alike(page, d, at);
		return;
	}
	row->open = true;
	d->node = node_below(d->graph, row);
	if (!branches_insert(&d->tree, at + 1, &wait))
		return;
	page->panes[0].n_rows = d->tree.n;
	d->work = WORK_BELOW;
	page_job(page, job, d);
}

static void open_table(struct page *page, struct dominators *d, uint32_t at)
{
	const struct branch *row = &d->tree.rows[at];
	uint32_t parent = branches_parent(&d->tree, at);
	struct objects_request request = { .of = OBJECTS_LIST };
	autofree uint32_t *nodes = NULL;
	autotext struct text title = {0};

	if (row->kind == ROW_FOLD || row->kind == ROW_REST) {
		request.of = OBJECTS_CHILDREN;
		request.parent = node_below(d->graph, &d->tree.rows[parent]);
		request.type = row->kind == ROW_FOLD ? row->type : OBJECTS_ANY_TYPE;
		text_puts(&title, "below ");
		words_name(d->graph, request.parent, &title);
	} else {
		nodes = top_rows_members(d->graph, &d->tops, row->number, &request.n_nodes);
		request.nodes = nodes;
		request.noun = row->kind == ROW_REST_HOLDERS ? "smaller holder" : NULL;
		text_puts(&title, request.noun ? "" : "those that are alike");
	}
	request.title = text_string(&title);
	screen_open(page->screen, &objects_view, &request);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct dominators *d = page->state;
	const struct branch *row = selected(page);

	if (!row || (row->kind != ROW_NODE && row->kind != ROW_ALIKE))
		return false;
	*out = (struct subject){ .kind = SUBJECT_OBJECT, .id = row->node };
	if (graph_is_holder(d->graph, row->node))
		*out = (struct subject){ .kind = SUBJECT_HOLDER,
					 .id = row->node - d->graph->n_objects };
	return true;
}

static void enter(struct page *page, struct dominators *d, uint32_t at)
{
	const struct branch *row = &d->tree.rows[at];
	struct subject to;

	switch ((enum row_kind)row->kind) {
	case ROW_WAIT:
		return;
	case ROW_NODE: case ROW_ALIKE: case ROW_SEVERAL:
		if (!row->open && !row->leaf)
			unfold(page, d, at);
		else if (row->kind == ROW_ALIKE)
			open_table(page, d, at);
		else if (row->kind == ROW_NODE && subject(page, &to))
			screen_open(page->screen, &object_view, &to);
		return;
	default:
		open_table(page, d, at);
	}
}

static void fold(struct page *page, struct dominators *d, uint32_t at)
{
	uint32_t parent;

	if (d->tree.rows[at].open) {
		if (d->work == WORK_BELOW && waiting_row(d) < branches_end(&d->tree, at) &&
		    waiting_row(d) > at) {
			job_end(&page->job);
			d->work = WORK_NONE;
			children_free(&d->below);
		}
		branches_close(&d->tree, at);
		page->panes[0].n_rows = d->tree.n;
		return;
	}
	parent = branches_parent(&d->tree, at);
	if (parent != UINT32_MAX)
		page->panes[0].selected = parent;
}

static bool act(struct page *page, enum action action)
{
	struct dominators *d = page->state;

	if (!d->tree.n)
		return false;
	if (action == ACTION_ENTER || action == ACTION_RIGHT)
		enter(page, d, page->panes[0].selected);
	else if (action == ACTION_LEFT)
		fold(page, d, page->panes[0].selected);
	else
		return false;
	return true;
}

/* Line 3: the way down to the selected row. */
static void say_crumb(struct page *page, struct dominators *d)
{
	uint32_t chain[64], n = 0;

	line_clear(&page->crumb);
	line_clear(&page->note);
	if (!d->tree.n || page->panes[0].selected >= d->tree.n)
		return;
	for (uint32_t at = page->panes[0].selected; at != UINT32_MAX && n < ARRAY_SIZE(chain);
	     at = branches_parent(&d->tree, at))
		chain[n++] = at;
	while (n--) {
		struct branch *r = &d->tree.rows[chain[n]];

		if (!r->said)
			say(page, r);
		text_puts(&page->crumb.text, page->crumb.text.length ? " ▸ " : "");
		text_puts(&page->crumb.text, r->more.text.length ? text_string(&r->more.text) :
			  r->kind == ROW_ALIKE ? "those that are alike" :
			  r->kind == ROW_SEVERAL ? "several at once" : "…");
	}
	text_puts(&page->note.text, "dominator chain");
}

static void layout(struct page *page, int y, int height, int width)
{
	struct pane *pane = &page->panes[0];

	pane->y = y;
	pane->x = 0;
	pane->height = height;
	pane->width = width;
	say_crumb(page, page->state);
}

const struct view_ops dominators_view = {
	.name = "Dominators",
	.screen = SCREEN_DOMINATORS,
	.about = "What would be freed if a row went: RETAINED counts it and all that only it holds.\n"
		 "The first level are the holders: globals, goroutines, timers, finalizers.\n"
		 "A row says how the one above leads to it; `via 2 paths`: by several ways.\n"
		 "What several holders reach is the row `held by several at once`.\n"
		 "~ before a type: inferred. ?: not known. ◇: in an interface's box.",
	.open = open_view, .close = close_view, .update = update, .layout = layout, .row = row,
	.act = act, .subject = subject, .job_done = job_done,
};

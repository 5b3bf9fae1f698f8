/* A table of objects or holders: what a folded row stands for, all of a type, what was found. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/query/label.h"
#include "graph/query/together.h"
#include "tui/page/words.h"
#include "tui/views/views.h"

enum { RETAINED, SHARE, OBJECTS, ITSELF, ADDRESS, WHAT, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 0, 'r' },
	[SHARE] = { "SHARE", ALIGN_RIGHT, 6, 7, 6, 0 },
	[OBJECTS] = { "OBJECTS", ALIGN_RIGHT, 7, 13, 4, 'o' },
	[ITSELF] = { "ITSELF", ALIGN_RIGHT, 8, 16, 3, 'i' },
	[ADDRESS] = { "ADDRESS", ALIGN_LEFT, 12, 14, 5, 'a' },
	[WHAT] = { "WHAT", ALIGN_LEFT, 34, 0, 0, 0 },
};

/* A row: the node, and what refers to it and where in that, for the words of the step. */
struct item { uint32_t node, via; uint64_t offset; };

struct objects {
	struct objects_request request;
	struct text title;
	const struct graph *graph;
	const struct index *index;
	struct item *items;
	uint32_t n;
	/* The job: makes `made` (at first), and sorts it. */
	struct item *made;
	uint32_t n_made, capacity;
	unsigned column;
	bool reversed, failed;
	uint64_t bytes;
};

static bool add(struct objects *o, uint32_t node, uint32_t via)
{
	struct item *item = GROW(o->made, o->n_made, o->capacity);

	if (!item)
		return false;
	*item = (struct item){ node, via, UINT64_MAX };
	o->n_made++;
	return true;
}

static void on_child(void *arg, uint32_t node, uint32_t via)
{
	struct objects *o = arg;
	const struct graph *g = o->graph;

	if (o->failed)
		return;
	if (o->request.type != OBJECTS_ANY_TYPE && g->type[node] != o->request.type)
		return;
	o->failed = !add(o, node, via);
}

static void of_type(struct objects *o, struct progress *progress)
{
	const struct graph *g = o->graph;

	progress_begin(progress, "looking for objects of the type", g->n_objects);
	for (uint32_t i = 0; i < g->n_objects && !o->failed; i++) {
		if ((i & 0xfffff) == 0) {
			atomic_store(&progress->done, i);
			o->failed = progress_cancelled(progress);
		}
		if (g->type[i] == o->request.type && (g->flags[i] & OBJECT_LIVE))
			o->failed |= !add(o, i, NO_NODE);
	}
}

static void gather(struct objects *o, struct progress *progress)
{
	const struct objects_request *r = &o->request;

	if (r->of == OBJECTS_CHILDREN)
		o->failed = !children_each(o->graph, r->parent, r->children, on_child, o, progress,
					   NULL) || o->failed;
	else if (r->of == OBJECTS_TYPE)
		of_type(o, progress);
	else
		for (uint32_t i = 0; i < r->n_nodes && !o->failed; i++)
			o->failed = !add(o, r->nodes[i], NO_NODE);
}

static int by_via(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->via != y->via)
		return x->via < y->via ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* Where in the object VIA each of the N items lies that it refers to: all in one pass over its
 * edges, since to look for a row's edge anew takes as long as the object has edges. ITEMS by node. */
static void find_offsets(const struct graph *g, uint32_t via, struct item *items, uint32_t n)
{
	for (uint32_t e = g->fwd_row[via]; e < g->fwd_row[via + 1]; e++) {
		struct item key = { .node = g->fwd_dst[e], .via = via };
		struct item *item = bsearch(&key, items, n, sizeof *items, by_via);

		if (item && item->offset == UINT64_MAX)
			item->offset = label_edge_offset(g, via, e);
	}
}

static void find_steps(struct objects *o, struct progress *progress)
{
	const struct graph *g = o->graph;
	uint32_t from = 0;

	progress_begin(progress, "naming the steps", o->n_made);
	qsort(o->made, o->n_made, sizeof *o->made, by_via);
	for (uint32_t i = 1; i <= o->n_made && !progress_cancelled(progress); i++) {
		if (i < o->n_made && o->made[i].via == o->made[from].via)
			continue;
		if (graph_is_object(g, o->made[from].via))
			find_offsets(g, o->made[from].via, o->made + from, i - from);
		progress_add(progress, i - from);
		from = i;
	}
}

static uint64_t key_of(const struct objects *o, uint32_t node)
{
	bool object = graph_is_object(o->graph, node);

	switch (o->column) {
	case OBJECTS:
		return o->index && object ? o->index->objects[node]
		     : object ? 0 : o->graph->holders[node - o->graph->n_objects].objects;
	case ITSELF: return object ? graph_size(o->graph, node) : 0;
	case ADDRESS: return UINT64_MAX - node; /* objects are numbered by address */
	default: return graph_retained(o->graph, node);
	}
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct objects *o = arg;
	const struct item *x = a, *y = b;
	uint64_t kx = key_of(o, x->node), ky = key_of(o, y->node);
	int order = kx != ky ? (kx > ky ? -1 : 1) : x->node < y->node ? -1 : x->node > y->node;

	return o->reversed ? -order : order;
}

/* What all rows keep, each byte once: one may lie below another, as a global's map does below the global. */
static void sum_up(struct objects *o)
{
	autofree uint32_t *nodes = malloc(((size_t)o->n_made + 1) * sizeof *nodes);

	if (o->request.of == OBJECTS_TYPE && o->request.type < o->graph->n_types) {
		o->bytes = o->graph->types[o->request.type].retained;
		return;
	}
	for (uint32_t i = 0; nodes && i < o->n_made; i++)
		nodes[i] = o->made[i].node;
	o->failed |= !nodes || !together_retained(o->graph, nodes, o->n_made, &o->bytes, NULL);
}

static void job(void *arg, struct progress *progress)
{
	struct objects *o = arg;

	if (!o->made) {
		gather(o, progress);
		if (o->n_made && o->request.of == OBJECTS_CHILDREN &&
		    o->request.children == CHILDREN_DOMINATED)
			find_steps(o, progress);
		if (!o->failed)
			sum_up(o);
	}
	progress_begin(progress, "sorting", 0);
	if (o->n_made && !o->failed)
		qsort_r(o->made, o->n_made, sizeof *o->made, compare, o);
}

static void start(struct page *page)
{
	struct objects *o = page->state;

	job_end(&page->job);
	o->graph = screen_graph(page->screen);
	o->index = screen_index(page->screen);
	o->column = page->panes[0].sort;
	o->reversed = page->panes[0].reversed;
	/* What is shown goes back to the job; it is a list of the same things. */
	if (o->items) {
		o->made = o->items;
		o->n_made = o->n;
		o->items = NULL;
		o->n = page->panes[0].n_rows = 0;
	}
	page->empty = "· making the list";
	page_job(page, job, o);
}

static void say_title(struct page *page, struct objects *o)
{
	line_clear(&page->crumb);
	line_clear(&page->note);
	if (o->request.noun)
		text_counted(&page->crumb.text, o->n, o->request.noun);
	else
		text_count(&page->crumb.text, o->n);
	text_printf(&page->crumb.text, " %s", text_string(&o->title));
	text_size(&page->note.text, o->bytes, screen_exact(page->screen));
}

static void job_done(struct page *page)
{
	struct objects *o = page->state;

	o->items = o->made;
	o->n = o->n_made;
	o->made = NULL;
	page->panes[0].n_rows = o->n;
	page->empty = o->failed ? "the list was ended before it was complete" :
				  "nothing of this is live";
	say_title(page, o);
}

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	const struct objects_request *request = arg;
	struct objects *o = calloc(1, sizeof *o);
	uint32_t *nodes;

	if (!o)
		return fail_memory(err, "a table of objects");
	page->state = o;
	o->request = *request;
	o->request.nodes = NULL;
	text_puts(&o->title, request->title);
	if (request->of == OBJECTS_LIST) {
		nodes = malloc(((size_t)request->n_nodes + 1) * sizeof *nodes);
		if (!nodes)
			return fail_memory(err, "a table of objects");
		if (request->n_nodes)
			memcpy(nodes, request->nodes, request->n_nodes * sizeof *nodes);
		o->request.nodes = nodes;
	}
	page->panes[0].columns = columns;
	page->panes[0].n_columns = N_COLUMNS;
	page->panes[0].heads = true;
	return true;
}

static void close_view(struct page *page)
{
	struct objects *o = page->state;

	if (!o)
		return;
	free((void *)o->request.nodes);
	free(o->items);
	free(o->made);
	text_free(&o->title);
	free(o);
}

static void update(struct page *page)
{
	struct objects *o = page->state;

	if (!screen_has(page->screen, STAGE_RETAINED))
		return;
	if (!o->graph)
		start(page);
	else
		say_title(page, o);
	o->index = screen_index(page->screen);
}

/* How one gets to an item, or from it. */
static void say_step(const struct objects *o, const struct item *item, struct text *out)
{
	const struct graph *g = o->graph;
	enum known known;

	if (!graph_is_object(g, item->node) || item->via == NO_NODE)
		return;
	if (o->request.children == CHILDREN_REFERRERS)
		label_step(g, item->via, o->request.parent, out);
	else if (item->offset != UINT64_MAX)
		label_offset(g, item->via, item->offset, out, &known);
	else if (graph_is_holder(g, item->via))
		label_step(g, item->via, item->node, out);
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	struct objects *o = page->state;
	const struct graph *g = o->graph;
	const struct item *item = &o->items[index];
	bool exact = screen_exact(page->screen), object = graph_is_object(g, item->node);
	struct line *what = &out->cells[WHAT];
	uint64_t bytes = graph_retained(g, item->node), objects;

	text_size(&out->cells[RETAINED].text, bytes, exact);
	words_share(bytes, g->live_bytes, &out->cells[SHARE].text);
	objects = !object ? g->holders[item->node - g->n_objects].objects
			  : o->index ? o->index->objects[item->node] : 0;
	if (objects)
		text_count(&out->cells[OBJECTS].text, objects);
	if (object) {
		text_size(&out->cells[ITSELF].text, graph_size(g, item->node), exact);
		text_printf(&out->cells[ADDRESS].text, "0x%llx",
			    (unsigned long long)graph_addr(g, item->node));
	}
	say_step(o, item, &what->text);
	text_puts(&what->text, what->text.length ? "  " : "");
	words_node(g, item->node, what);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct objects *o = page->state;
	uint32_t node;

	if (!o->n)
		return false;
	node = o->items[page->panes[0].selected].node;
	*out = graph_is_object(o->graph, node)
		? (struct subject){ .kind = SUBJECT_OBJECT, .id = node }
		: (struct subject){ .kind = SUBJECT_HOLDER, .id = node - o->graph->n_objects };
	return true;
}

static bool act(struct page *page, enum action action)
{
	struct subject to;

	if ((action != ACTION_ENTER && action != ACTION_RIGHT) || !subject(page, &to))
		return false;
	screen_open(page->screen, &object_view, &to);
	return true;
}

const struct view_ops objects_view = {
	.name = "Objects",
	.screen = SCREEN_OBJECTS,
	.about = "Alike objects. RETAINED: freed if this one went. ITSELF: its own slot.\n"
		 "OBJECTS: how many would go with it.",
	.open = open_view, .close = close_view, .update = update, .row = row, .act = act,
	.subject = subject, .sort = start, .job_done = job_done,
};

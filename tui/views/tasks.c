/* Goroutines by what they keep: those that do the same and wait for the same are one row. */
#include <stdlib.h>

#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/base/cleanup.h"
#include "graph/query/label.h"
#include "graph/query/summary.h"
#include "tui/page/words.h"
#include "tui/views/listing.h"
#include "tui/views/views.h"

enum { KEPT, STACKS, COUNT, WAITED, FUNCTION, WAIT, WHERE, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[KEPT] = { "KEPT", ALIGN_RIGHT, 8, 16, 0, 'k' },
	[STACKS] = { "STACKS", ALIGN_RIGHT, 8, 16, 3, 's' },
	[COUNT] = { "COUNT", ALIGN_RIGHT, 5, 10, 0, 'c' },
	[WAITED] = { "WAITED", ALIGN_RIGHT, 6, 10, 2, 'w' },
	[FUNCTION] = { "FUNCTION", ALIGN_LEFT, 24, 0, 0, 0 },
	[WAIT] = { "WAITS FOR", ALIGN_LEFT, 9, 18, 1, 0 },
	[WHERE] = { "AT", ALIGN_LEFT, 12, 28, 5, 0 },
};

struct tasks {
	struct listing list;
	struct holder_group *groups; /* items are indices into it */
};

static uint64_t key(const struct listing *l, uint32_t item, unsigned column)
{
	const struct holder_group *group = &((const struct tasks *)l)->groups[item];

	switch (column) {
	case STACKS: return group->stacks;
	case COUNT: return group->count;
	case WAITED: return group->wait_ns < 0 ? 0 : (uint64_t)group->wait_ns;
	default: return summary_kept(group);
	}
}

static bool make(struct listing *l, struct progress *progress)
{
	struct tasks *t = (struct tasks *)l;
	const struct graph *g = l->graph;
	uint32_t n, all;

	free(t->groups);
	t->groups = calloc(g->n_holders + 1ul, sizeof *t->groups);
	l->items = malloc((g->n_holders + 1ul) * sizeof *l->items);
	if (!t->groups || !l->items)
		return false;
	n = summary_holders(g, t->groups, g->n_holders, &all, NULL);
	for (uint32_t i = 0; i < n; i++)
		if (graph_holder_task(g, t->groups[i].holder))
			l->items[l->count++] = i;
	return n > 0 || !g->n_holders;
}

static void say(const struct listing *l, struct text *out)
{
	text_puts(out, " of ");
	text_counted(out, l->graph->n_tasks, "goroutine");
}

static const struct listing_ops ops = { "kind", STAGE_RETAINED, make, key, say };

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	return listing_open(page, &ops, sizeof(struct tasks), columns, N_COLUMNS, err);
}

static void close_view(struct page *page)
{
	struct tasks *t = page->state;

	if (!t)
		return;
	listing_free(&t->list);
	free(t->groups);
	free(t);
}

/* Where it stands: the innermost frame that is not the runtime's own. */
static void say_place(const struct graph *g, const struct task *task, struct text *out)
{
	for (uint32_t i = 0; i < task->n_frames; i++) {
		const struct frame *f = &g->frames[task->first_frame + i];

		if (f->system || !f->file)
			continue;
		text_printf(out, "%s:%u", text_base_name(f->file), f->line);
		return;
	}
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct tasks *t = page->state;
	const struct graph *g = t->list.graph;
	const struct holder_group *group = &t->groups[t->list.order[index]];
	const struct task *task = graph_holder_task(g, group->holder);
	bool exact = screen_exact(page->screen);

	text_size(&out->cells[KEPT].text, summary_kept(group), exact);
	text_size(&out->cells[STACKS].text, group->stacks, exact);
	text_count(&out->cells[COUNT].text, group->count);
	if (group->wait_ns >= 0)
		text_duration(&out->cells[WAITED].text, (uint64_t)group->wait_ns);
	label_task(g, task, &out->cells[FUNCTION].text);
	if (task->wait)
		text_puts(&out->cells[WAIT].text, task->wait);
	else
		words_task(task, &out->cells[WAIT].text);
	say_place(g, task, &out->cells[WHERE].text);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct tasks *t = page->state;
	uint32_t item;

	if (!listing_selected(page, &item))
		return false;
	*out = (struct subject){ .kind = SUBJECT_HOLDER, .id = t->groups[item].holder };
	return true;
}

/* A table of all that are in the row's group. */
static void open_group(struct page *page, const struct holder_group *group)
{
	const struct tasks *t = page->state;
	const struct graph *g = t->list.graph;
	autofree uint32_t *nodes = malloc((g->n_holders + 1ul) * sizeof *nodes);
	struct objects_request request = { .of = OBJECTS_LIST, .nodes = nodes, .type = OBJECTS_ANY_TYPE };
	autotext struct text title = { 0 };

	if (!nodes) {
		screen_message(page->screen, "there is not enough memory for the list");
		return;
	}
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (summary_alike(g, h, group->holder))
			nodes[request.n_nodes++] = g->n_objects + h;
	text_puts(&title, "× goroutine ");
	label_task(g, graph_holder_task(g, group->holder), &title);
	request.title = text_string(&title);
	screen_open(page->screen, &objects_view, &request);
}

static bool act(struct page *page, enum action action)
{
	const struct tasks *t = page->state;
	bool open = action == ACTION_ENTER || action == ACTION_RIGHT;
	uint32_t item;

	if (!open || !listing_selected(page, &item) || t->groups[item].count <= 1)
		return listing_act(page, action);
	open_group(page, &t->groups[item]);
	return true;
}

const struct view_ops tasks_view = {
	.name = "Goroutines",
	.screen = SCREEN_TASKS,
	.about = "Goroutines, those of one function that wait for the same in one row: COUNT.\n"
		 "KEPT: what would be freed if they ended, stacks included. WAITED: the longest,\n"
		 "at least, where the runtime has noted it. AT: the innermost line of the one that keeps most.",
	.open = open_view, .close = close_view, .update = listing_update, .row = row, .act = act,
	.subject = subject, .sort = listing_sort, .job_done = listing_done,
};

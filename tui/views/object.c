/* One object or holder: who holds it, what it is, what it holds. */
#include <stdlib.h>

#include "graph/base/cleanup.h"
#include "graph/query/label.h"
#include "tui/page/words.h"
#include "tui/views/contents.h"
#include "tui/views/retainers.h"
#include "tui/views/views.h"

enum { PANE_HELD, PANE_CONTENTS };
enum { HELD_WHAT, HELD_RETAINED, HELD_COLUMNS };
enum { MOST_PATHS = 9, NARROW = 56 };
enum { MOST_UNFOLDED = 200000 }; /* referrers looked through at once; more make a table */

static const struct column held_columns[HELD_COLUMNS] = {
	[HELD_WHAT] = { "", ALIGN_LEFT, 30, 0, 0, 0 },
	[HELD_RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 1, 0 },
};

enum work { WORK_NONE, WORK_PATHS, WORK_TREE };

struct object {
	const struct graph *graph;
	struct subject subject;
	struct contents contents;
	struct branches held;
	bool chain;              /* the left side shows dominators */
	struct path *paths;
	uint32_t n_paths, path;  /* the one that is shown */
	bool paths_known, paths_ended;
	/* The job. */
	enum work work;
	struct retainers retainers;
	struct branches made;
	struct path *found;
	uint32_t n_found;
	bool good;
};

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	struct object *o = calloc(1, sizeof *o);

	if (!o)
		return fail_memory(err, "the page of an object");
	page->state = o;
	o->subject = *(const struct subject *)arg;
	page->n_panes = 2;
	page->panes[PANE_HELD].columns = held_columns;
	page->panes[PANE_HELD].n_columns = HELD_COLUMNS;
	page->panes[PANE_CONTENTS].columns = contents_columns;
	page->panes[PANE_CONTENTS].n_columns = CONTENTS_COLUMNS;
	return true;
}

static void close_view(struct page *page)
{
	struct object *o = page->state;

	if (!o)
		return;
	contents_free(&o->contents);
	branches_free(&o->held);
	branches_free(&o->made);
	paths_free(o->paths, o->n_paths);
	paths_free(o->found, o->n_found);
	free(o);
}

static const struct path *shown_path(const struct object *o)
{
	return o->n_paths ? &o->paths[o->path] : NULL;
}

static void say_crumb(struct page *page, const struct object *o)
{
	line_clear(&page->crumb);
	line_clear(&page->note);
	if (o->subject.kind == SUBJECT_HOLDER) {
		words_holder(o->graph, o->subject.id, &page->crumb);
		return;
	}
	if (shown_path(o)) {
		retainers_path(o->graph, shown_path(o), &page->crumb);
		text_printf(&page->note.text, "path %u of %u%s", o->path + 1, o->n_paths,
			    o->n_paths == MOST_PATHS ? " or more" : "");
		return;
	}
	words_object(o->graph, o->subject.id, &page->crumb);
	text_puts(&page->note.text, !o->paths_known ? "looking for paths ·" :
		  o->paths_ended ? "paths: ended" : "no path: garbage");
}

/* What a holder is held by: it is a root itself. A goroutine shows its frames. */
static void hold_holder(struct object *o)
{
	const struct graph *g = o->graph;
	const struct holder *holder = &g->holders[o->subject.id];
	static const char *const words[] = {
		"● a global, itself a root", "● a goroutine, itself a root",
		"● a timer, itself a root", "● a special, itself a root",
		"● the runtime, itself a root",
	};
	struct branch row = { .leaf = true, .said = true, .node = NO_NODE, .via = NO_NODE };

	row.kind = HELD_NOTHING;
	text_puts(&row.what.text, words[holder->kind]);
	branches_insert(&o->held, 0, &row);
	if (holder->task == NO_NODE)
		return;
	for (uint32_t i = 0; i < g->tasks[holder->task].n_frames; i++) {
		const struct frame *f = &g->frames[g->tasks[holder->task].first_frame + i];

		row.what = (struct line){0};
		line_puts(&row.what, f->inlined ? ROLE_DIM : ROLE_PLAIN, f->function);
		text_printf(&row.what.text, "  %s:%u", f->file ? f->file : "?", f->line);
		branches_insert(&o->held, o->held.n, &row);
	}
}

static void job(void *arg, struct progress *progress)
{
	struct object *o = arg;

	if (o->work == WORK_PATHS) {
		struct error err = {0};

		progress_begin(progress, "looking for paths", 0);
		o->n_found = paths_find(o->graph, o->subject.id, MOST_PATHS, &o->found, progress,
					&err);
		o->good = !err.code;
	} else if (o->work == WORK_TREE) {
		progress_begin(progress, "who refers to it", 0);
		o->good = retainers_tree(&o->retainers, shown_path(o), progress);
	}
}

static void prepare(struct page *page, struct object *o, struct branches *rows)
{
	o->retainers = (struct retainers){ .graph = o->graph, .rows = rows,
					   .index = screen_index(page->screen),
					   .subject = o->subject.id };
}

/* Make the left side anew along the path that is shown. */
static void make_tree(struct page *page, struct object *o)
{
	job_end(&page->job);
	o->chain = false;
	branches_remove(&o->made, 0, o->made.n);
	prepare(page, o, &o->made);
	o->work = WORK_TREE;
	page_job(page, job, o);
}

static void show_held(struct page *page, struct object *o)
{
	page->panes[PANE_HELD].n_rows = o->held.n;
	page->panes[PANE_HELD].selected = page->panes[PANE_HELD].top = 0;
}

static void job_done(struct page *page)
{
	struct object *o = page->state;
	enum work work = o->work;

	o->work = WORK_NONE;
	if (work == WORK_PATHS) {
		o->paths = o->found;
		o->n_paths = o->n_found;
		o->found = NULL;
		o->n_found = 0;
		o->paths_known = true;
		o->paths_ended = !o->good;
		say_crumb(page, o);
		make_tree(page, o);
	} else if (work == WORK_TREE) {
		branches_free(&o->held);
		o->held = o->made;
		o->made = (struct branches){0};
		show_held(page, o);
		if (!o->good)
			screen_message(page->screen, "not complete: it was ended");
	}
}

static void update(struct page *page)
{
	struct object *o = page->state;

	if (!screen_has(page->screen, STAGE_RETAINED))
		return;
	if (!o->graph) {
		o->graph = o->contents.graph = screen_graph(page->screen);
		o->contents.subject = o->subject;
		contents_open(&o->contents);
		page->panes[PANE_CONTENTS].n_rows = o->contents.rows.n;
		if (o->subject.kind == SUBJECT_HOLDER) {
			page->focus = PANE_CONTENTS;
			hold_holder(o);
			show_held(page, o);
		} else {
			o->work = WORK_PATHS;
			page_job(page, job, o);
		}
	} else if (o->subject.kind == SUBJECT_OBJECT && o->paths_known && !o->retainers.index) {
		make_tree(page, o); /* the roots can be found now */
	}
	say_crumb(page, o);
}

/* The two lines above the panes. */

static void say_map(const struct page *page, const struct map *map, struct line *out)
{
	bool exact = screen_exact(page->screen);
	uint64_t boxes = map->boxed_bytes + map->boxed_key_bytes;

	text_counted(&out->text, map->entries, "entry");
	if (map->slots) {
		text_puts(&out->text, " in ");
		text_counted(&out->text, map->slots, "slot");
	}
	text_puts(&out->text, "; table ");
	text_size(&out->text, map->table_bytes, exact);
	if (!boxes)
		return;
	text_puts(&out->text, ", boxes ");
	text_size(&out->text, boxes, exact);
}

static void say_known(const struct object *o, struct text *out)
{
	static const char *const words[] = { "type not known", "type inferred from its shape",
					     "type derived", "type exact" };
	uint16_t flags = o->graph->flags[o->subject.id];

	text_puts(out, words[(flags & OBJECT_KNOWN) <= KNOWN_EXACT ? flags & OBJECT_KNOWN : 0]);
	if (flags & OBJECT_AFTER_STOP)
		text_puts(out, "; read after the stop");
	if (flags & OBJECT_IN_FLIGHT)
		text_puts(out, "; caught half written");
}

static void draw_object(const struct page *page, const struct object *o, int y, int width)
{
	const struct graph *g = o->graph;
	const struct index *index = screen_index(page->screen);
	const struct map *map = graph_map_of(g, o->subject.id);
	bool exact = screen_exact(page->screen);
	autoline struct line first = {0}, right = {0}, second = {0};
	int wide;

	words_type(g, o->subject.id, &first);
	text_printf(&first.text, "  at 0x%llx", (unsigned long long)graph_addr(g, o->subject.id));
	if (!map && graph_type(g, o->subject.id) &&
	    graph_type(g, o->subject.id)->kind != TYPE_STRUCT)
		words_preview(g, o->subject.id, &first);
	if (g->flags[o->subject.id] & OBJECT_LIVE) {
		text_puts(&right.text, "retained ");
		text_size(&right.text, g->retained[o->subject.id], exact);
	} else {
		line_puts(&right, ROLE_DIM, "garbage");
	}
	if (index && (g->flags[o->subject.id] & OBJECT_LIVE)) {
		text_puts(&right.text, " (");
		text_counted(&right.text, index->objects[o->subject.id], "object");
		text_putc(&right.text, ')');
	}
	wide = (int)text_width(text_string(&right.text));
	cells_line(y, 1, width - wide - 4, &first, ALIGN_LEFT, ROLE_PLAIN);
	cells_line(y, width - wide - 1, wide, &right, ALIGN_RIGHT, ROLE_ROOT);
	text_puts(&second.text, "itself ");
	text_size(&second.text, graph_size(g, o->subject.id), exact);
	text_puts(&second.text, "; ");
	say_known(o, &second.text);
	if (map) {
		text_puts(&second.text, "; ");
		say_map(page, map, &second);
	}
	cells_line(y + 1, 1, width - 2, &second, ALIGN_LEFT, ROLE_PLAIN);
}

static void draw_holder(const struct page *page, const struct object *o, int y, int width)
{
	const struct graph *g = o->graph;
	const struct holder *holder = &g->holders[o->subject.id];
	autoline struct line first = {0}, right = {0}, second = {0};
	const char *labels = holder->task != NO_NODE ? label_task_labels(g, &g->tasks[holder->task]) : NULL;
	int wide;

	words_holder(g, o->subject.id, &first);
	text_puts(&right.text, "retained ");
	text_size(&right.text, holder->retained, screen_exact(page->screen));
	text_puts(&right.text, " (");
	text_counted(&right.text, holder->objects, "object");
	text_putc(&right.text, ')');
	wide = (int)text_width(text_string(&right.text));
	cells_line(y, 1, width - wide - 4, &first, ALIGN_LEFT, ROLE_PLAIN);
	cells_line(y, width - wide - 1, wide, &right, ALIGN_RIGHT, ROLE_ROOT);
	if (holder->task != NO_NODE && g->tasks[holder->task].created_by)
		text_printf(&second.text, "started by %s", g->tasks[holder->task].created_by);
	else if (holder->lo)
		text_printf(&second.text, "at 0x%llx", (unsigned long long)holder->lo);
	if (labels)
		text_printf(&second.text, "; labels %s", labels);
	cells_line(y + 1, 1, width - 2, &second, ALIGN_LEFT, ROLE_PLAIN);
}

static void place(struct pane *pane, int y, int x, int height, int width)
{
	pane->y = y;
	pane->x = x;
	pane->height = height;
	pane->width = width;
}

static void say_titles(struct page *page, const struct object *o)
{
	struct pane *panes = page->panes;

	line_clear(&panes[PANE_HELD].title);
	line_clear(&panes[PANE_CONTENTS].title);
	line_puts(&panes[PANE_HELD].title, page->focus == PANE_HELD ? ROLE_ROOT : ROLE_PLAIN,
		  o->chain ? "Dominator chain" : o->subject.kind == SUBJECT_HOLDER ? "Root"
		  : "Held by");
	line_puts(&panes[PANE_CONTENTS].title,
		  page->focus == PANE_CONTENTS ? ROLE_ROOT : ROLE_PLAIN, "Contents");
}

static void layout(struct page *page, int y, int height, int width)
{
	struct object *o = page->state;
	int head = height >= 8 ? 2 : 0, left = width * 2 / 5;

	if (!o->graph)
		return;
	if (head && o->subject.kind == SUBJECT_OBJECT)
		draw_object(page, o, y, width);
	else if (head)
		draw_holder(page, o, y, width);
	say_titles(page, o);
	if (width < NARROW) {
		bool held = page->focus == PANE_HELD;

		place(&page->panes[PANE_HELD], y + head, 0, held ? height - head : 0, width);
		place(&page->panes[PANE_CONTENTS], y + head, 0, held ? 0 : height - head, width);
		return;
	}
	place(&page->panes[PANE_HELD], y + head, 0, height - head, left);
	place(&page->panes[PANE_CONTENTS], y + head, left + 1, height - head, width - left - 1);
	cells_divider(y + head + 1, left, height - head - 1);
	cells_rule(y + head, left, 1);
}

static void held_row(const struct page *page, struct object *o, uint32_t index, struct row *out)
{
	struct branch *row = &o->held.rows[index];

	if (!row->said)
		retainers_say(o->graph, row);
	if (o->chain)
		text_puts(&out->cells[HELD_WHAT].text, row->kind == HELD_DOMINATOR ? "◂ " : "  ");
	else
		branches_indent(row, "▾ ", "◂ ",
			       row->kind == HELD_ROOT ? "● " :
			       row->kind == HELD_AGAIN ? "↺ " : "  ",
			       &out->cells[HELD_WHAT].text);
	line_append(&out->cells[HELD_WHAT], &row->what);
	if (row->bytes)
		text_size(&out->cells[HELD_RETAINED].text, row->bytes, screen_exact(page->screen));
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	struct object *o = page->state;

	if (pane == PANE_HELD)
		held_row(page, o, index, out);
	else
		contents_row(&o->contents, index, screen_exact(page->screen), out);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct object *o = page->state;
	uint32_t at = page_pane(page)->selected;

	if (!page_pane(page)->n_rows)
		return false;
	if (page->focus == PANE_HELD)
		return retainers_subject(o->graph, &o->held.rows[at], out);
	if (o->contents.rows.rows[at].node == NO_NODE)
		return false;
	*out = (struct subject){ .kind = SUBJECT_OBJECT, .id = o->contents.rows.rows[at].node };
	return true;
}

/* The table behind a folded row of referrers. */
static void open_referrers(struct page *page, const struct object *o,
			   const struct branch *row)
{
	struct objects_request request = { .of = OBJECTS_CHILDREN, .parent = row->node,
					   .children = CHILDREN_REFERRERS, .type = row->type };
	struct objects_request roots = { .of = OBJECTS_LIST };
	const struct index *index = screen_index(page->screen);
	autofree uint32_t *nodes = NULL;
	uint32_t first;

	if (row->kind == HELD_REST)
		request.type = OBJECTS_ANY_TYPE;
	request.title = "that refer to it";
	if (row->kind != HELD_MORE_ROOTS) {
		screen_open(page->screen, &objects_view, &request);
		return;
	}
	roots.n_nodes = index ? index_roots(index, row->node, &first) : 0;
	nodes = malloc(((size_t)roots.n_nodes + 1) * sizeof *nodes);
	for (uint32_t i = 0; nodes && i < roots.n_nodes; i++)
		nodes[i] = o->graph->n_objects + o->graph->roots[index->by_goal[first + i]].holder;
	roots.nodes = nodes;
	roots.title = "roots that refer to it";
	if (nodes)
		screen_open(page->screen, &objects_view, &roots);
}

static void enter(struct page *page, struct object *o)
{
	struct pane *pane = page_pane(page);
	struct subject to;

	if (subject(page, &to)) {
		screen_open(page->screen, &object_view, &to);
		return;
	}
	if (!pane->n_rows)
		return;
	if (page->focus == PANE_CONTENTS) {
		if (!contents_unfold(&o->contents, pane->selected))
			screen_message(page->screen,
				       "a value in place: there is nothing behind it");
		pane->n_rows = o->contents.rows.n;
	} else if (o->held.rows[pane->selected].kind == HELD_FOLD ||
		   o->held.rows[pane->selected].kind == HELD_REST ||
		   o->held.rows[pane->selected].kind == HELD_MORE_ROOTS) {
		open_referrers(page, o, &o->held.rows[pane->selected]);
	}
}

static void unfold(struct page *page, struct object *o)
{
	struct pane *pane = page_pane(page);
	uint32_t at = pane->selected, node;

	if (!pane->n_rows)
		return;
	if (page->focus == PANE_CONTENTS) {
		if (!contents_unfold(&o->contents, at))
			enter(page, o);
		pane->n_rows = o->contents.rows.n;
		return;
	}
	if (o->chain || o->held.rows[at].kind != HELD_OBJECT || o->held.rows[at].open ||
	    o->held.rows[at].leaf) {
		enter(page, o);
		return;
	}
	node = o->held.rows[at].node;
	if (o->graph->rev_row[node + 1] - o->graph->rev_row[node] > MOST_UNFOLDED) {
		open_referrers(page, o, &(struct branch){ .kind = HELD_REST, .node = node });
		return;
	}
	prepare(page, o, &o->held);
	retainers_unfold(&o->retainers, at, NULL);
	pane->n_rows = o->held.n;
}

static void fold(struct page *page, struct object *o)
{
	struct pane *pane = page_pane(page);
	struct branches *rows = page->focus == PANE_HELD ? &o->held : &o->contents.rows;
	uint32_t parent;

	if (!rows->n)
		return;
	if (rows->rows[pane->selected].open) {
		branches_close(rows, pane->selected);
		pane->n_rows = rows->n;
		return;
	}
	parent = branches_parent(rows, pane->selected);
	if (parent != UINT32_MAX)
		pane->selected = parent;
}

static void next_path(struct page *page, struct object *o)
{
	if (o->subject.kind == SUBJECT_HOLDER) {
		screen_message(page->screen, "this is a root: there is no path to it");
		return;
	}
	if (!o->paths_known || !o->n_paths) {
		screen_message(page->screen, o->paths_known ? "no path leads to it" :
			       "the paths are still being looked for");
		return;
	}
	if (o->n_paths == 1 && !o->chain)
		screen_message(page->screen, "there is only this path");
	if (!o->chain)
		o->path = (o->path + 1) % o->n_paths;
	page->focus = PANE_HELD;
	say_crumb(page, o);
	make_tree(page, o);
}

static void show_chain(struct page *page, struct object *o)
{
	if (o->subject.kind == SUBJECT_HOLDER) {
		screen_message(page->screen, "this is a root: nothing dominates it");
		return;
	}
	if (o->chain || !o->paths_known) {
		if (o->chain)
			make_tree(page, o);
		return;
	}
	job_end(&page->job);
	o->work = WORK_NONE;
	o->chain = true;
	page->focus = PANE_HELD;
	branches_remove(&o->held, 0, o->held.n);
	prepare(page, o, &o->held);
	retainers_chain(&o->retainers);
	show_held(page, o);
}

static bool act(struct page *page, enum action action)
{
	struct object *o = page->state;

	if (!o->graph)
		return false;
	switch (action) {
	case ACTION_ENTER: enter(page, o); return true;
	case ACTION_RIGHT: unfold(page, o); return true;
	case ACTION_LEFT: fold(page, o); return true;
	case ACTION_PATH: next_path(page, o); return true;
	case ACTION_DOMINATORS: show_chain(page, o); return true;
	default: return false;
	}
}

const struct view_ops object_view = {
	.name = "Object",
	.screen = SCREEN_OBJECT,
	.about = "Left: who holds it, unfolded along the path in line 3; ● is a root.\n"
		 "p shows the next path: paths differ in their root or in the last referrer.\n"
		 "D shows the dominator chain: each of these, if it went, would free it.\n"
		 "Right: its fields, elements or entries. SIZE is what they alone keep;\n"
		 "`shared`: something else keeps it too. ◇: a value in an interface's box.",
	.open = open_view, .close = close_view, .update = update, .layout = layout, .row = row,
	.act = act, .subject = subject, .job_done = job_done,
};

/* Overview: the answer before a key is pressed. */
#include <stdlib.h>
#include <string.h>

#include "graph/naming.h"
#include "graph/query/label.h"
#include "graph/query/summary.h"
#include "tui/page/words.h"
#include "tui/views/views.h"

enum { CONTINUED = 3 }; /* cells that an indent and an ellipsis take from a line that continues */
enum { PANE_HOLDS, PANE_TYPES, PANE_MEMORY, N_PANES };
enum { HOLDERS_SEEN = 3 }; /* lines kept for the largest holders below the suspects */
enum { MOST_PARTS = 16, MOST_TYPES = 100, MOST_SUSPECTS = 3, MOST_HOLDERS = 20, MOST_SHARED = 5 };
enum { MOST_ITEMS = MOST_SUSPECTS + MOST_HOLDERS + 1 + MOST_SHARED, MOST_LINES = 400 };

enum { HOLDS_RANK, HOLDS_WHAT, HOLDS_BYTES, HOLDS_COLUMNS };
enum { TYPE_NAME, TYPE_SHARE, TYPE_BAR, TYPE_COLUMNS };
enum { MOST_PART = 22 }; /* cells of its name */
enum { PART_NAME, PART_BYTES, PART_BAR, PART_COLUMNS };

static const struct column holds_columns[HOLDS_COLUMNS] = {
	[HOLDS_RANK] = { "", ALIGN_LEFT, 2, 2, 0, 0 },
	[HOLDS_WHAT] = { "", ALIGN_LEFT, 20, 0, 0, 0 },
	[HOLDS_BYTES] = { "", ALIGN_RIGHT, 8, 16, 0, 0 },
};
static const struct column type_columns[TYPE_COLUMNS] = {
	[TYPE_NAME] = { "", ALIGN_LEFT, 8, 0, 0, 0 },
	[TYPE_SHARE] = { "", ALIGN_RIGHT, 6, 7, 0, 0 },
	[TYPE_BAR] = { "", ALIGN_LEFT, 6, 24, 1, 0 },
};
static const struct column part_columns[PART_COLUMNS] = {
	[PART_NAME] = { "", ALIGN_LEFT, 8, MOST_PART, 0, 0 },
	[PART_BYTES] = { "", ALIGN_RIGHT, 7, 16, 0, 0 },
	[PART_BAR] = { "", ALIGN_LEFT, 6, 0, 1, 0 }, /* a short one has words behind it */
};

enum item_kind {
	ITEM_SUSPECT, ITEM_HOLDERS,
	ITEM_SHARED,         /* what no single holder keeps */
	ITEM_OBJECT,         /* at the top of that, alone or the largest of those that are alike */
};

struct item {
	enum item_kind kind;
	uint32_t number;     /* suspect, index into groups, object */
	bool several;        /* of ITEM_OBJECT: it is the largest of its type there */
	uint64_t retained;
	struct text words;   /* of a suspect: title, then what else there is to say, \n between */
	uint32_t less;       /* from this byte on they matter less; 0: all matter */
};

/* A line of an item, wrapped. */
struct item_line { uint32_t item, at, length; bool first, clipped; };

struct overview {
	const struct graph *graph;
	struct memory_part parts[MOST_PARTS];
	uint32_t n_parts;
	struct type_row types[MOST_TYPES];
	uint32_t n_types, all_types;
	struct holder_group groups[MOST_HOLDERS];
	uint32_t n_groups, all_groups;
	struct item items[MOST_ITEMS];
	uint32_t n_items;
	struct item_line lines[MOST_LINES];
	uint32_t n_lines;
	int wrapped_width, wrapped_height; /* that lines were made for */
	uint64_t largest;                  /* part of memory */
	int part_bar, type_bar;            /* cells */
	int part_room;                     /* for a bar and what stands behind it */
};

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	page->state = calloc(1, sizeof(struct overview));
	if (!page->state)
		return fail_memory(err, "the overview");
	page->n_panes = N_PANES;
	page->panes[PANE_HOLDS].columns = holds_columns;
	page->panes[PANE_HOLDS].n_columns = HOLDS_COLUMNS;
	page->panes[PANE_TYPES].columns = type_columns;
	page->panes[PANE_TYPES].n_columns = TYPE_COLUMNS;
	page->panes[PANE_MEMORY].columns = part_columns;
	page->panes[PANE_MEMORY].n_columns = PART_COLUMNS;
	return true;
}

static void close_view(struct page *page)
{
	struct overview *o = page->state;

	for (uint32_t i = 0; o && i < MOST_ITEMS; i++)
		text_free(&o->items[i].words);
	free(o);
}

/* What is held by whom: suspects first, then the largest holders. */

/* Advice may hold code, indented with tabs: a tab is no character that a cell can show. */
static void add_words(struct text *out, const char *words)
{
	for (; *words; words++)
		text_puts(out, *words == '\t' ? "    " : (const char[]){ *words, '\0' });
}

static void add_suspects(struct overview *o)
{
	const struct graph *g = o->graph;
	uint32_t n = g->n_suspects < MOST_SUSPECTS ? g->n_suspects : MOST_SUSPECTS;

	for (uint32_t i = 0; i < n; i++) {
		const struct suspect *s = &g->suspects[i];
		struct item *item = &o->items[o->n_items++];

		item->kind = ITEM_SUSPECT;
		item->number = i;
		item->retained = s->retained;
		item->less = 0;
		text_clear(&item->words);
		add_words(&item->words, s->title);
		text_putc(&item->words, '\n');
		add_words(&item->words, s->explanation ? s->explanation : "");
		text_puts(&item->words, s->fix && *s->fix ? "\nFix: " : "");
		add_words(&item->words, s->fix ? s->fix : "");
	}
}

static struct item *add_item(struct overview *o, enum item_kind kind, uint32_t number,
			     uint64_t retained)
{
	struct item *item = &o->items[o->n_items++];

	item->kind = kind;
	item->number = number;
	item->several = false;
	item->retained = retained;
	item->less = 0;
	text_clear(&item->words);
	return item;
}

static void less(struct item *item)
{
	item->less = (uint32_t)item->words.length;
	text_puts(&item->words, "  ");
}

/* What no single holder keeps, often nearly all of a server's heap, and what is at the top of it. */
static void add_shared(struct overview *o, uint64_t bytes)
{
	const struct graph *g = o->graph;
	struct item *item = add_item(o, ITEM_SHARED, 0, bytes);
	struct shared_group groups[MOST_SHARED];
	uint32_t n = summary_shared_groups(g, groups, MOST_SHARED);

	text_puts(&item->words, "held by several at once");
	less(item);
	text_puts(&item->words, "in all; none alone frees it");
	for (uint32_t i = 0; i < n; i++) {
		if (groups[i].retained < bytes / 100)
			return;
		item = add_item(o, ITEM_OBJECT, groups[i].object, groups[i].retained);
		item->several = groups[i].count > 1;
		summary_shared_group(g, &groups[i], &item->words);
		less(item);
		text_puts(&item->words, item->several ? "held by several, nearest to the largest: "
						      : "held by several, nearest: ");
		label_holder(g, g->roots[g->root[groups[i].object]].holder, &item->words);
	}
}

static void add_group(struct overview *o, uint32_t i)
{
	struct item *item = add_item(o, ITEM_HOLDERS, i, summary_kept(&o->groups[i]));
	const struct holder *holder = &o->graph->holders[o->groups[i].holder];

	summary_group(o->graph, &o->groups[i], &item->words);
	if (holder->kind == HOLDER_TASK) {
		less(item);
		summary_say_stacks(&o->groups[i], &item->words);
	}
	if (holder->kind != HOLDER_GLOBAL || holder->type == NO_NODE)
		return;
	less(item);
	naming_type(o->graph, &o->graph->types[holder->type], &item->words);
}

/* Items from number FIRST on by their bytes; of equals, in the order in which they were added. */
static void sort_items(struct overview *o, uint32_t first)
{
	for (uint32_t i = first + 1; i < o->n_items; i++) {
		struct item item = o->items[i];
		uint32_t at = i;

		for (; at > first && o->items[at - 1].retained < item.retained; at--)
			o->items[at] = o->items[at - 1];
		o->items[at] = item;
	}
}

static void add_holders(struct overview *o)
{
	uint32_t first = o->n_items;
	uint64_t shared, objects;

	for (uint32_t i = 0; i < o->n_groups; i++)
		add_group(o, i);
	summary_shared(o->graph, &shared, &objects);
	if (shared)
		add_shared(o, shared);
	sort_items(o, first);
}

static void update(struct page *page)
{
	struct overview *o = page->state;
	struct error err = {0};

	if (!screen_has(page->screen, STAGE_SIZES))
		return;
	o->graph = screen_graph(page->screen);
	o->n_parts = summary_memory(o->graph, o->parts, MOST_PARTS);
	o->largest = 0;
	for (uint32_t i = 0; i < o->n_parts; i++)
		if (!o->parts[i].beside && o->parts[i].bytes > o->largest)
			o->largest = o->parts[i].bytes;
	page->panes[PANE_MEMORY].n_rows = o->n_parts;
	o->wrapped_width = 0;
	if (!screen_has(page->screen, STAGE_RETAINED))
		return;
	o->n_types = summary_types(o->graph, o->types, MOST_TYPES, &o->all_types);
	page->panes[PANE_TYPES].n_rows = o->n_types + (o->all_types > o->n_types);
	o->n_groups = summary_holders(o->graph, o->groups, MOST_HOLDERS, &o->all_groups, &err);
	o->n_items = 0;
	if (screen_has(page->screen, STAGE_DONE))
		add_suspects(o);
	add_holders(o);
}

/* The lines of one paragraph; only the first LIMIT. */
static uint32_t wrap_paragraph(struct overview *o, uint32_t item, size_t at, size_t end,
			       unsigned width, uint32_t limit, bool first)
{
	uint32_t n = 0;

	while (at < end && n < limit && o->n_lines < MOST_LINES) {
		size_t length = cells_fit(text_string(&o->items[item].words) + at, end - at,
					  first && !n ? width : width - CONTINUED, true);

		o->lines[o->n_lines++] = (struct item_line){
			item, (uint32_t)at, (uint32_t)length, .first = first && !n,
			.clipped = n + 1 == limit && at + length < end };
		at += length;
		n++;
	}
	return n;
}

static void wrap_item(struct overview *o, uint32_t item, unsigned width, uint32_t limit)
{
	const char *s = text_string(&o->items[item].words);
	size_t at = 0, length = o->items[item].words.length;
	bool first = true;

	if (o->items[item].kind != ITEM_SUSPECT) {
		if (o->n_lines < MOST_LINES)
			o->lines[o->n_lines++] = (struct item_line){ item, 0, (uint32_t)length,
								     .first = true };
		return;
	}
	while (at < length && limit) {
		const char *newline = strchr(s + at, '\n');
		size_t end = newline ? (size_t)(newline - s) : length;
		uint32_t lines = end == length ? limit : first ? limit > 1 ? limit - 1 : 1 : limit;

		limit -= wrap_paragraph(o, item, at, end, width, lines, first);
		first = false;
		at = end + 1;
	}
}

static void wrap(struct overview *o, int width, int height)
{
	int room = height - HOLDERS_SEEN;
	uint32_t suspects = 0, each;

	o->wrapped_width = width;
	o->wrapped_height = height;
	o->n_lines = 0;
	for (uint32_t i = 0; i < o->n_items; i++)
		suspects += o->items[i].kind == ITEM_SUSPECT;
	each = suspects && room > (int)suspects ? (uint32_t)room / suspects : 1;
	for (uint32_t i = 0; i < o->n_items; i++)
		wrap_item(o, i, width > 24 ? (unsigned)width - 16 : 8, each < 8 ? each : 8);
}

static void place(struct pane *pane, int y, int x, int height, int width)
{
	pane->y = y;
	pane->x = x;
	pane->height = height;
	pane->width = width;
}

static void say_titles(struct page *page, const struct overview *o)
{
	struct line *titles[N_PANES];
	const struct graph *g = o->graph;

	for (unsigned i = 0; i < N_PANES; i++) {
		titles[i] = &page->panes[i].title;
		line_clear(titles[i]);
		line_role(titles[i], i == page->focus ? ROLE_ROOT : ROLE_PLAIN);
	}
	text_puts(&titles[PANE_MEMORY]->text, !g || summary_memory_known(g) ? "Resident" :
		  "Allocated; what was resident is not known");
	if (g && g->meta.rss) {
		text_putc(&titles[PANE_MEMORY]->text, ' ');
		text_size(&titles[PANE_MEMORY]->text, g->meta.rss, screen_exact(page->screen));
	}
	text_puts(&titles[PANE_TYPES]->text, "Live heap by type, nested retained");
	text_puts(&titles[PANE_HOLDS]->text, "What holds it");
	if (!screen_has(page->screen, STAGE_RETAINED))
		text_puts(&titles[PANE_HOLDS]->text, ": being computed ·");
	else if (!screen_has(page->screen, STAGE_DONE))
		text_puts(&titles[PANE_HOLDS]->text,
			  ": the largest holders; looking for suspects ·");
	else if (!g->n_suspects)
		text_puts(&titles[PANE_HOLDS]->text, ": no suspect; the largest holders");
	else if (g->n_suspects > MOST_SUSPECTS)
		text_printf(&titles[PANE_HOLDS]->text, ": the first 3 of %u suspects, then the "
			    "largest holders", g->n_suspects);
	else
		text_puts(&titles[PANE_HOLDS]->text, ": suspects, then the largest holders");
}

static int clamp(int n, int least, int most)
{
	return n < least ? least : n > most ? most : n;
}

/* Too small for three: only the one that has the focus. */
static void place_one(struct page *page, int y, int height, int width)
{
	for (unsigned i = 0; i < N_PANES; i++)
		place(&page->panes[i], y, 0, i == page->focus ? height : 0, width);
}

/* Lines of the two upper panes: all the parts of memory, and as many types as the holders, with 8
 * lines for a suspect, leave room for. */
static int upper_height(const struct overview *o, int height)
{
	int parts = o->n_parts > 6 ? (int)o->n_parts : 6, needed = 2, top;

	for (uint32_t i = 0; i < o->n_items; i++)
		needed += o->items[i].kind == ITEM_SUSPECT ? 8 : 1;
	top = clamp(height - needed, parts + 1, (int)o->n_types + 2);
	if (top <= parts)
		top = parts + 1;
	return top > height * 45 / 100 ? height * 45 / 100 : top;
}

/* Cells of a part's bar and what stands behind it. */
static unsigned note_end(const struct overview *o, const struct memory_part *part)
{
	autotext struct text bar = {0};

	if (!part->beside)
		text_bar(&bar, part->bytes, o->largest, (unsigned)o->part_bar, theme_unicode());
	return text_width(text_string(&bar)) + !part->beside + text_width(part->note);
}

/* Bars as long as the notes behind them leave room for; where they would become too short for that, notes are
 * left out. */
static void fit_bars(struct overview *o, int width, bool exact)
{
	int name = 8, size = 7;

	for (uint32_t i = 0; i < o->n_parts; i++) {
		autotext struct text bytes = {0};

		text_size(&bytes, o->parts[i].bytes, exact);
		name = clamp((int)text_width(o->parts[i].name), name, MOST_PART);
		size = clamp((int)text_width(text_string(&bytes)), size, 16);
	}
	o->part_room = width - name - size - 6;
	o->part_bar = clamp(o->part_room, 6, 40);
	for (int shorter = o->part_bar; shorter >= 6; shorter--) {
		bool fits = true;

		o->part_bar = shorter;
		for (uint32_t i = 0; i < o->n_parts; i++)
			fits &= (int)note_end(o, &o->parts[i]) <= o->part_room;
		if (fits)
			return;
	}
	o->part_bar = clamp(o->part_room, 6, 40);
}

static void layout(struct page *page, int y, int height, int width)
{
	struct overview *o = page->state;
	struct pane *panes = page->panes;
	int left = width * 21 / 40, top = upper_height(o, height);

	say_titles(page, o);
	if (height < 9 || width < 60) {
		place_one(page, y, height, width);
	} else {
		place(&panes[PANE_MEMORY], y, 0, top, left);
		place(&panes[PANE_TYPES], y, left, top, width - left);
		place(&panes[PANE_HOLDS], y + top, 0, height - top, width);
	}
	fit_bars(o, left, screen_exact(page->screen));
	o->type_bar = clamp(width - left - 50, 6, 24);
	height = (int)pane_visible(&panes[PANE_HOLDS]);
	if (o->wrapped_width != panes[PANE_HOLDS].width || o->wrapped_height != height)
		wrap(o, panes[PANE_HOLDS].width, height);
	panes[PANE_HOLDS].n_rows = o->n_lines;
}

static void memory_row(const struct page *page, const struct overview *o, uint32_t index,
		       struct row *out)
{
	const struct memory_part *part = &o->parts[index];
	struct line *bar = &out->cells[PART_BAR];

	text_puts(&out->cells[PART_NAME].text, part->name);
	text_size(&out->cells[PART_BYTES].text, part->bytes, screen_exact(page->screen));
	if (part->beside)
		out->over = ROLE_DIM;
	else
		text_bar(&bar->text, part->bytes, o->largest, (unsigned)o->part_bar, theme_unicode());
	if (part->note[0] && (int)note_end(o, part) <= o->part_room) {
		text_puts(&bar->text, part->beside ? "" : " ");
		line_puts(bar, ROLE_DIM, part->note);
	}
}

static void type_row(const struct overview *o, uint32_t index, struct row *out)
{
	const struct graph *g = o->graph;
	const struct type_row *type = &o->types[index];

	if (index >= o->n_types) {
		line_role(&out->cells[TYPE_NAME], ROLE_DIM);
		text_puts(&out->cells[TYPE_NAME].text, "… ");
		text_count(&out->cells[TYPE_NAME].text, o->all_types - o->n_types);
		text_puts(&out->cells[TYPE_NAME].text, " more");
		return;
	}
	summary_type(g, type, &out->cells[TYPE_NAME].text);
	words_share(type->retained, g->live_bytes, &out->cells[TYPE_SHARE].text);
	text_bar(&out->cells[TYPE_BAR].text, type->retained, g->live_bytes,
		 (unsigned)o->type_bar, theme_unicode());
}

static void holds_row(const struct page *page, const struct overview *o, uint32_t index,
		      struct row *out)
{
	const struct item_line *line = &o->lines[index];
	const struct item *item = &o->items[line->item];
	struct line *what = &out->cells[HOLDS_WHAT];

	out->continues = !line->first;
	if (line->first) {
		bool suspect = item->kind == ITEM_SUSPECT;

		line_role(&out->cells[HOLDS_RANK], suspect ? ROLE_SUSPECT : ROLE_DIM);
		if (suspect || item->kind == ITEM_HOLDERS)
			text_printf(&out->cells[HOLDS_RANK].text, "%s%u", suspect ? "!" : "",
				    item->number + 1);
		text_size(&out->cells[HOLDS_BYTES].text, item->retained,
			  screen_exact(page->screen));
		line_role(what, ROLE_ROOT);
	} else {
		text_puts(&what->text, "  ");
	}
	if (!item->less) {
		text_append(&what->text, text_string(&item->words) + line->at, line->length);
		text_puts(&what->text, line->clipped ? "…" : "");
		return;
	}
	text_append(&what->text, text_string(&item->words), item->less);
	line_role(what, ROLE_PLAIN);
	line_less(what);
	text_puts(&what->text, text_string(&item->words) + item->less);
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct overview *o = page->state;

	if (pane == PANE_MEMORY)
		memory_row(page, o, index, out);
	else if (pane == PANE_TYPES)
		type_row(o, index, out);
	else
		holds_row(page, o, index, out);
}

static const struct item *selected_item(struct page *page)
{
	const struct overview *o = page->state;
	uint32_t at = page->panes[PANE_HOLDS].selected;

	return page->focus == PANE_HOLDS && at < o->n_lines ? &o->items[o->lines[at].item] : NULL;
}

static bool subject(struct page *page, struct subject *out)
{
	const struct overview *o = page->state;
	const struct item *item = selected_item(page);
	const struct suspect *s;

	if (!item || item->kind == ITEM_SHARED)
		return false;
	*out = (struct subject){ .kind = SUBJECT_HOLDER };
	if (item->kind == ITEM_HOLDERS) {
		out->id = o->groups[item->number].holder;
		return true;
	}
	if (item->kind == ITEM_OBJECT) {
		*out = (struct subject){ .kind = SUBJECT_OBJECT, .id = item->number };
		return true;
	}
	s = &o->graph->suspects[item->number];
	if (s->object != NO_NODE)
		*out = (struct subject){ .kind = SUBJECT_OBJECT, .id = s->object };
	else
		out->id = s->holder;
	return s->object != NO_NODE || s->holder != NO_NODE;
}

static void details(struct page *page, struct text *out)
{
	const struct overview *o = page->state;
	const struct item *item = selected_item(page);
	struct row content = {0};

	if (item) {
		text_puts(out, text_string(&item->words));
		return;
	}
	row(page, page->focus, page_pane(page)->selected, &content);
	row_text(&content, page_pane(page)->n_columns, out);
	row_free(&content);
	if (page->focus == PANE_MEMORY && page_pane(page)->selected < o->n_parts) {
		text_puts(out, "\n\n");
		summary_memory_part(o->graph, &o->parts[page_pane(page)->selected], out);
	}
	if (page->focus == PANE_TYPES && page_pane(page)->selected < o->n_types &&
	    o->types[page_pane(page)->selected].type < o->graph->n_types) {
		const struct type *type = &o->graph->types[o->types[page_pane(page)->selected].type];

		text_puts(out, "\n\nretained     ");
		text_size(out, type->retained, true);
		text_puts(out, "\nlive         ");
		text_size(out, type->live_bytes, true);
		text_puts(out, "\nobjects      ");
		text_count(out, type->objects);
		text_printf(out, "\npackage      %s", type->package);
	}
}

static void open_type(struct page *page, const struct overview *o)
{
	uint32_t at = page->panes[PANE_TYPES].selected;
	struct objects_request request = { .of = OBJECTS_TYPE };
	autotext struct text title = {0};

	if (at >= o->n_types)
		return;
	request.type = o->types[at].type;
	request.noun = "live object";
	text_puts(&title, "of ");
	text_puts(&title, request.type < o->graph->n_types ? "type " : "");
	summary_type(o->graph, &o->types[at], &title);
	request.title = text_string(&title);
	screen_open(page->screen, &objects_view, &request);
}

/* All that are alike among what no single holder keeps. */
static void open_shared(struct page *page, const struct overview *o, uint32_t object)
{
	struct objects_request request = { .of = OBJECTS_CHILDREN, .parent = graph_root_node(o->graph),
					   .children = CHILDREN_DOMINATED,
					   .type = o->graph->type[object], .noun = "live object" };
	autotext struct text title = {0};

	text_puts(&title, "of ");
	text_puts(&title, graph_type(o->graph, object) ? "type " : "unknown type");
	if (graph_type(o->graph, object))
		graph_type_label(o->graph, object, &title);
	text_puts(&title, " that are held by several at once");
	request.title = text_string(&title);
	screen_open(page->screen, &objects_view, &request);
}

static bool on_shared(struct page *page)
{
	const struct item *item = selected_item(page);

	return item && item->kind == ITEM_SHARED;
}

static bool act(struct page *page, enum action action)
{
	const struct overview *o = page->state;
	const struct item *item = selected_item(page);
	struct subject to;

	if (action != ACTION_ENTER && action != ACTION_RIGHT)
		return false;
	if (page->focus == PANE_TYPES)
		open_type(page, o);
	else if (page->focus == PANE_MEMORY || on_shared(page))
		screen_act(page->screen, ACTION_VIEW_DOMINATORS);
	else if (item && item->kind == ITEM_OBJECT && item->several)
		open_shared(page, o, item->number);
	else if (subject(page, &to))
		screen_open(page->screen, &object_view, &to);
	return true;
}

const struct view_ops overview_view = {
	.name = "Overview",
	.screen = SCREEN_OVERVIEW,
	.about = "Where the memory is (resident set), of what types the live heap is, what holds it.\n"
		 "!1: a suspect, a known shape of leak; i tells all of it, with what to do.\n"
		 "Below: the largest holders. Retained: what would be freed if that went.\n"
		 "Held by several at once: two or more roots lead there, so that none alone frees it.",
	.open = open_view, .close = close_view, .update = update, .layout = layout, .row = row,
	.act = act, .subject = subject, .details = details,
};

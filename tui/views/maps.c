/* Maps by what they keep. */
#include <stdlib.h>

#include "graph/naming.h"
#include "graph/query/label.h"
#include "tui/page/words.h"
#include "tui/views/views.h"

enum { RETAINED, ENTRIES, FULL, TABLE, BOXES, TYPE, HOLDER, ADDRESS, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 0, 'r' },
	[ENTRIES] = { "ENTRIES", ALIGN_RIGHT, 7, 13, 0, 'e' },
	[FULL] = { "FULL", ALIGN_RIGHT, 5, 6, 5, 'f' },
	[TABLE] = { "TABLE", ALIGN_RIGHT, 8, 16, 4, 't' },
	[BOXES] = { "BOXES", ALIGN_RIGHT, 8, 16, 2, 'b' },
	[TYPE] = { "TYPE", ALIGN_LEFT, 22, 0, 0, 0 },
	[HOLDER] = { "HELD BY", ALIGN_LEFT, 20, 0, 0, 0 },
	[ADDRESS] = { "ADDRESS", ALIGN_LEFT, 12, 14, 6, 'a' },
};

struct maps {
	const struct graph *graph;
	uint32_t *order;    /* shown */
	uint32_t *sorting;  /* the job's */
	uint32_t n;
	unsigned column;
	bool reversed, failed;
	int sorted_stage;   /* of what `order` was made from */
	uint64_t live, boxing;
};

static uint64_t retained_of(const struct graph *g, const struct map *map)
{
	return graph_stage(g) < STAGE_RETAINED ? 0 : graph_map_retained(g, map);
}

static uint64_t full_of(const struct map *map)
{
	return map->slots ? map->entries * 1000 / map->slots : 0;
}

static uint64_t key_of(const struct maps *m, const struct map *map)
{
	switch (m->column) {
	case ENTRIES: return map->entries;
	case FULL: return full_of(map);
	case TABLE: return map->table_bytes;
	case BOXES: return map->boxed_bytes + map->boxed_key_bytes;
	case ADDRESS: return map->addr;
	default: return retained_of(m->graph, map);
	}
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct maps *m = arg;
	const struct map *x = &m->graph->maps[*(const uint32_t *)a];
	const struct map *y = &m->graph->maps[*(const uint32_t *)b];
	uint64_t kx = key_of(m, x), ky = key_of(m, y);
	int order = kx != ky ? (kx > ky ? -1 : 1)
		  : x->table_bytes != y->table_bytes ? (x->table_bytes > y->table_bytes ? -1 : 1)
		  : x->addr < y->addr ? -1 : x->addr > y->addr;

	return m->reversed ? -order : order;
}

static void job(void *arg, struct progress *progress)
{
	struct maps *m = arg;

	progress_begin(progress, "sorting the maps", 0);
	m->sorting = malloc(((size_t)m->graph->n_maps + 1) * sizeof *m->sorting);
	m->failed = !m->sorting;
	m->live = m->boxing = 0;
	for (uint32_t i = 0; i < m->graph->n_maps && !m->failed; i++) {
		m->sorting[i] = i;
		m->live += m->graph->maps[i].live;
		m->boxing += m->graph->maps[i].live && m->graph->maps[i].boxes == BOXES_EMPTY;
	}
	if (!m->failed && m->graph->n_maps)
		qsort_r(m->sorting, m->graph->n_maps, sizeof *m->sorting, compare, m);
}

static void say_crumb(struct page *page, const struct maps *m)
{
	line_clear(&page->crumb);
	line_clear(&page->note);
	if (!screen_has(page->screen, STAGE_LIVE)) {
		text_puts(&page->crumb.text, "maps, what is live is being computed");
		return;
	}
	text_counted(&page->crumb.text, m->live, "live map");
	text_puts(&page->crumb.text, ", ");
	text_count(&page->crumb.text, m->boxing);
	text_puts(&page->crumb.text, " of them with interface {} in ");
	text_puts(&page->crumb.text, m->boxing == 1 ? "it" : "them");
	text_puts(&page->note.text, "by ");
	for (const char *c = columns[m->column].title; *c; c++)
		text_putc(&page->note.text, (char)(*c == ' ' ? ' ' : *c | 0x20));
	text_puts(&page->note.text, m->reversed ? ", smallest first" : "");
}

static void job_done(struct page *page)
{
	struct maps *m = page->state;

	if (m->failed) {
		page->empty = "there is not enough memory to sort the maps";
		return;
	}
	free(m->order);
	m->order = m->sorting;
	m->sorting = NULL;
	m->n = page->panes[0].n_rows = m->graph->n_maps;
	page->empty = "there is no map in this heap";
	say_crumb(page, m);
}

static void start(struct page *page)
{
	struct maps *m = page->state;

	if (!m->graph)
		return;
	job_end(&page->job);
	free(m->sorting);
	m->sorting = NULL;
	m->column = page->panes[0].sort;
	m->reversed = page->panes[0].reversed;
	page_job(page, job, m);
}

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	page->state = calloc(1, sizeof(struct maps));
	if (!page->state)
		return fail_memory(err, "the list of maps");
	page->panes[0].columns = columns;
	page->panes[0].n_columns = N_COLUMNS;
	page->panes[0].heads = true;
	page->empty = "the maps are being read ·";
	return true;
}

static void close_view(struct page *page)
{
	struct maps *m = page->state;

	if (!m)
		return;
	free(m->order);
	free(m->sorting);
	free(m);
}

static void update(struct page *page)
{
	struct maps *m = page->state;
	int stage = screen_stage(page->screen) / 2;

	if (!screen_has(page->screen, STAGE_EDGES))
		return;
	m->graph = screen_graph(page->screen);
	if (m->sorted_stage < stage && m->sorted_stage < STAGE_RETAINED) {
		m->sorted_stage = stage;
		start(page);
	}
	say_crumb(page, m);
}

/* Who holds a map: what is above it; a map in a global has its name. */
static uint32_t holder_of(const struct graph *g, const struct map *map)
{
	uint32_t object = graph_map_node(map), above;

	if (map->object == NO_NODE && (above = graph_holder_at(g, map->addr)) != NO_NODE)
		return above;
	return object != NO_NODE ? g->above[object] : NO_NODE;
}

static void say_holder(const struct page *page, const struct map *map, struct line *out)
{
	const struct maps *m = page->state;
	uint32_t holder;

	if (!map->live) {
		line_puts(out, ROLE_DIM, screen_has(page->screen, STAGE_LIVE) ? "garbage" : "·");
		return;
	}
	if (!screen_has(page->screen, STAGE_RETAINED)) {
		text_puts(&out->text, "·");
		return;
	}
	holder = holder_of(m->graph, map);
	if (holder == NO_NODE) {
		/* An empty sync.Map in a global holds nothing, and nothing stands for it. */
		if (graph_map_node(map) != NO_NODE)
			label_place(m->graph, graph_map_node(map), &out->text);
		return;
	}
	line_role(out, ROLE_ROOT);
	naming_put(m->graph, m->graph->holders[holder].name, &out->text);
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct maps *m = page->state;
	const struct map *map = &m->graph->maps[m->order[index]];
	bool exact = screen_exact(page->screen);
	uint64_t boxes = map->boxed_bytes + map->boxed_key_bytes;
	uint64_t retained = retained_of(m->graph, map);

	out->over = map->live || !screen_has(page->screen, STAGE_LIVE) ? ROLE_PLAIN : ROLE_DIM;
	if (screen_has(page->screen, STAGE_RETAINED) && map->live && (retained || !map->entries))
		text_size(&out->cells[RETAINED].text, retained, exact);
	else
		text_puts(&out->cells[RETAINED].text,
			  screen_has(page->screen, STAGE_RETAINED) ? "-" : "·");
	text_count(&out->cells[ENTRIES].text, map->entries);
	if (map->slots)
		text_printf(&out->cells[FULL].text, "%u %%", (unsigned)(full_of(map) / 10));
	text_size(&out->cells[TABLE].text, map->table_bytes, exact);
	if (boxes)
		text_size(&out->cells[BOXES].text, boxes, exact);
	if (map->boxes == BOXES_EMPTY)
		line_puts(&out->cells[TYPE], ROLE_BOXED, "◇ ");
	else
		text_puts(&out->cells[TYPE].text, "  ");
	if (map->type != NO_NODE)
		naming_type(m->graph, &m->graph->types[map->type], &out->cells[TYPE].text);
	else
		text_puts(&out->cells[TYPE].text, "? map");
	say_holder(page, map, &out->cells[HOLDER]);
	text_printf(&out->cells[ADDRESS].text, "0x%llx", (unsigned long long)map->addr);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct maps *m = page->state;
	const struct map *map;
	uint32_t holder;

	if (!m->n || !screen_has(page->screen, STAGE_RETAINED))
		return false;
	map = &m->graph->maps[m->order[page->panes[0].selected]];
	if (map->object == NO_NODE && (holder = holder_of(m->graph, map)) != NO_NODE)
		*out = (struct subject){ .kind = SUBJECT_HOLDER, .id = holder };
	else if (graph_map_node(map) != NO_NODE)
		*out = (struct subject){ .kind = SUBJECT_OBJECT, .id = graph_map_node(map) };
	else
		return false;
	return true;
}

static bool act(struct page *page, enum action action)
{
	struct subject to;

	if (action != ACTION_ENTER && action != ACTION_RIGHT)
		return false;
	if (subject(page, &to))
		screen_open(page->screen, &object_view, &to);
	else
		screen_message(page->screen, "who holds it is not known yet");
	return true;
}

const struct view_ops maps_view = {
	.name = "Maps",
	.screen = SCREEN_MAPS,
	.about = "Every map, those that keep most first. RETAINED: freed if the map went.\n"
		 "TABLE: its header, tables, groups or buckets. FULL: used of its slots.\n"
		 "BOXES: what its interface values and keys need beside the table.\n"
		 "◇: keys or values are interface {}. HELD BY: the one holder above it;\n"
		 "of several none, but where the pointer to it lies.",
	.open = open_view, .close = close_view, .update = update, .row = row, .act = act,
	.subject = subject, .sort = start, .job_done = job_done,
};

/* Types by what their instances keep. */
#include <stdlib.h>

#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/naming.h"
#include "tui/page/words.h"
#include "tui/views/listing.h"
#include "tui/views/views.h"

enum { RETAINED, SHARE, LIVE, OBJECTS, GARBAGE, TYPE, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 0, 'r' },
	[SHARE] = { "SHARE", ALIGN_RIGHT, 6, 7, 3, 0 },
	[LIVE] = { "LIVE", ALIGN_RIGHT, 8, 16, 0, 'l' },
	[OBJECTS] = { "OBJECTS", ALIGN_RIGHT, 7, 13, 2, 'o' },
	[GARBAGE] = { "GARBAGE", ALIGN_RIGHT, 8, 16, 5, 'g' },
	[TYPE] = { "TYPE", ALIGN_LEFT, 30, 0, 0, 0 },
};

static uint64_t key(const struct listing *l, uint32_t item, unsigned column)
{
	const struct graph *g = l->graph;
	const struct type *type = &g->types[item];

	if (item == g->n_types)
		return column == OBJECTS ? g->untyped_objects : g->untyped_retained;
	switch (column) {
	case LIVE: return type->live_bytes;
	case OBJECTS: return type->objects;
	case GARBAGE: return type->bytes - type->live_bytes;
	default: return type->retained;
	}
}

static bool make(struct listing *l, struct progress *progress)
{
	const struct graph *g = l->graph;

	l->items = malloc((g->n_types + 1ul) * sizeof *l->items);
	for (uint32_t t = 0; l->items && t < g->n_types; t++)
		if (g->types[t].objects)
			l->items[l->count++] = t;
	if (l->items && g->untyped_objects)
		l->items[l->count++] = g->n_types;
	return l->items != NULL;
}

static const struct listing_ops ops = { "type", STAGE_RETAINED, make, key, NULL };

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	return listing_open(page, &ops, sizeof(struct listing), columns, N_COLUMNS, err);
}

static void say_type(const struct graph *g, uint32_t item, struct text *out)
{
	if (item < g->n_types)
		naming_type(g, &g->types[item], out);
	else
		text_puts(out, "unknown type");
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct listing *l = page->state;
	const struct graph *g = l->graph;
	uint32_t item = l->order[index];
	bool exact = screen_exact(page->screen);

	text_size(&out->cells[RETAINED].text, key(l, item, RETAINED), exact);
	words_share(key(l, item, RETAINED), g->live_bytes, &out->cells[SHARE].text);
	text_count(&out->cells[OBJECTS].text, key(l, item, OBJECTS));
	say_type(g, item, &out->cells[TYPE].text);
	if (item == g->n_types)
		return;
	text_size(&out->cells[LIVE].text, g->types[item].live_bytes, exact);
	text_size(&out->cells[GARBAGE].text, key(l, item, GARBAGE), exact);
}

static bool act(struct page *page, enum action action)
{
	const struct listing *l = page->state;
	struct objects_request request = { .of = OBJECTS_TYPE, .noun = "live object" };
	autotext struct text title = { 0 };
	uint32_t item;

	if (action != ACTION_ENTER && action != ACTION_RIGHT)
		return false;
	if (!listing_selected(page, &item))
		return true;
	text_puts(&title, "of type ");
	say_type(l->graph, item, &title);
	request.type = item < l->graph->n_types ? item : NO_NODE;
	request.title = text_string(&title);
	screen_open(page->screen, &objects_view, &request);
	return true;
}

const struct view_ops types_view = {
	.name = "Types",
	.screen = SCREEN_TYPES,
	.about = "Every type that has objects. RETAINED: freed if all its instances went (what is\n"
		 "held by one of another type counts for both). LIVE: their own bytes.\n"
		 "GARBAGE: bytes of instances that nothing holds any more.",
	.open = open_view, .close = listing_close, .update = listing_update, .row = row, .act = act,
	.sort = listing_sort, .job_done = listing_done,
};

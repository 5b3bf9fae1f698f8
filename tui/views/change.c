/* Change: what grew between the last two looks at the process, by the path that leads there. */
#include <stdlib.h>

#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/naming.h"
#include "tui/page/change.h"
#include "tui/page/words.h"
#include "tui/views/listing.h"
#include "tui/views/views.h"

enum { GREW, RATE, NOW, OBJECTS, ENTRIES, WHERE, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[GREW] = { "GREW", ALIGN_RIGHT, 9, 18, 0, 'g' },
	[RATE] = { "A SECOND", ALIGN_RIGHT, 11, 14, 0, 0 },
	[NOW] = { "NOW", ALIGN_RIGHT, 8, 16, 2, 'n' },
	[OBJECTS] = { "OBJECTS", ALIGN_RIGHT, 8, 13, 5, 'o' },
	[ENTRIES] = { "ENTRIES", ALIGN_RIGHT, 8, 13, 4, 'e' },
	[WHERE] = { "WHERE IT GATHERS", ALIGN_LEFT, 30, 0, 0, 0 },
};

struct changes {
	struct listing list;
	const struct change *change; /* NULL: there was but one look */
};

static const struct change_row *row_of(const struct listing *l, uint32_t item)
{
	return &((const struct changes *)l)->change->rows[item];
}

/* Signed figures in the order of unsigned ones. */
static uint64_t ordered(int64_t n)
{
	return (uint64_t)n ^ 1ull << 63;
}

static uint64_t key(const struct listing *l, uint32_t item, unsigned column)
{
	const struct change_row *r = row_of(l, item);

	switch (column) {
	case NOW: return r->now;
	case OBJECTS: return ordered(r->objects);
	case ENTRIES: return ordered((int64_t)(r->entries - r->entries_was));
	default: return ordered(r->grew);
	}
}

static bool make(struct listing *l, struct progress *progress)
{
	const struct changes *c = (const struct changes *)l;
	uint32_t first, n = c->change ? change_rows(c->change, CHANGE_BY_PATH, &first) : 0;

	l->items = malloc((n + 1ul) * sizeof *l->items);
	for (uint32_t i = 0; l->items && i < n; i++)
		l->items[l->count++] = first + i;
	return l->items != NULL;
}

/* " in 30 s: live 8.75 MB → 18.1 MB, +9.39 MB" */
static void say(const struct listing *l, struct text *out)
{
	const struct change *c = ((const struct changes *)l)->change;

	if (!c)
		return;
	if (c->elapsed_ns > 0) {
		text_puts(out, " in ");
		text_duration(out, (uint64_t)c->elapsed_ns);
	}
	text_puts(out, ": live ");
	text_size(out, c->live, false);
	text_puts(out, ", ");
	change_put_signed(out, (int64_t)(c->live - c->live_was), false);
}

static const struct listing_ops ops = { "change", STAGE_DONE, make, key, say };

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	if (!listing_open(page, &ops, sizeof(struct changes), columns, N_COLUMNS, err))
		return false;
	((struct changes *)page->state)->change = screen_change(page->screen);
	return true;
}

static void job_done(struct page *page)
{
	const struct changes *c = page->state;

	listing_done(page);
	page->empty = c->change ? "nothing grew or shrank that is worth a line"
				: "there is nothing to compare with yet: R looks at the process again";
}

static void put_count(int64_t n, struct text *out)
{
	text_puts(out, n < 0 ? "-" : "+");
	text_count(out, n < 0 ? (uint64_t)-n : (uint64_t)n);
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct changes *c = page->state;
	const struct change_row *r = row_of(&c->list, c->list.order[index]);
	struct text *where = &out->cells[WHERE].text;
	bool exact = screen_exact(page->screen);

	change_put_signed(&out->cells[GREW].text, r->grew, exact);
	if (c->change->elapsed_ns > 0) {
		change_put_signed(&out->cells[RATE].text, (int64_t)change_rate(c->change, r->grew), false);
		text_puts(&out->cells[RATE].text, "/s");
	}
	text_size(&out->cells[NOW].text, r->now, exact);
	put_count(r->objects, &out->cells[OBJECTS].text);
	if (r->is_map)
		put_count((int64_t)(r->entries - r->entries_was), &out->cells[ENTRIES].text);
	text_puts(where, *r->name ? r->name : "what went away");
	if (r->object == NO_NODE && (r->count > 1 || r->count_was > 1))
		text_printf(where, "  %llu now, %llu before", (unsigned long long)r->count,
			    (unsigned long long)r->count_was);
	else if (r->count > 1)
		text_printf(where, "  %llu alike", (unsigned long long)r->count);
	if (r->type < c->list.graph->n_types) {
		text_puts(where, "  ");
		naming_type(c->list.graph, &c->list.graph->types[r->type], where);
	}
}

static bool subject(struct page *page, struct subject *out)
{
	const struct changes *c = page->state;
	const struct change_row *r;
	uint32_t item;

	if (!listing_selected(page, &item))
		return false;
	r = row_of(&c->list, item);
	*out = r->object != NO_NODE ? (struct subject){ .kind = SUBJECT_OBJECT, .id = r->object }
				    : (struct subject){ .kind = SUBJECT_HOLDER, .id = r->holder };
	return r->object != NO_NODE || r->holder != NO_NODE;
}

const struct view_ops change_view = {
	.name = "Change",
	.screen = SCREEN_CHANGE,
	.about = "What grew between the last two looks at the process (R looks again), told at the\n"
		 "place that takes it in: bytes that gather deeper have a row of their own.\n"
		 "GREW: bytes; A SECOND: by the time between the two stops. ENTRIES: of a map.",
	.open = open_view, .close = listing_close, .update = listing_update, .row = row, .act = listing_act,
	.subject = subject, .sort = listing_sort, .job_done = job_done,
};

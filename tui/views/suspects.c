/* Suspects: what keeps memory in a way that looks like a leak, and what to do about each. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/text.h"
#include "graph/graph.h"
#include "tui/page/words.h"
#include "tui/views/listing.h"
#include "tui/views/views.h"

enum { RETAINED, SURE, TITLE, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[RETAINED] = { "RETAINED", ALIGN_RIGHT, 8, 16, 0, 'r' },
	[SURE] = { "SURE", ALIGN_LEFT, 6, 6, 0, 's' },
	[TITLE] = { "WHAT KEEPS IT", ALIGN_LEFT, 30, 0, 0, 0 },
};

/* In the order of their ranks, until another column is asked for. */
static uint64_t key(const struct listing *l, uint32_t item, unsigned column)
{
	const struct suspect *s = &l->graph->suspects[item];

	if (column == SURE)
		return s->confidence;
	return (uint64_t)(s->confidence != CONFIDENCE_NOTE) << 63 | s->retained;
}

static bool make(struct listing *l, struct progress *progress)
{
	l->items = malloc((l->graph->n_suspects + 1ul) * sizeof *l->items);
	for (uint32_t i = 0; l->items && i < l->graph->n_suspects; i++)
		l->items[l->count++] = i;
	return l->items != NULL;
}

static const struct listing_ops ops = { "suspect", STAGE_DONE, make, key, NULL };

static bool open_view(struct page *page, const void *arg, struct error *err)
{
	return listing_open(page, &ops, sizeof(struct listing), columns, N_COLUMNS, err);
}

static void row(struct page *page, unsigned pane, uint32_t index, struct row *out)
{
	const struct listing *l = page->state;
	const struct suspect *s = &l->graph->suspects[l->order[index]];

	text_size(&out->cells[RETAINED].text, s->retained, screen_exact(page->screen));
	line_puts(&out->cells[SURE], s->confidence == CONFIDENCE_NOTE ? ROLE_DIM : ROLE_SUSPECT,
		  graph_confidence(s->confidence));
	text_puts(&out->cells[TITLE].text, s->title);
}

static bool subject(struct page *page, struct subject *out)
{
	const struct listing *l = page->state;
	const struct suspect *s;
	uint32_t item;

	if (!listing_selected(page, &item))
		return false;
	s = &l->graph->suspects[item];
	*out = s->object != NO_NODE ? (struct subject){ .kind = SUBJECT_OBJECT, .id = s->object }
				    : (struct subject){ .kind = SUBJECT_HOLDER, .id = s->holder };
	return s->object != NO_NODE || s->holder != NO_NODE;
}

static void put_part(struct text *out, const char *head, const char *words)
{
	if (words && *words)
		text_printf(out, "\n\n%s%s", head, words);
}

/* All that is said of the suspect. */
static void details(struct page *page, struct text *out)
{
	const struct listing *l = page->state;
	const struct suspect *s;
	uint32_t item;

	if (!listing_selected(page, &item))
		return;
	s = &l->graph->suspects[item];
	text_puts(out, s->title);
	put_part(out, "", s->explanation);
	put_part(out, "Fix: ", s->fix);
	text_puts(out, "\n\nretained     ");
	text_size(out, s->retained, true);
	text_puts(out, "\nsure         ");
	text_puts(out, graph_confidence(s->confidence));
	put_part(out, "It shows in SQL:\n", s->query);
}

const struct view_ops suspects_view = {
	.name = "Suspects",
	.screen = SCREEN_SUSPECTS,
	.about = "What keeps memory in a way that looks like a leak. SURE: proven, likely, or a note:\n"
		 "large, and perhaps so by design. i: the evidence, what to do, and the query that\n"
		 "shows it. Enter: the object that it is about.",
	.open = open_view, .close = listing_close, .update = listing_update, .row = row, .act = listing_act,
	.subject = subject, .details = details, .sort = listing_sort, .job_done = listing_done,
};

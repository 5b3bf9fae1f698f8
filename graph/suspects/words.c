/* Phrases that every rule's sentences are made of. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/query/label.h"
#include "graph/suspects/rule.h"

#define NAMED_HOLDERS 3
#define LEAST_HEAD 12 /* cells that a title's head keeps however long the tail is */

void words_title(struct text *out, const char *head, const char *tail)
{
	unsigned taken = text_width(tail);
	unsigned room = taken + LEAST_HEAD < TITLE_CELLS ? TITLE_CELLS - taken : LEAST_HEAD;
	autotext struct text whole = { 0 };

	text_clip(&whole, head, room, false);
	text_puts(&whole, *head ? tail : tail + strspn(tail, ": "));
	text_clip(out, text_string(&whole), TITLE_CELLS, false);
}

void words_map(const struct graph *g, uint32_t id, struct text *out)
{
	const struct map *map = graph_map_of(g, id);

	graph_type_label(g, id, out);
	if (!map)
		return;
	text_puts(out, " of ");
	text_counted(out, map->entries, "entry");
}

void words_amount(uint64_t bytes, uint64_t objects, struct text *out)
{
	text_size(out, bytes, false);
	text_puts(out, " in ");
	text_counted(out, objects, "object");
}

static void put_holders(const struct graph *g, const struct hunt_holders *holders, struct text *out)
{
	uint32_t shown = holders->n < NAMED_HOLDERS ? holders->n : NAMED_HOLDERS;
	uint32_t more = holders->n - shown;

	for (uint32_t i = 0; i < shown; i++) {
		bool last = i + 1 == shown && !more && holders->complete;

		text_puts(out, !i ? "" : last ? " and " : ", ");
		label_holder(g, holders->items[i], out);
	}
	if (!holders->complete)
		text_puts(out, " and others");
	else if (more)
		text_printf(out, " and %u more", more);
}

void words_held(const struct hunt *hunt, uint32_t id, struct text *out)
{
	struct hunt_holders holders;

	hunt_holders(hunt, id, &holders);
	text_puts(out, holders.n > 1 || !holders.complete ? "held by several: " : "held by ");
	put_holders(hunt->g, &holders, out);
}

void words_function(const struct graph *g, uint32_t closure, struct text *out)
{
	static const char before[] = "func ", after[] = " closure";
	const struct type *type = graph_type(g, closure);
	const char *name = type ? type->name : "?";
	size_t length = strlen(name), tail = sizeof after - 1;

	if (!strncmp(name, before, sizeof before - 1)) {
		name += sizeof before - 1;
		length -= sizeof before - 1;
	}
	if (length > tail && !strcmp(name + length - tail, after))
		length -= tail;
	text_append(out, name, length);
}

void words_largest(const struct hunt *hunt, uint32_t id, uint32_t held, struct text *out)
{
	const struct graph *g = hunt->g;

	words_map(g, id, out);
	text_puts(out, ", ");
	text_size(out, g->retained[id], false);
	text_puts(out, g->above[id] != NO_NODE ? ". All are " : ". That one is ");
	words_held(hunt, held, out);
	text_putc(out, '.');
}

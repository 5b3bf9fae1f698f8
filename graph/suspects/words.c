/* Phrases that every rule's sentences are made of. */
#include <stdlib.h>
#include <string.h>

#include "graph/analysis/paths.h"
#include "graph/base/cleanup.h"
#include "graph/query/label.h"
#include "graph/suspects/rule.h"

#define HEAD_STEPS 6  /* of a way longer than both together */
#define TAIL_STEPS 8
#define NAMED_HOLDERS 3
#define LEAST_HEAD 12 /* cells that a title's head keeps however long the tail is */

/* A way that is being written; PLAIN as long as it is an expression of the source. */
struct chain { struct text text; bool plain, stepped; };

/* Append a step's label: straight on if it is a selector of the source, else behind an arrow. */
static void put_step(struct chain *chain, const struct text *label)
{
	const char *s = text_string(label);
	bool selector = (*s == '[' && (chain->plain || chain->stepped)) ||
			(*s == '.' && chain->plain);

	if (!label->length)
		return;
	if (selector)
		text_puts(&chain->text, s);
	else
		text_printf(&chain->text, " → %s", *s == '.' ? s + 1 : s);
	chain->plain &= selector;
	chain->stepped = true;
}

static void put_steps(const struct graph *g, const struct path *path, struct chain *chain)
{
	autotext struct text label = { 0 };
	enum known known;

	for (uint32_t i = 1; i < path->n; i++) {
		if (path->n > HEAD_STEPS + TAIL_STEPS && i == HEAD_STEPS) {
			text_puts(&chain->text, " → …");
			chain->plain = chain->stepped = false;
			i = path->n - TAIL_STEPS;
		}
		text_clear(&label);
		label_edge(g, path->objects[i - 1], path->objects[i], &label, &known);
		put_step(chain, &label);
	}
}

void words_chain(const struct graph *g, uint32_t id, struct text *out)
{
	struct chain chain = { 0 };
	struct path path;

	if (!paths_shortest(g, id, &path, NULL))
		return;
	label_root(g, path.root, &chain.text);
	chain.plain = !strchr(text_string(&chain.text), ' ');
	put_steps(g, &path, &chain);
	text_puts(out, text_string(&chain.text));
	text_free(&chain.text);
	free(path.objects);
}

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

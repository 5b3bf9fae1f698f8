#include "graph/query/chain.h"

#include <stdlib.h>
#include <string.h>

#include "graph/query/label.h"

#define HEAD_STEPS 6 /* of a way longer than both together */
#define TAIL_STEPS 8

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

void chain_path(const struct graph *g, const struct path *path, struct text *out)
{
	struct chain chain = { 0 };

	label_root(g, path->root, &chain.text);
	chain.plain = !strchr(text_string(&chain.text), ' ');
	put_steps(g, path, &chain);
	text_puts(out, text_string(&chain.text));
	text_free(&chain.text);
}

void chain_nearest(const struct graph *g, uint32_t id, struct text *out)
{
	struct path path;

	if (!paths_shortest(g, id, &path, NULL))
		return;
	chain_path(g, &path, out);
	free(path.objects);
}

#include "tui/steps.h"

#include <stdlib.h>
#include <string.h>

#include "graph/label.h"

#define MAX_EXPRESSION 400 /* bytes; nobody reads a longer one */

void steps_free(struct steps *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		text_free(&s->items[i].label);
	free(s->items);
	text_free(&s->expression);
	memset(s, 0, sizeof *s);
}

/* Can LABEL be written behind an expression of Go? */
static bool is_selector(const struct text *label)
{
	return label->length && (label->bytes[0] == '.' || label->bytes[0] == '[');
}

/* Parts of a map before PLACE are passed through. Where the map lies in a field, the first of them says
 * in which: nothing else would. */
static void name_field(const struct graph *g, const struct path *path, uint32_t place,
		       struct text *label)
{
	uint32_t first = place;
	enum known known;

	while (first && label_is_map_part(g, path->objects[first - 1]))
		first--;
	if (first && first < place)
		label_edge(g, path->objects[first - 1], path->objects[first], label, &known);
}

static void add_step(const struct graph *g, const struct path *path, uint32_t place,
		     struct steps *s)
{
	struct step *step = &s->items[s->n++];
	autotext struct text field = { 0 }, entry = { 0 };
	enum known known;

	step->object = path->objects[place];
	if (!place) {
		label_root(g, path->root, &step->label);
		return;
	}
	name_field(g, path, place, &field);
	label_edge(g, path->objects[place - 1], step->object, &entry, &known);
	if (field.length && entry.length && !is_selector(&entry)) /* a key is no Go */
		text_printf(&step->label, "%s in %s", entry.bytes, field.bytes);
	else
		text_printf(&step->label, "%s%s", text_string(&field), text_string(&entry));
}

/* A local variable reads "buf in main.audit": what follows goes behind the variable. Other roots
 * than variables have no name in the source. */
static void find_expression(const struct graph *g, struct steps *s)
{
	const char *root = text_string(&s->items[0].label), *in = strstr(root, " in ");
	size_t name = in ? (size_t)(in - root) : strlen(root);

	if (memchr(root, ' ', name) || (!in && g->roots[s->root].kind != ROOT_GLOBAL))
		return;
	if (in && strncmp(root, "variable", name) == 0) /* one whose name nobody knows */
		return;
	text_append(&s->expression, root, name);
	for (uint32_t i = 1; i < s->n; i++) {
		if (!is_selector(&s->items[i].label) || s->expression.length > MAX_EXPRESSION) {
			text_clear(&s->expression);
			return;
		}
		text_puts(&s->expression, text_string(&s->items[i].label));
	}
	if (in)
		text_puts(&s->expression, in);
}

bool steps_of_path(const struct graph *g, const struct path *path, struct steps *out,
		   struct error *err)
{
	*out = (struct steps){ .root = path->root };
	out->items = calloc((size_t)path->n + 1, sizeof *out->items);
	if (!out->items)
		return fail_memory(err, "a path");
	for (uint32_t i = 0; i < path->n; i++)
		if (i + 1 == path->n || !label_is_map_part(g, path->objects[i]))
			add_step(g, path, i, out);
	find_expression(g, out);
	return true;
}

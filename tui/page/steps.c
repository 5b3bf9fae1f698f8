#include "tui/page/steps.h"

#include <stdlib.h>
#include <string.h>

#include "graph/query/label.h"

#define MAX_EXPRESSION 400 /* bytes; nobody reads a longer one */

void steps_free(struct steps *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		text_free(&s->items[i].label);
		text_free(&s->items[i].dynamic);
	}
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

/* What leads to the object at PLACE: the one before it, or the root's holder. */
static uint32_t before(const struct graph *g, const struct path *path, uint32_t place)
{
	return place ? path->objects[place - 1] : g->n_objects + g->roots[path->root].holder;
}

static uint64_t offset_to(const struct graph *g, const struct path *path, uint32_t place)
{
	uint32_t src = path->objects[place - 1];

	return label_edge_offset(g, src, label_find_edge(g, src, path->objects[place]));
}

/* What leads to the array at PLACE. Of several slices that lead there, the one that takes in the element
 * through which the path goes on. False if there is no such, or it is the first of them. */
static bool label_array(const struct graph *g, const struct path *path, uint32_t place, struct text *out)
{
	autoslot struct slot_view view = {0};
	enum known known;

	if (place + 1 == path->n)
		return false;
	slots_look(g, before(g, path, place), path->objects[place], offset_to(g, path, place + 1), &view,
		   &known);
	if (!view.other || view.place != SLOT_INSIDE)
		return false;
	if (place)
		label_offset(g, path->objects[place - 1], view.through, out, &known);
	else
		label_root(g, (uint32_t)view.through, out);
	return true;
}

static void label_entry(const struct graph *g, const struct path *path, uint32_t place, struct step *step,
			struct text *out)
{
	autoslot struct slot_view view = {0};
	enum known known;

	if (label_array(g, path, place, out))
		return;
	slots_look(g, before(g, path, place - 1), path->objects[place - 1], offset_to(g, path, place), &view,
		   &known);
	step->slot = view.place;
	text_append(out, text_string(&view.label), view.label.length);
}

static void add_step(const struct graph *g, const struct path *path, uint32_t place,
		     struct steps *s)
{
	struct step *step = &s->items[s->n++];
	autotext struct text field = { 0 }, entry = { 0 };

	step->object = path->objects[place];
	step->boxed = label_dynamic(g, before(g, path, place), step->object, &step->dynamic);
	if (!place) {
		if (!label_array(g, path, place, &step->label))
			label_root(g, path->root, &step->label);
		return;
	}
	name_field(g, path, place, &field);
	label_entry(g, path, place, step, &entry);
	if (field.length && entry.length && !is_selector(&entry)) /* a key is no Go */
		text_printf(&step->label, "%s in %s", entry.bytes, field.bytes);
	else
		text_printf(&step->label, "%s%s", text_string(&field), text_string(&entry));
}

/* Append STEP, which comes behind what no index reaches if S->GO is false. False if it cannot be said. */
static bool add_selector(struct steps *s, const struct step *step)
{
	bool outside = step->slot == SLOT_OUTSIDE;

	if (step->slot == SLOT_UNKNOWN || s->expression.length > MAX_EXPRESSION ||
	    (!is_selector(&step->label) && !outside))
		return false;
	if (step > s->items && s->go && !outside && step[-1].dynamic.length)
		text_printf(&s->expression, ".(%s)", text_string(&step[-1].dynamic));
	text_printf(&s->expression, "%s%s", outside ? ", " : s->go ? "" : ": ", text_string(&step->label));
	s->go &= !outside;
	return true;
}

/* Has the root's variable a type, so that it is known what its name stands for? */
static bool is_variable(const struct graph *g, uint32_t root)
{
	return g->roots[root].kind == ROOT_GLOBAL && g->holders[g->roots[root].holder].type != NO_NODE;
}

/* A local variable reads "buf in main.audit": what follows goes behind the variable. Other roots
 * than variables have no name in the source. */
static void find_expression(const struct graph *g, struct steps *s)
{
	const char *root = text_string(&s->items[0].label), *in = strstr(root, " in ");
	size_t name = in ? (size_t)(in - root) : strlen(root);

	if (memchr(root, ' ', name) || memchr(root, '+', name) ||
	    (!in && g->roots[s->root].kind != ROOT_GLOBAL))
		return;
	if (in && strncmp(root, "variable", name) == 0) /* one whose name nobody knows */
		return;
	s->go = true;
	text_append(&s->expression, root, name);
	for (uint32_t i = 1; i < s->n; i++)
		if (!add_selector(s, &s->items[i])) {
			s->go = false;
			text_clear(&s->expression);
			return;
		}
	s->go &= in || is_variable(g, s->root);
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

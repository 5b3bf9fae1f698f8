#include "tui/page/why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/analysis/paths.h"
#include "graph/base/cleanup.h"
#include "graph/base/json.h"
#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/query/children.h"
#include "graph/query/label.h"
#include "graph/query/proof.h"
#include "graph/query/summary.h"
#include "graph/query/what.h"
#include "tui/page/outline.h"
#include "tui/page/steps.h"
#include "tui/page/wrap.h"

#define FIRST_CHILDREN 6 /* of what the subject keeps */
#define MORE_CHILDREN 2   /* below each of those */
#define MAX_DEPTH 12      /* of a tree in which each child is nearly all of its parent */
#define MAX_INSTANCES 100
#define HEAD_STEPS 8      /* of a path longer than both together */
#define TAIL_STEPS 6

struct answer {
	const struct graph *g;
	const struct why_wish *wish;
	struct text *out;
	struct json json;
	struct progress *progress;
	struct error *err;
};

/* --- words --- */

/* Type and preview; that of a struct or array says little before it is cut, and is left out. */
static void put_object(const struct graph *g, uint32_t id, struct text *out)
{
	struct subject subject = { .kind = SUBJECT_OBJECT, .id = id };
	autotext struct text preview = {0};

	if (g->lens)
		g->lens->ops->preview(g->lens, &subject, &preview);
	if (!preview.length || preview.bytes[0] == '{' || preview.bytes[0] == '[') {
		label_object(g, id, out);
		return;
	}
	graph_type_label(g, id, out);
	text_printf(out, ", %s", text_string(&preview));
}

static void put_size(const struct answer *a, struct text *out, uint64_t bytes)
{
	text_size(out, bytes, a->wish->exact);
}

/* Sentences that stand above a tree. */
static void print_sentences(const struct answer *a, const struct text *sentences)
{
	wrap_text(a->out, text_string(sentences), a->wish->columns, 0, true);
}

/* What stands beside a holder's name: the type of a global, what a goroutine waits for. */
static void put_holder_detail(const struct graph *g, uint32_t holder, struct text *out)
{
	const struct holder *h = &g->holders[holder];
	const struct task *task = graph_holder_task(g, holder);

	if (h->type < g->n_types)
		naming_type(g, &g->types[h->type], out);
	else if (task && task->wait)
		text_puts(out, task->wait);
}

/* --- trees --- */

static bool add_children(const struct answer *a, struct outline *outline, uint32_t node,
			 unsigned depth, unsigned most);

static void add_fold(const struct graph *g, struct outline *outline, unsigned depth, uint64_t count,
		     uint64_t retained, uint32_t alike)
{
	struct outline_row *row = outline_add(outline, depth);

	text_puts(&row->label, "… ");
	text_count(&row->label, count);
	text_puts(&row->label, alike != NO_NODE ? " more like these" : " more");
	if (alike != NO_NODE)
		graph_type_label(g, alike, &row->what);
	row->bytes = retained;
}

/* How many rows to show below child number I. One that is nearly all of its parent is worth as close
 * a look as that: the tree goes on to where the weight is. Of many small ones the first will do. */
static unsigned children_below(const struct answer *a, uint32_t parent,
			       const struct children *children, uint32_t i, unsigned depth,
			       unsigned most)
{
	uint64_t whole = graph_retained(a->g, parent), part = children->items[i].retained;

	if (depth < MAX_DEPTH && part >= whole - whole / 10)
		return most;
	return most == FIRST_CHILDREN && (i == 0 || part >= whole / 10) ? MORE_CHILDREN : 0;
}

static bool add_child(const struct answer *a, struct outline *outline, const struct child *child,
		      unsigned depth, unsigned most_below)
{
	const struct graph *g = a->g;
	struct outline_row *row;

	if (child->kind != CHILD_ONE) {
		add_fold(g, outline, depth, child->count, child->retained,
			 child->kind == CHILD_ALIKE ? child->node : NO_NODE);
		return true;
	}
	row = outline_add(outline, depth);
	label_step(g, child->via, child->node, &row->label);
	if (!row->label.length)
		text_puts(&row->label, child->via == NO_NODE ? "by several ways" : "·");
	put_object(g, child->node, &row->what);
	row->boxed = label_boxed(g, child->via, child->node);
	row->bytes = child->retained;
	return !most_below || add_children(a, outline, child->node, depth + 1, most_below);
}

/* What NODE keeps: the MOST largest, and the rest in one row. */
static bool add_children(const struct answer *a, struct outline *outline, uint32_t node,
			 unsigned depth, unsigned most)
{
	autochildren struct children children = {0};
	uint64_t rest = 0, retained = 0;

	if (!children_find(a->g, node, CHILDREN_DOMINATED, &children, NULL, a->err))
		return false;
	for (uint32_t i = 0; i < children.n; i++) {
		const struct child *child = &children.items[i];

		if (i < most || children.n == most + 1) {
			if (!add_child(a, outline, child, depth,
				       children_below(a, node, &children, i, depth, most)))
				return false;
		} else {
			rest += child->count;
			retained += child->retained;
		}
	}
	if (rest)
		add_fold(a->g, outline, depth, rest, retained, NO_NODE);
	return true;
}

/* The row of a path's holder. If the holder is nothing but the variable in which the first object
 * lies, one row says both. Returns how many steps that row covers. */
static uint32_t add_path_holder(const struct answer *a, struct outline *outline,
				const struct steps *steps)
{
	const struct graph *g = a->g;
	uint32_t holder = g->roots[steps->root].holder;
	struct outline_row *row = outline_add(outline, 0);
	bool same;

	naming_put(g, g->holders[holder].name, &row->label);
	same = strcmp(text_string(&steps->items[0].label), text_string(&row->label)) == 0;
	row->bytes = g->holders[holder].retained;
	if (same)
		put_object(g, steps->items[0].object, &row->what);
	else
		put_holder_detail(g, holder, &row->what);
	return same;
}

static unsigned add_steps(const struct answer *a, struct outline *outline,
			  const struct steps *steps)
{
	uint32_t first = add_path_holder(a, outline, steps);
	unsigned depth = 1;

	for (uint32_t i = first; i < steps->n; i++) {
		const struct step *step = &steps->items[i];
		struct outline_row *row;

		if (i == HEAD_STEPS && steps->n > HEAD_STEPS + TAIL_STEPS) {
			uint32_t skipped = steps->n - HEAD_STEPS - TAIL_STEPS;

			row = outline_add(outline, depth++);
			text_puts(&row->label, "… ");
			text_counted(&row->label, skipped, "more step");
			row->bytes = a->g->retained[step->object];
			i += skipped;
			step = &steps->items[i];
		}
		row = outline_add(outline, depth++);
		text_puts(&row->label, step->label.length ? text_string(&step->label) : "·");
		put_object(a->g, step->object, &row->what);
		row->boxed = step->boxed;
		row->bytes = a->g->retained[step->object];
	}
	return depth;
}

static void print_outline(const struct answer *a, struct outline *outline)
{
	text_putc(a->out, '\n');
	outline_print(outline, a->wish->columns, a->wish->whole, a->wish->unicode, a->wish->exact,
		      a->out);
	a->out->failed |= outline->failed;
}

static bool print_path(const struct answer *a, const struct path *path, uint32_t number,
		       uint32_t of, bool below)
{
	autosteps struct steps steps = {0};
	autooutline struct outline outline = {0};
	unsigned depth;

	if (!steps_of_path(a->g, path, &steps, a->err))
		return false;
	depth = add_steps(a, &outline, &steps);
	if (below && !add_children(a, &outline, path->objects[path->n - 1], depth, FIRST_CHILDREN))
		return false;
	print_outline(a, &outline);
	if (number == 1)
		text_puts(a->out, "shortest path");
	if (number == 1 && of > 1)
		text_printf(a->out, ", 1 of %" PRIu32, of);
	if (number > 1)
		text_printf(a->out, "path %" PRIu32 " of %" PRIu32, number, of);
	if (steps.expression.length)
		text_printf(a->out, " · %s%s", steps.go ? "Go: " : "", text_string(&steps.expression));
	text_putc(a->out, '\n');
	return true;
}

static void print_end(const struct answer *a)
{
	autotext struct text last = {0};

	proof_line(a->g, a->wish->columns, a->out);
	text_putc(a->out, '\n');
	summary_stop(a->g, &last);
	text_puts(&last, " · ");
	summary_process(a->g, &last);
	text_printf(a->out, "%s\n", text_string(&last));
}

/* --- JSON --- */

static void json_object_facts(struct answer *a, uint32_t id)
{
	autotext struct text type = {0};

	graph_type_label(a->g, id, &type);
	json_key(&a->json, "object");
	json_number(&a->json, id);
	json_key(&a->json, "addr");
	json_number(&a->json, graph_addr(a->g, id));
	json_key(&a->json, "size");
	json_number(&a->json, graph_size(a->g, id));
	json_key(&a->json, "type");
	json_string(&a->json, text_string(&type));
	json_key(&a->json, "boxed");
	json_bool(&a->json, a->g->flags[id] & OBJECT_BOXED);
	json_key(&a->json, "retained");
	json_number(&a->json, a->g->retained[id]);
}

static void json_steps(struct answer *a, const struct steps *steps)
{
	json_key(&a->json, "steps");
	json_open(&a->json, '[');
	for (uint32_t i = 0; i < steps->n; i++) {
		json_open(&a->json, '{');
		json_key(&a->json, "label");
		json_string(&a->json, steps->items[i].label.length
					      ? text_string(&steps->items[i].label) : NULL);
		json_object_facts(a, steps->items[i].object);
		json_close(&a->json, '}');
	}
	json_close(&a->json, ']');
}

/* For programs: in full. */
static void json_holder_name(const struct graph *g, uint32_t holder, struct text *out)
{
	text_puts(out, g->holders[holder].kind == HOLDER_GLOBAL ? "global " : "");
	text_puts(out, g->holders[holder].name);
}

static bool json_path(struct answer *a, const struct path *path, uint32_t number, uint32_t of)
{
	autosteps struct steps steps = {0};
	autotext struct text holder = {0};

	if (!steps_of_path(a->g, path, &steps, a->err))
		return false;
	json_holder_name(a->g, a->g->roots[path->root].holder, &holder);
	json_open(&a->json, '{');
	json_object_facts(a, path->objects[path->n - 1]);
	json_key(&a->json, "path");
	json_number(&a->json, number);
	json_key(&a->json, "of");
	json_number(&a->json, of);
	json_key(&a->json, "holder");
	json_string(&a->json, text_string(&holder));
	json_key(&a->json, "expression");
	json_string(&a->json, steps.go ? text_string(&steps.expression) : NULL);
	json_key(&a->json, "place");
	json_string(&a->json, steps.expression.length ? text_string(&steps.expression) : NULL);
	json_steps(a, &steps);
	json_close(&a->json, '}');
	return true;
}

static bool json_holder(struct answer *a, uint32_t holder)
{
	const struct holder *h = &a->g->holders[holder];
	autochildren struct children children = {0};

	if (!children_find(a->g, a->g->n_objects + holder, CHILDREN_DOMINATED, &children, NULL,
			   a->err))
		return false;
	json_open(&a->json, '{');
	json_key(&a->json, "holder");
	json_string(&a->json, h->name);
	json_key(&a->json, "objects");
	json_number(&a->json, h->objects);
	json_key(&a->json, "retained");
	json_number(&a->json, h->retained);
	json_key(&a->json, "holds");
	json_open(&a->json, '[');
	for (uint32_t i = 0; i < children.n && i < MAX_INSTANCES; i++) {
		const struct child *child = &children.items[i];
		autotext struct text label = {0};

		if (child->kind == CHILD_ONE)
			label_step(a->g, child->via, child->node, &label);
		json_open(&a->json, '{');
		json_key(&a->json, "label");
		json_string(&a->json, label.length ? text_string(&label) : NULL);
		json_object_facts(a, child->node);
		json_key(&a->json, "count");
		json_number(&a->json, child->count);
		json_key(&a->json, "together");
		json_number(&a->json, child->retained);
		json_close(&a->json, '}');
	}
	json_close(&a->json, ']');
	json_close(&a->json, '}');
	return true;
}

/* --- the three kinds of answer; A->json.out says which form is wanted --- */

static bool print_paths(struct answer *a, uint32_t object, uint32_t most, bool below)
{
	struct path *paths = NULL;
	struct error err = {0};
	uint32_t n = paths_find(a->g, object, most, &paths, a->progress, &err);
	bool good = true;

	if (!n && err.code != STATUS_OK)
		return fail(a->err, err.code, "%s", err.message);
	for (uint32_t i = 0; i < n && good; i++)
		good = a->json.out ? json_path(a, &paths[i], i + 1, n)
				   : print_path(a, &paths[i], i + 1, n, below && i == 0);
	paths_free(paths, n);
	return good;
}

/* How OBJECT is reached; of several objects it is the largest, and HOLDER the one above all. */
static bool put_reached(const struct answer *a, uint32_t object, uint32_t holder, bool one,
			struct text *out)
{
	if (holder != NO_NODE) {
		text_puts(out, one ? "It is reached through " : "All are reached through ");
		label_holder(a->g, holder, out);
		text_putc(out, '.');
		return true;
	}
	text_puts(out, one ? "Several holders reach it: " : "The largest is reached from ");
	if (!summary_reached_from(a->g, object, out, a->progress, a->err))
		return false;
	text_putc(out, '.');
	return true;
}

static bool fail_dead(const struct answer *a, uint32_t id)
{
	autotext struct text type = {0};
	uint32_t finalizer = graph_finalizer(a->g, id);

	graph_type_label(a->g, id, &type);
	if (finalizer != NO_NODE)
		return fail(a->err, STATUS_NOT_FOUND, "no root reaches the object at 0x%" PRIx64
			    " (%s): it is garbage, freed when its finalizer has run (%s)",
			    graph_addr(a->g, id), text_string(&type),
			    a->g->holders[finalizer].name);
	return fail(a->err, STATUS_NOT_FOUND, "no root reaches the object at 0x%" PRIx64 " (%s): "
		    "it is garbage that the next collection frees", graph_addr(a->g, id),
		    text_string(&type));
}

static void put_offset(uint64_t offset, struct text *out)
{
	text_puts(out, "The address lies ");
	text_counted(out, offset, "byte");
	text_puts(out, " into this object.\n");
}

static bool headline_object(const struct answer *a, const struct what *what)
{
	autotext struct text line = {0};
	uint32_t id = what->object;

	if (what->offset)
		put_offset(what->offset, &line);
	graph_type_label(a->g, id, &line);
	text_printf(&line, " at 0x%" PRIx64 ", ", graph_addr(a->g, id));
	put_size(a, &line, graph_size(a->g, id));
	text_puts(&line, ", retains ");
	put_size(a, &line, a->g->retained[id]);
	text_puts(&line, ". ");
	if (!put_reached(a, id, a->g->above[id], true, &line))
		return false;
	print_sentences(a, &line);
	return true;
}

static bool answer_object(struct answer *a, const struct what *what)
{
	if (!(a->g->flags[what->object] & OBJECT_LIVE))
		return fail_dead(a, what->object);
	if (!a->json.out && !headline_object(a, what))
		return false;
	return print_paths(a, what->object, a->wish->paths, true);
}

/* What a global refers to but does not hold alone. */
static void add_targets(const struct answer *a, struct outline *outline, const struct holder *h)
{
	for (uint32_t i = 0; i < h->n_roots && i < FIRST_CHILDREN; i++) {
		uint32_t root = h->first_root + i;
		struct outline_row *row;

		if (a->g->roots[root].strength == STRENGTH_WEAK)
			continue;
		row = outline_add(outline, 1);
		label_root(a->g, root, &row->label);
		put_object(a->g, a->g->roots[root].dst, &row->what);
		row->bytes = a->g->retained[a->g->roots[root].dst];
	}
}

/* The object that a global is a pointer to, if all that it holds hangs on that; else NO_NODE. */
static uint32_t only_target(const struct answer *a, uint32_t holder,
			    const struct children *children)
{
	autotext struct text label = {0}, name = {0};
	const struct child *child = children->items;

	if (children->n != 1 || child->kind != CHILD_ONE)
		return NO_NODE;
	label_step(a->g, child->via, child->node, &label);
	naming_put(a->g, a->g->holders[holder].name, &name);
	if (strcmp(text_string(&label), text_string(&name)) != 0)
		return NO_NODE;
	return child->node;
}

static bool add_children_of_holder(const struct answer *a, struct outline *outline, uint32_t holder)
{
	const struct holder *h = &a->g->holders[holder];
	autochildren struct children children = {0};
	struct outline_row *row = outline_add(outline, 0);
	uint32_t target;

	naming_put(a->g, h->name, &row->label);
	row->bytes = h->retained;
	if (!children_find(a->g, a->g->n_objects + holder, CHILDREN_DOMINATED, &children, NULL,
			   a->err))
		return false;
	target = only_target(a, holder, &children);
	if (target != NO_NODE) {
		put_object(a->g, target, &row->what);
		return add_children(a, outline, target, 1, FIRST_CHILDREN);
	}
	put_holder_detail(a->g, holder, &row->what);
	if (!children.n)
		add_targets(a, outline, h);
	return add_children(a, outline, a->g->n_objects + holder, 1, FIRST_CHILDREN);
}

static bool print_holder(const struct answer *a, uint32_t holder)
{
	const struct holder *h = &a->g->holders[holder];
	autooutline struct outline outline = {0};
	autotext struct text line = {0};

	label_holder(a->g, holder, &line);
	if (!h->objects) {
		text_puts(&line, " alone holds nothing: others reach all that it refers to.");
	} else {
		text_puts(&line, " alone holds ");
		text_counted(&line, h->objects, "object");
		text_puts(&line, ", ");
		put_size(a, &line, h->retained);
		text_puts(&line, " together.");
	}
	print_sentences(a, &line);
	if (!add_children_of_holder(a, &outline, holder))
		return false;
	print_outline(a, &outline);
	return true;
}

/* The global itself has no holder: where it leads to in the program's data others do. */
static void headline_parts(const struct answer *a, const struct what *what)
{
	autotext struct text line = {0};

	text_puts(&line, "global ");
	text_escape(&line, a->wish->what, strlen(a->wish->what), 0);
	text_puts(&line, " itself holds nothing. It leads to ");
	text_counted(&line, what->n_holders, "variable");
	text_puts(&line, " without a name that ");
	text_puts(&line, what->n_holders == 1 ? "does:" : "do:");
	print_sentences(a, &line);
	text_putc(a->out, '\n');
}

/* A global that holds nothing is one all the same. False if there is no such. */
static bool answer_empty(struct answer *a)
{
	autotext struct text said = {0};

	if (!what_empty(a->g, a->wish->what, &said))
		return false;
	if (!a->json.out) {
		text_putc(&said, '.');
		print_sentences(a, &said);
		return true;
	}
	json_open(&a->json, '{');
	json_key(&a->json, "holder");
	json_string(&a->json, a->wish->what);
	json_key(&a->json, "objects");
	json_number(&a->json, 0);
	json_key(&a->json, "retained");
	json_number(&a->json, 0);
	json_key(&a->json, "said");
	json_string(&a->json, text_string(&said));
	json_close(&a->json, '}');
	return true;
}

static bool answer_globals(struct answer *a, const struct what *what)
{
	if (what->parts && !a->json.out)
		headline_parts(a, what);
	for (uint32_t i = 0; i < what->n_holders && i < a->wish->paths; i++) {
		if (i && !a->json.out)
			text_putc(a->out, '\n');
		if (a->json.out ? !json_holder(a, what->holders[i])
				: !print_holder(a, what->holders[i]))
			return false;
	}
	return true;
}

static void put_type(const struct graph *g, uint32_t type, struct text *out)
{
	text_puts(out, " of type ");
	naming_type(g, &g->types[type], out);
}

static bool headline_types(const struct answer *a, const struct what *what,
			   const struct instances *found)
{
	autotext struct text line = {0};

	text_counted(&line, found->count, "object");
	if (what->n_types == 1)
		put_type(a->g, what->types[0], &line);
	else
		text_printf(&line, " of %" PRIu32 " types", what->n_types);
	text_puts(&line, found->count == 1 ? " retains " : " retain ");
	put_size(a, &line, found->retained);
	text_puts(&line, found->count == 1 ? ". " : " together. ");
	if (found->top.n && !put_reached(a, found->top.items[0].id, found->holder,
					 found->count == 1, &line))
		return false;
	if (found->dead) {
		text_putc(&line, ' ');
		text_count(&line, found->dead);
		text_puts(&line, found->dead == 1 ? " more is" : " more are");
		text_puts(&line, " garbage that the next collection frees.");
	}
	if (found->count > found->top.n && found->top.n == 1)
		text_puts(&line, "\nThe largest:");
	else if (found->count > found->top.n)
		text_printf(&line, "\nThe %" PRIu32 " largest:", found->top.n);
	print_sentences(a, &line);
	return true;
}

static bool print_instances(struct answer *a, const struct what *what,
			    const struct instances *found)
{
	if (!a->json.out && !headline_types(a, what, found))
		return false;
	for (uint32_t i = 0; i < found->top.n; i++)
		if (!print_paths(a, found->top.items[i].id, 1, i == 0))
			return false;
	return true;
}

static bool fail_all_dead(const struct answer *a, uint64_t dead)
{
	if (dead == 1)
		return fail(a->err, STATUS_NOT_FOUND, "the only object of that type is garbage: no root "
			    "reaches it");
	return fail(a->err, STATUS_NOT_FOUND, "all %" PRIu64 " objects of that type are garbage: no root "
		    "reaches any", dead);
}

static bool answer_types(struct answer *a, const struct what *what)
{
	struct top_item items[MAX_INSTANCES];
	struct instances found = { .top = { items, 0, a->wish->paths } };

	if (found.top.max > MAX_INSTANCES)
		found.top.max = MAX_INSTANCES;
	if (!what_instances(a->g, what, &found, a->err))
		return false;
	if (!found.count && !what->n_holders)
		return fail_all_dead(a, found.dead);
	return !found.count || print_instances(a, what, &found);
}

static void headline_regexp(const struct answer *a, const struct what *what)
{
	autotext struct text line = {0};

	text_escape(&line, a->wish->what, strlen(a->wish->what), 0);
	text_puts(&line, " matches ");
	text_counted(&line, what->n_holders, "global");
	text_puts(&line, " and ");
	text_counted(&line, what->n_types, "type");
	text_putc(&line, '.');
	print_sentences(a, &line);
	text_putc(a->out, '\n');
}

static bool answer_what(struct answer *a, const struct what *what)
{
	if (what->kind == WHAT_OBJECT)
		return answer_object(a, what);
	if (what->kind == WHAT_REGEXP && !a->json.out)
		headline_regexp(a, what);
	if (!answer_globals(a, what))
		return false;
	if (what->n_holders && what->n_types && !a->json.out)
		text_putc(a->out, '\n');
	return !what->n_types || answer_types(a, what);
}

static bool answer(struct answer *a)
{
	struct what what;
	bool good;

	if (!what_resolve(a->g, a->wish->what, &what, a->err))
		return a->err->code == STATUS_NOT_FOUND && answer_empty(a);
	good = answer_what(a, &what);
	what_free(&what);
	return good && (!a->out->failed || fail_memory(a->err, "the answer"));
}

bool why_text(const struct graph *g, const struct why_wish *wish, struct text *out,
	      struct progress *progress, struct error *err)
{
	struct answer a = { .g = g, .wish = wish, .out = out, .progress = progress, .err = err };

	if (!answer(&a))
		return false;
	print_end(&a);
	return true;
}

bool why_json(const struct graph *g, const struct why_wish *wish, struct text *out,
	      struct progress *progress, struct error *err)
{
	struct answer a = { .g = g, .wish = wish, .out = out, .json = { .out = out },
			    .progress = progress, .err = err };

	json_open(&a.json, '[');
	if (!answer(&a))
		return false;
	json_close(&a.json, ']');
	text_putc(out, '\n');
	return true;
}

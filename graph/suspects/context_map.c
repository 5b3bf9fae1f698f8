/* Rule context-map: a map that was put into a context and stays because a goroutine waits with that
 * context in its hands. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/query/label.h"
#include "graph/suspects/rule.h"

static bool concerns(const struct type *type)
{
	return type->shape == SHAPE_CONTEXT_VALUE;
}

/* The map that is the value of context ID; NO_NODE. */
static uint32_t value_map(const struct graph *g, uint32_t id)
{
	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		uint32_t dst = g->fwd_dst[e];

		if (!(dst & EDGE_IDLE) && hunt_is_map(g, dst))
			return dst;
	}
	return NO_NODE;
}

/* The task whose root is nearest to object ID, if it is one of the program's and waits; NULL. */
static const struct task *keeper_of(const struct graph *g, uint32_t id)
{
	const struct holder *holder = &g->holders[g->roots[g->root[id]].holder];
	uint32_t task = holder->kind == HOLDER_TASK ? holder->task : NO_NODE;

	return task < g->n_tasks && g->tasks[task].state == TASK_WAITING && !g->tasks[task].system
	       ? &g->tasks[task] : NULL;
}

static uint32_t hash_name(const char *s)
{
	uint32_t hash = 2166136261u; /* Fowler, Noll, Vo: FNV-1a */

	for (; s && *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	return hash;
}

static bool look(const struct hunt *hunt, uint32_t id, struct finding *found)
{
	const struct graph *g = hunt->g;
	uint32_t map = value_map(g, id);
	const struct task *task = map == NO_NODE ? NULL : keeper_of(g, map);

	if (!task)
		return false;
	*found = (struct finding){ .object = map, .via = id, .key = {
		hash_name(task->function), hash_name(task->wait), g->type[map] } };
	return true;
}

/* ---- words ---- */

/* What a group's goroutines have in common, and how they differ. */
struct crowd {
	const struct task *task;  /* of the finding that is described */
	uint32_t tasks;
	int64_t longest;          /* wait, -1 if none is known */
	bool stuck;               /* none of them can go on */
};

static bool count_tasks(const struct graph *g, const struct finding *items, uint32_t n,
			struct crowd *crowd, struct error *err)
{
	autofree bool *seen = calloc(g->n_tasks + 1ull, sizeof *seen);

	if (!seen)
		return fail_memory(err, "suspects");
	crowd->longest = -1;
	crowd->stuck = true;
	for (uint32_t i = 0; i < n; i++) {
		const struct task *task = keeper_of(g, items[i].object);

		crowd->tasks += !seen[task - g->tasks];
		seen[task - g->tasks] = true;
		crowd->stuck &= task->stuck == 1;
		if (task->wait_ns > crowd->longest)
			crowd->longest = task->wait_ns;
	}
	return true;
}

static void put_task(const struct graph *g, const struct task *task, const char *noun, struct text *out)
{
	text_printf(out, "%s %" PRIu64 " ", noun, task->id);
	label_task(g, task, out);
}

/* NOUN is how one of them begins: "goroutine", or "Goroutine" at the head of a sentence. */
static void put_tasks(const struct graph *g, const struct crowd *crowd, const char *noun, struct text *out)
{
	if (crowd->tasks == 1) {
		put_task(g, crowd->task, noun, out);
		return;
	}
	text_count(out, crowd->tasks);
	text_puts(out, " goroutines ");
	label_task(g, crowd->task, out);
}

static void put_title(const struct graph *g, const struct crowd *crowd, uint32_t n, struct text *out)
{
	const struct task *task = crowd->task;
	autotext struct text head = { 0 }, tail = { 0 };
	bool one = crowd->tasks == 1;

	put_tasks(g, crowd, "goroutine", &head);
	if (task->wait)
		text_printf(&tail, " (%s)", task->wait);
	text_puts(&tail, one ? " keeps " : " keep ");
	if (n == 1) {
		text_puts(&tail, "a map in its context");
	} else {
		text_counted(&tail, n, "map");
		text_puts(&tail, one ? " in its contexts" : " in their contexts");
	}
	words_title(out, text_string(&head), text_string(&tail));
}

/* " at main.go:89 in main.watch": the innermost frame of the program's own. */
static void put_place(const struct graph *g, const struct task *task, struct text *out)
{
	for (uint32_t i = task->first_frame; i < task->first_frame + task->n_frames; i++) {
		const struct frame *f = &g->frames[i];

		if (f->system || !f->line || !f->file)
			continue;
		text_printf(out, " at %s:%u", text_base_name(f->file), f->line);
		if (task->function && f->function && strcmp(f->function, task->function) != 0) {
			text_puts(out, " in ");
			naming_put(g, f->function, out);
		}
		return;
	}
}

static void put_wait(const struct graph *g, const struct crowd *crowd, struct text *out)
{
	const struct task *task = crowd->task;
	bool one = crowd->tasks == 1;

	put_tasks(g, crowd, "Goroutine", out);
	text_puts(out, one ? " waits" : " wait");
	put_place(g, task, out);
	if (task->wait)
		text_printf(out, " (%s)", task->wait);
	if (crowd->longest >= 0) {
		text_puts(out, one ? " for at least " : ", the longest for at least ");
		text_duration(out, (uint64_t)crowd->longest);
	}
	if (task->created_by)
		text_printf(out, "; started by %s", task->created_by);
	text_putc(out, '.');
	if (crowd->stuck)
		text_puts(out, one ? " It can never go on: nobody else reaches what it waits for."
				   : " They can never go on: nobody else reaches what they wait "
				     "for.");
}

/* The key of a context stands before its value: the type of the part before the one that refers to
 * the map. */
struct key_search { uint32_t map; struct text before, *out; };

static bool on_part(void *arg, const struct part *part)
{
	struct key_search *search = arg;

	if (part->target == search->map) {
		text_puts(search->out, text_string(&search->before));
		return false;
	}
	text_clear(&search->before);
	text_puts(&search->before, part->type);
	return true;
}

static void put_key(const struct graph *g, const struct finding *f, struct text *out)
{
	struct subject context = { .kind = SUBJECT_OBJECT, .id = f->via };
	autotext struct text key = { 0 };
	struct key_search search = { .map = f->object, .out = &key };

	if (g->lens)
		g->lens->ops->parts(g->lens, &context, 0, on_part, &search);
	text_free(&search.before);
	if (key.length)
		text_printf(out, " under the key %s", text_string(&key));
}

static void put_maps(const struct hunt *hunt, const struct finding *f, uint32_t n,
		     const struct crowd *crowd, const struct story *story, struct text *out)
{
	const struct graph *g = hunt->g;

	text_puts(out, crowd->tasks > 1 ? " Each keeps a context" : n > 1 ? " It keeps contexts"
									 : " It keeps a context");
	text_puts(out, n > 1 && crowd->tasks == 1 ? " that carry" : " that carries");
	put_key(g, f, out);
	if (n == 1) {
		text_puts(out, " a ");
		words_map(g, f->object, out);
		text_puts(out, ": ");
		words_amount(story->retained, story->objects, out);
		text_putc(out, '.');
		return;
	}
	text_puts(out, " a map. Together ");
	text_counted(out, n, "map");
	text_puts(out, ", ");
	words_amount(story->retained, story->objects, out);
	text_puts(out, ". The largest, kept by ");
	put_task(g, crowd->task, "goroutine", out);
	text_puts(out, ", is a ");
	words_map(g, f->object, out);
	text_puts(out, ", ");
	text_size(out, g->retained[f->object], false);
	text_putc(out, '.');
}

static bool tell(const struct hunt *hunt, const struct finding *items, uint32_t n,
		 struct story *story, struct error *err)
{
	const struct graph *g = hunt->g;
	const struct finding *f = hunt_largest(hunt, items, n);
	struct crowd crowd = { .task = keeper_of(g, f->object) };
	struct anatomy anatomy;

	if (!count_tasks(g, items, n, &crowd, err) || !hunt_anatomy(hunt, items, n, &anatomy, err))
		return false;
	story->worth = true;
	story->objects = anatomy.objects;
	story->holder = crowd.tasks == 1 ? g->above[f->object] : NO_NODE;
	story->object = f->object;
	put_title(g, &crowd, n, &story->title);
	put_wait(g, &crowd, &story->explanation);
	put_maps(hunt, f, n, &crowd, story, &story->explanation);
	if (g->above[f->object] != NO_NODE) {
		text_puts(&story->explanation, n == 1 ? " Nothing else keeps that map." : "");
	} else {
		text_puts(&story->explanation, n == 1 ? " The map is " : " That one is ");
		words_held(hunt, f->object, &story->explanation);
		text_putc(&story->explanation, '.');
	}
	return true;
}

const struct rule rule_context_map = {
	.name = "context-map", .confidence = CONFIDENCE_LIKELY,
	.fix = "Let the goroutine end when its work is cancelled, or put into the context only the "
	       "values that are needed instead of the map.",
	.concerns = concerns, .look = look, .tell = tell,
};

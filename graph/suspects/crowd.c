/* Rule crowd: many goroutines of one function that wait for the same or run, or few that keep much. Where nothing can
 * wake them they are lost; else it may be a pool of workers, and is told of because they are many. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/naming.h"
#include "graph/query/label.h"
#include "graph/query/summary.h"
#include "graph/suspects/rule.h"

#define MANY 100          /* members */
#define FEW 16            /* members that are worth a note where they keep much */
#define LEAST (2u << 20)  /* bytes that are much: at least these */
#define SHARE 10          /* and this part of what lives and of stacks */
#define MOST_GROUPS 256   /* of holders, most kept first, that are looked at */
#define MOST 8            /* groups whose members are */

struct crowd {
	struct hunt *hunt;
	const uint64_t *told;      /* of each holder: bytes that it keeps and another rule has told of */
	uint64_t least;
	struct holder_group group; /* what is told of: all, or those that can never go on */
	uint32_t all;              /* goroutines of that function and wait */
	bool stuck;                /* none of those told of can go on */
	bool unknown;              /* of one of them it is not known */
};

/* ---- which ---- */

/* What was told of already, by the holder that keeps it. NULL without memory. */
static uint64_t *told_by_holder(const struct hunt *hunt, struct error *err)
{
	const struct graph *g = hunt->g;
	uint64_t *told = array_zero(g->n_holders, sizeof *told, "suspects", err);

	for (uint32_t word = 0; told && word <= g->n_objects / 64; word++) {
		for (uint64_t bits = hunt->told[word]; bits; bits &= bits - 1) {
			uint32_t id = word * 64 + (uint32_t)__builtin_ctzll(bits);

			if (g->root[id] < g->n_roots)
				told[g->roots[g->root[id]].holder] += g->retained[id];
		}
	}
	return told;
}

/* Is it enough for one who reads of it? What can go on must be more than one goroutine with its work. */
static bool is_worth(const struct crowd *c)
{
	const struct holder_group *group = &c->group;

	if (group->count >= MANY || group->stacks >= c->least)
		return true;
	return summary_kept(group) >= c->least && (c->stuck || group->count >= FEW);
}

/* Those of GROUP that can never go on, or all if these are not worth it. False: another rule has told of
 * what they keep. */
static bool choose(struct crowd *c, const struct holder_group *group)
{
	const struct graph *g = c->hunt->g;
	struct holder_group stuck = { 0 };
	uint64_t told = 0;

	for (uint32_t h = 0; h < g->n_holders; h++) {
		if (!summary_alike(g, h, group->holder))
			continue;
		told += c->told[h];
		c->unknown |= graph_holder_task(g, h)->stuck < 0;
		if (graph_holder_task(g, h)->stuck == 1)
			summary_add(g, &stuck, h);
	}
	c->all = group->count;
	c->group = stuck;
	c->stuck = true;
	if (!is_worth(c)) {
		c->group = *group;
		c->stuck = false;
	}
	return told < summary_kept(group) / 2 && is_worth(c);
}

/* ---- words ---- */

/* " wait (select)", " can run": what they do. */
static void put_state(const struct crowd *c, struct text *out)
{
	const struct task *task = graph_holder_task(c->hunt->g, c->group.holder);
	bool one = c->group.count == 1;

	if (task->wait)
		text_printf(out, " %s (%s)", one ? "waits" : "wait", task->wait);
	else
		text_puts(out, one ? " runs or is about to" : " run or are about to");
}

static void put_title(const struct crowd *c, struct text *out)
{
	const struct graph *g = c->hunt->g;
	const struct task *task = graph_holder_task(g, c->group.holder);
	autotext struct text head = { 0 }, tail = { 0 };

	if (c->group.count > 1) {
		text_count(&head, c->group.count);
		text_puts(&head, " × goroutine ");
		label_task(g, task, &head);
	} else {
		label_holder(g, c->group.holder, &head);
	}
	if (c->stuck)
		text_puts(&tail, " can never go on");
	else
		put_state(c, &tail);
	words_title(out, text_string(&head), text_string(&tail));
}

/* " in bufio.(*Scanner).Scan, at writer.go:78 in logrus.(*Entry).writerScanner": the innermost line that is not
 * the library's, and what of the library it calls. */
static void put_where(const struct graph *g, const struct task *task, struct text *out)
{
	const char *called = NULL;

	for (uint32_t i = task->first_frame; i < task->first_frame + task->n_frames; i++) {
		const struct frame *f = &g->frames[i];
		bool theirs = f->origin == ORIGIN_MAIN || f->origin == ORIGIN_DEPENDENCY;

		if (f->system || !f->function)
			continue;
		if (theirs && f->file) {
			if (called) {
				text_puts(out, " in ");
				naming_put(g, called, out);
			}
			text_printf(out, "%s at %s:%" PRIu32 " in ", called ? "," : "", text_base_name(f->file),
				    f->line);
			naming_put(g, f->function, out);
			return;
		}
		called = f->function;
	}
}

static void put_wait(const struct crowd *c, struct text *out)
{
	const struct graph *g = c->hunt->g;
	const struct task *task = graph_holder_task(g, c->group.holder);
	bool one = c->group.count == 1;

	text_counted(out, c->group.count, "goroutine");
	text_putc(out, ' ');
	label_task(g, task, out);
	put_state(c, out);
	put_where(g, task, out);
	if (c->group.wait_ns >= 0) {
		text_puts(out, one ? ", for at least " : ", the longest for at least ");
		text_duration(out, (uint64_t)c->group.wait_ns);
	}
	if (task->created_by) {
		text_puts(out, "; started by ");
		naming_put(g, task->created_by, out);
	}
	text_putc(out, '.');
}

static void put_chance(const struct crowd *c, struct text *out)
{
	const struct task *task = graph_holder_task(c->hunt->g, c->group.holder);

	if (!c->stuck) {
		text_puts(out, c->unknown ? " Whether all of them can go on is not known:"
					  : " They can still go on:");
		text_puts(out, " that may be by design, as a pool of workers is, and is told of because they are many or keep much.");
		return;
	}
	text_puts(out, task->n_waits ? " No goroutine that can run and no variable leads to what they wait for:"
				     : " What they wait for nobody can ever give:");
	text_puts(out, " they can never go on.");
	if (c->group.count == c->all)
		return;
	text_puts(out, " There are ");
	text_count(out, c->all - c->group.count);
	text_puts(out, " more of that function and wait, which are not counted here.");
}

static void put_kept(const struct crowd *c, struct text *out)
{
	text_puts(out, c->group.count > 1 ? " Together they keep " : " It keeps ");
	words_amount(c->group.retained, c->group.objects, out);
	text_puts(out, ", and ");
	text_size(out, c->group.stacks, false);
	text_puts(out, c->group.count > 1 ? " of stacks." : " of stack.");
}

/* ---- a suspect ---- */

static bool tell(struct crowd *c, struct suspect_list *list, struct error *err)
{
	static const char fix[] = "Let the goroutines end when nobody needs them any more, or bound how many are started.";
	const struct graph *g = c->hunt->g;
	uint64_t id = graph_holder_task(g, c->group.holder)->id;
	struct suspect s = { .rule = rule_crowd.name, .retained = summary_kept(&c->group),
			     .objects = c->group.objects, .holder = c->group.holder, .object = NO_NODE,
			     .confidence = c->stuck ? CONFIDENCE_PROVEN : CONFIDENCE_NOTE };
	autotext struct text title = { 0 }, explanation = { 0 }, query = { 0 };

	put_title(c, &title);
	put_wait(c, &explanation);
	put_chance(c, &explanation);
	put_kept(c, &explanation);
	text_printf(&query, "select g.* from goroutines g join goroutines one on g.function = one.function and "
		    "g.wait is one.wait where one.id = %" PRIu64, id);
	s.title = title.bytes;
	s.explanation = explanation.bytes;
	s.query = query.bytes;
	return !title.failed && !explanation.failed && !query.failed ? hunt_add(c->hunt, &s, fix, list, err)
								     : fail_memory(err, "a suspect's words");
}

static bool survey(struct hunt *hunt, struct suspect_list *list, struct error *err)
{
	const struct graph *g = hunt->g;
	autofree struct holder_group *groups = array_new(MOST_GROUPS, sizeof *groups, "suspects", err);
	autofree uint64_t *told = told_by_holder(hunt, err);
	uint64_t least = summary_whole(g) / SHARE > LEAST ? summary_whole(g) / SHARE : LEAST;
	uint32_t all, n, looked = 0;
	bool ok = groups && told;

	n = ok ? summary_holders(g, groups, MOST_GROUPS, &all, err) : 0;
	for (uint32_t i = 0; ok && i < n && looked < MOST; i++) {
		struct crowd c = { .hunt = hunt, .told = told, .least = least };
		const struct task *task = graph_holder_task(g, groups[i].holder);

		if (!task || task->system ||
		    (groups[i].count < MANY && summary_kept(&groups[i]) < least))
			continue;
		looked++;
		if (choose(&c, &groups[i]))
			ok = tell(&c, list, err) && !array_cancelled(hunt->progress, err);
	}
	return ok;
}

const struct rule rule_crowd = { .name = "crowd", .survey = survey };

/* goretain export TARGET --as dot [--focus WHAT] [--depth N] [--max-nodes N] -o FILE */
#include <inttypes.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/export/dot.h"
#include "graph/lens.h"
#include "graph/query/summary.h"
#include "graph/query/what.h"
#include "tui/commands/commands.h"
#include "tui/page/result.h"

#define MAX_SUBJECTS 8 /* instances of a type, or holders if nothing is said */
#define TOP_SUBJECTS 5
#define MIN_NODES 4
#define MAX_NODES 2000 /* Graphviz needs 10 s for these, and nobody reads more */

static bool check_request(const struct request *request, struct error *err)
{
	const char *as = request->as ? request->as : "dot";

	if (strcmp(as, "dot") != 0)
		return fail(err, STATUS_USAGE, "cannot export as %.40s: only --as dot is there so "
			    "far", as);
	if (request->max_nodes &&
	    (request->max_nodes < MIN_NODES || request->max_nodes > MAX_NODES))
		return fail(err, STATUS_USAGE, "--max-nodes %" PRIu32 " is not between %d and %d",
			    request->max_nodes, MIN_NODES, MAX_NODES);
	return !request->focus || what_check(request->focus, err);
}

/* Nodes that WHAT names: a global, an object, or the largest instances of types. */
static bool find_subjects(const struct graph *g, const struct what *what, uint32_t *subjects,
			  uint32_t *n, struct error *err)
{
	struct top_item items[MAX_SUBJECTS];
	struct instances instances = { .top = { items, 0, MAX_SUBJECTS } };

	if (what->kind == WHAT_OBJECT)
		subjects[(*n)++] = what->object;
	for (uint32_t i = 0; i < what->n_holders && *n < MAX_SUBJECTS; i++)
		subjects[(*n)++] = g->n_objects + what->holders[i];
	if (!what->n_types)
		return true;
	if (!what_instances(g, what, &instances, err))
		return false;
	for (uint32_t i = 0; i < instances.top.n && *n < MAX_SUBJECTS; i++)
		subjects[(*n)++] = items[i].id;
	return true;
}

static bool focus_subjects(const struct graph *g, const char *focus, uint32_t *subjects,
			   uint32_t *n, struct error *err)
{
	struct what what;
	bool good;

	if (!what_resolve(g, focus, &what, err))
		return false;
	good = find_subjects(g, &what, subjects, n, err);
	what_free(&what);
	if (good && !*n)
		return fail(err, STATUS_NOT_FOUND, "no live object is there to draw for %.100s",
			    focus);
	return good;
}

/* The holders that keep most, and of what several keep the objects at its top, down to where it
 * does not matter beside the first. */
static bool top_subjects(const struct graph *g, uint32_t *subjects, uint32_t *n, struct error *err)
{
	struct holder_group groups[TOP_SUBJECTS];
	uint32_t shared[TOP_SUBJECTS], all;
	uint32_t n_groups = summary_holders(g, groups, TOP_SUBJECTS, &all, err);
	uint32_t n_shared = summary_shared_objects(g, shared, TOP_SUBJECTS), s = 0, h = 0;

	while (*n < TOP_SUBJECTS && (h < n_groups || s < n_shared)) {
		bool holder = s == n_shared ||
			      (h < n_groups && groups[h].retained >= g->retained[shared[s]]);
		uint32_t node = holder ? g->n_objects + groups[h++].holder : shared[s++];

		if (*n && graph_retained(g, node) < graph_retained(g, subjects[0]) / 100)
			break;
		subjects[(*n)++] = node;
	}
	return *n || fail(err, STATUS_NOT_FOUND, "nothing in this heap is held: there is nothing "
			  "to draw");
}

/* The command line that makes this picture again. */
static void put_command(const struct request *request, struct text *out)
{
	text_puts(out, "goretain export ");
	text_escape(out, request->target, strlen(request->target), 200);
	text_puts(out, " --as dot");
	if (request->focus) {
		text_puts(out, " --focus '");
		text_escape(out, request->focus, strlen(request->focus), 200);
		text_puts(out, "'");
	}
	if (request->depth)
		text_printf(out, " --depth %" PRIu32, request->depth);
	if (request->max_nodes)
		text_printf(out, " --max-nodes %" PRIu32, request->max_nodes);
	if (request->with_data)
		text_puts(out, " --with-data");
}

static bool make_picture(const struct request *request, struct graph *g, struct text *dot,
			 struct error *err)
{
	uint32_t subjects[MAX_SUBJECTS], n = 0;
	autotext struct text command = {0};
	struct dot_wish wish = { .with_data = request->with_data && !request->redact };

	if (request->focus ? !focus_subjects(g, request->focus, subjects, &n, err)
			   : !top_subjects(g, subjects, &n, err))
		return false;
	put_command(request, &command);
	wish.command = text_string(&command);
	wish.hood = (struct hood_wish){
		.subjects = subjects, .n_subjects = n, .paths = n > 1 ? 1 : DOT_PATHS,
		.depth = request->depth ? request->depth : DOT_DEPTH,
		.max_nodes = request->max_nodes ? request->max_nodes : DOT_MAX_NODES,
	};
	/* Not the lens's blanket redaction: keys of the program itself are shown (content.h). */
	if (g->lens)
		g->lens->redact = request->redact;
	return dot_write(g, &wish, dot, NULL, err);
}

bool cmd_export(const struct request *request, struct source *source, struct error *err)
{
	autoresult struct result result = {0};
	autotext struct text dot = {0};
	struct graph *graph;
	bool good;

	if (!check_request(request, err) || !result_open(&result, request, source, err))
		return false;
	graph = command_load(request, source, STAGE_RETAINED, err);
	good = graph && make_picture(request, graph, &dot, err) && result_write(&result, &dot, err);
	graph_free(graph);
	return good;
}

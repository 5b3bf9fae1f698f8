#include "explore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/export/dot.h"
#include "graph/sql/sql.h"
#include "graph/suspects/suspects.h"
#include "probes/image/snapfile.h"
#include "tui/page/report.h"
#include "tui/page/why.h"

#define SUBJECTS 200  /* looked at in depth */
#define DEPTH 4       /* of values inside values */
#define PARTS 200u

/* No byte that a terminal could take for a command, and UTF-8 throughout. */
static void check_text(const char *s, const char *what)
{
	autotext struct text clean = {0};
	size_t length = strlen(s);

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)s[i] < ' ' && s[i] != '\n' && s[i] != '\t') {
			fprintf(stderr, "%s has the byte %#x\n", what, (unsigned char)s[i]);
			abort();
		}
	text_escape(&clean, s, length, 0);
	for (const char *p = text_string(&clean); (p = strchr(p, '\\')); p += 2)
		if (p[1] == 'x') {
			fprintf(stderr, "%s is not clean UTF-8: %.60s\n", what, p);
			abort();
		}
}

static void check_error(const struct error *err)
{
	if (err->code == STATUS_OK || !err->message[0] || strchr(err->message, '\n')) {
		fprintf(stderr, "a failure without a sentence: %d \"%s\"\n", err->code,
			err->message);
		abort();
	}
	check_text(err->message, "an error");
}

/* ---- the lens ---- */

struct visit { struct lens *lens; unsigned depth, parts; };

static bool visit_part(void *arg, const struct part *part);

static void visit_subject(struct visit *v, const struct subject *subject)
{
	autotext struct text text = {0};

	v->lens->ops->preview(v->lens, subject, &text);
	check_text(text_string(&text), "a preview");
	v->lens->ops->parts(v->lens, subject, 0, visit_part, v);
}

static bool visit_part(void *arg, const struct part *part)
{
	struct visit *v = arg;
	struct visit inside = { v->lens, v->depth + 1, 0 };

	check_text(part->label, "a label");
	check_text(part->type, "a part's type");
	check_text(part->value, "a value");
	if (part->target != NO_NODE && part->target >= v->lens->graph->n_objects)
		abort();
	if (part->inside.addr && v->depth < DEPTH)
		visit_subject(&inside, &part->inside);
	return ++v->parts < PARTS >> v->depth;
}

static void look_at(struct lens *lens, const struct subject *subject)
{
	struct visit v = { .lens = lens };
	autotext struct text text = {0};

	visit_subject(&v, subject);
	if (subject->kind == SUBJECT_OBJECT && lens->ops->declaration)
		lens->ops->declaration(lens, subject->id, &text);
	check_text(text_string(&text), "a declaration");
}

static void use_lens(const struct graph *g, struct random *r)
{
	for (uint32_t i = 0; i < SUBJECTS; i++) {
		struct subject object = { .kind = SUBJECT_OBJECT,
					  .id = (uint32_t)random_below(r, g->n_objects) };
		struct subject holder = { .kind = SUBJECT_HOLDER,
					  .id = (uint32_t)random_below(r, g->n_holders) };

		if (g->n_objects)
			look_at(g->lens, &object);
		if (g->n_holders)
			look_at(g->lens, &holder);
	}
}

/* ---- tables ---- */

static bool take_header(void *arg, const char *const *names, unsigned n)
{
	return true;
}

static bool take_row(void *arg, const struct sql_value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (values[i].kind == SQL_TEXT)
			check_text(values[i].text, "a table's value");
	return true;
}

static void use_tables(const struct graph *g)
{
	static const char *const tables[] = {
		"meta", "objects", "types", "edges", "holders", "roots", "goroutines", "frames", "maps",
		"map_entries", "suspects", "memory", "size_classes",
	};
	const struct sql_output output = { take_header, take_row, NULL };
	struct sql *sql = sql_open(g, NULL);

	for (size_t i = 0; sql && i < ARRAY_SIZE(tables); i++) {
		struct error err = {0};
		char query[80];

		snprintf(query, sizeof query, "select * from %s limit 3000", tables[i]);
		if (!sql_run(sql, query, &output, NULL, &err))
			check_error(&err);
	}
	sql_close(sql);
}

/* ---- text ---- */

static void use_texts(const struct graph *g, struct random *r)
{
	const struct report_wish page = { .columns = 80, .unicode = true };
	autotext struct text report = {0}, json = {0}, why = {0};
	struct error err = {0};
	char what[32] = "/./";

	if (!report_text(g, &page, &report, &err) || !report_json(g, &json, &err))
		check_error(&err);
	if (g->n_objects && random_below(r, 4))
		snprintf(what, sizeof what, "%" PRIu64,
			 graph_addr(g, (uint32_t)random_below(r, g->n_objects)));
	if (!why_text(g, &(struct why_wish){ what, 3, 80, true, false }, &why, NULL, &err))
		check_error(&err);
	check_text(text_string(&report), "the report");
	check_text(text_string(&json), "the report's JSON");
	check_text(text_string(&why), "why");
}

static void use_picture(const struct graph *g, struct random *r)
{
	uint32_t subjects[] = { (uint32_t)random_below(r, graph_root_node(g)),
				(uint32_t)random_below(r, graph_root_node(g)) };
	const struct dot_wish wish = {
		.hood = { subjects, 2, DOT_DEPTH, DOT_MAX_NODES, DOT_PATHS }, .with_data = true,
	};
	autotext struct text dot = {0};
	struct error err = {0};

	if (!graph_root_node(g))
		return;
	if (!dot_write(g, &wish, &dot, NULL, &err))
		check_error(&err);
	check_text(text_string(&dot), "a picture");
}

static bool analyse(struct graph *g, struct error *err)
{
	return graph_mark(g, NULL, err) && graph_dominators(g, NULL, err) &&
	       graph_find_suspects(g, NULL, err);
}

bool explore(struct heap *heap, struct random *r)
{
	struct graph *_Atomic graph = NULL;
	struct error err = {0};
	bool good = heap_build(heap, &graph, NULL, &err) && analyse(graph, &err);

	if (good) {
		use_texts(graph, r);
		use_tables(graph);
		use_lens(graph, r);
		use_picture(graph, r);
	} else {
		check_error(&err);
	}
	graph_free(graph);
	return good;
}

bool explore_image(struct image *image, struct random *r)
{
	struct error err = {0};
	struct heap *heap = image ? heap_prepare(image, NULL, &err) : NULL;

	if (!heap) {
		image_free(image);
		return false;
	}
	heap->image = image;
	return explore(heap, r);
}

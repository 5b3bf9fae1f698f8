#include "graph/export/dot.h"

#include <graphviz/cgraph.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/base/clean.h"
#include "graph/base/cleanup.h"
#include "graph/export/content.h"
#include "graph/export/ids.h"
#include "graph/lens.h"
#include "graph/query/label.h"
#include "graph/query/proof.h"
#include "graph/query/summary.h"

#define LABEL_WIDTH 48 /* cells of a name */
#define PREVIEW_WIDTH 32
/* The two sizes between which boxes lie, inches and points */
#define MIN_WIDTH 1.2
#define MAX_WIDTH 2.8
#define MIN_HEIGHT 0.45
#define MAX_HEIGHT 0.9
#define MIN_FONT 10.0
#define MAX_FONT 14.0

struct picture {
	const struct graph *g;
	const struct dot_wish *wish;
	const struct neighbourhood *hood;
	Agraph_t *dot;
	Agnode_t **nodes;
	double log_least, log_most; /* of what nodes retain */
};

/* --- libcgraph takes char * for what it only reads --- */

static void set(void *object, const char *name, const char *value)
{
	agsafeset(object, (char *)name, (char *)value, (char *)"");
}

static void set_number(void *object, const char *name, double value)
{
	char buffer[32];

	snprintf(buffer, sizeof buffer, "%.3g", value);
	set(object, name, buffer);
}

/* Its complaints would spoil the screen; what fails is seen by its result. */
static int say_nothing(char *message)
{
	return 0;
}

static void close_dot(Agraph_t **dot)
{
	if (*dot)
		agclose(*dot);
}

#define autodot __attribute__((cleanup(close_dot)))

void dot_escape(struct text *out, const char *s)
{
	autotext struct text clean = {0};

	text_clean(&clean, s, strlen(s));
	for (const char *c = text_string(&clean); *c; c++) {
		if (*c == '\\')
			text_puts(out, "\\\\");
		else if (*c == '&')
			text_puts(out, "&amp;");
		else
			text_putc(out, *c);
	}
}

/* S clipped to WIDTH cells, as one line of a label. */
static void put_line(struct text *out, const char *s, unsigned width)
{
	autotext struct text line = {0};

	if (text_width(s) > width)
		text_clip(&line, s, width, false);
	else
		text_puts(&line, s);
	if (out->length)
		text_puts(out, "\\n");
	dot_escape(out, text_string(&line));
}

/* --- nodes --- */

static void put_retained(struct text *out, uint64_t retained)
{
	autotext struct text size = {0};

	text_size(&size, retained, false);
	put_line(out, text_string(&size), LABEL_WIDTH);
}

static void put_preview(const struct picture *p, uint32_t object, struct text *out)
{
	struct subject subject = { .kind = SUBJECT_OBJECT, .id = object };
	autotext struct text preview = {0};

	if (!p->wish->with_data || !p->g->lens)
		return;
	p->g->lens->ops->preview(p->g->lens, &subject, &preview);
	if (preview.length)
		put_line(out, text_string(&preview), PREVIEW_WIDTH);
}

static void label_fold(const struct picture *p, const struct hood_node *node, struct text *out)
{
	autotext struct text line = {0};

	text_count(&line, node->count);
	text_puts(&line, node->kind == HOOD_STEPS ? " more steps" : " more");
	put_line(out, text_string(&line), LABEL_WIDTH);
	if (!node->alike)
		return;
	text_clear(&line);
	graph_type_label(p->g, node->id, &line);
	put_line(out, text_string(&line), LABEL_WIDTH);
}

static void label_node(const struct picture *p, const struct hood_node *node, struct text *out)
{
	autotext struct text name = {0};

	switch (node->kind) {
	case HOOD_HOLDER:
		label_holder(p->g, node->id, &name);
		put_line(out, text_string(&name), LABEL_WIDTH);
		break;
	case HOOD_OBJECT:
		label_object(p->g, node->id, &name);
		put_line(out, text_string(&name), LABEL_WIDTH);
		put_preview(p, node->id, out);
		break;
	case HOOD_FOLD:
	case HOOD_STEPS:
		label_fold(p, node, out);
		break;
	}
	if (node->kind != HOOD_STEPS && node->retained)
		put_retained(out, node->retained);
}

/* Between the two sizes by the logarithm of what is retained, and never by area: a thousand times
 * as much is a bigger box, not a poster. */
static void size_node(const struct picture *p, const struct hood_node *node, Agnode_t *n)
{
	double span = p->log_most - p->log_least;
	double share = span > 0 ? (log((double)node->retained + 1) - p->log_least) / span : 0;

	set_number(n, "width", MIN_WIDTH + share * (MAX_WIDTH - MIN_WIDTH));
	set_number(n, "height", MIN_HEIGHT + share * (MAX_HEIGHT - MIN_HEIGHT));
	set_number(n, "fontsize", MIN_FONT + share * (MAX_FONT - MIN_FONT));
}

static void shape_node(const struct hood_node *node, Agnode_t *n)
{
	static const char *const shapes[] = {
		[HOOD_HOLDER] = "tab", [HOOD_OBJECT] = "box", [HOOD_FOLD] = "box3d",
		[HOOD_STEPS] = "plaintext",
	};

	set(n, "shape", shapes[node->kind]);
	if (node->kind == HOOD_HOLDER)
		set(n, "style", "bold");
	if (node->subject)
		set(n, "peripheries", "2");
}

static bool draw_node(struct picture *p, uint32_t i, struct error *err)
{
	autotext struct text label = {0};
	char name[16];

	snprintf(name, sizeof name, "n%" PRIu32, i);
	p->nodes[i] = agnode(p->dot, name, 1);
	if (!p->nodes[i])
		return fail_memory(err, "a picture");
	label_node(p, &p->hood->nodes[i], &label);
	set(p->nodes[i], "label", text_string(&label));
	shape_node(&p->hood->nodes[i], p->nodes[i]);
	size_node(p, &p->hood->nodes[i], p->nodes[i]);
	return true;
}

static void find_sizes(struct picture *p)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (uint32_t i = 0; i < p->hood->n_nodes; i++) {
		uint64_t retained = p->hood->nodes[i].retained;

		least = retained < least ? retained : least;
		most = retained > most ? retained : most;
	}
	p->log_least = log((double)least + 1);
	p->log_most = log((double)most + 1);
}

/* --- clusters: one for each package of globals, and for each other kind of holder --- */

static void name_cluster(const struct holder *h, struct text *out)
{
	static const char *const kinds[] = {
		[HOLDER_GLOBAL] = "globals", [HOLDER_TASK] = "goroutines",
		[HOLDER_TIMER] = "timers",
		[HOLDER_SPECIAL] = "finalizers and cleanups", [HOLDER_RUNTIME] = "runtime",
	};

	if (h->kind == HOLDER_GLOBAL && *h->package)
		text_printf(out, "package %s", h->package);
	else
		text_puts(out, (unsigned)h->kind < ARRAY_SIZE(kinds) ? kinds[h->kind] : "holders");
}

static bool cluster_holder(struct picture *p, uint32_t i, struct error *err)
{
	const struct hood_node *node = &p->hood->nodes[i];
	autotext struct text name = {0}, label = {0};
	Agraph_t *cluster;

	if (node->kind != HOOD_HOLDER)
		return true;
	text_puts(&name, "cluster_");
	name_cluster(&p->g->holders[node->id], &label);
	dot_escape(&name, text_string(&label));
	cluster = agsubg(p->dot, (char *)text_string(&name), 1);
	if (!cluster || !agsubnode(cluster, p->nodes[i], 1))
		return fail_memory(err, "a picture");
	set(cluster, "label", text_string(&name) + strlen("cluster_"));
	set(cluster, "style", "dotted");
	set(cluster, "labelloc", "t");
	return true;
}

/* --- edges --- */

static void label_hood_edge(const struct picture *p, const struct hood_edge *edge, struct text *out)
{
	const struct hood_node *from = &p->hood->nodes[edge->from];

	if (edge->dominates) {
		text_puts(out, "by several ways");
	} else if (edge->root != NO_NODE) {
		label_root(p->g, edge->root, out);
		/* The tab says it already. */
		if (from->kind == HOOD_HOLDER &&
		    strcmp(text_string(out), p->g->holders[from->id].name) == 0)
			text_clear(out);
	} else if (edge->src != NO_NODE) {
		content_edge_label(p->g, edge->src, edge->dst, p->wish->with_data, out);
	}
}

static bool is_guess(const struct picture *p, const struct hood_edge *edge)
{
	return edge->root != NO_NODE && p->g->roots[edge->root].known == KNOWN_CONSERVATIVE;
}

static bool draw_edge(struct picture *p, const struct hood_edge *edge, struct error *err)
{
	autotext struct text label = {0}, escaped = {0};
	Agedge_t *e = agedge(p->dot, p->nodes[edge->from], p->nodes[edge->to], NULL, 1);

	if (!e)
		return fail_memory(err, "a picture");
	label_hood_edge(p, edge, &label);
	if (label.length) {
		put_line(&escaped, text_string(&label), LABEL_WIDTH);
		set(e, "label", text_string(&escaped));
	}
	if (edge->critical)
		set(e, "penwidth", "3");
	if (edge->boxed)
		set(e, "arrowhead", "diamond");
	if (edge->dominates || p->hood->nodes[edge->to].kind == HOOD_FOLD)
		set(e, "style", "dashed");
	else if (is_guess(p, edge))
		set(e, "style", "dotted");
	return true;
}

/* --- the whole --- */

static void caption_line(struct text *out, const char *line)
{
	dot_escape(out, line);
	text_puts(out, "\\l");
}

static void put_caption(const struct picture *p, struct text *out)
{
	autotext struct text line = {0};

	summary_process(p->g, &line);
	text_puts(&line, " · ");
	summary_stop(p->g, &line);
	caption_line(out, text_string(&line));
	text_clear(&line);
	proof_line(p->g, 0, &line);
	caption_line(out, text_string(&line));
	if (p->hood->left_out) {
		text_clear(&line);
		text_count(&line, p->hood->left_out);
		text_puts(&line, " more objects are not drawn");
		caption_line(out, text_string(&line));
	}
	caption_line(out, p->wish->with_data ? "with data: keys and previews are shown"
		     : "without data: keys that the program does not name show their length");
	if (p->wish->command)
		caption_line(out, p->wish->command);
}

static void set_style(struct picture *p)
{
	autotext struct text caption = {0};

	put_caption(p, &caption);
	set(p->dot, "label", text_string(&caption));
	set(p->dot, "labelloc", "b");
	set(p->dot, "labeljust", "l");
	set(p->dot, "rankdir", "LR");
	set(p->dot, "fontname", "Helvetica");
	set(p->dot, "fontsize", "10");
	set(p->dot, "charset", "UTF-8");
	agattr(p->dot, AGNODE, (char *)"fontname", (char *)"Helvetica");
	agattr(p->dot, AGEDGE, (char *)"fontname", (char *)"Helvetica");
	agattr(p->dot, AGEDGE, (char *)"fontsize", (char *)"9");
}

static bool draw(struct picture *p, struct error *err)
{
	set_style(p);
	find_sizes(p);
	for (uint32_t i = 0; i < p->hood->n_nodes; i++)
		if (!draw_node(p, i, err) || !cluster_holder(p, i, err))
			return false;
	for (uint32_t i = 0; i < p->hood->n_edges; i++)
		if (!draw_edge(p, &p->hood->edges[i], err))
			return false;
	return true;
}

static bool put_dot(Agraph_t *dot, struct text *out, struct error *err)
{
	autofree char *bytes = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&bytes, &length);
	bool good;

	if (!file)
		return fail_memory(err, "a picture");
	good = agwrite(dot, file) == 0;
	if (fclose(file) != 0 || !good)
		return fail_memory(err, "a picture");
	text_append(out, bytes, length);
	return !out->failed || fail_memory(err, "a picture");
}

bool dot_write(const struct graph *g, const struct dot_wish *wish, struct text *out,
	       struct progress *progress, struct error *err)
{
	autohood struct neighbourhood hood = {0};
	autodot Agraph_t *dot = NULL;
	autofree Agnode_t **nodes = NULL;
	struct picture p = { .g = g, .wish = wish, .hood = &hood };

	if (!neighbourhood_find(g, &wish->hood, &hood, progress, err))
		return false;
	agseterrf(say_nothing);
	p.nodes = nodes = calloc((size_t)hood.n_nodes + 1, sizeof *nodes);
	p.dot = dot = agopen((char *)"goretain", Agdirected, &ids_discipline);
	if (!nodes || !dot)
		return fail_memory(err, "a picture");
	return draw(&p, err) && put_dot(dot, out, err);
}

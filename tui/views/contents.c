#include "tui/views/contents.h"

#include <string.h>

#include "graph/naming.h"
#include "graph/query/label.h"

enum { PAGE = 200 };

const struct column contents_columns[CONTENTS_COLUMNS] = {
	[CONTENTS_NAME] = { "NAME", ALIGN_LEFT, 6, 0, 0, 0 },
	[CONTENTS_TYPE] = { "TYPE", ALIGN_LEFT, 5, 0, 0, 0 },
	[CONTENTS_VALUE] = { "VALUE", ALIGN_LEFT, 4, 0, 0, 0 },
	[CONTENTS_SIZE] = { "SIZE", ALIGN_RIGHT, 6, 16, 0, 0 },
};

/* Collecting one page of parts into the outline. */
struct reading {
	struct contents *c;
	uint32_t at, n;
	unsigned level;
};

static bool on_part(void *arg, const struct part *part)
{
	struct reading *reading = arg;
	const struct graph *g = reading->c->graph;
	struct branch row = {
		.kind = CONTENT_PART, .level = reading->level, .node = part->target,
		.via = NO_NODE, .type = part->known, .bytes = part->size, .inside = part->inside,
		.said = true, .open = false,
	};
	bool object = part->target != NO_NODE && part->target < g->n_objects;

	if (reading->n == PAGE)
		return false;
	if (!object)
		row.node = NO_NODE;
	row.leaf = !object && (part->inside.kind != SUBJECT_PLACE || !part->inside.addr);
	text_puts(&row.what.text, part->label ? part->label : "");
	if (part->boxed)
		line_puts(&row.more, ROLE_BOXED, "◇ ");
	if (part->known == KNOWN_INFERRED)
		text_putc(&row.more.text, '~');
	naming_put(g, part->type && *part->type ? part->type : "?", &row.more.text);
	if (part->value && (!part->type || strcmp(part->value, part->type) != 0))
		text_puts(&row.value.text, part->value);
	if (!branches_insert(&reading->c->rows, reading->at, &row))
		return false;
	reading->at++;
	reading->n++;
	return true;
}

/* Insert the parts of SUBJECT from number FIRST on at AT, and a row for the rest. Returns how many
 * rows were inserted. */
static uint32_t read_page(struct contents *c, const struct subject *subject, uint64_t first,
			  uint32_t at, unsigned level)
{
	struct reading reading = { c, at, 0, level };
	struct lens *lens = c->graph->lens;
	uint64_t all = lens ? lens->ops->parts(lens, subject, first, on_part, &reading) : 0;
	struct branch more = { .kind = CONTENT_MORE, .level = level, .leaf = true,
				    .node = NO_NODE, .via = NO_NODE, .inside = *subject,
				    .objects = first + reading.n };

	if (all > more.objects && reading.n) {
		more.count = all - more.objects;
		branches_insert(&c->rows, reading.at, &more);
		reading.n++;
	}
	return reading.n;
}

static void note(struct contents *c, const char *words)
{
	struct branch row = { .kind = CONTENT_NOTE, .leaf = true, .said = true,
				   .node = NO_NODE, .via = NO_NODE };

	line_puts(&row.what, ROLE_DIM, words);
	branches_insert(&c->rows, c->rows.n, &row);
}

void contents_open(struct contents *c)
{
	const struct graph *g = c->graph;

	branches_remove(&c->rows, 0, c->rows.n);
	if (read_page(c, &c->subject, 0, 0, 0))
		return;
	if (c->subject.kind == SUBJECT_OBJECT &&
	    (g->flags[c->subject.id] & OBJECT_KNOWN) == KNOWN_NO)
		note(c, "its type is not known");
	else
		note(c, "nothing in it");
}

void contents_free(struct contents *c)
{
	branches_free(&c->rows);
}

bool contents_unfold(struct contents *c, uint32_t at)
{
	struct branch row = c->rows.rows[at];
	struct subject below = row.inside;

	if (row.kind == CONTENT_MORE) {
		branches_remove(&c->rows, at, at + 1);
		read_page(c, &row.inside, row.objects, at, row.level);
		return true;
	}
	if (row.leaf || row.open)
		return false;
	if (row.node != NO_NODE)
		below = (struct subject){ .kind = SUBJECT_OBJECT, .id = row.node };
	if (!read_page(c, &below, 0, at + 1, row.level + 1)) {
		c->rows.rows[at].leaf = true;
		return false;
	}
	c->rows.rows[at].open = true;
	return true;
}

/* Does something else keep what a part points into, too? Then its bytes are not the subject's. */
static bool is_shared(const struct contents *c, uint32_t at)
{
	const struct graph *g = c->graph;
	uint32_t node = c->rows.rows[at].node, parent = branches_parent(&c->rows, at), from;

	if (graph_stage(g) < STAGE_RETAINED || g->idom[node] == NO_NODE)
		return false;
	while (parent != UINT32_MAX && c->rows.rows[parent].node == NO_NODE)
		parent = branches_parent(&c->rows, parent);
	from = parent == UINT32_MAX
		? c->subject.id + (c->subject.kind == SUBJECT_HOLDER ? g->n_objects : 0)
		: c->rows.rows[parent].node;
	if (graph_is_object(g, g->idom[node]))
		return label_visible(g, g->idom[node]) != label_visible(g, from);
	return g->idom[node] != from;
}

void contents_row(const struct contents *c, uint32_t at, bool exact, struct row *out)
{
	const struct branch *row = &c->rows.rows[at];
	struct line *size = &out->cells[CONTENTS_SIZE];

	branches_indent(row, "▾ ", "▸ ", "  ", &out->cells[CONTENTS_NAME].text);
	if (row->kind == CONTENT_MORE) {
		line_role(&out->cells[CONTENTS_NAME], ROLE_DIM);
		text_puts(&out->cells[CONTENTS_NAME].text, "… ");
		text_count(&out->cells[CONTENTS_NAME].text, row->count);
		text_puts(&out->cells[CONTENTS_NAME].text, " more");
		return;
	}
	line_append(&out->cells[CONTENTS_NAME], &row->what);
	line_append(&out->cells[CONTENTS_TYPE], &row->more);
	line_append(&out->cells[CONTENTS_VALUE], &row->value);
	if (row->kind == CONTENT_NOTE)
		return;
	if (row->node == NO_NODE)
		text_size(&size->text, row->bytes, exact);
	else if (is_shared(c, at))
		line_puts(size, ROLE_DIM, "shared");
	else if (graph_stage(c->graph) >= STAGE_RETAINED)
		text_size(&size->text, c->graph->retained[row->node], exact);
	else
		text_puts(&size->text, "·");
}

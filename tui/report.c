#include "tui/report.h"

#include <inttypes.h>
#include <string.h>

#include "graph/cleanup.h"
#include "graph/json.h"
#include "graph/label.h"
#include "graph/proof.h"
#include "graph/summary.h"
#include "tui/wrap.h"

#define MAX_PARTS 16
#define MAX_TYPES 8
#define MAX_HOLDERS 8
#define MAX_MAPS 5
#define MAX_SHARED 4
#define MAX_SUSPECTS 5
#define LEFT_WIDTH 42 /* cells of the left half */
#define BAR_WIDTH 8
#define NAME_WIDTH 23 /* of a type: map[string]interface {} */
#define TYPE_BAR 6
#define SIZE_ROOM 10  /* "1,234.5 MB" */
#define EXACT_ROOM 19

struct page {
	const struct graph *g;
	const struct report_wish *wish;
	struct text *out;
};

static void put_spaces(struct text *out, unsigned n)
{
	while (n--)
		text_putc(out, ' ');
}

/* Cells of a column of bytes. */
static unsigned size_room(const struct page *p)
{
	return p->wish->exact ? EXACT_ROOM : SIZE_ROOM;
}

/* S to the right of WIDTH cells. */
static void put_right(struct text *out, const char *s, unsigned width)
{
	unsigned cells = text_width(s);

	put_spaces(out, cells < width ? width - cells : 0);
	text_puts(out, s);
}

static void put_size(const struct page *p, struct text *out, uint64_t bytes, unsigned width)
{
	autotext struct text size = {0};

	text_size(&size, bytes, p->wish->exact);
	put_right(out, text_string(&size), width);
}

static void put_number(struct text *out, uint64_t n, unsigned width)
{
	autotext struct text count = {0};

	text_count(&count, n);
	put_right(out, text_string(&count), width);
}

static void put_share(struct text *out, uint64_t part, uint64_t whole, unsigned width)
{
	autotext struct text share = {0};

	proof_percent(&share, part, whole);
	put_right(out, text_string(&share), width);
}

/* A type's name in WIDTH cells. */
static void put_name(struct text *out, const char *name, unsigned width)
{
	autotext struct text shown = {0};

	text_symbol(&shown, name);
	text_clip(out, text_string(&shown), width, true);
}

/* --- head --- */

static void put_head(const struct page *p)
{
	autotext struct text left = {0}, right = {0};
	unsigned columns = p->wish->columns, used;

	text_puts(&left, "goretain ");
	summary_process(p->g, &left);
	summary_stop(p->g, &right);
	used = text_width(text_string(&left)) + text_width(text_string(&right));
	text_puts(p->out, text_string(&left));
	if (used + 2 > columns)
		text_putc(p->out, '\n');
	put_spaces(p->out, used + 2 > columns ? 0 : columns - used);
	text_puts(p->out, text_string(&right));
	text_puts(p->out, "\n\n");
}

/* --- the two halves: resident memory, live heap by type --- */

struct halves { struct text left[MAX_PARTS + 2], right[MAX_TYPES + 2]; unsigned n_left, n_right; };

static void free_halves(struct halves *h)
{
	for (unsigned i = 0; i < ARRAY_SIZE(h->left); i++)
		text_free(&h->left[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(h->right); i++)
		text_free(&h->right[i]);
}

static void fill_left(const struct page *p, struct halves *h)
{
	struct memory_part parts[MAX_PARTS];
	uint32_t n = summary_memory(p->g, parts, MAX_PARTS);
	struct text *line = &h->left[h->n_left++];
	unsigned size = p->wish->exact ? 18 : 9;

	text_clip(line, " Resident", 16, true);
	put_size(p, line, p->g->meta.rss, size);
	for (uint32_t i = 0; i < n; i++) {
		line = &h->left[h->n_left++];
		text_putc(line, ' ');
		text_clip(line, parts[i].name, 15, true);
		put_size(p, line, parts[i].bytes, size);
		text_putc(line, ' ');
		text_bar(line, parts[i].bytes, p->g->meta.rss, BAR_WIDTH, p->wish->unicode);
		if (parts[i].note[0])
			text_printf(line, " %s", parts[i].note);
	}
}

static void fill_right(const struct page *p, struct halves *h)
{
	uint32_t types[MAX_TYPES], all, n = summary_types(p->g, types, MAX_TYPES, &all);
	struct text *line = &h->right[h->n_right++];

	text_clip(line, "Live heap by type", NAME_WIDTH, true);
	put_right(line, " retained", 9);
	for (uint32_t i = 0; i < n; i++) {
		const struct type *type = &p->g->types[types[i]];

		line = &h->right[h->n_right++];
		put_name(line, type->name, NAME_WIDTH);
		put_share(line, type->retained, p->g->live_bytes, 7);
		text_putc(line, ' ');
		text_bar(line, type->retained, p->g->live_bytes, TYPE_BAR, p->wish->unicode);
	}
	if (all > n)
		text_printf(&h->right[h->n_right++], "… %" PRIu32 " more types", all - n);
}

static void put_halves(const struct page *p)
{
	struct halves h = {0};

	fill_left(p, &h);
	fill_right(p, &h);
	for (unsigned i = 0; i < h.n_left || i < h.n_right; i++) {
		const char *left = i < h.n_left ? text_string(&h.left[i]) : "";

		if (i >= h.n_right)
			text_puts(p->out, left);
		else
			text_clip(p->out, left, LEFT_WIDTH, true);
		if (i < h.n_right)
			text_printf(p->out, " %s", text_string(&h.right[i]));
		text_putc(p->out, '\n');
	}
	text_putc(p->out, '\n');
	free_halves(&h);
}

/* --- what holds it --- */

static void put_suspect(const struct page *p, uint32_t i)
{
	const struct suspect *s = &p->g->suspects[i];
	unsigned columns = p->wish->columns, room = columns - SIZE_ROOM - 2;
	autotext struct text title = {0}, mark = {0};
	const char *rest;
	size_t first;

	text_printf(&mark, " !%" PRIu32, i + 1);
	text_clip(p->out, text_string(&mark), 4, true);
	wrap_text(&title, s->title ? s->title : s->rule, room, 4, false);
	/* The figure stands at the end of the first line. */
	rest = strchr(text_string(&title), '\n');
	first = (size_t)(rest - text_string(&title));
	text_append(p->out, text_string(&title), first);
	title.bytes[first] = '\0';
	put_spaces(p->out, room + 2 - 4 - text_width(title.bytes));
	put_size(p, p->out, s->retained, SIZE_ROOM);
	title.bytes[first] = '\n';
	text_puts(p->out, rest);
	if (s->explanation && *s->explanation)
		wrap_text(p->out, s->explanation, columns, 4, true);
	if (s->fix && *s->fix) {
		text_puts(p->out, "    Fix: ");
		wrap_text(p->out, s->fix, columns, 9, false);
	}
}

static void put_suspects(const struct page *p)
{
	unsigned columns = p->wish->columns;

	text_puts(p->out, "What holds it");
	put_spaces(p->out, columns - 13 - 8);
	text_puts(p->out, "retained\n");
	if (!p->g->n_suspects)
		text_puts(p->out, " No known shape of a leak. The largest holders follow.\n");
	for (uint32_t i = 0; i < p->g->n_suspects && i < MAX_SUSPECTS; i++)
		put_suspect(p, i);
	if (p->g->n_suspects > MAX_SUSPECTS)
		text_printf(p->out, " … %u more: goretain sql TARGET 'select * from suspects'\n",
			    p->g->n_suspects - MAX_SUSPECTS);
	text_putc(p->out, '\n');
}

/* --- holders and maps --- */

/* OBJECTS 0: not counted. */
static void put_holder_row(const struct page *p, uint64_t retained, uint64_t objects,
			   const char *name)
{
	unsigned columns = p->wish->columns, used = size_room(p) + 30;
	autotext struct text line = {0}, bar = {0};

	put_size(p, &line, retained, size_room(p));
	put_share(&line, retained, p->g->live_bytes, 8);
	text_putc(&line, ' ');
	text_bar(&bar, retained, p->g->live_bytes, BAR_WIDTH, p->wish->unicode);
	text_clip(&line, text_string(&bar), BAR_WIDTH, true);
	if (objects)
		put_number(&line, objects, 11);
	else
		put_spaces(&line, 11);
	text_puts(&line, "  ");
	text_clip(&line, name, columns - used, false);
	text_printf(p->out, "%s\n", text_string(&line));
}

/* What no single holder keeps, and what is at the top of it. */
static void put_shared(const struct page *p)
{
	struct shared_group groups[MAX_SHARED];
	uint32_t n = summary_shared_groups(p->g, groups, MAX_SHARED);
	uint64_t bytes, objects;

	summary_shared(p->g, &bytes, &objects);
	if (!bytes)
		return;
	put_holder_row(p, bytes, objects, "held by several at once; largest:");
	for (uint32_t i = 0; i < n; i++) {
		autotext struct text name = {0};

		text_puts(&name, "  ");
		summary_shared_group(p->g, &groups[i], &name);
		put_holder_row(p, groups[i].retained, 0, text_string(&name));
	}
}

static void put_more_holders(const struct page *p, uint32_t n)
{
	put_right(p->out, "… ", size_room(p) + 1);
	text_count(p->out, n);
	text_puts(p->out, " more holders\n");
}

static bool put_holders(const struct page *p, struct error *err)
{
	struct holder_group groups[MAX_HOLDERS];
	uint32_t all, n = summary_holders(p->g, groups, MAX_HOLDERS, &all, err);

	if (!n && all)
		return false;
	text_printf(p->out, "%*s   SHARE           %9s  TOP HOLDERS\n",
		    (int)size_room(p), "RETAINED", "OBJECTS");
	for (uint32_t i = 0; i < n; i++) {
		autotext struct text name = {0};

		summary_group(p->g, &groups[i], &name);
		put_holder_row(p, groups[i].retained, groups[i].objects, text_string(&name));
	}
	if (all > n)
		put_more_holders(p, all - n);
	put_shared(p);
	text_putc(p->out, '\n');
	return true;
}

static void put_map_row(const struct page *p, const struct map *map)
{
	const struct graph *g = p->g;
	uint32_t holder = graph_map_holder(g, map);
	autotext struct text words = {0};

	put_size(p, p->out, graph_map_retained(g, map), size_room(p));
	put_number(p->out, map->entries, 12);
	text_puts(p->out, "  ");
	put_name(p->out, map->type < g->n_types ? g->types[map->type].name : "map ?", 26);
	text_puts(p->out, "  ");
	if (holder < g->n_holders)
		label_holder(g, holder, &words);
	else
		label_place(g, graph_map_node(map), &words);
	text_clip(p->out, text_string(&words), p->wish->columns - 42 - size_room(p), false);
	text_putc(p->out, '\n');
}

static void put_maps(const struct page *p)
{
	uint32_t maps[MAX_MAPS], n = summary_maps(p->g, maps, MAX_MAPS);

	if (!n)
		return;
	text_printf(p->out, "%*s%12s  %-26s  HELD BY\n", (int)size_room(p), "RETAINED",
		    "ENTRIES", "LARGEST MAPS");
	for (uint32_t i = 0; i < n; i++)
		put_map_row(p, &p->g->maps[maps[i]]);
	text_putc(p->out, '\n');
}

bool report_text(const struct graph *g, const struct report_wish *wish, struct text *out,
		 struct error *err)
{
	struct page p = { .g = g, .wish = wish, .out = out };
	autotext struct text proof = {0};

	put_head(&p);
	put_halves(&p);
	put_suspects(&p);
	if (!put_holders(&p, err))
		return false;
	put_maps(&p);
	proof_line(g, 0, &proof);
	wrap_text(out, text_string(&proof), wish->columns, 0, true);
	return !out->failed || fail_memory(err, "the report");
}

/* --- JSON --- */

static void json_fact(struct json *j, const char *key, uint64_t n)
{
	json_key(j, key);
	json_number(j, n);
}

static void json_word(struct json *j, const char *key, const char *word)
{
	json_key(j, key);
	json_string(j, word);
}

static void json_process(struct json *j, const struct graph *g)
{
	const struct meta *m = &g->meta;

	json_word(j, "process", m->process);
	json_fact(j, "pid", m->pid);
	json_word(j, "exe", m->exe);
	json_word(j, "go_version", m->language_version);
	json_word(j, "arch", m->arch);
	json_word(j, "build", m->build);
	if (m->unproven)
		json_word(j, "unproven", m->unproven);
	json_fact(j, "taken_at", (uint64_t)m->taken_at);
	json_fact(j, "pause_ns", m->pause_ns);
	json_fact(j, "rss", m->rss);
	json_fact(j, "heap_alloc", m->heap_alloc);
	json_fact(j, "heap_explained", m->heap_explained);
	json_fact(j, "live_bytes", g->live_bytes);
	json_fact(j, "typed_exact", g->typed_exact);
	json_fact(j, "typed_derived", g->typed_derived);
	json_fact(j, "typed_inferred", g->typed_inferred);
	json_fact(j, "kept_by_last_gc", m->kept_by_last_gc);
	json_fact(j, "kept_reached", m->kept_reached);
	json_fact(j, "not_read", m->holes);
	if (m->other_runtime)
		json_word(j, "other_runtime", m->other_runtime);
}

static void json_memory(struct json *j, const struct graph *g)
{
	struct memory_part parts[MAX_PARTS];
	uint32_t n = summary_memory(g, parts, MAX_PARTS);

	json_key(j, "memory");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, '{');
		json_word(j, "part", parts[i].name);
		json_fact(j, "bytes", parts[i].bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_types(struct json *j, const struct graph *g)
{
	uint32_t types[MAX_TYPES], all, n = summary_types(g, types, MAX_TYPES, &all);

	json_key(j, "types");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		json_open(j, '{');
		json_word(j, "type", g->types[types[i]].name);
		json_fact(j, "objects", g->types[types[i]].objects);
		json_fact(j, "live_bytes", g->types[types[i]].live_bytes);
		json_fact(j, "retained", g->types[types[i]].retained);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_suspects(struct json *j, const struct graph *g)
{
	json_key(j, "suspects");
	json_open(j, '[');
	for (uint32_t i = 0; i < g->n_suspects; i++) {
		const struct suspect *s = &g->suspects[i];

		json_open(j, '{');
		json_word(j, "rule", s->rule);
		json_word(j, "title", s->title);
		json_word(j, "explanation", s->explanation);
		json_word(j, "fix", s->fix);
		json_fact(j, "retained", s->retained);
		json_fact(j, "objects", s->objects);
		json_word(j, "holder",
			  s->holder < g->n_holders ? g->holders[s->holder].name : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static bool json_holders(struct json *j, const struct graph *g, struct error *err)
{
	struct holder_group groups[MAX_HOLDERS];
	uint32_t all, n = summary_holders(g, groups, MAX_HOLDERS, &all, err);

	json_key(j, "holders");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		autotext struct text name = {0};

		summary_group(g, &groups[i], &name);
		json_open(j, '{');
		json_word(j, "name", text_string(&name));
		json_fact(j, "count", groups[i].count);
		json_fact(j, "objects", groups[i].objects);
		json_fact(j, "retained", groups[i].retained);
		json_close(j, '}');
	}
	json_close(j, ']');
	return n || !all;
}

static void json_maps(struct json *j, const struct graph *g)
{
	uint32_t maps[MAX_MAPS], n = summary_maps(g, maps, MAX_MAPS);

	json_key(j, "maps");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		const struct map *map = &g->maps[maps[i]];
		uint32_t holder = graph_map_holder(g, map);

		json_open(j, '{');
		json_word(j, "type", map->type < g->n_types ? g->types[map->type].name : NULL);
		json_fact(j, "addr", map->addr);
		json_fact(j, "entries", map->entries);
		json_fact(j, "retained", graph_map_retained(g, map));
		json_word(j, "holder", holder < g->n_holders ? g->holders[holder].name : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

bool report_json(const struct graph *g, struct text *out, struct error *err)
{
	struct json j = { .out = out };

	json_open(&j, '[');
	json_open(&j, '{');
	json_process(&j, g);
	json_memory(&j, g);
	json_types(&j, g);
	json_suspects(&j, g);
	if (!json_holders(&j, g, err))
		return false;
	json_maps(&j, g);
	json_close(&j, '}');
	json_close(&j, ']');
	text_putc(out, '\n');
	return !out->failed || fail_memory(err, "the report");
}

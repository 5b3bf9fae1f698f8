#include "tui/page/report.h"

#include <inttypes.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/json.h"
#include "graph/naming.h"
#include "graph/query/label.h"
#include "graph/query/proof.h"
#include "graph/query/summary.h"
#include "tui/page/wrap.h"
#include "tui/widgets/clip.h"

#define MAX_PARTS 16
#define MAX_TYPES 8
#define MAX_HOLDERS 8
#define MAX_MAPS 5
#define MAX_SHARED 4
#define MAX_SUSPECTS 5
#define LEAST_LEFT 40 /* cells of the left half */
#define BAR_WIDTH 8
#define LEAST_PART 13 /* cells for the name of a part: "thread stacks" */
#define PART_BAR 6
#define LEAST_NAME 23 /* of a type: map[string]interface {} */
#define SHARE_WIDTH 7
#define TYPE_BAR 6
#define SIZE_ROOM 10  /* "1,234.5 MB" */
#define EXACT_ROOM 19

struct page {
	const struct graph *g;
	const struct report_wish *wish;
	struct text *out;
	uint64_t whole; /* that holders can keep */
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

/* --- columns of names --- */

#define MAX_NAMES 32

/* The names of one column, and how wide it becomes. */
struct names { struct text items[MAX_NAMES]; unsigned n, width; };

static void names_free(struct names *names)
{
	for (unsigned i = 0; i < names->n; i++)
		text_free(&names->items[i]);
}
#define autonames __attribute__((cleanup(names_free)))

/* The next name, to be filled in. */
static struct text *add_name(struct names *names)
{
	return &names->items[names->n++];
}

static unsigned widest(const struct names *names)
{
	unsigned width = 0;

	for (unsigned i = 0; i < names->n; i++) {
		unsigned cells = text_width(text_string(&names->items[i]));

		width = cells > width ? cells : width;
	}
	return width;
}

/* Name number I as wide as the column, so that it differs from the others. */
static void put_name(const struct names *names, unsigned i, bool pad, struct text *out)
{
	const char *all[MAX_NAMES];

	for (unsigned k = 0; k < names->n; k++)
		all[k] = text_string(&names->items[k]);
	text_clip_at(out, all[i], names->width, clip_head(all, names->n, i, names->width), pad);
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

static unsigned widest_part(const struct memory_part *parts, uint32_t n)
{
	unsigned width = LEAST_PART;

	for (uint32_t i = 0; i < n; i++)
		width = text_width(parts[i].name) > width ? text_width(parts[i].name) : width;
	return width;
}

static void fill_left(const struct page *p, struct halves *h)
{
	struct memory_part parts[MAX_PARTS];
	uint32_t n = summary_memory(p->g, parts, MAX_PARTS);
	unsigned size = p->wish->exact ? 18 : 9, name = widest_part(parts, n);
	struct text *line = &h->left[h->n_left++];

	text_clip(line, summary_memory_known(p->g) ? " Resident" : " Resident: not known", name + 1, true);
	if (summary_memory_known(p->g))
		put_size(p, line, p->g->meta.rss, size);
	for (uint32_t i = 0; i < n; i++) {
		line = &h->left[h->n_left++];
		text_putc(line, ' ');
		text_clip(line, parts[i].name, name, true);
		put_size(p, line, parts[i].bytes, size);
		text_putc(line, ' ');
		if (!parts[i].beside)
			text_bar(line, parts[i].bytes, p->g->meta.rss, PART_BAR, p->wish->unicode);
		if (parts[i].note[0])
			text_printf(line, "%s%s", parts[i].beside ? "" : " ", parts[i].note);
	}
}

static void fill_right(const struct page *p, struct halves *h, const struct names *names,
		       const struct type_row *rows, uint32_t all, bool bars)
{
	text_puts(&h->right[h->n_right++], "Live heap by type, nested retained");
	for (uint32_t i = 0; i < names->n; i++) {
		struct text *line = &h->right[h->n_right++];

		put_name(names, i, true, line);
		put_share(line, rows[i].retained, p->g->live_bytes, SHARE_WIDTH);
		text_putc(line, ' ');
		if (bars)
			text_bar(line, rows[i].retained, p->g->live_bytes, TYPE_BAR, p->wish->unicode);
	}
	if (all <= names->n)
		return;
	text_puts(&h->right[h->n_right], "… ");
	text_counted(&h->right[h->n_right++], all - names->n, "more type");
}

static unsigned left_width(const struct halves *h)
{
	unsigned width = LEAST_LEFT;

	for (unsigned i = 0; i < h->n_left; i++) {
		unsigned cells = text_width(text_string(&h->left[i]));

		width = cells > width ? cells : width;
	}
	return width;
}

/* How wide the names of types become beside the left half, with bars or without; 0 if there is no room for
 * them there. */
static unsigned room_beside(const struct page *p, unsigned left, unsigned wanted, bool *bars)
{
	unsigned used = left + 1 + SHARE_WIDTH + 1, columns = p->wish->columns;

	if (wanted < LEAST_NAME)
		wanted = LEAST_NAME;
	*bars = p->wish->whole || used + TYPE_BAR + wanted <= columns;
	if (*bars || used + wanted <= columns)
		return wanted;
	return used + LEAST_NAME <= columns ? columns - used : 0;
}

/* The halves side by side, or one below the other. */
static void print_halves(const struct page *p, const struct halves *h, unsigned left)
{
	unsigned beside = left ? h->n_right : 0;

	for (unsigned i = 0; i < h->n_left || i < beside; i++) {
		const char *line = i < h->n_left ? text_string(&h->left[i]) : "";

		text_clip(p->out, line, i < beside ? left : text_width(line), true);
		if (i < beside)
			text_printf(p->out, " %s", text_string(&h->right[i]));
		text_putc(p->out, '\n');
	}
	text_puts(p->out, left ? "" : "\n");
	for (unsigned i = 0; !left && i < h->n_right; i++)
		text_printf(p->out, " %s\n", text_string(&h->right[i]));
	text_putc(p->out, '\n');
}

static void put_halves(const struct page *p)
{
	struct type_row rows[MAX_TYPES];
	uint32_t all, n = summary_types(p->g, rows, MAX_TYPES, &all);
	autonames struct names names = {0};
	struct halves h = {0};
	unsigned left, wanted, below = p->wish->columns - SHARE_WIDTH - TYPE_BAR - 2;
	bool bars;

	for (uint32_t i = 0; i < n; i++)
		summary_type(p->g, &rows[i], add_name(&names));
	fill_left(p, &h);
	left = left_width(&h);
	wanted = widest(&names);
	names.width = room_beside(p, left, wanted, &bars);
	if (!names.width) {
		left = 0;
		bars = true;
		names.width = wanted < below ? wanted : below;
	}
	fill_right(p, &h, &names, rows, all, bars);
	print_halves(p, &h, left);
	free_halves(&h);
}

/* --- what holds it --- */

static void put_suspect(const struct page *p, uint32_t i)
{
	const struct suspect *s = &p->g->suspects[i];
	unsigned columns = p->wish->columns, room = columns - size_room(p) - 2;
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
	put_size(p, p->out, s->retained, size_room(p));
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

/* The rows of the largest holders, and of what no single one keeps, all by bytes. */
struct holder_rows {
	struct { uint64_t retained, objects; const struct holder_group *group; } items[MAX_NAMES];
	struct names names;
};

/* A row behind those that retain as much: its name is to be filled in. OBJECTS 0: not counted. */
static struct text *add_row(struct holder_rows *rows, uint64_t retained, uint64_t objects)
{
	unsigned at = rows->names.n++;

	for (; at && rows->items[at - 1].retained < retained; at--) {
		rows->items[at] = rows->items[at - 1];
		rows->names.items[at] = rows->names.items[at - 1];
	}
	rows->items[at].retained = retained;
	rows->items[at].objects = objects;
	rows->items[at].group = NULL;
	rows->names.items[at] = (struct text){0};
	return &rows->names.items[at];
}

/* What no single holder keeps, and what is at the top of it. */
static void add_shared(const struct page *p, struct holder_rows *rows)
{
	struct shared_group groups[MAX_SHARED];
	uint32_t n = summary_shared_groups(p->g, groups, MAX_SHARED);
	uint64_t bytes, objects;

	summary_shared(p->g, &bytes, &objects);
	if (!bytes)
		return;
	text_puts(add_row(rows, bytes, objects), "held by several at once, in all");
	for (uint32_t i = 0; i < n && groups[i].retained >= bytes / 100; i++) {
		struct text *name = add_row(rows, groups[i].retained, 0);

		text_puts(name, "held by several: ");
		summary_shared_group(p->g, &groups[i], name);
	}
}

/* Cells of a row before its name: bytes, share, bar, objects. Bars go where names need the room. */
static unsigned before_name(const struct page *p, bool bars)
{
	return size_room(p) + 8 + (bars ? BAR_WIDTH + 1 : 0) + 11 + 2;
}

/* What of a row is stacks: behind the name, or below if there is no room. */
static void put_stacks(const struct page *p, const struct holder_rows *rows, unsigned i, bool bars)
{
	unsigned used = before_name(p, bars), name = text_width(text_string(&rows->names.items[i]));
	autotext struct text stacks = {0};

	summary_say_stacks(rows->items[i].group, &stacks);
	if (!stacks.length)
		return;
	if (used + name + 2 + text_width(text_string(&stacks)) > p->wish->columns) {
		text_putc(p->out, '\n');
		put_spaces(p->out, used - 2);
	}
	text_printf(p->out, "  %s", text_string(&stacks));
}

static void put_holder_row(const struct page *p, const struct holder_rows *rows, unsigned i, bool bars)
{
	uint64_t retained = rows->items[i].retained;
	autotext struct text bar = {0};

	put_size(p, p->out, retained, size_room(p));
	put_share(p->out, retained, p->whole, 8);
	if (bars) {
		text_putc(p->out, ' ');
		text_bar(&bar, retained, p->whole, BAR_WIDTH, p->wish->unicode);
		text_clip(p->out, text_string(&bar), BAR_WIDTH, true);
	}
	if (rows->items[i].objects)
		put_number(p->out, rows->items[i].objects, 11);
	else
		put_spaces(p->out, 11);
	text_puts(p->out, "  ");
	put_name(&rows->names, i, false, p->out);
	if (rows->items[i].group)
		put_stacks(p, rows, i, bars);
	text_putc(p->out, '\n');
}

static void put_more_holders(const struct page *p, uint32_t n)
{
	put_right(p->out, "… ", size_room(p) + 1);
	text_counted(p->out, n, "more holder");
	text_putc(p->out, '\n');
}

static bool put_holders(const struct page *p, struct error *err)
{
	struct holder_group groups[MAX_HOLDERS];
	uint32_t all, n = summary_holders(p->g, groups, MAX_HOLDERS, &all, err);
	struct holder_rows rows = {0};
	unsigned wanted;
	bool bars;

	if (!n && all)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		summary_group(p->g, &groups[i], add_row(&rows, summary_kept(&groups[i]), groups[i].objects));
		rows.items[i].group = &groups[i];
	}
	add_shared(p, &rows);
	wanted = widest(&rows.names);
	bars = p->wish->whole || before_name(p, true) + wanted <= p->wish->columns;
	rows.names.width = p->wish->whole ? wanted : p->wish->columns - before_name(p, bars);
	text_printf(p->out, "%*s   SHARE%*s%11s  TOP HOLDERS\n", (int)size_room(p), "RETAINED",
		    bars ? BAR_WIDTH + 1 : 0, "", "OBJECTS");
	for (unsigned i = 0; i < rows.names.n; i++)
		put_holder_row(p, &rows, i, bars);
	if (all > n)
		put_more_holders(p, all - n);
	text_putc(p->out, '\n');
	names_free(&rows.names);
	return true;
}

/* Room for two columns of names in COLUMNS cells: each what it needs, or what the other leaves. */
static void share_room(struct names *a, struct names *b, unsigned columns)
{
	unsigned half = columns / 2;

	a->width = widest(a);
	b->width = widest(b);
	if (a->width + b->width <= columns)
		return;
	if (b->width <= half)
		a->width = columns - b->width;
	else if (a->width <= half)
		b->width = columns - a->width;
	else
		a->width = b->width = half;
}

static void put_map_type(const struct graph *g, const struct map *map, struct text *out)
{
	if (map->type < g->n_types)
		naming_type(g, &g->types[map->type], out);
	else
		text_puts(out, "map ?");
}

#define MAPS_TITLE "LARGEST MAPS, nested"

static void put_maps(const struct page *p)
{
	uint32_t maps[MAX_MAPS], n = summary_maps(p->g, maps, MAX_MAPS);
	autonames struct names types = {0}, places = {0};

	if (!n)
		return;
	text_puts(add_name(&types), MAPS_TITLE);
	text_puts(add_name(&places), "HELD BY");
	for (uint32_t i = 0; i < n; i++) {
		const struct map *map = &p->g->maps[maps[i]];
		uint32_t holder = graph_map_holder(p->g, map);

		put_map_type(p->g, map, add_name(&types));
		if (holder < p->g->n_holders)
			label_holder(p->g, holder, add_name(&places));
		else
			label_place(p->g, graph_map_node(map), add_name(&places));
	}
	share_room(&types, &places, p->wish->whole ? UINT32_MAX : p->wish->columns - size_room(p) - 16);
	for (uint32_t i = 0; i <= n; i++) {
		const struct map *map = i ? &p->g->maps[maps[i - 1]] : NULL;

		if (map) {
			put_size(p, p->out, graph_map_retained(p->g, map), size_room(p));
			put_number(p->out, map->entries, 12);
		} else {
			text_printf(p->out, "%*s%12s", (int)size_room(p), "RETAINED", "ENTRIES");
		}
		text_puts(p->out, "  ");
		put_name(&types, i, true, p->out);
		text_puts(p->out, "  ");
		put_name(&places, i, false, p->out);
		text_putc(p->out, '\n');
	}
	text_putc(p->out, '\n');
}

bool report_text(const struct graph *g, const struct report_wish *wish, struct text *out,
		 struct error *err)
{
	struct page p = { .g = g, .wish = wish, .out = out, .whole = summary_whole(g) };
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
	json_key(j, "memory");
	json_open(j, '[');
	for (uint32_t i = 0; i < g->n_memory; i++) {
		json_open(j, '{');
		json_word(j, "part", g->memory[i].name);
		json_fact(j, "bytes", g->memory[i].bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_key(j, "memory_details");
	json_open(j, '[');
	for (uint32_t i = 0; i < g->n_details; i++) {
		json_open(j, '{');
		json_word(j, "part", g->details[i].part);
		json_word(j, "detail", g->details[i].detail);
		json_fact(j, "bytes", g->details[i].bytes);
		if (g->details[i].resident >= 0)
			json_fact(j, "resident", (uint64_t)g->details[i].resident);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_types(struct json *j, const struct graph *g)
{
	struct type_row rows[MAX_TYPES];
	uint32_t all, n = summary_types(g, rows, MAX_TYPES, &all);

	json_key(j, "types");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++) {
		const struct type *type = rows[i].type < g->n_types ? &g->types[rows[i].type] : NULL;

		json_open(j, '{');
		json_word(j, "type", type ? type->name : NULL);
		json_fact(j, "objects", type ? type->objects : g->untyped_objects);
		json_fact(j, "live_bytes", type ? type->live_bytes : g->live_bytes - g->typed_exact -
						  g->typed_derived - g->typed_inferred);
		json_fact(j, "retained", rows[i].retained);
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
		json_word(j, "confidence", graph_confidence(s->confidence));
		json_word(j, "title", s->title);
		json_word(j, "explanation", s->explanation);
		json_word(j, "fix", s->fix);
		json_word(j, "query", s->query);
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
		json_fact(j, "stacks", groups[i].stacks);
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

#include "tui/page/change.h"

#include <inttypes.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/json.h"
#include "graph/naming.h"
#include "graph/query/summary.h"
#include "tui/page/wrap.h"

#define SHOWN 10      /* rows of a section */
#define BYTES_WIDTH 10 /* "+1.20 MB" */
#define RATE_WIDTH 11 /* "1.20 MB/s" */
#define EXACT_WIDTH 19
#define COUNT_WIDTH 12 /* "+1,234,567" */

struct page {
	const struct graph *g;
	const struct change *change;
	const struct change_wish *wish;
	struct text *out;
};

static uint64_t amount(int64_t n)
{
	return n < 0 ? (uint64_t)-n : (uint64_t)n;
}

void change_put_signed(struct text *out, int64_t bytes, bool exact)
{
	text_puts(out, bytes < 0 ? "-" : "+");
	text_size(out, amount(bytes), exact);
}

static void put_right(struct text *out, const struct text *s, unsigned width)
{
	unsigned cells = text_width(text_string(s));

	text_printf(out, "%*s%s", cells < width ? (int)(width - cells) : 0, "", text_string(s));
}

/* --- columns --- */

static unsigned size_width(const struct page *p)
{
	return p->wish->exact ? EXACT_WIDTH : BYTES_WIDTH;
}

static void put_bytes(const struct page *p, int64_t bytes)
{
	autotext struct text s = {0};

	change_put_signed(&s, bytes, p->wish->exact);
	put_right(p->out, &s, size_width(p));
}

static void put_rate(const struct page *p, int64_t grew)
{
	autotext struct text s = {0};

	if (p->change->elapsed_ns > 0) {
		change_put_signed(&s, (int64_t)change_rate(p->change, grew), false);
		text_puts(&s, "/s");
	}
	put_right(p->out, &s, RATE_WIDTH);
}

static void put_now(const struct page *p, uint64_t bytes)
{
	autotext struct text s = {0};

	text_size(&s, bytes, p->wish->exact);
	put_right(p->out, &s, size_width(p));
}

static void put_count(const struct page *p, int64_t n)
{
	autotext struct text s = {0};

	text_puts(&s, n < 0 ? "-" : "+");
	text_count(&s, amount(n));
	put_right(p->out, &s, COUNT_WIDTH);
}

/* What a row is besides its name: " map[string]*main.session, +1,204 entries" */
static void put_notes(const struct page *p, const struct change_row *row, struct text *out)
{
	const char *comma = "";

	if (row->by == CHANGE_BY_PATH && row->type < p->g->n_types) {
		text_puts(out, "  ");
		naming_type(p->g, &p->g->types[row->type], out);
		comma = ", ";
	}
	if (row->is_map) {
		text_printf(out, "%s%s", comma, row->entries < row->entries_was ? "-" : "+");
		text_counted(out, amount((int64_t)(row->entries - row->entries_was)), "entry");
		text_puts(out, " of ");
		text_count(out, row->entries);
	} else if (row->object != NO_NODE && row->count > 1) {
		text_puts(out, comma);
		text_count(out, row->count);
		text_puts(out, " alike");
	}
	if (row->by == CHANGE_BY_TASK || row->holder != NO_NODE) {
		if (row->count == row->count_was && row->count <= 1)
			return;
		text_puts(out, "  ");
		text_count(out, row->count_was);
		text_puts(out, p->wish->unicode ? " → " : " -> ");
		text_count(out, row->count);
	}
}

static void put_row(const struct page *p, const struct change_row *row)
{
	unsigned used = 2 * size_width(p) + RATE_WIDTH + COUNT_WIDTH + 2;
	unsigned room = p->wish->columns > used + 20 ? p->wish->columns - used : 20;
	autotext struct text notes = {0};
	const char *name = *row->name ? row->name : "(went away)";
	unsigned width;

	put_bytes(p, row->grew);
	put_rate(p, row->grew);
	put_now(p, row->now);
	put_count(p, row->objects);
	text_puts(p->out, "  ");
	put_notes(p, row, &notes);
	width = text_width(name) + text_width(text_string(&notes));
	if (p->wish->whole || width <= room) {
		text_printf(p->out, "%s%s\n", name, text_string(&notes));
		return;
	}
	text_clip(p->out, name, room, false);
	text_putc(p->out, '\n');
	if (notes.length > 2) {
		text_printf(p->out, "%*s", (int)(used + 2), "");
		text_clip(p->out, text_string(&notes) + strspn(text_string(&notes), ", "), room - 2, false);
		text_putc(p->out, '\n');
	}
}

/* --- sections --- */

static void put_columns(const struct page *p, const char *title, const char *count)
{
	int size = (int)size_width(p);

	text_printf(p->out, "\n%*s%*s%*s%*s  %s\n", size, "GREW", RATE_WIDTH,
		    p->change->elapsed_ns > 0 ? "A SECOND" : "", size, "NOW", COUNT_WIDTH, count, title);
}

static void put_more(const struct page *p, uint32_t left)
{
	if (!left)
		return;
	text_printf(p->out, "%*s", (int)(2 * size_width(p) + RATE_WIDTH + COUNT_WIDTH + 2), "");
	text_puts(p->out, p->wish->unicode ? "… " : ".. ");
	text_count(p->out, left);
	text_puts(p->out, " more\n");
}

/* The rows of one kind that grew, or those that SHRANK, most first. */
static void put_section(const struct page *p, enum change_by by, bool shrank, const char *title,
			const char *count)
{
	uint32_t first, n = change_rows(p->change, by, &first), shown = 0, all = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct change_row *row = &p->change->rows[shrank ? first + n - 1 - i : first + i];

		if (shrank ? row->grew >= 0 : row->grew <= 0)
			continue;
		if (!all++)
			put_columns(p, title, count);
		if (shown < SHOWN) {
			put_row(p, row);
			shown++;
		}
	}
	put_more(p, all - shown);
}

static void put_from_to(const struct page *p, const char *what, uint64_t was, uint64_t now, bool rate)
{
	int64_t grew = (int64_t)(now - was);

	text_printf(p->out, " %-6s", what);
	text_size(p->out, was, p->wish->exact);
	text_puts(p->out, p->wish->unicode ? " → " : " -> ");
	text_size(p->out, now, p->wish->exact);
	text_puts(p->out, "  ");
	change_put_signed(p->out, grew, p->wish->exact);
	if (rate && p->change->elapsed_ns > 0) {
		text_puts(p->out, ", ");
		change_put_signed(p->out, (int64_t)change_rate(p->change, grew), false);
		text_puts(p->out, "/s");
	}
	text_putc(p->out, '\n');
}

static const char *how_words(enum match_how how)
{
	switch (how) {
	case MATCH_EXACT:
		return "Objects are the same where one slot held both: no slot was freed and used again unnoticed.";
	case MATCH_ADDRESS:
		return "Objects are taken for the same by address, size and type: collections ran in between, "
		       "and a slot may have been used again for one alike.";
	default:
		return "The snapshots are of different processes: only names of holders and types are compared.";
	}
}

static void put_head(const struct page *p)
{
	const struct change *c = p->change;

	text_puts(p->out, "goretain ");
	summary_process(p->g, p->out);
	if (c->elapsed_ns > 0) {
		text_puts(p->out, ": what changed in ");
		text_duration(p->out, (uint64_t)c->elapsed_ns);
	}
	text_puts(p->out, "\n\n");
	put_from_to(p, "live", c->live_was, c->live, true);
	put_from_to(p, "heap", c->heap_was, c->heap, false);
	if (c->how != MATCH_NAMES) {
		text_puts(p->out, " new since and still here: ");
		text_size(p->out, c->fresh, p->wish->exact);
		text_puts(p->out, " in ");
		text_counted(p->out, c->fresh_objects, "object");
		text_puts(p->out, "; went away: ");
		text_size(p->out, c->gone, p->wish->exact);
		text_putc(p->out, '\n');
	}
}

bool change_text(const struct graph *g, const struct change *change, const struct change_wish *wish,
		 struct text *out, struct error *err)
{
	const struct page p = {g, change, wish, out};
	uint32_t first;

	put_head(&p);
	put_section(&p, CHANGE_BY_PATH, false, "WHERE IT GATHERS", "OBJECTS");
	if (!change_rows(change, CHANGE_BY_PATH, &first))
		text_puts(out, "\n Nothing grew or shrank that is worth a line.\n");
	put_section(&p, CHANGE_BY_PATH, true, "WHERE IT WENT AWAY", "OBJECTS");
	put_section(&p, CHANGE_BY_TYPE, false, "TYPE", "OBJECTS");
	put_section(&p, CHANGE_BY_TASK, false, "GOROUTINES AND THEIR STACKS", "OBJECTS");
	text_putc(out, '\n');
	wrap_text(out, how_words(change->how), wish->columns, 0, true);
	return !out->failed || fail_memory(err, "the comparison");
}

/* --- for programs --- */

static const char *by_word(enum change_by by)
{
	static const char *const words[] = {"path", "type", "goroutine"};

	return words[by];
}

static const char *how_word(enum match_how how)
{
	static const char *const words[] = {"exact", "address", "names"};

	return words[how];
}

static void json_row(struct json *j, const struct page *p, const struct change_row *row)
{
	autotext struct text type = {0};

	json_open(j, '{');
	json_key(j, "by"), json_string(j, by_word(row->by));
	json_key(j, "name"), json_string(j, row->name);
	if (row->type < p->g->n_types)
		naming_type(p->g, &p->g->types[row->type], &type);
	json_key(j, "type"), json_string(j, type.length ? text_string(&type) : NULL);
	json_key(j, "was"), json_number(j, row->was);
	json_key(j, "now"), json_number(j, row->now);
	json_key(j, "grew"), json_signed(j, row->grew);
	json_key(j, "per_second");
	if (p->change->elapsed_ns > 0)
		json_real(j, change_rate(p->change, row->grew));
	else
		json_null(j);
	json_key(j, "objects"), json_signed(j, row->objects);
	json_key(j, "count_was"), json_number(j, row->count_was);
	json_key(j, "count"), json_number(j, row->count);
	if (row->is_map) {
		json_key(j, "entries_was"), json_number(j, row->entries_was);
		json_key(j, "entries"), json_number(j, row->entries);
	}
	json_close(j, '}');
}

void change_json(const struct graph *g, const struct change *change, struct text *out)
{
	const struct page p = {.g = g, .change = change, .out = out};
	struct json j = {.out = out};

	json_open(&j, '{');
	json_key(&j, "pid"), json_number(&j, g->meta.pid);
	json_key(&j, "seconds");
	if (change->elapsed_ns > 0)
		json_real(&j, (double)change->elapsed_ns / 1e9);
	else
		json_null(&j);
	json_key(&j, "matched"), json_string(&j, how_word(change->how));
	json_key(&j, "live_was"), json_number(&j, change->live_was);
	json_key(&j, "live"), json_number(&j, change->live);
	json_key(&j, "heap_was"), json_number(&j, change->heap_was);
	json_key(&j, "heap"), json_number(&j, change->heap);
	json_key(&j, "fresh"), json_number(&j, change->fresh);
	json_key(&j, "fresh_objects"), json_number(&j, change->fresh_objects);
	json_key(&j, "gone"), json_number(&j, change->gone);
	json_key(&j, "rows"), json_open(&j, '[');
	for (uint32_t i = 0; i < change->n; i++)
		json_row(&j, &p, &change->rows[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	text_putc(out, '\n');
}

void change_tsv(const struct graph *g, const struct change *change, struct text *out)
{
	text_puts(out, "by\tname\ttype\twas\tnow\tgrew\tper_second\tobjects\tcount_was\tcount\tentries_was\t"
		  "entries\n");
	for (uint32_t i = 0; i < change->n; i++) {
		const struct change_row *row = &change->rows[i];

		text_printf(out, "%s\t%s\t", by_word(row->by), row->name);
		if (row->type < g->n_types)
			naming_type(g, &g->types[row->type], out);
		text_printf(out, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\t", row->was, row->now, row->grew);
		if (change->elapsed_ns > 0)
			text_printf(out, "%.0f", change_rate(change, row->grew));
		text_printf(out, "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t", row->objects, row->count_was,
			    row->count);
		if (row->is_map)
			text_printf(out, "%" PRIu64 "\t%" PRIu64, row->entries_was, row->entries);
		else
			text_putc(out, '\t');
		text_putc(out, '\n');
	}
}

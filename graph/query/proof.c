#include "graph/query/proof.h"

#include <inttypes.h>
#include <string.h>

enum detail { TERSE, BRIEF, SHORT, MIDDLE, FULL };

void proof_percent(struct text *out, uint64_t part, uint64_t whole)
{
	uint64_t tenths;

	if (!whole) {
		text_puts(out, "· %");
		return;
	}
	tenths = (uint64_t)((unsigned __int128)part * 1000 / whole);
	if (tenths == 1000)
		text_puts(out, "100 %");
	else
		text_printf(out, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
}

static unsigned whole_percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)((unsigned __int128)part * 100 / whole) : 0;
}

static void put_explained(const struct graph *g, enum detail detail, struct text *out)
{
	text_puts(out, "explained ");
	proof_percent(out, g->meta.heap_explained, g->meta.heap_alloc);
	if (detail >= MIDDLE)
		text_puts(out, " of HeapAlloc");
	if (detail == FULL && graph_stage(g) >= STAGE_EDGES && g->meta.counting)
		text_printf(out, " (%s was counting)", g->meta.counting);
}

/* The parts are differences of rounded sums, so that they add up to the whole as it is shown. */
static void put_typed(const struct graph *g, enum detail detail, struct text *out)
{
	uint64_t known = g->typed_exact + g->typed_derived, typed = known + g->typed_inferred;
	unsigned exact = whole_percent(g->typed_exact, g->live_bytes);
	unsigned exact_or_derived = whole_percent(known, g->live_bytes);
	unsigned all = whole_percent(typed, g->live_bytes);

	if (graph_stage(g) < STAGE_LIVE) {
		text_puts(out, " · typed ·");
		return;
	}
	text_printf(out, " · typed %u %%", all);
	if (detail <= BRIEF)
		return;
	text_printf(out, " (exact %u", exact);
	if (detail == FULL)
		text_printf(out, ", derived %u, inferred %u", exact_or_derived - exact,
			    all - exact_or_derived);
	text_puts(out, ")");
}

/* "1.04 of 1.17 GB": the unit once, if it is the same. */
static void put_live(const struct graph *g, enum detail detail, struct text *out)
{
	autotext struct text live = {0}, all = {0};
	const char *unit, *other;

	if (graph_stage(g) < STAGE_LIVE) {
		text_puts(out, " · live ·");
		return;
	}
	text_size(&live, g->live_bytes, false);
	text_size(&all, g->meta.heap_explained, false);
	unit = strchr(text_string(&live), ' ');
	other = strchr(text_string(&all), ' ');
	if (detail == TERSE)
		text_printf(out, " · live %s", text_string(&live));
	else if (unit && other && strcmp(unit, other) == 0)
		text_printf(out, " · live %.*s of %s", (int)(unit - text_string(&live)),
			    text_string(&live), text_string(&all));
	else
		text_printf(out, " · live %s of %s", text_string(&live), text_string(&all));
}

static void put_kept(const struct graph *g, enum detail detail, struct text *out)
{
	if (graph_stage(g) >= STAGE_LIVE && !g->meta.kept_by_last_gc)
		return;
	text_puts(out, " · reached ");
	if (graph_stage(g) < STAGE_LIVE)
		text_puts(out, "·");
	else
		proof_percent(out, g->meta.kept_reached, g->meta.kept_by_last_gc);
	if (detail == FULL)
		text_puts(out, " of what the last collection kept");
	else if (detail == MIDDLE)
		text_puts(out, " of kept");
}

static void put_unproven(const struct graph *g, enum detail detail, struct text *out)
{
	if (!g->meta.unproven)
		return;
	text_puts(out, "unproven");
	if (detail >= MIDDLE)
		text_printf(out, " (%s)", g->meta.unproven);
	text_puts(out, " · ");
}

/* What of the process is in none of the figures. */
static void put_missing(const struct graph *g, enum detail detail, struct text *out)
{
	if (g->meta.holes) {
		text_puts(out, " · ");
		text_size(out, g->meta.holes, false);
		text_puts(out, detail == FULL ? " of memory not read" : " not read");
	}
	if (g->meta.other_runtime && detail == TERSE)
		text_puts(out, " · other runtime not read");
	else if (g->meta.other_runtime)
		text_printf(out, " · another runtime (%s) not read", g->meta.other_runtime);
}

static void put_all(const struct graph *g, enum detail detail, struct text *out)
{
	put_unproven(g, detail, out);
	put_explained(g, detail, out);
	put_typed(g, detail, out);
	put_live(g, detail, out);
	put_kept(g, detail, out);
	put_missing(g, detail, out);
}

void proof_line(const struct graph *g, unsigned columns, struct text *out)
{
	for (enum detail detail = FULL;; detail--) {
		autotext struct text line = {0};

		put_all(g, detail, &line);
		if (!columns || text_width(text_string(&line)) <= columns || detail == TERSE) {
			text_append(out, line.bytes, line.length);
			return;
		}
	}
}

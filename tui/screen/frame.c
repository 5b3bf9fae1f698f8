/* The frame around every view: what and when, the views, where this is; below: the proof, the
 * keys. On screens that are not high enough the least useful lines go first. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/query/proof.h"
#include "tui/screen/state.h"
#include "tui/views/views.h"

/* Rows of the screen; -1: not shown. */
struct layout { int title, views, crumb, body, height, rule, proof, footer; };

static struct layout measure(void)
{
	struct layout f = { .title = -1, .views = -1, .crumb = -1, .rule = -1, .proof = -1,
			   .footer = LINES - 1 };
	int below = LINES - 1;

	if (LINES >= 6)
		f.proof = --below;
	if (LINES >= 14)
		f.rule = --below;
	if (LINES >= 3)
		f.title = f.body++;
	if (LINES >= 8)
		f.views = f.body++;
	if (LINES >= 5)
		f.crumb = f.body++;
	if (LINES == 1) {
		f.footer = -1;
		below = 1;
	}
	f.height = below - f.body;
	return f;
}

/* LEFT and RIGHT at the ends of row Y; where both do not fit, a short right one
 * stays. */
static void put_both(int y, const struct line *left, const struct line *right, bool rule)
{
	int wide = (int)text_width(text_string(&right->text));
	int used = (int)text_width(text_string(&left->text));

	if (used + wide + 4 > COLS && wide > COLS / 2)
		wide = 0;
	if (rule)
		cells_rule(y, 0, COLS);
	if (wide)
		cells_text(y, COLS - wide - 2, wide + 2, "", ROLE_PLAIN);
	cells_line(y, COLS - wide - 1, wide, right, ALIGN_LEFT, ROLE_PLAIN);
	if (used > COLS - wide - 4)
		used = COLS - wide - 4;
	if (used <= 0)
		return;
	cells_text(y, 0, used + 2, "", ROLE_PLAIN);
	cells_line(y, 1, used, left, ALIGN_LEFT, ROLE_PLAIN);
}

/* "stopped 84 ms · 12 s ago" */
static void say_when(const struct meta *meta, struct text *out)
{
	int64_t age = (int64_t)time(NULL) - meta->taken_at;

	if (meta->pause_ns) {
		text_puts(out, "stopped ");
		text_duration(out, meta->pause_ns);
	}
	if (meta->taken_at <= 0)
		return;
	text_puts(out, out->length ? " · " : "taken ");
	if (age < 1) {
		text_puts(out, "now");
		return;
	}
	text_duration(out, (uint64_t)age * 1000000000u);
	text_puts(out, " ago");
}

static void draw_title(const struct screen *screen, int y)
{
	const struct graph *g = screen_graph(screen);
	autoline struct line left = {0}, right = {0};

	line_puts(&left, ROLE_ROOT, "goretain");
	text_putc(&left.text, ' ');
	if (g && g->meta.process)
		text_puts(&left.text, g->meta.process);
	else
		text_escape(&left.text, screen->request->target,
			    strlen(screen->request->target), 200);
	if (g && g->meta.pid)
		text_printf(&left.text, "[%llu]", (unsigned long long)g->meta.pid);
	if (g && g->meta.language_version)
		text_printf(&left.text, "  %s", g->meta.language_version);
	if (g && g->meta.build && *g->meta.build)
		text_printf(&left.text, ", %s", g->meta.build);
	if (g && g->meta.unproven)
		text_puts(&left.text, ", unproven");
	if (g)
		say_when(&g->meta, &right.text);
	put_both(y, &left, &right, false);
}

static void draw_views(const struct screen *screen, int y)
{
	autoline struct line line = {0};
	autoline struct line more = {0};

	for (unsigned i = 0; top_views[i].ops; i++) {
		bool here = screen->tops[i] && screen_page(screen) == screen->tops[i];

		text_puts(&line.text, i ? " " : "");
		line_role(&line, here ? ROLE_SELECTED : ROLE_PLAIN);
		text_printf(&line.text, "%s%c %s%s", i && here ? " " : "", top_views[i].digit,
			    top_views[i].ops->name, here ? " " : "");
		line_role(&line, ROLE_PLAIN);
	}
	text_puts(&more.text, ": more");
	if (text_width(text_string(&line.text)) + text_width(text_string(&more.text)) + 5 > (unsigned)COLS)
		line_clear(&more);
	put_both(y, &line, &more, false);
}

/* How far the work is: "dominators 45 %  Esc ends it". */
static void say_progress(struct progress *p, struct text *out)
{
	const char *stage = atomic_load(&p->stage);
	uint64_t done = atomic_load(&p->done), total = atomic_load(&p->total);
	double share = total && done < total ? (double)done / (double)total : 1;

	text_puts(out, stage ? stage : "starting");
	if (total)
		text_printf(out, "  %u %%", (unsigned)(100 * share));
	text_puts(out, "  (Esc ends it)");
}

static void draw_proof(struct screen *screen, int y)
{
	struct page *page = screen_page(screen);
	const struct graph *g = screen_graph(screen);
	struct error err = {0};
	enum worker_state state = worker_state(screen->worker, &err);
	autoline struct line line = {0};

	if (state == WORKER_RUNS) {
		line_puts(&line, ROLE_ROOT, "· ");
		say_progress(worker_progress(screen->worker), &line.text);
	} else if (page->job.running || screen->errand.running) {
		line_puts(&line, ROLE_ROOT, "· ");
		say_progress(page->job.running ? &page->job.progress : &screen->errand.progress,
			     &line.text);
	} else if (screen->search.running) {
		text_printf(&line.text, "· searching, %u rows left  (Esc ends it)",
			    screen->search.left);
	} else if (state == WORKER_FAILED) {
		line_puts(&line, ROLE_SUSPECT, "not complete: ");
		text_puts(&line.text, err.message);
	} else if (g) {
		line_role(&line, ROLE_DIM);
		proof_line(g, COLS > 2 ? (unsigned)COLS - 2 : 1, &line.text);
	}
	cells_line(y, 1, COLS - 2, &line, ALIGN_LEFT, ROLE_PLAIN);
}

static void draw_footer(struct screen *screen, int y)
{
	autotext struct text keys = {0};

	curs_set(screen->prompt.kind != PROMPT_NONE);
	if (screen->prompt.kind != PROMPT_NONE) {
		prompt_draw(&screen->prompt, y, COLS);
		return;
	}
	if (screen->message.length) {
		cells_text(y, 1, COLS - 2, text_string(&screen->message), ROLE_ROOT);
		return;
	}
	keys_footer(screen_page(screen)->ops->screen, COLS > 2 ? (unsigned)COLS - 2 : 0, &keys);
	cells_text(y, 1, COLS - 2, text_string(&keys), ROLE_PLAIN);
}

static bool enough_rows(struct screen *screen)
{
	uint32_t need = (uint32_t)LINES;
	struct row *rows;

	if (screen->n_rows >= need)
		return true;
	rows = realloc(screen->rows, need * sizeof *rows);
	if (!rows)
		return false;
	for (uint32_t i = screen->n_rows; i < need; i++)
		rows[i] = (struct row){0};
	screen->rows = rows;
	screen->n_rows = need;
	return true;
}

static void draw_body(struct screen *screen, int y, int height)
{
	struct page *page = screen_page(screen);

	if (height <= 0 || !enough_rows(screen))
		return;
	if (page->ops->layout) {
		page->ops->layout(page, y, height, COLS);
	} else {
		page->panes[0].y = y;
		page->panes[0].x = 0;
		page->panes[0].height = height;
		page->panes[0].width = COLS;
	}
	for (unsigned i = 0; i < page->n_panes; i++) {
		struct row_reader reader = { page, i };
		struct pane *pane = &page->panes[i];

		pane_settle(pane, screen_read_row, &reader);
		pane_draw(pane, i == page->focus, screen->rows, screen_read_row, &reader);
	}
	if (page->n_panes == 1 && !page->panes[0].n_rows && page->empty)
		cells_text(page->panes[0].y + (page->panes[0].heads ? 2 : 1), page->panes[0].x + 1,
			   page->panes[0].width - 2, page->empty, ROLE_PLAIN);
}

void frame_draw(struct screen *screen)
{
	struct page *page = screen_page(screen);
	struct layout f = measure();

	erase();
	if (f.title >= 0)
		draw_title(screen, f.title);
	if (f.views >= 0)
		draw_views(screen, f.views);
	draw_body(screen, f.body, f.height);
	if (f.crumb >= 0)
		put_both(f.crumb, &page->crumb, &page->note, true);
	if (f.rule >= 0)
		cells_rule(f.rule, 0, COLS);
	if (f.proof >= 0)
		draw_proof(screen, f.proof);
	if (f.footer >= 0)
		draw_footer(screen, f.footer);
	refresh();
}

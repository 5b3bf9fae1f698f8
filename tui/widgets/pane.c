#include "tui/widgets/pane.h"

#include <string.h>

#include "tui/widgets/clip.h"

enum { MARGIN = 1, GAP = 2 };
enum { ROOMY = 56 }; /* cells of a name that are worth more than a column of DROP_EARLY */

void row_clear(struct row *row)
{
	for (unsigned i = 0; i < MAX_COLUMNS; i++)
		line_clear(&row->cells[i]);
	row->over = ROLE_PLAIN;
	row->continues = false;
}

void row_free(struct row *row)
{
	for (unsigned i = 0; i < MAX_COLUMNS; i++)
		line_free(&row->cells[i]);
}

void row_text(const struct row *row, unsigned n_columns, struct text *out)
{
	for (unsigned i = 0; i < n_columns; i++) {
		const struct text *cell = &row->cells[i].text;

		if (!cell->length)
			continue;
		text_puts(out, out->length ? "  " : "");
		text_append(out, cell->bytes, cell->length);
	}
}

static int rows_y(const struct pane *pane)
{
	return pane->y + (pane->title.text.length ? 1 : 0) + (pane->heads ? 1 : 0);
}

uint32_t pane_visible(const struct pane *pane)
{
	int rows = pane->height - (rows_y(pane) - pane->y);

	return rows > 0 ? (uint32_t)rows : 0;
}

/* Does row INDEX continue the item above it? */
static bool continues(row_fn fetch, void *arg, uint32_t index)
{
	struct row row = {0};
	bool answer;

	fetch(arg, index, &row);
	answer = row.continues;
	row_free(&row);
	return answer;
}

/* One past the last row of the item that starts at ROW. */
static uint32_t item_end(const struct pane *pane, row_fn fetch, void *arg, uint32_t row)
{
	for (row++; row < pane->n_rows && continues(fetch, arg, row); row++)
		;
	return row;
}

void pane_settle(struct pane *pane, row_fn fetch, void *arg)
{
	uint32_t visible = pane_visible(pane), end;

	if (!pane->n_rows) {
		pane->selected = pane->top = 0;
		return;
	}
	if (pane->selected >= pane->n_rows)
		pane->selected = pane->n_rows - 1;
	while (pane->selected && continues(fetch, arg, pane->selected))
		pane->selected--;
	end = item_end(pane, fetch, arg, pane->selected);
	if (visible && end > pane->top + visible)
		pane->top = end - visible;
	if (pane->selected < pane->top)
		pane->top = pane->selected;
	if (pane->top + visible > pane->n_rows)
		pane->top = pane->n_rows > visible ? pane->n_rows - visible : 0;
}

void pane_move(struct pane *pane, int64_t n, row_fn fetch, void *arg)
{
	int64_t to = (int64_t)pane->selected + n, last = (int64_t)pane->n_rows - 1;

	if (!pane->n_rows)
		return;
	if (n == 1)
		to = item_end(pane, fetch, arg, pane->selected);
	if (to <= last)
		pane->selected = to < 0 ? 0 : (uint32_t)to;
	else if (n > 1)
		pane->selected = (uint32_t)last;
	pane_settle(pane, fetch, arg);
}

static bool sorted_backwards(const struct pane *pane, unsigned i)
{
	return pane->columns[i].sort && pane->sort == i && pane->reversed;
}

/* The least and the wished-for width of a column. */
static int least(const struct pane *pane, unsigned i)
{
	const struct column *c = &pane->columns[i];
	int title = pane->heads ? (int)text_width(c->title) + sorted_backwards(pane, i) : 0;
	int natural = pane->widest[i] > title ? pane->widest[i] : title;

	if (!natural)
		return 0;
	if (!c->max)
		return natural < c->min ? natural : c->min;
	if (c->align == ALIGN_RIGHT) /* a figure is whole or not there */
		return natural < c->min ? c->min : natural;
	return natural < c->min ? c->min : natural > c->max ? c->max : natural;
}

static int wished(const struct pane *pane, unsigned i)
{
	int natural = pane->widest[i], min = least(pane, i);

	return !pane->columns[i].max && natural > min ? natural : min;
}

static int total(const struct pane *pane, const int *widths)
{
	int sum = 2 * MARGIN;

	for (unsigned i = 0; i < pane->n_columns; i++)
		sum += widths[i] ? widths[i] + (sum > 2 * MARGIN ? GAP : 0) : 0;
	return sum;
}

/* Leave out one column, of those with LEAST_DROP or more; false if there is none. */
static bool drop_one(const struct pane *pane, int *widths, unsigned least_drop)
{
	unsigned worst = MAX_COLUMNS;

	for (unsigned i = 0; i < pane->n_columns; i++)
		if (widths[i] && pane->columns[i].drop >= least_drop &&
		    (worst == MAX_COLUMNS || pane->columns[i].drop > pane->columns[worst].drop))
			worst = i;
	if (worst == MAX_COLUMNS)
		return false;
	widths[worst] = 0;
	return true;
}

/* Cells by which names would be clipped that are worth showing; ALL of what stands beside them, too. */
static int cramped(const struct pane *pane, const int *widths, bool all)
{
	int cells = 0;

	for (unsigned i = 0; i < pane->n_columns; i++) {
		int wish = pane->columns[i].max ? widths[i] : all ? wished(pane, i) : pane->matters[i];

		wish = wish < ROOMY ? wish : ROOMY;
		if (widths[i] && wish > widths[i])
			cells += wish - widths[i];
	}
	return cells;
}

/* Leave out columns until the rest fits with its least widths, and those that matter little until
 * names have room. */
static void drop_columns(const struct pane *pane, int *widths)
{
	for (unsigned i = 0; i < pane->n_columns; i++)
		widths[i] = least(pane, i);
	while (total(pane, widths) > pane->width && drop_one(pane, widths, 1))
		;
	while (total(pane, widths) + cramped(pane, widths, true) > pane->width &&
	       drop_one(pane, widths, DROP_EARLY))
		;
	while (total(pane, widths) + cramped(pane, widths, false) > pane->width &&
	       drop_one(pane, widths, DROP_NAMES))
		;
}

/* Share what is left among the columns that take it: each at most what it wishes, the narrow
 * ones first; what nobody wishes goes to the last. */
static void share_rest(const struct pane *pane, int *widths)
{
	int rest = pane->width - total(pane, widths), last = -1;
	bool grew = true;

	while (rest > 0 && grew) {
		grew = false;
		for (unsigned i = 0; i < pane->n_columns && rest > 0; i++) {
			if (!widths[i] || pane->columns[i].max || widths[i] >= wished(pane, i))
				continue;
			widths[i]++;
			rest--;
			grew = true;
		}
	}
	for (unsigned i = 0; i < pane->n_columns; i++)
		if (widths[i] && !pane->columns[i].max)
			last = (int)i;
	if (last >= 0 && (rest > 0 || widths[last] + rest > 0))
		widths[last] += rest;
}

static void draw_heads(const struct pane *pane, const int *widths)
{
	int x = pane->x + MARGIN, y = rows_y(pane) - 1;

	cells_text(y, pane->x, pane->width, "", ROLE_PLAIN);
	for (unsigned i = 0; i < pane->n_columns; i++) {
		autoline struct line title = {0};

		if (!widths[i])
			continue;
		text_puts(&title.text, pane->columns[i].title);
		if (sorted_backwards(pane, i))
			text_puts(&title.text, "↑");
		cells_line(y, x, widths[i], &title, pane->columns[i].align, ROLE_ROOT);
		x += widths[i] + GAP;
	}
}

static void draw_row(const struct pane *pane, int y, const int *widths, const struct row *row,
		     bool selected)
{
	enum role over = selected ? ROLE_SELECTED : row->over;
	int x = pane->x + MARGIN, right = pane->x + pane->width;

	cells_text(y, pane->x, pane->width, "", over);
	for (unsigned i = 0; i < pane->n_columns; i++) {
		int width = x + widths[i] > right ? right - x : widths[i];

		if (width <= 0)
			continue;
		cells_line(y, x, width, &row->cells[i], pane->columns[i].align, over);
		x += widths[i] + GAP;
	}
}

static void draw_title(const struct pane *pane)
{
	int width = (int)text_width(text_string(&pane->title.text));

	cells_rule(pane->y, pane->x, pane->width);
	if (width > pane->width - 4)
		width = pane->width - 4;
	if (width <= 0)
		return;
	cells_text(pane->y, pane->x + 1, width + 2, "", ROLE_PLAIN);
	cells_line(pane->y, pane->x + 2, width, &pane->title, ALIGN_LEFT, ROLE_PLAIN);
}

static void see(uint16_t *widest, unsigned width)
{
	width = width > 1000 ? 1000 : width;
	if (width > *widest)
		*widest = (uint16_t)width;
}

/* Cells of what matters in LINE. */
static unsigned matters(const struct line *line)
{
	autotext struct text part = {0};

	if (!line->less)
		return text_width(text_string(&line->text));
	text_append(&part, text_string(&line->text), line->less);
	return text_width(text_string(&part));
}

/* Where the names of column I are cut that do not fit its WIDTH, so that those which differ still do. */
static void cut_apart(struct row *rows, uint32_t n, unsigned i, int width)
{
	enum { MOST = 128 };
	struct text parts[MOST] = {0};
	const char *names[MOST];

	n = n < MOST ? n : MOST;
	for (uint32_t r = 0; r < n; r++) {
		const struct line *line = &rows[r].cells[i];

		text_append(&parts[r], text_string(&line->text), line->less ? line->less : line->text.length);
		names[r] = text_string(&parts[r]);
	}
	for (uint32_t r = 0; r < n; r++)
		if (text_width(names[r]) > (unsigned)width && !rows[r].continues)
			rows[r].cells[i].head = (uint16_t)clip_head(names, n, r, (unsigned)width);
	for (uint32_t r = 0; r < n; r++)
		text_free(&parts[r]);
}

/* Read the visible rows and note how wide their content is. */
static uint32_t read_rows(struct pane *pane, struct row *rows, row_fn fetch, void *arg)
{
	uint32_t n = pane_visible(pane);

	if (pane->seen_width != pane->width) {
		memset(pane->widest, 0, sizeof pane->widest);
		memset(pane->matters, 0, sizeof pane->matters);
		pane->seen_width = pane->width;
	}
	if (pane->top + n > pane->n_rows)
		n = pane->n_rows - pane->top;
	for (uint32_t r = 0; r < n; r++) {
		row_clear(&rows[r]);
		fetch(arg, pane->top + r, &rows[r]);
		for (unsigned i = 0; i < pane->n_columns; i++) {
			see(&pane->widest[i], text_width(text_string(&rows[r].cells[i].text)));
			see(&pane->matters[i], matters(&rows[r].cells[i]));
		}
	}
	return n;
}

void pane_draw(struct pane *pane, bool focused, struct row *rows, row_fn fetch, void *arg)
{
	int widths[MAX_COLUMNS], y = rows_y(pane);
	bool selected = false;
	uint32_t n;

	if (pane->height <= 0 || pane->width <= 0)
		return;
	n = read_rows(pane, rows, fetch, arg);
	drop_columns(pane, widths);
	share_rest(pane, widths);
	for (unsigned i = 0; i < pane->n_columns; i++)
		if (widths[i] > 0 && !pane->columns[i].max)
			cut_apart(rows, n, i, widths[i]);
	if (pane->title.text.length)
		draw_title(pane);
	if (pane->heads)
		draw_heads(pane, widths);
	for (uint32_t r = 0; r < n; r++) {
		if (pane->top + r == pane->selected)
			selected = true;
		else if (!rows[r].continues)
			selected = false;
		draw_row(pane, y + (int)r, widths, &rows[r], focused && selected);
	}
}


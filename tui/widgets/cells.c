#include "tui/widgets/cells.h"

#include <string.h>
#include <wchar.h>

/* One character of the screen: a base and the marks that combine with it. */
struct cluster {
	wchar_t chars[CCHARW_MAX + 1];
	unsigned n, width;
};

void line_free(struct line *line)
{
	text_free(&line->text);
	line->n_marks = 0;
	line->less = 0;
	line->head = 0;
}

void line_clear(struct line *line)
{
	text_clear(&line->text);
	line->n_marks = 0;
	line->less = 0;
	line->head = 0;
}

void line_role(struct line *line, enum role role)
{
	if (line->n_marks == LINE_MARKS)
		return;
	line->marks[line->n_marks].at = (uint32_t)line->text.length;
	line->marks[line->n_marks++].role = (uint8_t)role;
}

void line_puts(struct line *line, enum role role, const char *string)
{
	if (role != ROLE_PLAIN)
		line_role(line, role);
	text_puts(&line->text, string);
	if (role != ROLE_PLAIN)
		line_role(line, ROLE_PLAIN);
}

void line_less(struct line *line)
{
	if (!line->less)
		line->less = (uint32_t)line->text.length;
}

void line_append(struct line *line, const struct line *other)
{
	uint32_t base = (uint32_t)line->text.length;

	if (other->less && !line->less)
		line->less = base + other->less;
	text_append(&line->text, text_string(&other->text), other->text.length);
	for (unsigned i = 0; i < other->n_marks && line->n_marks < LINE_MARKS; i++) {
		line->marks[line->n_marks].at = base + other->marks[i].at;
		line->marks[line->n_marks++].role = other->marks[i].role;
	}
}

/* Decode one code point of LENGTH bytes at S; returns the bytes it took. A malformed one is
 * U+FFFD and one byte. */
static size_t decode(const char *s, size_t length, uint32_t *out)
{
	unsigned char lead = (unsigned char)s[0];
	size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
	uint32_t c = n == 1 ? lead : n == 4 ? lead & 7u : n == 3 ? lead & 15u : lead & 31u;

	*out = 0xfffd;
	if (!n || n > length)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | ((unsigned char)s[i] & 0x3fu);
	}
	*out = c;
	return n;
}

static unsigned width_of(const char *s, size_t n)
{
	char one[8] = "";

	if (n == 1)
		return 1;
	memcpy(one, s, n);
	return text_width(one);
}

/* Characters that tell a terminal to do something, or turn the order of those around them. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* What is put on the screen for a code point. */
static wchar_t shown(uint32_t c)
{
	if (is_control(c))
		return L'?';
	if (!theme_unicode())
		return (wchar_t)theme_ascii(c);
	return wcwidth((wchar_t)c) < 0 ? 0xfffd : (wchar_t)c;
}

/* The next character of the screen; returns the bytes it took, 0 at the end. */
static size_t next_cluster(const char *s, size_t length, struct cluster *out)
{
	size_t used, more;
	uint32_t c;

	if (!length)
		return 0;
	used = decode(s, length, &c);
	out->width = width_of(s, used);
	out->chars[0] = shown(c);
	out->n = 1;
	while (used < length && (unsigned char)s[used] >= 0x80) {
		more = decode(s + used, length - used, &c);
		if (c == 0xfffd || width_of(s + used, more) != 0)
			break;
		if (out->n < CCHARW_MAX && theme_unicode() && !is_control(c) &&
		    wcwidth((wchar_t)c) == 0)
			out->chars[out->n++] = (wchar_t)c;
		used += more;
	}
	out->chars[out->n] = L'\0';
	return used;
}

static void put(int y, int x, const struct cluster *cluster, enum role role, enum role over)
{
	attr_t attributes = theme_attributes(role) | theme_attributes(over);
	short pair = theme_pair(over) ? theme_pair(over) : theme_pair(role);
	cchar_t cell;

	if (y < 0 || x < 0 || y >= LINES || x + (int)cluster->width > COLS)
		return;
	/* A cell that is selected keeps the default colours: they are known to be readable. */
	if (over == ROLE_SELECTED)
		pair = 0;
	if (setcchar(&cell, cluster->chars, attributes, pair, NULL) == OK)
		mvadd_wch(y, x, &cell);
}

static void fill(int y, int x, int width, wchar_t c, enum role over)
{
	struct cluster cluster = { .chars = { c }, .n = 1, .width = 1 };

	for (int i = 0; i < width; i++)
		put(y, x + i, &cluster, ROLE_PLAIN, over);
}

static enum role role_at(const struct line *line, size_t at)
{
	enum role role = ROLE_PLAIN;

	for (unsigned i = 0; i < line->n_marks && line->marks[i].at <= at; i++)
		role = line->marks[i].role;
	return role;
}

/* What is left out of a line: the bytes from begin to end. */
struct cut { size_t begin, end; };

/* A line that must fit WIDTH cells: the middle goes, of the part that matters less if there is one and
 * enough of it can stay. */
static struct cut cut_line(const struct line *line, unsigned width)
{
	enum { LEAST = 10 };
	const char *s = text_string(&line->text);
	size_t length = line->text.length, less = line->less && line->less < length ? line->less : length;
	struct cut cut, name;
	unsigned head = line->head && line->head < width ? line->head : (width - 1) / 2;
	unsigned matters;

	text_cut(s, length, width, head, &cut.begin, &cut.end);
	if (cut.begin == length || less == length)
		return cut;
	text_cut(s, less, width, head, &name.begin, &name.end);
	if (name.begin < less) /* not even what matters fits: nothing else stays */
		return (struct cut){ name.begin, name.end };
	matters = text_width(s) - text_width(s + less);
	if (width - matters < LEAST)
		return (struct cut){ less, length };
	text_cut(s + less, length - less, width - matters, (width - matters - 1) / 2, &cut.begin, &cut.end);
	return (struct cut){ less + cut.begin, less + cut.end };
}

void cells_line(int y, int x, int width, const struct line *line, enum align align,
		enum role over)
{
	const char *s = text_string(&line->text);
	size_t length = line->text.length, at = 0, used;
	int total = (int)text_width(s), column = x;
	bool dots = false;
	struct cluster cluster;
	struct cut cut;

	if (width <= 0 || y < 0 || y >= LINES)
		return;
	cut = cut_line(line, (unsigned)width);
	if (align == ALIGN_RIGHT && total < width) {
		fill(y, x, width - total, L' ', over);
		column += width - total;
	}
	for (; (used = next_cluster(s + at, length - at, &cluster)); at += used) {
		if ((at < cut.begin || at >= cut.end) &&
		    column + (int)cluster.width <= x + width) {
			put(y, column, &cluster, role_at(line, at), over);
			column += (int)cluster.width;
		} else if (!dots && column < x + width) {
			dots = true;
			fill(y, column++, 1, shown(0x2026), over);
		}
	}
	fill(y, column, x + width - column, L' ', over);
}

size_t cells_fit(const char *s, size_t length, unsigned width, bool words)
{
	size_t n = 0, space = 0, step;
	struct cluster cluster;
	unsigned used = 0;

	for (; (step = next_cluster(s + n, length - n, &cluster)); n += step) {
		used += cluster.width;
		if (used > width && n)
			return words && space ? space : n;
		if (s[n] == ' ')
			space = n + 1;
	}
	return length;
}

void cells_text(int y, int x, int width, const char *string, enum role role)
{
	autoline struct line line = {0};

	text_puts(&line.text, string);
	cells_line(y, x, width, &line, ALIGN_LEFT, role);
}

void cells_rule(int y, int x, int width)
{
	fill(y, x, width, shown(0x2500), ROLE_DIM);
}

void cells_divider(int y, int x, int height)
{
	for (int i = 0; i < height; i++)
		fill(y + i, x, 1, shown(0x2502), ROLE_DIM);
}

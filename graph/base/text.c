#include "graph/base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/unicode.h"

#define ELLIPSIS "…"
#define MAX_MARKS 4 /* combining marks in a row */

void text_free(struct text *t)
{
	free(t->bytes);
	*t = (struct text){ 0 };
}

void text_clear(struct text *t)
{
	t->length = 0;
	if (t->bytes)
		t->bytes[0] = '\0';
}

const char *text_string(const struct text *t)
{
	return t->bytes ? t->bytes : "";
}

/* Make room for EXTRA bytes and the NUL. */
static bool grow(struct text *t, size_t extra)
{
	size_t wanted, capacity = t->capacity ? t->capacity : 64;
	char *bytes;

	if (t->failed || __builtin_add_overflow(t->length, extra, &wanted) ||
	    wanted > SIZE_MAX / 4) {
		t->failed = true;
		return false;
	}
	if (wanted < t->capacity)
		return true;
	while (capacity <= wanted)
		capacity *= 2;
	bytes = realloc(t->bytes, capacity);
	if (!bytes) {
		t->failed = true;
		return false;
	}
	t->bytes = bytes;
	t->capacity = capacity;
	return true;
}

void text_append(struct text *t, const char *bytes, size_t length)
{
	if (!grow(t, length))
		return;
	if (length)
		memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
	t->bytes[t->length] = '\0';
}

void text_puts(struct text *t, const char *string)
{
	if (string)
		text_append(t, string, strlen(string));
	else
		t->failed = true;
}

void text_putc(struct text *t, char c)
{
	text_append(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !grow(t, (size_t)length)) {
		t->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(t->bytes + t->length, (size_t)length + 1, format, args);
	va_end(args);
	t->length += (size_t)length;
}

/* One piece of escaped text: a character as it is, or what stands for it. */
struct piece {
	char bytes[16];
	unsigned length;
};

static void piece_hex(struct piece *p, const char *bytes, unsigned n)
{
	p->length = 0;
	for (unsigned i = 0; i < n; i++)
		p->length += (unsigned)snprintf(p->bytes + p->length, sizeof p->bytes - p->length,
						"\\x%02x", (unsigned char)bytes[i]);
}

static void piece_backslash(struct piece *p, char c)
{
	p->bytes[0] = '\\';
	p->bytes[1] = c;
	p->length = 2;
}

/* Write to P what stands for character C, which is the N bytes at BYTES. */
static void piece_character(struct piece *p, uint32_t c, const char *bytes, unsigned n, bool quoted)
{
	if (c == '\n') {
		piece_backslash(p, 'n');
	} else if (c == '\t') {
		piece_backslash(p, 't');
	} else if (c == '\\' || (c == '"' && quoted)) {
		piece_backslash(p, (char)c);
	} else if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
		piece_hex(p, bytes, n);
	} else if (unicode_invisible(c)) {
		p->length = (unsigned)snprintf(p->bytes, sizeof p->bytes, "\\u{%04" PRIx32 "}", c);
	} else {
		memcpy(p->bytes, bytes, n);
		p->length = n;
	}
}

static void escape(struct text *t, const char *bytes, size_t length, size_t limit, bool quoted)
{
	size_t added = 0;
	unsigned marks = 0;

	for (size_t at = 0; at < length;) {
		uint32_t c = 0;
		unsigned n = unicode_decode(bytes + at, length - at, &c);
		struct piece piece;

		if (n)
			piece_character(&piece, c, bytes + at, n, quoted);
		else
			piece_hex(&piece, bytes + at, 1);
		at += n ? n : 1;
		marks = n && unicode_combining(c) ? marks + 1 : 0;
		if (marks > MAX_MARKS)
			continue;
		if (limit && added + piece.length > limit) {
			text_puts(t, ELLIPSIS);
			return;
		}
		text_append(t, piece.bytes, piece.length);
		added += piece.length;
	}
}

void text_escape(struct text *t, const char *bytes, size_t length, size_t limit)
{
	escape(t, bytes, length, limit, false);
}

void text_quote(struct text *t, const char *bytes, size_t length, size_t limit)
{
	text_putc(t, '"');
	escape(t, bytes, length, limit, true);
	text_putc(t, '"');
}

static uint64_t divide_rounded(uint64_t n, uint64_t by)
{
	return n / by + (n % by >= by - by / 2);
}

void text_size(struct text *t, uint64_t bytes, bool exact)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t unit = 1000, figure;
	size_t i = 0;

	if (exact || bytes < 1000) {
		text_count(t, bytes);
		text_puts(t, " B");
		return;
	}
	while (divide_rounded(bytes, unit) >= 1000) {
		unit *= 1000;
		i++;
	}
	if ((figure = divide_rounded(bytes, unit / 100)) < 1000)
		text_printf(t, "%" PRIu64 ".%02" PRIu64 " %s", figure / 100, figure % 100, units[i]);
	else if ((figure = divide_rounded(bytes, unit / 10)) < 1000)
		text_printf(t, "%" PRIu64 ".%" PRIu64 " %s", figure / 10, figure % 10, units[i]);
	else
		text_printf(t, "%" PRIu64 " %s", divide_rounded(bytes, unit), units[i]);
}

void text_count(struct text *t, uint64_t n)
{
	char digits[32];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, n);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text_putc(t, ',');
		text_putc(t, digits[i]);
	}
}

void text_counted(struct text *t, uint64_t n, const char *noun)
{
	size_t length = strlen(noun);

	text_count(t, n);
	text_putc(t, ' ');
	if (n == 1)
		text_puts(t, noun);
	else if (length && noun[length - 1] == 'y')
		text_printf(t, "%.*sies", (int)length - 1, noun);
	else
		text_printf(t, "%ss", noun);
}

void text_duration(struct text *t, uint64_t nanoseconds)
{
	static const struct { uint64_t below, unit; const char *name; } units[] = {
		{ 1000, 1, "ns" },
		{ 1000000, 1000, "µs" },
		{ 1000000000, 1000000, "ms" },
		{ 60ull * 1000000000, 1000000000, "s" },
		{ 3600ull * 1000000000, 60ull * 1000000000, "min" },
		{ 86400ull * 1000000000, 3600ull * 1000000000, "h" },
		{ UINT64_MAX, 86400ull * 1000000000, "d" },
	};
	size_t i = 0;

	while (nanoseconds >= units[i].below && units[i].below != UINT64_MAX)
		i++;
	text_printf(t, "%" PRIu64 " %s", nanoseconds / units[i].unit, units[i].name);
}

bool text_in_path(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c >= 0x80 ||
	       (c && strchr("/_.-~%@", c));
}

/* Does S begin with the last word of a versioned path, "v2"? */
static bool is_version(const char *s)
{
	size_t digits = *s == 'v' ? strspn(s + 1, "0123456789") : 0;

	return digits && !text_in_path((unsigned char)(s[1 + digits] == '.' ? ' ' : s[1 + digits]));
}

void text_symbol(struct text *t, const char *symbol)
{
	while (*symbol) {
		size_t n = 0, from = 0, before = 0;

		for (; text_in_path((unsigned char)symbol[n]); n++) {
			if (symbol[n] != '/')
				continue;
			before = from;
			from = n + 1;
		}
		if (is_version(symbol + from))
			from = before;
		text_append(t, symbol + from, n - from);
		symbol += n;
		if (*symbol)
			text_putc(t, *symbol++);
	}
}

const char *text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Bytes of the first character of S, which is not empty, and its cells. A byte that is no UTF-8
 * counts as a character of one cell. */
static size_t first_character(const char *s, size_t length, unsigned *cells)
{
	uint32_t c = 0;
	unsigned n = unicode_decode(s, length, &c);

	*cells = n ? unicode_cells(c) : 1;
	return n ? n : 1;
}

static unsigned width_of(const char *s, size_t length)
{
	unsigned width = 0;

	for (size_t at = 0; at < length;) {
		unsigned cells;

		at += first_character(s + at, length - at, &cells);
		width += cells;
	}
	return width;
}

unsigned text_width(const char *s)
{
	return width_of(s, strlen(s));
}

/* Bytes of S up to the last character that ends within WIDTH cells, its marks included. */
static size_t fit_begin(const char *s, size_t length, unsigned width)
{
	size_t at = 0;

	while (at < length) {
		unsigned cells;
		size_t n = first_character(s + at, length - at, &cells);

		if (cells > width)
			break;
		width -= cells;
		at += n;
	}
	return at;
}

/* Where the longest end of S begins that takes at most WIDTH of its TOTAL cells. */
static size_t fit_end(const char *s, size_t length, unsigned total, unsigned width)
{
	size_t at = 0;

	while (at < length) {
		unsigned cells;
		size_t n = first_character(s + at, length - at, &cells);

		if (total <= width && cells)
			break;
		total -= cells;
		at += n;
	}
	return at;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_in_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Bytes of " kB" or the like at S, 0 if it is something else. */
static size_t unit_at(const char *s)
{
	size_t n = 0;

	if (s[n] != ' ')
		return 0;
	n++;
	if (s[n] && strchr("kMGTPE", s[n]))
		n++;
	return s[n] == 'B' && !is_in_name(s[n + 1]) ? n + 1 : 0;
}

/* Bytes of the figure with its unit that begins at AT of S; 0 if none does: digits of a name are none. */
static size_t figure_at(const char *s, size_t at)
{
	size_t n = is_digit(s[at]) ? strspn(s + at, "0123456789.,") : 0;

	if (!n || (at && (is_in_name(s[at - 1]) || s[at - 1] == '.')))
		return 0;
	while (!is_digit(s[at + n - 1]))
		n--;
	return is_in_name(s[at + n]) ? 0 : n + unit_at(s + at + n);
}

/* What is left out of S, from *BEGIN to *END, takes with it a figure that it would cut. */
static void spare_figures(const char *s, size_t *begin, size_t *end)
{
	for (size_t at = 0, n; at < *end; at += n ? n : 1) {
		n = figure_at(s, at);
		if (at < *begin && at + n > *begin)
			*begin = at;
		if (at < *end && at + n > *end)
			*end = at + n;
	}
}

void text_cut(const char *s, size_t length, unsigned width, unsigned head, size_t *begin, size_t *end)
{
	unsigned total = width_of(s, length);
	size_t first, last;

	*begin = *end = length;
	if (total <= width)
		return;
	*begin = first = width ? fit_begin(s, length, head) : 0;
	*end = last = width ? fit_end(s, length, total, width - 1 - head) : length;
	spare_figures(s, begin, end);
	/* The cells that sparing a figure frees on one side are the other's. */
	if (*end != last)
		*begin = fit_begin(s, length, width - 1 - width_of(s + *end, length - *end));
	else if (*begin != first)
		*end = fit_end(s, length, total, width - 1 - width_of(s, *begin));
	spare_figures(s, begin, end);
}

void text_clip(struct text *t, const char *s, unsigned width, bool pad)
{
	text_clip_at(t, s, width, width / 2, pad);
}

void text_clip_at(struct text *t, const char *s, unsigned width, unsigned head, bool pad)
{
	size_t length = strlen(s), before = t->length, begin, end;
	unsigned used;

	text_cut(s, length, width, head, &begin, &end);
	text_append(t, s, begin);
	if (begin < length && width)
		text_puts(t, ELLIPSIS);
	text_append(t, s + end, length - end);
	used = t->failed ? width : text_width(text_string(t) + before);
	for (; pad && used < width; used++)
		text_putc(t, ' ');
}

void text_bar(struct text *t, uint64_t part, uint64_t whole, unsigned width, bool unicode)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double share = whole ? (double)part / (double)whole : 0;
	unsigned filled = (unsigned)((share > 1 ? 1 : share) * width * 8 + 0.5);

	if (!filled && part)
		filled = 1;
	for (unsigned i = 0; i < filled / 8; i++)
		text_puts(t, unicode ? "█" : "#");
	if (unicode)
		text_puts(t, eighths[filled % 8]);
	for (unsigned i = filled / 8; !unicode && i < width; i++)
		text_putc(t, '.');
}

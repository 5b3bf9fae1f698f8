/* Growing strings, the figures people read, and the one sanitiser of foreign bytes. */
#ifndef GORETAIN_GRAPH_BASE_TEXT_H
#define GORETAIN_GRAPH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string, always NUL-terminated once something was added; zero-initialise it.
 * When memory runs out `failed` is set and what was there stays: callers may check once at the
 * end. Own it with `autotext struct text t = {0};`. */
struct text {
	char *bytes;
	size_t length, capacity;
	bool failed;
};

void text_free(struct text *t);
#define autotext __attribute__((cleanup(text_free)))

void text_clear(struct text *t); /* length 0, the memory stays */
const char *text_string(const struct text *t); /* never NULL */
void text_append(struct text *t, const char *bytes, size_t length);
void text_puts(struct text *t, const char *string);
void text_putc(struct text *t, char c);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append foreign bytes so that no terminal, DOT or JSON reader can be led astray: C0, C1 (raw and
 * as UTF-8), DEL and malformed UTF-8 become \xNN; bidirectional controls, zero-width and line
 * separators become \u{NNNN}; newline, tab and backslash become \n \t \\; more than four
 * combining marks in a row are dropped. Everything else stays UTF-8. At most LIMIT bytes of
 * output are added (0 = no limit), then `…`. */
void text_escape(struct text *t, const char *bytes, size_t length, size_t limit);

/* text_escape between double quotes, with \" for a quote. */
void text_quote(struct text *t, const char *bytes, size_t length, size_t limit);

/* Bytes as people read them, powers of 1000 and three digits: "0 B", "999 B", "15.1 kB",
 * "638 MB", "1.04 GB". With EXACT: "638,123,456 B". */
void text_size(struct text *t, uint64_t bytes, bool exact);

/* A count with thousands separators: "4,120,311". */
void text_count(struct text *t, uint64_t n);

/* A count of things: "1 object", "3 entries"; NOUN is one of them. */
void text_counted(struct text *t, uint64_t n, const char *noun);

/* A time as people say it: "84 ms", "12 s", "3 min", "3 h", "5 d". */
void text_duration(struct text *t, uint64_t nanoseconds);

/* Append a symbol as the source says it: without the directories of the import paths in it, so that
 * "github.com/nats-io/nats-server/v2/server.(*stream).run" is "server.(*stream).run". A version that
 * ends a path stays with the word before it: "jwt/v2.re". */
void text_symbol(struct text *t, const char *symbol);

/* May C be part of an import path, in the form in which symbols have it? */
bool text_in_path(unsigned char c);

/* What follows the last slash of PATH: a file's name, an import path's last word with what comes after
 * it. PATH itself if it has none. */
const char *text_base_name(const char *path);

/* Cells that the UTF-8 string S takes on a terminal (after text_escape). */
unsigned text_width(const char *s);

/* What of S, LENGTH bytes, has to go so that it fits WIDTH cells with an ellipsis in its place: the bytes
 * from *BEGIN to *END, with HEAD cells before them; both are LENGTH if nothing has to. In the
 * middle, since the ends of a name distinguish it; and a figure with its unit stays whole or goes. */
void text_cut(const char *s, size_t length, unsigned width, unsigned head, size_t *begin, size_t *end);

/* Append S, cut so to WIDTH cells; padded with spaces to WIDTH when PAD. */
void text_clip(struct text *t, const char *s, unsigned width, bool pad);

/* The same with HEAD of the cells before the ellipsis. */
void text_clip_at(struct text *t, const char *s, unsigned width, unsigned head, bool pad);

/* Append a bar for PART of WHOLE, in eighths of a cell, at most WIDTH cells wide; a part that is
 * anything at all shows. Without UNICODE `#`, filled up with `.`. */
void text_bar(struct text *t, uint64_t part, uint64_t whole, unsigned width, bool unicode);

#endif

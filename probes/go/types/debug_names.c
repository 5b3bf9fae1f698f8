#include "probes/go/types/debug_names.h"

#include <stdlib.h>
#include <string.h>

#include "probes/go/types/symbols.h"
#include "probes/image/variables.h"

#define MAX_NAME 4096u
#define MAX_BRACES 64u
#define ENDS_WORD " []{}(),;*<\""

static void put(struct text *out, const char *raw, size_t length)
{
	symbol_text(out, raw, length, MAX_NAME);
}

/* ---- packages ---- */

static const char *path_of(const struct debug_names *names, uint32_t place)
{
	const struct variables *v = names->variables;

	return v->text + v->types.packages[place].path;
}

static int by_path(const void *a, const void *b, void *arg)
{
	return strcmp(path_of(arg, *(const uint32_t *)a), path_of(arg, *(const uint32_t *)b));
}

bool debug_names_begin(struct debug_names *names, const struct variables *variables)
{
	uint32_t n = variables->types.n_packages;
	uint32_t *sorted = malloc((n + 1ul) * sizeof *sorted);

	if (!sorted)
		return false;
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = i;
	*names = (struct debug_names){ .variables = variables, .sorted = sorted, .n = n };
	qsort_r(sorted, n, sizeof *sorted, by_path, names);
	return true;
}

void debug_names_end(struct debug_names *names)
{
	free((uint32_t *)names->sorted);
	*names = (struct debug_names){ 0 };
}

/* The name of the package with the path of LENGTH bytes, as the file has it; NULL if it does not say. Types
 * have their paths with escapes, packages have theirs without. */
static const char *package_name(const struct debug_names *names, const char *raw, size_t length)
{
	autotext struct text path = { 0 };
	uint32_t lo = 0, hi = names->n;

	for (const char *p = raw; p < raw + length;)
		text_putc(&path, symbol_byte(&p, raw + length));
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const char *here = path_of(names, names->sorted[mid]);
		int order = strcmp(here, text_string(&path));

		if (!order)
			return names->variables->text +
			       names->variables->types.packages[names->sorted[mid]].name;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* ---- words ---- */

/* Where in the word of LENGTH bytes the path of its package ends: at the first dot after the last slash.
 * LENGTH if it has no package. */
static size_t path_length(const char *word, size_t length)
{
	const char *slash = memrchr(word, '/', length);
	const char *from = slash ? slash + 1 : word;
	const char *dot = memchr(from, '.', length - (size_t)(from - word));

	return dot && dot > word ? (size_t)(dot - word) : length;
}

static void put_word(const struct debug_names *names, const char *word, size_t length, struct text *out)
{
	size_t path = path_length(word, length);
	const char *name = path < length ? package_name(names, word, path) : NULL;
	const char *slash = memrchr(word, '/', path);
	size_t from = slash ? (size_t)(slash + 1 - word) : 0;

	if (name) {
		put(out, name, strlen(name));
		from = path;
	}
	put(out, word + from, length - from);
}

bool debug_type_is_named(const char *raw)
{
	size_t length = strcspn(raw, ENDS_WORD);

	return path_length(raw, length) < length;
}

void debug_type_package(const char *raw, struct text *out)
{
	size_t length = strcspn(raw, ENDS_WORD), path = path_length(raw, length);

	if (path < length)
		put(out, raw, path);
}

/* ---- whole names ---- */

struct speller {
	const struct debug_names *names;
	const char *at;
	struct text *out;
	bool structs[MAX_BRACES]; /* of the braces that are open: is it a struct's? */
	unsigned braces;
	bool field;               /* a struct's field begins here */
	bool is_struct;           /* the last word was "struct" */
};

/* To the end of the quoted string, or of the list of type arguments, that begins at S: as it stands. */
static size_t quoted(const char *s)
{
	size_t n = 1;

	while (s[n] && s[n] != '"')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n + (s[n] == '"');
}

static size_t arguments(const char *s)
{
	size_t n = 0;
	unsigned depth = 0;

	do {
		depth += s[n] == '[';
		depth -= s[n] == ']';
		n += s[n] == '"' ? quoted(s + n) : 1;
	} while (depth && s[n]);
	return n;
}

static void spell_word(struct speller *s)
{
	size_t dots = strspn(s->at, "."), length = dots + strcspn(s->at + dots, ENDS_WORD);
	const char *word = s->at + dots, *end = s->at + length;
	size_t path = path_length(word, length - dots);
	bool has_package = path < length - dots;
	bool is_name = s->field && *end == ' ' && !strchr("}\"", end[1]);

	text_append(s->out, s->at, dots);
	if (is_name && has_package)
		put(s->out, word + path + 1, length - dots - path - 1);
	else
		put_word(s->names, word, length - dots, s->out);
	s->is_struct = length == 6 && !strncmp(s->at, "struct", 6);
	s->field = false;
	s->at = end;
	if (*end == '[' && has_package) {
		length = arguments(end);
		put(s->out, end, length);
		s->at += length;
	}
}

static void spell_sign(struct speller *s)
{
	char c = *s->at;

	if (c == '"') {
		size_t n = quoted(s->at);

		put(s->out, s->at, n);
		s->at += n;
		return;
	}
	if (c == '{') {
		if (s->braces < MAX_BRACES)
			s->structs[s->braces] = s->is_struct;
		s->braces++;
	} else if (c == '}' && s->braces) {
		s->braces--;
	}
	if (c == '{' || c == ';')
		s->field = s->braces && s->braces <= MAX_BRACES && s->structs[s->braces - 1];
	else if (c != ' ')
		s->field = false;
	text_putc(s->out, c);
	s->at++;
}

void debug_type_name(const struct debug_names *names, const char *raw, struct text *out)
{
	struct speller s = { .names = names, .at = raw, .out = out };

	while (*s.at && out->length < MAX_NAME) {
		if (strchr(ENDS_WORD, *s.at))
			spell_sign(&s);
		else
			spell_word(&s);
	}
}

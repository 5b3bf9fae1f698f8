#include "graph/query/what.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/lens.h"
#include "graph/naming.h"

#define MAX_REPEATS 100000u /* counted ones of a regular expression, multiplied */
#define MAX_SHOWN 120 /* bytes of TEXT repeated in an error */

void what_free(struct what *what)
{
	free(what->holders);
	free(what->types);
	memset(what, 0, sizeof *what);
}

/* --- addresses --- */

static bool parse_address(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	return *end == '\0' && errno == 0;
}

static bool one_holder(struct what *out, uint32_t holder, struct error *err)
{
	out->kind = WHAT_GLOBAL;
	out->holders = malloc(sizeof *out->holders);
	if (!out->holders)
		return fail_memory(err, "the name of a global");
	out->holders[0] = holder;
	out->n_holders = 1;
	return true;
}

static uint32_t global_at(const struct graph *g, uint64_t addr)
{
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (g->holders[h].kind == HOLDER_GLOBAL && addr >= g->holders[h].lo &&
		    addr < g->holders[h].hi)
			return h;
	return NO_NODE;
}

static bool resolve_address(const struct graph *g, uint64_t addr, struct what *out,
			    struct error *err)
{
	uint32_t holder;

	out->object = graph_find(g, addr, &out->offset);
	if (out->object != NO_NODE) {
		out->kind = WHAT_OBJECT;
		return true;
	}
	holder = global_at(g, addr);
	if (holder != NO_NODE)
		return one_holder(out, holder, err);
	return fail(err, STATUS_NOT_FOUND, "there is no object and no global at 0x%" PRIx64
		    ": it is free memory of the heap, or none of the heap at all", addr);
}

/* --- names --- */

typedef bool (*match_fn)(const struct graph *g, const void *pattern, const char *name);

static bool match_exact(const struct graph *g, const void *pattern, const char *name)
{
	return naming_is(g, pattern, name);
}

/* Is PATTERN the type's name with the whole path of its package, of which the name has the last word only:
 * "github.com/gorilla/mux.Router"? */
static bool is_full_name(const struct type *type, const char *pattern)
{
	const char *path = *type->package ? strstr(pattern, type->package) : NULL;
	size_t head = path ? (size_t)(path - pattern) : 0;
	const char *rest = path && !strncmp(pattern, type->name, head) ? strchr(type->name + head, '.') : NULL;

	return rest && strcmp(path + strlen(type->package), rest) == 0;
}

/* The runtime's own variables are globals too, if one asks for them by name. */
static bool is_variable(const struct holder *h)
{
	return h->kind == HOLDER_GLOBAL || h->kind == HOLDER_RUNTIME;
}

/* The global of that name; of several that are shown alike the one that retains most. */
static uint32_t find_global(const struct graph *g, const char *name)
{
	uint32_t found = NO_NODE;

	for (uint32_t h = 0; h < g->n_holders; h++) {
		const struct holder *holder = &g->holders[h];

		if (!is_variable(holder) || !match_exact(g, name, holder->name))
			continue;
		if (strcmp(holder->name, name) == 0)
			return h;
		if (found == NO_NODE || holder->retained > g->holders[found].retained)
			found = h;
	}
	return found;
}

/* --- what the lens says of variables --- */

static bool words_of(const struct graph *g, const char *name, struct global_words *out)
{
	return g->lens && g->lens->ops->global && g->lens->ops->global(g->lens, name, out);
}

static void free_words(struct global_words *words)
{
	text_free(&words->name);
	text_free(&words->type);
	text_free(&words->value);
}

bool what_empty(const struct graph *g, const char *text, struct text *out)
{
	struct global_words words = {0};
	bool found = words_of(g, text, &words);

	if (found) {
		text_printf(out, "global %s", text_string(&words.name));
		if (words.type.length)
			text_printf(out, " (%s)", text_string(&words.type));
		if (words.value.length)
			text_printf(out, " is %s", text_string(&words.value));
		text_puts(out, words.value.length ? ": it holds nothing, 0 B" : " holds nothing, 0 B");
	}
	free_words(&words);
	return found;
}

static int compare_holders(const void *a, const void *b, void *arg)
{
	const struct graph *g = arg;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	uint64_t x = g->holders[left].retained, y = g->holders[right].retained;

	return x != y ? (x > y ? -1 : 1) : left < right ? -1 : left > right;
}

/* Is holder H what a variable leads to, NAME being the variable's name in full: "main.table[1]"? */
static bool is_part(const struct holder *h, const char *name)
{
	size_t length = strlen(name);

	return is_variable(h) && !strncmp(h->name, name, length) && h->name[length] &&
	       strchr("[. ", h->name[length]);
}

/* All that the global NAME leads to, if it is one that itself holds nothing. */
static bool find_parts(const struct graph *g, const char *name, struct what *out, struct error *err)
{
	struct global_words words = {0};
	bool found = words_of(g, name, &words);

	out->holders = found ? calloc((size_t)g->n_holders + 1, sizeof *out->holders) : NULL;
	for (uint32_t h = 0; out->holders && h < g->n_holders; h++)
		if (is_part(&g->holders[h], text_string(&words.name)))
			out->holders[out->n_holders++] = h;
	free_words(&words);
	if (found && !out->holders)
		return fail_memory(err, "the name of a global");
	out->parts = out->n_holders > 0;
	if (out->parts) {
		qsort_r(out->holders, out->n_holders, sizeof *out->holders, compare_holders,
			(void *)g);
	} else {
		free(out->holders);
		out->holders = NULL;
	}
	return true;
}

static bool match_regexp(const struct graph *g, const void *pattern, const char *name)
{
	return regexec(pattern, name, 0, NULL, 0) == 0;
}

static bool match_types(const struct graph *g, match_fn match, const void *pattern,
			struct what *out, struct error *err)
{
	if (!out->types)
		out->types = calloc((size_t)g->n_types + 1, sizeof *out->types);
	if (!out->types)
		return fail_memory(err, "names of types");
	out->n_types = 0;
	for (uint32_t t = 0; t < g->n_types; t++)
		if (g->types[t].objects &&
		    (match(g, pattern, g->types[t].name) ||
		     (g->types[t].spelled && match(g, pattern, g->types[t].spelled)) ||
		     (match == match_exact && is_full_name(&g->types[t], pattern))) &&
		    (match == match_exact || g->types[t].shape != SHAPE_MAP_PART))
			out->types[out->n_types++] = t;
	return true;
}

static bool match_globals(const struct graph *g, const regex_t *pattern, struct what *out,
			  struct error *err)
{
	out->holders = calloc((size_t)g->n_holders + 1, sizeof *out->holders);
	if (!out->holders)
		return fail_memory(err, "names of globals");
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (g->holders[h].kind == HOLDER_GLOBAL &&
		    match_regexp(g, pattern, g->holders[h].name))
			out->holders[out->n_holders++] = h;
	qsort_r(out->holders, out->n_holders, sizeof *out->holders, compare_holders, (void *)g);
	return true;
}

static bool is_regexp(const char *text)
{
	size_t n = strlen(text);

	return n >= 3 && text[0] == '/' && text[n - 1] == '/';
}

/* Counted repetitions are unrolled by the C library: a{255}{255}{255} takes gigabytes. */
static bool repeats_too_often(const char *pattern)
{
	uint64_t times = 1;

	while ((pattern = strchr(pattern, '{')) && times <= MAX_REPEATS) {
		uint64_t count = 1;

		for (pattern++; *pattern && strchr("0123456789,", *pattern);) {
			uint64_t bound = strtoul(pattern, NULL, 10);

			count = bound > count ? bound : count;
			pattern += strspn(pattern, "0123456789");
			pattern += strspn(pattern, ",");
		}
		times *= count <= MAX_REPEATS ? count : MAX_REPEATS + 1;
	}
	return times > MAX_REPEATS;
}

/* To be freed by regfree if that succeeds. */
static bool compile(const char *text, regex_t *out, struct error *err)
{
	autofree char *pattern = strndup(text + 1, strlen(text) - 2);
	char said[128];
	int rc;

	if (!pattern)
		return fail_memory(err, "a regular expression");
	if (repeats_too_often(pattern))
		return fail(err, STATUS_USAGE, "a regular expression that repeats more than %u times",
			    MAX_REPEATS);
	rc = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);
	if (!rc)
		return true;
	regerror(rc, out, said, sizeof said);
	return fail(err, STATUS_USAGE, "bad regular expression: %s", said);
}

bool what_check(const char *text, struct error *err)
{
	regex_t compiled;

	if (!is_regexp(text))
		return true;
	if (!compile(text, &compiled, err))
		return false;
	regfree(&compiled);
	return true;
}

static bool resolve_regexp(const struct graph *g, const char *text, struct what *out,
			   struct error *err)
{
	regex_t compiled;
	bool good;

	if (!compile(text, &compiled, err))
		return false;
	out->kind = WHAT_REGEXP;
	good = match_types(g, match_regexp, &compiled, out, err) &&
	       match_globals(g, &compiled, out, err);
	regfree(&compiled);
	return good;
}

/* A name that contains TEXT, for one who remembers half of it; NULL if none does. */
static const char *similar_name(const struct graph *g, const char *text)
{
	for (uint32_t h = 0; h < g->n_holders; h++)
		if (g->holders[h].kind == HOLDER_GLOBAL && strcasestr(g->holders[h].name, text))
			return g->holders[h].name;
	for (uint32_t t = 0; t < g->n_types; t++)
		if (g->types[t].objects && strcasestr(g->types[t].name, text))
			return g->types[t].name;
	return NULL;
}

/* A hint only where it would work: other names are patterns of something else. */
static void put_hint(const char *text, const char *shown, struct text *out)
{
	if (*text && !strpbrk(text, "+*?()[]{}|^$\\/"))
		text_printf(out, "; /%s/ finds all names with that in them", shown);
}

static bool fail_unknown(const struct graph *g, const char *text, struct error *err)
{
	autotext struct text shown = {0}, hint = {0};
	const char *similar = *text ? similar_name(g, text) : NULL;

	if (what_empty(g, text, &shown))
		return fail(err, STATUS_NOT_FOUND, "%s", text_string(&shown));
	text_escape(&shown, text, strlen(text), MAX_SHOWN);
	if (is_regexp(text))
		return fail(err, STATUS_NOT_FOUND, "no type of an object and no global matches %s",
			    text_string(&shown));
	if (similar) {
		text_printf(&hint, "; there is %.200s", similar);
		put_hint(text, text_string(&shown), &hint);
	}
	return fail(err, STATUS_NOT_FOUND, "no global and no type of an object is called %s%s",
		    text_string(&shown), text_string(&hint));
}

static bool resolve(const struct graph *g, const char *text, struct what *out, struct error *err)
{
	uint64_t addr;
	uint32_t holder;

	if (parse_address(text, &addr))
		return resolve_address(g, addr, out, err);
	holder = find_global(g, text);
	if (holder != NO_NODE)
		return one_holder(out, holder, err);
	out->kind = WHAT_GLOBAL;
	if (!find_parts(g, text, out, err))
		return false;
	if (out->parts)
		return true;
	out->kind = WHAT_TYPE;
	if (!match_types(g, match_exact, text, out, err))
		return false;
	if (!out->n_types && is_regexp(text) && !resolve_regexp(g, text, out, err))
		return false;
	return out->n_types || out->n_holders || fail_unknown(g, text, err);
}

bool what_resolve(const struct graph *g, const char *text, struct what *out, struct error *err)
{
	memset(out, 0, sizeof *out);
	out->object = NO_NODE;
	if (resolve(g, text, out, err))
		return true;
	what_free(out);
	return false;
}

/* --- instances --- */

/* Does another instance of the wanted types stand above ID in the dominator tree? */
static bool has_wanted_above(const struct graph *g, const bool *wanted, const uint8_t *below,
			     uint32_t id)
{
	uint32_t up = g->idom[id];

	return graph_is_object(g, up) &&
	       ((g->type[up] < g->n_types && wanted[g->type[up]]) || below[up]);
}

/* For each object: is there an instance above it? Walked from the top of the dominator tree down,
 * so that each object asks its parent only. */
static void mark_below(const struct graph *g, const bool *wanted, uint8_t *below, uint32_t *stack)
{
	size_t n = 0;
	uint32_t root = graph_root_node(g);

	/* Each node is on the stack once at most: it has one parent. */
	for (uint32_t k = g->kid_row[root]; k < g->kid_row[root + 1]; k++)
		stack[n++] = g->kids[k];
	while (n) {
		uint32_t node = stack[--n];

		if (graph_is_object(g, node))
			below[node] = has_wanted_above(g, wanted, below, node);
		for (uint32_t k = g->kid_row[node]; k < g->kid_row[node + 1]; k++)
			stack[n++] = g->kids[k];
	}
}

static void count_instance(const struct graph *g, uint32_t id, bool below, struct instances *out)
{
	if (!(g->flags[id] & OBJECT_LIVE)) {
		out->dead++;
		return;
	}
	if (!out->count++)
		out->holder = g->above[id];
	else if (out->holder != g->above[id])
		out->holder = NO_NODE;
	if (below)
		return;
	out->retained += g->retained[id];
	top_offer(&out->top, id, g->retained[id]);
}

bool what_instances(const struct graph *g, const struct what *what, struct instances *out,
		    struct error *err)
{
	autofree bool *wanted = calloc((size_t)g->n_types + 1, sizeof *wanted);
	autofree uint8_t *below = calloc((size_t)g->n_objects + 1, sizeof *below);
	autofree uint32_t *stack = malloc(((size_t)graph_root_node(g) + 1) * sizeof *stack);

	if (!wanted || !below || !stack)
		return fail_memory(err, "the instances of a type");
	for (uint32_t i = 0; i < what->n_types; i++)
		wanted[what->types[i]] = true;
	out->holder = NO_NODE;
	mark_below(g, wanted, below, stack);
	for (uint32_t id = 0; id < g->n_objects; id++)
		if (g->type[id] < g->n_types && wanted[g->type[id]])
			count_instance(g, id, below[id], out);
	return true;
}

#include "graph/export/content.h"

#include <string.h>

#include "graph/lens.h"
#include "graph/query/label.h"

/* Bytes of the string that was escaped into LENGTH bytes at S (text_quote). */
static size_t unescaped_length(const char *s, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++, n++)
		if (s[i] == '\\' && i + 1 < length)
			i += s[i + 1] == 'x' ? 3 : 1;
	return n;
}

/* Which slot of a map has the key that KEY shows: `["user:42"]`. */
struct key_search { const char *key; uint64_t slot; bool found; };

static bool compare_key(void *arg, const struct map_entry *entry)
{
	struct key_search *search = arg;
	autotext struct text label = {0};

	if (!entry->key)
		return true;
	text_puts(&label, "[\"");
	for (const char *c = entry->key; *c; c++) { /* escaped already, but not for quotes */
		if (*c == '"')
			text_putc(&label, '\\');
		text_putc(&label, *c);
	}
	text_puts(&label, "\"]");
	search->found = strcmp(text_string(&label), search->key) == 0;
	search->slot = entry->slot;
	return !search->found;
}

static bool is_schema_key(const struct graph *g, uint32_t src, const char *label)
{
	struct key_search search = { .key = strchr(label, '[') };
	const struct map *map = graph_map_of(g, label_visible(g, src));
	uint32_t number;

	if (!map || !search.key || !g->lens->ops->is_schema_key)
		return false;
	number = (uint32_t)(map - g->maps);
	g->lens->ops->map_entries(g->lens, number, compare_key, &search);
	return search.found && g->lens->ops->is_schema_key(g->lens, number, search.slot);
}

static bool in_map(const struct graph *g, uint32_t src)
{
	const struct type *type = graph_type(g, src);

	return type && (type->shape == SHAPE_MAP_PART || type->kind == TYPE_MAP);
}

/* The label with its key's length in place of the key; what stands before it stays: `key ["…7 B"]`. */
static void put_length(const char *label, struct text *out)
{
	size_t before = strcspn(label, "[\"");
	const char *open = strchr(label, '"'), *close = strrchr(label, '"');

	text_append(out, label, before);
	if (open && close > open)
		text_printf(out, "[\"…%zu B\"]",
			    unescaped_length(open + 1, (size_t)(close - open - 1)));
	else
		text_puts(out, "[…]");
}

void content_edge_label(const struct graph *g, uint32_t src, uint32_t dst, bool with_data,
			struct text *out)
{
	autotext struct text label = {0};
	enum known known;
	bool key;

	label_edge(g, src, dst, &label, &known);
	key = strchr(text_string(&label), '"') || (in_map(g, src) && label.length);
	if (!key || with_data || g->lens->redact || is_schema_key(g, src, text_string(&label)))
		text_append(out, text_string(&label), label.length);
	else
		put_length(text_string(&label), out);
}

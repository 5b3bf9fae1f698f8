#include "probes/go/name_pool.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "graph/base/text.h"
#include "probes/go/types/symbols.h"

#define BLOCK (1u << 16)
#define MAX_NAME 512

void name_pool_free(struct name_pool *names)
{
	for (uint32_t i = 0; i < names->n_blocks; i++)
		free(names->blocks[i]);
	free(names->blocks);
	free(names->known);
	memset(names, 0, sizeof *names);
}

/* A block with room for SIZE bytes. */
static char *room_for(struct name_pool *names, size_t size)
{
	if (names->n_blocks && names->used + size <= names->size)
		return names->blocks[names->n_blocks - 1] + names->used;
	if (!GROW(names->blocks, names->n_blocks, names->capacity_blocks))
		return NULL;
	names->size = size > BLOCK ? size : BLOCK;
	names->used = 0;
	names->blocks[names->n_blocks] = malloc(names->size);
	return names->blocks[names->n_blocks] ? names->blocks[names->n_blocks++] : NULL;
}

const char *name_pool_copy(struct name_pool *names, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = size > 1 ? room_for(names, size) : NULL;

	if (!copy)
		return "";
	memcpy(copy, string, size);
	names->used += size;
	return copy;
}

static uint32_t place_of(const struct name_pool *names, const char *raw)
{
	uint32_t mask = names->size_known - 1;
	uint32_t i = (uint32_t)((uintptr_t)raw * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (names->known[i].raw && names->known[i].raw != raw)
		i = (i + 1) & mask;
	return i;
}

static int grow(struct name_pool *names)
{
	struct name_pool old = *names;

	names->size_known = old.size_known ? 2 * old.size_known : 1024;
	names->known = calloc(names->size_known, sizeof *names->known);
	if (!names->known) {
		*names = old;
		return 0;
	}
	for (uint32_t i = 0; i < old.size_known; i++)
		if (old.known[i].raw) {
			uint32_t at = place_of(names, old.known[i].raw);

			names->known[at].raw = old.known[i].raw;
			names->known[at].copy = old.known[i].copy;
		}
	free(old.known);
	return 1;
}

static const char *empty(void)
{
	return "\0"; /* an empty name, of an empty path */
}

/* The place of what is known of RAW; UINT32_MAX without memory. */
static uint32_t find(struct name_pool *names, const char *raw)
{
	if (2 * names->n_known >= names->size_known && !grow(names))
		return UINT32_MAX;
	return place_of(names, raw);
}

static void enter(struct name_pool *names, uint32_t place, const char *raw, const char *copy)
{
	names->known[place].raw = raw;
	names->known[place].copy = copy;
	names->n_known++;
}

const char *name_pool_of(struct name_pool *names, const char *raw)
{
	autotext struct text shown = { 0 };
	uint32_t i;

	if (!raw)
		return NULL;
	i = find(names, raw);
	if (i == UINT32_MAX)
		return "";
	if (!names->known[i].raw) {
		text_escape(&shown, raw, strlen(raw), MAX_NAME);
		enter(names, i, raw, name_pool_copy(names, text_string(&shown)));
	}
	return names->known[i].copy;
}

/* Copy of a symbol and, behind its NUL, of its import path. */
static const char *copy_symbol(struct name_pool *names, const char *raw)
{
	autotext struct text both = { 0 };
	char *copy;

	symbol_text(&both, raw, strlen(raw), MAX_NAME);
	text_putc(&both, '\0');
	symbol_text(&both, raw, symbol_package_length(raw), MAX_NAME);
	copy = both.failed ? NULL : room_for(names, both.length + 1);
	if (!copy)
		return empty();
	memcpy(copy, both.bytes, both.length + 1);
	names->used += both.length + 1;
	return copy;
}

const char *name_pool_symbol(struct name_pool *names, const char *raw)
{
	uint32_t i;

	if (!raw)
		return NULL;
	i = find(names, raw);
	if (i == UINT32_MAX)
		return empty();
	if (!names->known[i].raw)
		enter(names, i, raw, copy_symbol(names, raw));
	return names->known[i].copy;
}

const char *name_pool_path_of(const char *symbol)
{
	return symbol + strlen(symbol) + 1;
}

const char *name_pool_path(struct name_pool *names, const char *raw)
{
	autotext struct text path = { 0 };

	symbol_text(&path, raw, symbol_package_length(raw), MAX_NAME);
	return name_pool_copy(names, text_string(&path));
}

#include "probes/go/name_pool.h"

#include <stdlib.h>
#include <string.h>

#include "graph/grow.h"
#include "graph/text.h"

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

const char *name_pool_of(struct name_pool *names, const char *raw)
{
	autotext struct text shown = { 0 };
	uint32_t i;

	if (!raw)
		return NULL;
	if (2 * names->n_known >= names->size_known && !grow(names))
		return "";
	i = place_of(names, raw);
	if (!names->known[i].raw) {
		text_escape(&shown, raw, strlen(raw), MAX_NAME);
		names->known[i].raw = raw;
		names->known[i].copy = name_pool_copy(names, text_string(&shown));
		names->n_known++;
	}
	return names->known[i].copy;
}

const char *name_pool_package(struct name_pool *names, const char *name)
{
	const char *dot = strchr(text_base_name(name), '.');
	autotext struct text package = { 0 };

	if (!dot || dot == name)
		return "";
	text_append(&package, name, (size_t)(dot - name));
	return name_pool_copy(names, text_string(&package));
}

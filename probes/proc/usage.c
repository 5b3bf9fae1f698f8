#include "probes/proc/usage.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "probes/proc/mappings.h"

void usages_free(struct usages *u)
{
	free(u->items);
	free(u->names);
	*u = (struct usages){0};
}

/* Mappings of one name follow each other. */
static bool add_name(struct usages *u, const char *name, uint32_t *out)
{
	size_t length = strlen(name) + 1;
	uint32_t last = u->n ? u->items[u->n - 1].name : 0;

	if (u->names && !strcmp(u->names + last, name)) {
		*out = last;
		return true;
	}
	if (u->names_size + length > u->names_capacity) {
		uint32_t capacity = 2 * u->names_capacity + (uint32_t)length + 64;
		char *larger = realloc(u->names, capacity);

		if (!larger)
			return false;
		u->names = larger;
		u->names_capacity = capacity;
	}
	*out = u->names_size;
	memcpy(u->names + u->names_size, name, length);
	u->names_size += (uint32_t)length;
	return true;
}

static bool add_mapping(struct usages *u, const struct mapping_line *line)
{
	struct usage item = { .lo = line->range.lo, .hi = line->range.hi, .flags = line->range.flags };

	if (!add_name(u, line->path, &item.name) || !GROW(u->items, u->n, u->capacity))
		return false;
	u->items[u->n++] = item;
	return true;
}

/* "Rss:                 640 kB", see proc_pid_smaps(5). */
static void take_field(struct usage *item, const char *line)
{
	static const struct { const char *name; size_t at; } fields[] = {
		{ "Rss:", offsetof(struct usage, rss) },
		{ "Anonymous:", offsetof(struct usage, written) },
		{ "Swap:", offsetof(struct usage, swapped) },
		{ "Shared_Hugetlb:", offsetof(struct usage, huge) },
		{ "Private_Hugetlb:", offsetof(struct usage, huge) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t length = strlen(fields[i].name);
		uint64_t bytes;

		if (strncmp(line, fields[i].name, length))
			continue;
		bytes = strtoull(line + length, NULL, 10) * 1024;
		*(uint64_t *)((char *)item + fields[i].at) += bytes;
	}
}

bool usages_parse(struct usages *out, FILE *file, struct error *err)
{
	autofree char *line = NULL;
	size_t capacity = 0;
	struct mapping_line mapping;
	bool ok = add_name(out, "", &(uint32_t){0});

	while (ok && getline(&line, &capacity, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (mappings_line(line, &mapping))
			ok = add_mapping(out, &mapping);
		else if (out->n)
			take_field(&out->items[out->n - 1], line);
	}
	return ok || fail_memory(err, "what the mappings take");
}

bool usages_check(const struct usages *u)
{
	uint64_t last = 0;

	if (u->n && (!u->names_size || u->names[0] || u->names[u->names_size - 1]))
		return false;
	for (uint32_t i = 0; i < u->n; i++) {
		const struct usage *item = &u->items[i];

		if (item->lo < last || item->hi <= item->lo || item->name >= u->names_size ||
		    item->rss > item->hi - item->lo || item->written > item->rss)
			return false;
		last = item->hi;
	}
	return true;
}

const struct usage *usages_find(const struct usages *u, uint64_t addr)
{
	uint32_t i = sorted_above(u->items, u->n, sizeof *u->items, addr);

	return i < u->n && addr >= u->items[i].lo ? &u->items[i] : NULL;
}

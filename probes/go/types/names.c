/* Types by name. The linker's list of types (typelinks) has the unnamed ones only, but a pointer to
 * every named type that reflection may meet is among them; from 1.27 on there is no list, and the
 * descriptors themselves are walked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/types/private.h"

#define MAX_STEP (1u << 20)

/* Bytes from one descriptor to the next (1.27: they lie one after the other). */
static uint64_t descriptor_size(struct go *go, uint64_t addr, const struct rtype *t)
{
	uint64_t size = types_base_size(&go->layout, t->kind);
	uint64_t uncommon = addr + size;

	if (t->tflag & 1)
		size += 16;
	if (t->kind == KIND_FUNC)
		size += 8ull * (image_u16(go->image, addr + 48) +
				(image_u16(go->image, addr + 50) & 0x7fffu));
	else if (t->kind == KIND_INTERFACE)
		size += 8ull * image_u64(go->image, addr + 64);
	else if (t->kind == KIND_STRUCT)
		size += 24ull * image_u64(go->image, addr + 64);
	if (t->tflag & 1)
		size += 16ull * image_u16(go->image, uncommon + 4);
	return (size + 7) & ~7ull;
}

static void walk_descriptors(struct types *types, const struct go_module *m)
{
	struct go *go = types->go;
	uint64_t length = image_u64(go->image,
				    m->addr + (uint64_t)go->layout.moduledata_typedesclen);
	uint64_t at = m->types + 8, end = m->types + length;

	while (at < end && end <= m->etypes) {
		uint32_t index = types_at(types, at);
		uint64_t step = index == NO_TYPE ? 8 : descriptor_size(go, at, types_get(types, index));

		if (step > MAX_STEP)
			return;
		at += step;
	}
}

static void walk_typelinks(struct types *types, const struct go_module *m)
{
	for (uint64_t i = 0; i < m->n_typelinks; i++) {
		int32_t offset = (int32_t)image_u32(types->go->image, m->typelinks + 4 * i);

		if (offset > 0)
			types_at(types, m->types + (uint32_t)offset);
	}
}

static int by_name(const void *a, const void *b, void *arg)
{
	const struct types *types = arg;

	return strcmp(types_slot(types, *(const uint32_t *)a)->name,
		      types_slot(types, *(const uint32_t *)b)->name);
}

static void index_names(struct types *types)
{
	for (uint32_t i = 0; i < types->go->n_modules; i++) {
		if (types->go->layout.moduledata_typedesclen >= 0)
			walk_descriptors(types, &types->go->modules[i]);
		else
			walk_typelinks(types, &types->go->modules[i]);
	}
	types->by_name = malloc((types->n + 1) * sizeof *types->by_name);
	if (!types->by_name)
		return;
	for (uint32_t i = 0; i < types->n; i++)
		types->by_name[types->n_by_name++] = i;
	qsort_r(types->by_name, types->n_by_name, sizeof *types->by_name, by_name, types);
}

/* The place of the first type with that short name, or where it would be. */
static uint32_t first_by_name(struct types *types, const char *name)
{
	uint32_t lo = 0, hi;

	if (!types->by_name)
		index_names(types);
	hi = types->n_by_name;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strcmp(types_slot(types, types->by_name[mid])->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void types_index_name(struct types *types, uint32_t index)
{
	uint32_t place, *grown;

	if (!types->by_name)
		return;
	place = first_by_name(types, types_slot(types, index)->name);
	grown = reallocarray(types->by_name, types->n_by_name + 1ul, sizeof *grown);
	if (!grown)
		return;
	memmove(grown + place + 1, grown + place, (types->n_by_name - place) * sizeof *grown);
	grown[place] = index;
	types->by_name = grown;
	types->n_by_name++;
}

static bool is_named(const struct types *types, uint32_t place, const char *name)
{
	return place < types->n_by_name &&
	       !strcmp(types_slot(types, types->by_name[place])->name, name);
}

uint32_t types_by_name(struct types *types, const char *name)
{
	uint32_t place = first_by_name(types, name);

	/* Two packages may share the short name. */
	if (!is_named(types, place, name) || is_named(types, place + 1, name))
		return NO_TYPE;
	return types->by_name[place];
}

/* The package of a type, or of what it points to. */
static const char *package_of(const struct types *types, uint32_t type)
{
	const struct rtype *t = types_slot(types, type);

	while (t->kind == KIND_POINTER && !t->named && t->elem != NO_TYPE)
		t = types_slot(types, t->elem);
	return t->package;
}

uint32_t types_by_path(struct types *types, const char *name)
{
	size_t stars = strspn(name, "*");
	const char *path = name + stars, *last = text_base_name(path), *dot = strchr(last, '.');
	char *short_name;
	uint32_t place, found = NO_TYPE;

	if (strchr(name, '[') || asprintf(&short_name, "%.*s%s", (int)stars, name, last) < 0)
		return NO_TYPE;
	place = first_by_name(types, short_name);
	for (; is_named(types, place, short_name); place++) {
		const char *package = package_of(types, types->by_name[place]);

		if (dot && strlen(package) == (size_t)(dot - path) &&
		    !strncmp(package, path, (size_t)(dot - path)))
			found = types->by_name[place];
	}
	free(short_name);
	return found;
}

uint32_t types_wrapping(struct types *types, enum go_kind kind, uint32_t elem)
{
	for (uint32_t i = 0; i < types_count(types); i++) {
		const struct rtype *t = types_get(types, i);

		if (t->kind == kind && t->elem == elem && !t->named)
			return i;
	}
	return NO_TYPE;
}

uint32_t types_chan_of(struct types *types, uint32_t elem)
{
	uint32_t found = NO_TYPE;

	for (uint32_t i = 0; i < types_count(types); i++) {
		const struct rtype *t = types_get(types, i);

		if (t->kind != KIND_CHAN || t->elem != elem || t->named)
			continue;
		found = i;
		if (!strncmp(t->name, "chan ", 5))
			break;
	}
	return found;
}

#include "probes/go/types/map_types.h"

#include "graph/base/cleanup.h"
#include "graph/base/text.h"

#define CELLS 8u          /* of a bucket or group */
#define MOST_INSIDE 128u  /* bytes of a key or element; larger ones lie outside */
#define MAX_DEPTH 64      /* of types inside types */

static uint64_t scalar_align(const struct rtype *t)
{
	switch (t->kind) {
	case KIND_COMPLEX64: return 4;
	case KIND_COMPLEX128: return 8;
	default: return t->size >= 8 ? 8 : t->size;
	}
}

static uint64_t align_of(const struct types *types, uint32_t type, unsigned depth)
{
	const struct rtype *t = types_find(types, type);
	uint64_t most = 1;

	if (!t || depth == MAX_DEPTH)
		return 0;
	if (t->kind == KIND_ARRAY)
		return align_of(types, t->elem, depth + 1);
	if (t->kind != KIND_STRUCT)
		return scalar_align(t);
	for (uint32_t i = 0; i < t->n_fields && most < 8; i++) {
		uint64_t align = align_of(types, t->fields[i].type, depth + 1);

		if (!align)
			return 0;
		most = align > most ? align : most;
	}
	return most;
}

uint64_t map_type_align(const struct types *types, uint32_t type)
{
	return align_of(types, type, 0);
}

static uint64_t round_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) / align * align;
}

/* ---- types put together ---- */

static uint32_t make(struct types *types, struct rtype model)
{
	model.package = "";
	if (model.kind != KIND_POINTER && model.kind != KIND_ARRAY)
		model.elem = NO_TYPE;
	model.key = model.bucket = NO_TYPE;
	return types_make(types, &model, false);
}

/* A type that every program has; made if this one has not. */
static uint32_t scalar(struct types *types, enum go_kind kind, const char *name, uint64_t size)
{
	uint32_t type = types_by_name(types, name);

	return type != NO_TYPE ? type
			       : make(types, (struct rtype){
					.kind = kind, .name = name, .size = size,
					.ptr_bytes = kind == KIND_UNSAFE_POINTER ? size : 0 });
}

static uint32_t array_of(struct types *types, uint32_t elem)
{
	const struct rtype *t = types_find(types, elem);

	return !t ? NO_TYPE : make(types, (struct rtype){
		.kind = KIND_ARRAY, .name = "map cells", .elem = elem, .len = CELLS,
		.size = CELLS * t->size,
		.ptr_bytes = t->ptr_bytes ? (CELLS - 1) * t->size + t->ptr_bytes : 0 });
}

/* A struct of N types: their offsets are found here. What has no bytes at the end of one that has some gets a
 * byte, so that its address lies inside (types.CalcStructSize). */
static uint32_t struct_of(struct types *types, const char *name, struct rfield *fields, uint32_t n)
{
	struct rtype model = { .kind = KIND_STRUCT, .name = name, .fields = fields, .n_fields = n };
	uint64_t most = 1, last = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rtype *t = types_find(types, fields[i].type);
		uint64_t align = map_type_align(types, fields[i].type);

		if (!t || !align)
			return NO_TYPE;
		fields[i].offset = round_up(model.size, align);
		model.size = fields[i].offset + t->size;
		if (t->ptr_bytes)
			model.ptr_bytes = fields[i].offset + t->ptr_bytes;
		most = align > most ? align : most;
		last = t->size;
	}
	model.size = round_up(model.size + (model.size && !last), most);
	return make(types, model);
}

/* What a cell has of a key or element of TYPE: itself, or a pointer to it. */
static uint32_t stored(struct types *types, uint32_t type, bool *indirect)
{
	const struct rtype *t = types_find(types, type);

	if (!t)
		return NO_TYPE;
	*indirect = t->size > MOST_INSIDE;
	return !*indirect ? type : make(types, (struct rtype){
		.kind = KIND_POINTER, .name = "map cell", .size = 8, .ptr_bytes = 8, .direct = true,
		.elem = type });
}

/* ---- the two designs ---- */

/* The bucket or group, named as the compiler does. */
static uint32_t inside(struct types *types, const struct rtype *map, const char *what,
		       struct rfield *fields, uint32_t n)
{
	autotext struct text name = { 0 };

	text_printf(&name, "map.%s[%s]%s", what, types_get(types, map->key)->name,
		    types_get(types, map->elem)->name);
	return struct_of(types, text_string(&name), fields, n);
}

static bool make_bucket(struct types *types, struct rtype *map, uint32_t key, uint32_t elem)
{
	const struct rtype *k = types_get(types, key), *e = types_get(types, elem);
	bool pointers = k->ptr_bytes || e->ptr_bytes;
	struct rfield fields[] = {
		{ .name = "topbits", .type = array_of(types, scalar(types, KIND_UINT8, "uint8", 1)) },
		{ .name = "keys", .type = array_of(types, key) },
		{ .name = "elems", .type = array_of(types, elem) },
		{ .name = "overflow", .type = pointers
			? scalar(types, KIND_UNSAFE_POINTER, "unsafe.Pointer", 8)
			: scalar(types, KIND_UINTPTR, "uintptr", 8) },
	};

	map->bucket = inside(types, map, "bucket", fields, ARRAY_SIZE(fields));
	if (map->bucket == NO_TYPE)
		return false;
	map->key_size = (uint32_t)k->size;
	map->elem_size = (uint32_t)e->size;
	map->bucket_size = (uint32_t)types_get(types, map->bucket)->size;
	return true;
}

/* Do the groups of this program have their keys together, and then their elements? It is an experiment
 * (mapsplitgroup) from 1.27 on; another map of the program tells. */
static bool keys_together(const struct types *types)
{
	for (uint32_t i = 0; i < types_count(types); i++) {
		const struct rtype *t = types_get(types, i);

		if (t->kind == KIND_MAP && t->key_stride && t->elem_stride)
			return t->elems_offset - t->keys_offset >= CELLS * t->key_stride;
	}
	return false;
}

static bool make_split_group(struct types *types, struct rtype *map, uint32_t key, uint32_t elem)
{
	struct rfield fields[] = {
		{ .name = "ctrl", .type = scalar(types, KIND_UINT64, "uint64", 8) },
		{ .name = "keys", .type = array_of(types, key) },
		{ .name = "elems", .type = array_of(types, elem) },
	};

	map->bucket = inside(types, map, "group", fields, ARRAY_SIZE(fields));
	map->keys_offset = (uint32_t)fields[1].offset;
	map->elems_offset = (uint32_t)fields[2].offset;
	map->key_stride = (uint32_t)types_get(types, key)->size;
	map->elem_stride = (uint32_t)types_get(types, elem)->size;
	return map->bucket != NO_TYPE;
}

static bool make_group(struct types *types, struct rtype *map, uint32_t key, uint32_t elem)
{
	struct rfield cell[] = { { .name = "key", .type = key }, { .name = "elem", .type = elem } };
	uint32_t slot = struct_of(types, "map slot", cell, ARRAY_SIZE(cell));
	struct rfield fields[] = {
		{ .name = "ctrl", .type = scalar(types, KIND_UINT64, "uint64", 8) },
		{ .name = "slots", .type = array_of(types, slot) },
	};

	map->bucket = inside(types, map, "group", fields, ARRAY_SIZE(fields));
	if (map->bucket == NO_TYPE)
		return false;
	map->keys_offset = (uint32_t)fields[1].offset;
	map->elems_offset = (uint32_t)(fields[1].offset + cell[1].offset);
	map->key_stride = map->elem_stride = (uint32_t)types_get(types, slot)->size;
	return true;
}

bool map_type_make(struct types *types, const struct layout *layout, struct rtype *map)
{
	uint32_t key = stored(types, map->key, &map->indirect_key);
	uint32_t elem = stored(types, map->elem, &map->indirect_elem);
	bool good;

	if (key == NO_TYPE || elem == NO_TYPE)
		return false;
	if (layout->maps == MAPS_BUCKETS)
		return make_bucket(types, map, key, elem);
	good = keys_together(types) ? make_split_group(types, map, key, elem)
				    : make_group(types, map, key, elem);
	if (good)
		map->group_size = (uint32_t)types_get(types, map->bucket)->size;
	return good;
}

#include "probes/go/types/types.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "probes/go/types/private.h"

#define MAX_NAME 4096
#define MAX_FIELDS 65536u

enum { TFLAG_UNCOMMON = 1, TFLAG_EXTRA_STAR = 2, TFLAG_NAMED = 4, TFLAG_MASK_ON_DEMAND = 16,
       TFLAG_DIRECT = 32 };
enum { KIND_MASK = 31, KIND_DIRECT = 32, KIND_GC_PROGRAM = 64 };
enum { NAME_EMBEDDED = 8 };
enum { MAP_INDIRECT_KEY = 1, MAP_INDIRECT_ELEM = 2, SWISS_INDIRECT_KEY = 4, SWISS_INDIRECT_ELEM = 8 };

struct types *types_new(struct go *go, struct error *err)
{
	struct types *types = calloc(1, sizeof *types);

	if (!types) {
		fail_memory(err, "types");
		return NULL;
	}
	types->go = go;
	types->mask_room = image_most(go->image);
	types->capacity = 1u << 12;
	types->table = malloc(types->capacity * sizeof *types->table);
	if (!types->table) {
		free(types);
		fail_memory(err, "types");
		return NULL;
	}
	memset(types->table, 0xff, types->capacity * sizeof *types->table);
	pthread_mutex_init(&types->lock, NULL);
	return types;
}

void types_free(struct types *types)
{
	if (!types)
		return;
	for (uint32_t i = 0; i < types->n; i++) {
		struct rtype *t = types_slot(types, i);

		for (uint32_t f = 0; f < t->n_fields; f++)
			free((char *)t->fields[f].name);
		free(t->fields);
		free((char *)t->name);
		free((char *)t->package);
		free(types->masks[i / TYPES_CHUNK][i % TYPES_CHUNK].owned);
	}
	for (uint32_t c = 0; c < TYPES_CHUNKS && types->chunks[c]; c++) {
		free(types->chunks[c]);
		free(types->masks[c]);
	}
	free(types->table);
	free(types->by_name);
	pthread_mutex_destroy(&types->lock);
	free(types);
}

const struct rtype *types_get(const struct types *types, uint32_t index)
{
	return types_slot(types, index);
}

uint32_t types_count(const struct types *types)
{
	return __atomic_load_n(&types->n, __ATOMIC_ACQUIRE);
}

void types_set_heap_check(struct types *types, bool (*allocated)(void *, uint64_t), void *ctx)
{
	types->allocated = allocated;
	types->allocated_ctx = ctx;
}

/* ---- names (internal/abi.Name): flag byte, length, bytes, then what the flags say ---- */

/* The bytes of the name at ADDR; NULL if it makes no sense. */
static const char *raw_name(struct go *go, uint64_t addr, uint64_t *length, uint8_t *flags)
{
	uint64_t n = 0;
	unsigned shift = 0, i = 1;

	*flags = image_u8(go->image, addr);
	for (;; i++, shift += 7) {
		uint8_t byte = image_u8(go->image, addr + i);

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
		if (shift > 14)
			return NULL;
	}
	*length = n;
	if (n > MAX_NAME)
		return NULL;
	return n ? image_at(go->image, addr + i + 1, n) : "";
}

/* A fresh, sanitised copy of a name without its first SKIP bytes; NULL if it cannot be read. */
char *types_copy_name(struct go *go, uint64_t addr, unsigned skip, uint8_t *flags)
{
	struct text out = { 0 };
	uint64_t n;
	const char *bytes = raw_name(go, addr, &n, flags);

	if (!bytes)
		return NULL;
	if (skip > n || (skip && bytes[0] != '*'))
		skip = 0;
	text_escape(&out, bytes + skip, n - skip, 0);
	return out.bytes ? out.bytes : strdup("");
}

uint64_t types_resolve(struct types *types, uint64_t type, int32_t offset)
{
	const struct go_module *m = go_module_of_type(types->go, type);

	return m && offset > 0 ? m->types + (uint32_t)offset : 0;
}

/* ---- the table ---- */

static uint32_t *bucket_of(struct types *types, uint64_t addr)
{
	uint32_t mask = types->capacity - 1;
	uint32_t i = (uint32_t)((addr >> 3) * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (types->table[i] != NO_TYPE && types_slot(types, types->table[i])->addr != addr)
		i = (i + 1) & mask;
	return &types->table[i];
}

static bool grow_table(struct types *types)
{
	uint32_t *old = types->table, capacity = types->capacity;
	uint32_t *table = malloc(2 * (size_t)capacity * sizeof *table);

	if (!table)
		return false;
	memset(table, 0xff, 2 * (size_t)capacity * sizeof *table);
	types->table = table;
	types->capacity = 2 * capacity;
	for (uint32_t i = 0; i < types->n; i++)
		*bucket_of(types, types_slot(types, i)->addr) = i;
	free(old);
	return true;
}

/* Room for one more type; NULL when the table is full or memory runs out. */
static struct rtype *new_slot(struct types *types)
{
	uint32_t chunk = types->n / TYPES_CHUNK;

	if (chunk >= TYPES_CHUNKS)
		return NULL;
	if (types->n * 2 >= types->capacity && !grow_table(types))
		return NULL;
	if (!types->chunks[chunk]) {
		struct mask *masks = calloc(TYPES_CHUNK, sizeof *masks);
		struct rtype *slots = calloc(TYPES_CHUNK, sizeof *slots);

		if (!masks || !slots) {
			free(masks);
			free(slots);
			return NULL;
		}
		types->masks[chunk] = masks;
		types->chunks[chunk] = slots;
	}
	return types_slot(types, types->n);
}

/* ---- decoding one descriptor (internal/abi/type.go) ---- */

/* The 48 bytes that every descriptor begins with. */
struct descriptor {
	uint64_t size, ptr_bytes;
	uint32_t hash;
	uint8_t tflag, align, field_align, kind;
	uint64_t equal, gc_data;
	int32_t str, ptr_to_this;
};

static bool plausible(const struct descriptor *d)
{
	uint8_t kind = d->kind & KIND_MASK;

	return kind >= KIND_BOOL && kind <= KIND_UNSAFE_POINTER && d->ptr_bytes <= d->size &&
	       d->ptr_bytes % 8 == 0 && d->size >> 47 == 0 && d->align && d->align <= 64 &&
	       (d->align & (d->align - 1)) == 0;
}

static bool may_lie_at(struct types *types, uint64_t addr)
{
	if (addr % 8)
		return false;
	return go_module_of_type(types->go, addr) ||
	       (types->allocated && types->allocated(types->allocated_ctx, addr));
}

static uint32_t insert(struct types *types, uint64_t addr, const struct descriptor *d, char *name)
{
	const struct layout *l = &types->go->layout;
	struct rtype *t = new_slot(types);

	if (!t) {
		free(name);
		return NO_TYPE;
	}
	*t = (struct rtype){
		.addr = addr, .size = d->size, .ptr_bytes = d->ptr_bytes, .name = name,
		.kind = d->kind & KIND_MASK, .hash = d->hash, .tflag = d->tflag,
		.named = d->tflag & TFLAG_NAMED, .gc_data = d->gc_data,
		.gc_program = l->gc_programs && (d->kind & KIND_GC_PROGRAM),
		.direct = l->type_direct_in_tflag ? d->tflag & TFLAG_DIRECT : d->kind & KIND_DIRECT,
		.elem = NO_TYPE, .key = NO_TYPE, .bucket = NO_TYPE,
	};
	*bucket_of(types, addr) = types->n;
	__atomic_store_n(&types->n, types->n + 1, __ATOMIC_RELEASE);
	return types->n - 1;
}

/* The index of the descriptor at ADDR, entered with its first 48 bytes only if it is new. */
static uint32_t intern(struct types *types, uint64_t addr)
{
	uint32_t *bucket = bucket_of(types, addr);
	struct descriptor d;
	uint64_t name_addr;
	uint8_t flags;
	char *name;

	if (*bucket != NO_TYPE)
		return types_slot(types, *bucket)->mask_only ? NO_TYPE : *bucket;
	if (!may_lie_at(types, addr) || !image_read(types->go->image, addr, &d, sizeof d) ||
	    !plausible(&d))
		return NO_TYPE;
	name_addr = types_resolve(types, addr, d.str);
	name = name_addr ? types_copy_name(types->go, name_addr, d.tflag & TFLAG_EXTRA_STAR ? 1 : 0,
				     &flags) : NULL;
	if (!name && go_module_of_type(types->go, addr))
		return NO_TYPE;
	return insert(types, addr, &d, name);
}

/* A copy of a made type's fields, with names of its own. */
static struct rfield *copy_fields(const struct rtype *model)
{
	struct rfield *fields = calloc(model->n_fields + 1ul, sizeof *fields);

	for (uint32_t i = 0; fields && i < model->n_fields; i++) {
		fields[i] = model->fields[i];
		fields[i].name = strdup(model->fields[i].name);
		if (fields[i].name)
			continue;
		while (i--)
			free((char *)fields[i].name);
		free(fields);
		return NULL;
	}
	return fields;
}

uint32_t types_make(struct types *types, const struct rtype *model, bool listed)
{
	struct rtype *t = new_slot(types), made = *model;

	made.addr = UINT64_MAX - 8ull * types->n - 7;
	made.name = strdup(model->name);
	made.package = strdup(model->package);
	made.fields = copy_fields(model);
	if (!t || !made.name || !made.package || !made.fields) {
		free((char *)made.name);
		free((char *)made.package);
		free(made.fields);
		return NO_TYPE;
	}
	*t = made;
	*bucket_of(types, made.addr) = types->n++;
	if (listed)
		types_index_name(types, types->n - 1);
	return types->n - 1;
}

uint64_t types_base_size(const struct layout *l, enum go_kind kind)
{
	switch (kind) {
	case KIND_ARRAY: return 72;
	case KIND_CHAN: return 64;
	case KIND_FUNC: case KIND_POINTER: case KIND_SLICE: return 56;
	case KIND_INTERFACE: case KIND_STRUCT: return 80;
	case KIND_MAP: return l->maps == MAPS_BUCKETS ? 88 : l->split_map_groups ? 136 : 112;
	default: return 48;
	}
}

static void read_package(struct types *types, struct rtype *t)
{
	uint64_t uncommon = t->addr + types_base_size(&types->go->layout, t->kind), name;
	uint8_t flags;

	if (!(t->tflag & TFLAG_UNCOMMON))
		return;
	name = types_resolve(types, t->addr, (int32_t)image_u32(types->go->image, uncommon));
	if (name)
		t->package = types_copy_name(types->go, name, 0, &flags);
}

static void read_fields(struct types *types, struct rtype *t)
{
	struct image *image = types->go->image;
	uint64_t at = image_u64(image, t->addr + 56), n = image_u64(image, t->addr + 64);
	bool offset_shifted = types->go->layout.field_offset_shifted;

	if (!n || n > MAX_FIELDS || !image_at(image, at, n * 24))
		return;
	t->fields = calloc(n, sizeof *t->fields);
	for (uint64_t i = 0; t->fields && i < n; i++) {
		uint64_t field = at + 24 * i, offset = image_u64(image, field + 16);
		struct rfield *f = &t->fields[t->n_fields];
		uint8_t flags = 0;

		f->name = types_copy_name(types->go, image_u64(image, field), 0, &flags);
		f->type = intern(types, image_u64(image, field + 8));
		f->offset = offset_shifted ? offset >> 1 : offset;
		f->embedded = offset_shifted ? offset & 1 : flags & NAME_EMBEDDED;
		if (f->offset > t->size || !f->name) {
			free((char *)f->name);
			return;
		}
		t->n_fields++;
	}
}

static void read_bucket_map(struct types *types, struct rtype *t)
{
	struct image *image = types->go->image;
	uint32_t flags = image_u32(image, t->addr + 84);

	t->key_size = image_u8(image, t->addr + 80);
	t->elem_size = image_u8(image, t->addr + 81);
	t->bucket_size = image_u16(image, t->addr + 82);
	t->indirect_key = flags & MAP_INDIRECT_KEY;
	t->indirect_elem = flags & MAP_INDIRECT_ELEM;
}

/* From 1.27 on the type says where keys and elements begin and how far they lie apart; before, a
 * slot is a key with its element, and slots follow the eight control bytes. */
static void read_swiss_map(struct types *types, struct rtype *t)
{
	struct image *image = types->go->image;
	bool split = types->go->layout.split_map_groups;
	uint32_t flags = image_u32(image, t->addr + (split ? 128 : 104));

	t->group_size = (uint32_t)image_u64(image, t->addr + 80);
	if (split) {
		t->keys_offset = (uint32_t)image_u64(image, t->addr + 88);
		t->key_stride = (uint32_t)image_u64(image, t->addr + 96);
		t->elems_offset = (uint32_t)image_u64(image, t->addr + 104);
		t->elem_stride = (uint32_t)image_u64(image, t->addr + 112);
	} else {
		t->keys_offset = 8;
		t->key_stride = t->elem_stride = (uint32_t)image_u64(image, t->addr + 88);
		t->elems_offset = 8 + (uint32_t)image_u64(image, t->addr + 96);
	}
	t->indirect_key = flags & SWISS_INDIRECT_KEY;
	t->indirect_elem = flags & SWISS_INDIRECT_ELEM;
}

static void read_map(struct types *types, struct rtype *t)
{
	struct image *image = types->go->image;

	t->key = intern(types, image_u64(image, t->addr + 48));
	t->elem = intern(types, image_u64(image, t->addr + 56));
	t->bucket = intern(types, image_u64(image, t->addr + 64));
	if (types->go->layout.maps == MAPS_BUCKETS)
		read_bucket_map(types, t);
	else
		read_swiss_map(types, t);
}

/* What a descriptor has beyond its first 48 bytes. The types it names are entered too. */
static void read_rest(struct types *types, struct rtype *t)
{
	struct image *image = types->go->image;

	read_package(types, t);
	switch (t->kind) {
	case KIND_ARRAY:
		t->len = image_u64(image, t->addr + 64);
		t->elem = intern(types, image_u64(image, t->addr + 48));
		break;
	case KIND_CHAN: case KIND_POINTER: case KIND_SLICE:
		t->elem = intern(types, image_u64(image, t->addr + 48));
		break;
	case KIND_INTERFACE:
		t->n_methods = (uint32_t)image_u64(image, t->addr + 64);
		break;
	case KIND_MAP:
		read_map(types, t);
		break;
	case KIND_STRUCT:
		read_fields(types, t);
		break;
	default:
		break;
	}
}

/* A name for a type that was made at run time: its own is in a table of the runtime's. */
static char *structural_name(struct types *types, const struct rtype *t)
{
	struct text out = { 0 };
	const char *elem = "?", *key = "?";

	if (t->elem != NO_TYPE && types_slot(types, t->elem)->name)
		elem = types_slot(types, t->elem)->name;
	if (t->key != NO_TYPE && types_slot(types, t->key)->name)
		key = types_slot(types, t->key)->name;
	switch (t->kind) {
	case KIND_POINTER: text_printf(&out, "*%s", elem); break;
	case KIND_SLICE: text_printf(&out, "[]%s", elem); break;
	case KIND_CHAN: text_printf(&out, "chan %s", elem); break;
	case KIND_MAP: text_printf(&out, "map[%s]%s", key, elem); break;
	case KIND_ARRAY:
		text_printf(&out, "[%llu]%s", (unsigned long long)t->len, elem);
		break;
	case KIND_STRUCT: text_puts(&out, "struct {…}"); break;
	case KIND_FUNC: text_puts(&out, "func(…)"); break;
	default: text_puts(&out, "type made at run time"); break;
	}
	return out.bytes;
}

/* Decode ADDR and, one after the other, all that it refers to: no recursion on foreign data. */
static uint32_t add_closed(struct types *types, uint64_t addr)
{
	uint32_t first = types->n, index = intern(types, addr);

	for (uint32_t i = first; i < types->n; i++)
		read_rest(types, types_slot(types, i));
	for (uint32_t i = types->n; i > first; i--) {
		struct rtype *t = types_slot(types, i - 1);

		if (!t->name)
			t->name = structural_name(types, t);
		if (!t->package)
			t->package = strdup("");
	}
	return index;
}

uint32_t types_at(struct types *types, uint64_t addr)
{
	uint32_t index;

	if (!addr || addr % 8)
		return NO_TYPE;
	pthread_mutex_lock(&types->lock);
	index = add_closed(types, addr);
	pthread_mutex_unlock(&types->lock);
	return index;
}

uint32_t types_at_header(struct types *types, uint64_t addr)
{
	uint32_t index = types_at(types, addr);
	struct descriptor d;

	if (index != NO_TYPE || !types->go->layout.mask_only_types)
		return index;
	if (!addr || addr % 8 || !image_read(types->go->image, addr, &d, sizeof d) || d.str ||
	    d.kind || !d.size || d.ptr_bytes > d.size || d.size >> 47)
		return NO_TYPE;
	pthread_mutex_lock(&types->lock);
	index = *bucket_of(types, addr);
	if (index == NO_TYPE) {
		index = insert(types, addr, &d, strdup(""));
		if (index != NO_TYPE) {
			types_slot(types, index)->mask_only = true;
			types_slot(types, index)->package = strdup("");
		}
	}
	pthread_mutex_unlock(&types->lock);
	return index;
}

/* An itab: { interface type, dynamic type, hash of the latter } (internal/abi.ITab). Those that the
 * runtime made for a type assertion have no hash (runtime/iface.go, getitab). */
static uint32_t itab_type(struct types *types, uint64_t word)
{
	struct { uint64_t inter, type; uint32_t hash; } itab;
	uint32_t inter, type;

	if (!image_read(types->go->image, word, &itab, sizeof itab) ||
	    !go_module_of_type(types->go, itab.inter))
		return NO_TYPE;
	inter = types_at(types, itab.inter);
	if (inter == NO_TYPE || types_get(types, inter)->kind != KIND_INTERFACE)
		return NO_TYPE;
	type = types_at(types, itab.type);
	if (type == NO_TYPE || (itab.hash && types_get(types, type)->hash != itab.hash))
		return NO_TYPE;
	return type;
}

uint32_t types_of_interface_word(struct types *types, uint64_t word)
{
	uint32_t type;

	if (word < IMAGE_PAGE || word % 8 || word >> arch_address_bits)
		return NO_TYPE;
	type = itab_type(types, word);
	return type != NO_TYPE ? type : types_at(types, word);
}

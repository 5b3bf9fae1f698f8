#include "probes/go/maps/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"

#define MAX_CHAIN 4096u /* entries whose hashes are the same in all of their 64 bits */

/* ---- what the types tell ---- */

static const struct rfield *field(const struct rtype *t, const char *name)
{
	for (uint32_t i = 0; t && i < t->n_fields; i++)
		if (!strcmp(t->fields[i].name, name))
			return &t->fields[i];
	return NULL;
}

static bool is_trie(const struct rtype *t)
{
	return t->kind == KIND_STRUCT &&
	       ((!strncmp(t->name, "sync.HashTrieMap[", 17) && !strcmp(t->package, "internal/sync")) ||
		(!strncmp(t->name, "concurrent.HashTrieMap[", 23) &&
		 !strcmp(t->package, "internal/concurrent")));
}

enum sync_part sync_part_of(const struct rtype *t)
{
	const char *name = t->name;

	if (t->kind != KIND_STRUCT || strncmp(t->package, "internal/", 9))
		return SYNC_NO_PART;
	if (!strncmp(name, "sync.", 5))
		name += 5;
	else if (!strncmp(name, "concurrent.", 11))
		name += 11;
	else
		return SYNC_NO_PART;
	if (!strncmp(name, "indirect[", 9))
		return SYNC_INNER;
	return strncmp(name, "entry[", 6) ? SYNC_NO_PART : SYNC_ENTRY;
}

const struct rfield *sync_entry_field(const struct types *types, const struct rtype *entry,
				      uint64_t offset, const struct rfield **key)
{
	const struct rfield *sides[] = { field(entry, "key"), field(entry, "value") };

	*key = sides[0];
	for (unsigned i = 0; i < 2 && sides[0]; i++) {
		const struct rtype *t = sides[i] ? types_find(types, sides[i]->type) : NULL;

		if (t && offset >= sides[i]->offset && offset - sides[i]->offset < t->size)
			return sides[i];
	}
	return NULL;
}

/* The type of the same package and with the same arguments as T, called NAME. */
static uint32_t sibling(struct types *types, const struct rtype *t, const char *name)
{
	const char *dot = strchr(t->name, '.'), *arguments = strchr(t->name, '[');
	autofree char *full = NULL;

	if (!dot || !arguments || arguments < dot ||
	    asprintf(&full, "%.*s%s%s", (int)(dot + 1 - t->name), t->name, name, arguments) < 0)
		return NO_TYPE;
	return types_by_name(types, full);
}

bool sync_node_types(struct types *types, const struct rtype *node, uint32_t *inner,
		     uint32_t *entry)
{
	if (!node || node->kind != KIND_STRUCT ||
	    (strncmp(node->name, "sync.node[", 10) && strncmp(node->name, "concurrent.node[", 16)) ||
	    strncmp(node->package, "internal/", 9))
		return false;
	*inner = sibling(types, node, "indirect");
	*entry = sibling(types, node, "entry");
	return *inner != NO_TYPE && *entry != NO_TYPE;
}

static bool trie_layout(struct types *types, const struct rtype *t, struct sync_layout *out)
{
	const struct rfield *root = field(t, "root"), *hash = field(t, "keyHash");
	const struct rfield *parent, *children, *overflow, *key, *value;
	const struct rtype *inner, *entry, *nodes;

	out->inner = sibling(types, t, "indirect");
	out->entry = sibling(types, t, "entry");
	inner = types_find(types, out->inner);
	entry = types_find(types, out->entry);
	parent = field(inner, "parent");
	children = field(inner, "children");
	overflow = field(entry, "overflow");
	key = field(entry, "key");
	value = field(entry, "value");
	nodes = children ? types_find(types, children->type) : NULL;
	if (!root || !hash || !parent || !overflow || !key || !value || key->type == NO_TYPE ||
	    value->type == NO_TYPE || !nodes || nodes->size != 8 * SYNC_CHILDREN)
		return false;
	out->design = SYNC_TRIE;
	out->key = key->type;
	out->elem = value->type;
	out->root = root->offset;
	out->hash = hash->offset;
	out->parent = parent->offset;
	out->children = children->offset;
	out->overflow = overflow->offset;
	out->key_at = key->offset;
	out->elem_at = value->offset;
	return true;
}

/* An atomic.Value (to 1.19) has the pointer in its second word, an atomic.Pointer in its only. */
static bool two_maps_layout(const struct types *types, const struct rtype *t,
			    struct sync_layout *out)
{
	const struct rfield *read = field(t, "read"), *dirty = field(t, "dirty");
	const struct rtype *table = dirty ? types_find(types, dirty->type) : NULL;
	const struct rtype *pointer = read ? types_find(types, read->type) : NULL;

	if (!pointer || !table || table->kind != KIND_MAP || table->key == NO_TYPE)
		return false;
	out->design = SYNC_TWO_MAPS;
	out->key = out->elem = table->key;
	out->read = read->offset + pointer->size - 8;
	out->dirty = dirty->offset;
	out->table = dirty->type;
	return true;
}

/* To 1.19 an atomic.Value, which is stored as an interface {} is; then an atomic.Pointer[readOnly]. */
static uint32_t read_type(struct types *types, const struct layout *l)
{
	uint32_t read_only = types_by_name(types, "sync.readOnly"), pointer;
	const struct rtype made = { .size = 8, .ptr_bytes = 8, .name = "*sync.readOnly", .package = "",
				    .kind = KIND_POINTER, .direct = true, .elem = read_only,
				    .key = NO_TYPE, .bucket = NO_TYPE };

	if (l->sync_map == SYNC_MAP_VALUE)
		return types_by_name(types, "interface {}");
	pointer = types_by_name(types, made.name);
	return pointer != NO_TYPE || read_only == NO_TYPE ? pointer : types_make(types, &made, true);
}

void sync_make_type(struct types *types, const struct layout *l)
{
	uint32_t table, read;
	uint64_t dirty;

	if (l->sync_map == SYNC_MAP_TRIE || types_by_name(types, "sync.Map") != NO_TYPE)
		return;
	table = types_by_name(types, "map[interface {}]*sync.entry");
	read = table == NO_TYPE ? NO_TYPE : read_type(types, l);
	if (read == NO_TYPE)
		return;
	dirty = 8 + types_get(types, read)->size;

	struct rfield fields[] = {
		{ .name = "mu", .type = types_by_name(types, "sync.Mutex"), .offset = 0 },
		{ .name = "read", .type = read, .offset = 8 },
		{ .name = "dirty", .type = table, .offset = dirty },
		{ .name = "misses", .type = types_by_name(types, "int"), .offset = dirty + 8 },
	};
	const struct rtype made = { .size = dirty + 16, .ptr_bytes = dirty + 8, .name = "sync.Map",
				    .package = "sync", .kind = KIND_STRUCT, .named = true,
				    .elem = NO_TYPE, .key = NO_TYPE, .bucket = NO_TYPE,
				    .fields = fields, .n_fields = ARRAY_SIZE(fields) };

	types_make(types, &made, true);
}

bool sync_layout_of(struct types *types, uint32_t type, struct sync_layout *out)
{
	const struct rtype *t = types_find(types, type);
	const struct rfield *m;

	*out = (struct sync_layout){ .key = NO_TYPE, .elem = NO_TYPE, .inner = NO_TYPE,
				     .entry = NO_TYPE, .table = NO_TYPE };
	if (!t || t->kind != KIND_STRUCT)
		return false;
	if (is_trie(t))
		return trie_layout(types, t, out);
	if (strcmp(t->name, "sync.Map") || strcmp(t->package, "sync"))
		return false;
	m = field(t, "m");
	if (!m)
		return two_maps_layout(types, t, out);
	if (m->type == NO_TYPE || !is_trie(types_get(types, m->type)) ||
	    !trie_layout(types, types_get(types, m->type), out))
		return false;
	out->root += m->offset;
	out->hash += m->offset;
	return true;
}

uint64_t sync_entry_value(const struct go *go, uint64_t entry)
{
	uint64_t value = entry ? image_u64(go->image, entry) : 0;

	for (uint32_t i = 0; value && i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];

		if ((value >= m->data && value < m->edata) || (value >= m->bss && value < m->ebss))
			return 0;
	}
	return value;
}

/* ---- walking a trie ---- */

static uint64_t word(const struct sync_walk *w, uint64_t addr)
{
	return image_u64(w->trie->image, addr);
}

static void enter(struct sync_walk *w, uint64_t inner)
{
	if (w->depth == SYNC_DEPTH)
		return;
	w->inner[w->depth] = inner;
	w->next[w->depth++] = 0;
}

/* Did an earlier child of INNER have the same address? Each node hangs in one place, and an inner
 * node names the one that it hangs on: so no walk, whatever the memory holds, sees a node twice. */
static bool is_repeated(const struct sync_walk *w, uint64_t inner, unsigned child, uint64_t node)
{
	uint64_t children = inner + w->trie->layout->children;

	for (unsigned i = 0; i < child; i++)
		if (word(w, children + 8 * i) == node)
			return true;
	return false;
}

/* The next child of the node on top; 0 if it has no more. */
static uint64_t next_child(struct sync_walk *w)
{
	uint64_t inner = w->inner[w->depth - 1];

	while (w->next[w->depth - 1] < SYNC_CHILDREN) {
		unsigned i = w->next[w->depth - 1]++;
		uint64_t node = word(w, inner + w->trie->layout->children + 8 * i);

		if (node && !is_repeated(w, inner, i, node))
			return node;
	}
	return 0;
}

static uint64_t begin(struct sync_walk *w, bool *is_entry)
{
	uint64_t root = w->trie->root;

	w->begun = true;
	*is_entry = false;
	if (!root || image_u8(w->trie->image, root))
		return 0;
	enter(w, root);
	return root;
}

uint64_t sync_next(struct sync_walk *w, bool *is_entry)
{
	if (!w->begun)
		return begin(w, is_entry);
	*is_entry = true;
	while (w->chain || w->depth) {
		uint64_t node = w->chain ? w->chain : next_child(w), parent;

		if (!node) {
			w->depth--;
			continue;
		}
		w->linked = w->chain ? w->linked + 1 : 0;
		w->chain = 0;
		if (image_u8(w->trie->image, node) == 1) {
			if (w->linked < MAX_CHAIN)
				w->chain = word(w, node + w->trie->layout->overflow);
			return node;
		}
		parent = word(w, node + w->trie->layout->parent);
		if (parent != w->inner[w->depth - 1] || w->depth == SYNC_DEPTH)
			continue;
		enter(w, node);
		*is_entry = false;
		return node;
	}
	return 0;
}

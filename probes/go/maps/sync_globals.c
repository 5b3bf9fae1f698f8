#include "probes/go/maps/sync_globals.h"

#include <stdlib.h>

#include "graph/base/grow.h"
#include "probes/go/maps/sync.h"

enum { TYPE_EQUAL = 24, MAP_TYPE_HASHER = 72 }; /* internal/abi: Type.Equal, MapType.Hasher */

struct search {
	struct heap *heap;
	uint32_t type;            /* sync.Map */
	struct sync_layout sync;
	uint64_t hash, equal;     /* functions of an interface {} */
	struct code_global *items;
	uint32_t n, capacity;
	bool failed;
};

/* False if the program has no sync.Map of that kind. */
static bool prepare(struct search *s)
{
	struct types *types = s->heap->types;
	uint32_t map = types_by_name(types, "map[interface {}]interface {}");

	s->type = types_by_name(types, "sync.Map");
	if (s->type == NO_TYPE)
		s->type = types_by_name(types, "sync.HashTrieMap[interface {},interface {}]");
	if (!sync_layout_of(types, s->type, &s->sync) || s->sync.design != SYNC_TRIE || map == NO_TYPE)
		return false;
	s->hash = image_u64(s->heap->image, types_get(types, map)->addr + MAP_TYPE_HASHER);
	s->equal = image_u64(s->heap->image, types_get(types, s->sync.elem)->addr + TYPE_EQUAL);
	return s->hash && s->equal;
}

static void look(struct search *s, uint64_t addr)
{
	const struct code_facts *code = &s->heap->code;
	struct image *image = s->heap->image;
	const struct code_global *before;
	struct code_global *item;

	if (image_u64(image, addr) != s->hash || image_u64(image, addr + 8) != s->equal)
		return;
	addr -= s->sync.hash;
	before = code_global_before(code->globals, code->n_globals, addr);
	if (before && before->form == CODE_VALUE && before->type != NO_TYPE &&
	    addr - before->addr < types_get(s->heap->types, before->type)->size)
		return;
	item = GROW(s->items, s->n, s->capacity);
	if (item) {
		*item = (struct code_global){ .addr = addr, .type = s->type, .form = CODE_VALUE };
		s->n++;
	} else {
		s->failed = true;
	}
}

static void segment(struct search *s, uint64_t lo, uint64_t mask, uint64_t bits)
{
	for (uint64_t i = 0; i < bits; i++) {
		uint8_t word = image_u8(s->heap->image, mask + i / 8);

		if (i % 8 == 0 && !word)
			i += 7;
		else if (word >> (i % 8) & 1)
			look(s, lo + 8 * i);
	}
}

static bool enter(struct search *s)
{
	struct code_facts *code = &s->heap->code;
	size_t n = (size_t)code->n_globals + s->n;
	struct code_global *globals = reallocarray(code->globals, n + 1, sizeof *globals);

	if (!globals)
		return false;
	for (uint32_t i = 0; i < s->n; i++)
		globals[code->n_globals + i] = s->items[i];
	code->globals = globals;
	code->n_globals = (uint32_t)n;
	code_globals_sort(globals, n);
	return true;
}

bool sync_globals_find(struct heap *heap, struct error *err)
{
	struct search s = { .heap = heap };
	bool good = true;

	if (!prepare(&s))
		return true;
	for (uint32_t i = 0; i < heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i];

		segment(&s, m->data, m->data_mask, m->n_data_mask);
		segment(&s, m->bss, m->bss_mask, m->n_bss_mask);
	}
	if (s.n)
		good = enter(&s);
	free(s.items);
	return good && !s.failed ? true : fail_memory(err, "sync.Maps in globals");
}

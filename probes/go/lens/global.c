/* Variables that hold nothing: no holder of the graph stands for them, but the program's symbols name them. */
#include <string.h>

#include "probes/go/lens/lens.h"
#include "probes/go/types/symbols.h"
#include "probes/go/types/variable_masks.h"
#include "probes/image/variables.h"

#define MAX_SHOWN_NAME 512
#define PREVIEW 256
#define MOST_BYTES (1u << 20) /* of a variable that are looked at */

/* Is RAW the symbol called NAME, in full or without the directories of its import path? */
static bool is_called(const char *raw, const char *name, struct text *full)
{
	autotext struct text shown = { 0 };

	/* Most are told by how they end: nothing there is ever escaped in both. */
	if (!*raw || raw[strlen(raw) - 1] != name[strlen(name) - 1])
		return false;
	text_clear(full);
	symbol_text(full, raw, strlen(raw), MAX_SHOWN_NAME);
	if (!strcmp(text_string(full), name))
		return true;
	text_symbol(&shown, text_string(full));
	return !strcmp(text_string(&shown), name);
}

static const struct variable *find(const struct heap *heap, const char *name, struct text *full)
{
	const struct variables *v = heap->image->variables;

	for (uint32_t i = 0; v && *name && i < v->n; i++) {
		const char *raw = v->text + v->items[i].name;

		if (is_called(raw, name, full) && !symbol_is_made(raw))
			return &v->items[i];
	}
	return NULL;
}

static bool is_zero(const struct heap *heap, uint64_t addr, uint64_t size)
{
	const uint8_t *bytes = size <= MOST_BYTES ? image_at(heap->image, addr, size) : NULL;

	for (uint64_t i = 0; bytes && i < size; i++)
		if (bytes[i])
			return false;
	return bytes;
}

static bool may_be_nil(enum go_kind kind)
{
	return kind == KIND_POINTER || kind == KIND_MAP || kind == KIND_CHAN || kind == KIND_FUNC ||
	       kind == KIND_SLICE || kind == KIND_INTERFACE || kind == KIND_UNSAFE_POINTER;
}

/* Of a variable of unknown type the collector knows whether it is a pointer. */
static void put_value(struct lens *lens, const struct variable *v, uint32_t type, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	const struct rtype *t = types_find(heap->types, type);
	uint64_t size = t ? t->size : v->size ? v->size : 8;
	bool zero = is_zero(heap, v->addr, size);

	if (zero && (t ? may_be_nil(t->kind) : size == 8 && variable_mask_at(&heap->go, v->addr)))
		text_puts(out, "nil");
	else if (zero && (!t || t->kind == KIND_STRUCT || t->kind == KIND_ARRAY))
		text_puts(out, "all zeros");
	else if (t)
		lens_value(heap, type, v->addr, lens->redact, PREVIEW, out);
}

bool lens_global(struct lens *lens, const char *name, struct global_words *out)
{
	struct heap *heap = lens_heap(lens);
	const struct variable *v = find(heap, name, &out->name);
	const struct code_global *global =
		v ? code_global_before(heap->code.globals, heap->code.n_globals, v->addr) : NULL;
	uint32_t type = NO_TYPE;

	if (!v)
		return false;
	if (global && global->addr == v->addr && global->form == CODE_VALUE)
		type = global->type;
	if (type != NO_TYPE)
		text_puts(&out->type, types_get(heap->types, type)->name);
	put_value(lens, v, type, &out->value);
	return true;
}

#include "probes/go/statics.h"

#include <stdlib.h>
#include <string.h>

#include "graph/grow.h"
#include "probes/go/heap.h"
#include "probes/go/lens.h"
#include "probes/variables.h"

#define MOST_SHARED 16u /* times all variables: what values that overlap may have together */
#define MAX_STEPS 8u    /* from a variable with a name */

static bool lies_in(uint64_t addr, uint64_t size, uint64_t lo, uint64_t hi)
{
	return addr >= lo && addr < hi && size <= hi - addr;
}

static uint64_t variables_bytes(const struct go *go)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < go->n_modules; i++)
		bytes += go->modules[i].edata - go->modules[i].data +
			 go->modules[i].ebss - go->modules[i].bss;
	return bytes;
}

bool statics_covers(const struct heap *heap, const struct typed_place *place)
{
	const struct rtype *t = types_find(heap->types, place->type);

	if (!t || !t->size || !t->ptr_bytes || !place->n || place->n > UINT32_MAX / t->size)
		return false;
	for (uint32_t i = 0; i < heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i];

		if (lies_in(place->addr, place->n * t->size, m->data, m->edata) ||
		    lies_in(place->addr, place->n * t->size, m->bss, m->ebss))
			return true;
	}
	return false;
}

bool statics_note(struct heap *heap, const struct typed_place *place)
{
	struct statics *statics = &heap->typing.statics;
	struct static_value *value;

	statics->bytes += place->n * types_get(heap->types, place->type)->size;
	if (statics->bytes / MOST_SHARED > variables_bytes(&heap->go))
		return false;
	value = GROW(statics->items, statics->n, statics->capacity);
	if (!value) {
		heap->typing.failed = true;
		return false;
	}
	*value = (struct static_value){ .addr = place->addr, .n = place->n, .type = place->type };
	statics->n++;
	return true;
}

/* ---- in order ---- */

static uint64_t end_of(const struct heap *heap, const struct static_value *value)
{
	return value->addr + value->n * types_get(heap->types, value->type)->size;
}

/* By address, the larger first: what it begins with comes behind it. */
static int by_place(const void *a, const void *b, void *arg)
{
	const struct static_value *x = a, *y = b;
	uint64_t ends[] = { end_of(arg, x), end_of(arg, y) };

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (ends[0] != ends[1])
		return ends[0] > ends[1] ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
}

/* Keep those that lie in no other. */
static void drop_parts(const struct heap *heap, struct statics *statics)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < statics->n; i++)
		if (!n || end_of(heap, &statics->items[i]) > end_of(heap, &statics->items[n - 1]))
			statics->items[n++] = statics->items[i];
	statics->n = n;
}

static bool has_name(const struct heap *heap, uint64_t addr)
{
	return variables_find(heap->image->variables, addr) != NULL;
}

/* The word at WORD points to ADDR: note that if a value begins there, and nothing better was found. */
static void note_word(struct heap *heap, uint64_t word, uint64_t addr)
{
	const struct static_value *found = statics_find(heap, addr);
	struct static_value *value;

	if (!found || found->addr != addr)
		return;
	value = &heap->typing.statics.items[found - heap->typing.statics.items];
	if (!value->word || (!has_name(heap, value->word) && has_name(heap, word)))
		value->word = word;
}

static void note_words(struct heap *heap, uint64_t lo, uint64_t mask, uint64_t bits)
{
	for (uint64_t i = 0; i < bits; i++)
		if (image_u8(heap->image, mask + i / 8) >> (i % 8) & 1)
			note_word(heap, lo + 8 * i, image_u64(heap->image, lo + 8 * i));
}

void statics_finish(struct heap *heap)
{
	struct statics *statics = &heap->typing.statics;

	if (!statics->n)
		return;
	qsort_r(statics->items, statics->n, sizeof *statics->items, by_place, heap);
	drop_parts(heap, statics);
	for (uint32_t i = 0; i < heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i];

		note_words(heap, m->data, m->data_mask, m->n_data_mask);
		note_words(heap, m->bss, m->bss_mask, m->n_bss_mask);
	}
}

const struct static_value *statics_find(const struct heap *heap, uint64_t addr)
{
	const struct statics *statics = &heap->typing.statics;
	uint32_t lo = 0, hi = statics->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (statics->items[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr < end_of(heap, &statics->items[lo - 1]) ? &statics->items[lo - 1] : NULL;
}

/* ---- names ---- */

/* How one gets from variable SYMBOL to the word at ADDR in it, as far as its type is known. */
static void symbol_path(struct heap *heap, const struct variable *symbol, uint64_t addr, struct text *out)
{
	const char *name = heap->image->variables->text + symbol->name;
	const struct code_global *global =
		code_global_before(heap->code.globals, heap->code.n_globals, addr);

	text_escape(out, name, strlen(name), 512);
	if (global && global->addr == symbol->addr && global->form == CODE_VALUE)
		lens_path(heap, global->type, addr - symbol->addr, out);
}

bool statics_name(struct heap *heap, const struct static_value *value, struct text *out)
{
	const struct static_value *steps[MAX_STEPS];
	const struct variable *symbol = NULL;
	unsigned n = 0;

	for (; value && value->word && !symbol && n < MAX_STEPS; n++) {
		steps[n] = value;
		symbol = variables_find(heap->image->variables, value->word);
		value = statics_find(heap, value->word);
	}
	if (!symbol)
		return false;
	symbol_path(heap, symbol, steps[--n]->word, out);
	for (; n; n--)
		lens_path(heap, steps[n]->type, steps[n - 1]->word - steps[n]->addr, out);
	return true;
}

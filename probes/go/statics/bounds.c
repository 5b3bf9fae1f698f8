#include "probes/go/statics/bounds.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "probes/go/heap.h"
#include "probes/image/variables.h"

#define WORD 8u
#define MOST_ALIGN 32u
#define FIPS_SEARCHED (1u << 20) /* bytes before the module's data in which the linker puts the record */

void static_bounds_free(struct static_bounds *bounds)
{
	free(bounds->items);
	*bounds = (struct static_bounds){ 0 };
}

uint64_t static_least(const struct static_bounds *bounds, uint64_t addr)
{
	uint32_t n = sorted_to(bounds->items, bounds->n, sizeof *bounds->items, addr);

	return n && bounds->items[n - 1].least > WORD ? bounds->items[n - 1].least : WORD;
}

uint64_t static_align(uint64_t least)
{
	uint64_t align = MOST_ALIGN;

	while (align > least && align > WORD)
		align /= 2;
	return align;
}

static bool add(struct static_bounds *bounds, uint64_t addr, uint64_t least)
{
	struct static_bound *item = GROW(bounds->items, bounds->n, bounds->capacity);

	if (!item)
		return false;
	*item = (struct static_bound){ addr, least };
	bounds->n++;
	return true;
}

/* ---- where symbols tell ---- */

static bool by_symbols(const struct variables *v, struct static_bounds *bounds)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (!add(bounds, v->items[i].addr, v->items[i].size))
			return false;
	return true;
}

/* ---- where types tell ---- */

/* Behind the other variables of data lie, sorted by themselves, those of the packages of cryptography that are
 * certified: from 1.24 on, as a record of the linker's says (cmd/link/internal/ld/fips140.go). 0 if the record is
 * not found. */
static uint64_t fips_data(const struct heap *heap, const struct go_module *m)
{
	static const char magic[16] = "\xff Go fipsinfo \xff";
	enum { SECTIONS = 16 + 32 + 8, DATA = 3 };

	for (uint64_t at = m->noptrdata - WORD; at > m->noptrdata - FIPS_SEARCHED; at -= WORD) {
		const uint8_t *bytes = image_at(heap->image, at, SECTIONS + 64);

		if (bytes && !memcmp(bytes, magic, sizeof magic))
			return image_word(bytes + SECTIONS + DATA * 16);
	}
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct static_bound *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Values whose types are known, from LO up to HI: what contains one is as large as that at least. */
static bool add_values(const struct heap *heap, struct static_bounds *bounds, uint64_t lo, uint64_t hi)
{
	const struct statics *statics = &heap->statics;
	const struct code_facts *code = &heap->code;

	for (uint32_t i = 0; i < statics->n; i++) {
		const struct static_value *value = &statics->items[i];

		if (value->addr >= lo && value->addr < hi &&
		    !add(bounds, value->addr, value->n * types_get(heap->types, value->type)->size))
			return false;
	}
	for (uint32_t i = 0; i < code->n_globals; i++) {
		const struct code_global *global = &code->globals[i];
		uint64_t size = global->form == CODE_VALUE ? types_get(heap->types, global->type)->size
				: global->form == CODE_SLICE ? 24 : WORD;

		if (global->addr >= lo && global->addr < hi && !add(bounds, global->addr, size))
			return false;
	}
	return true;
}

/* A pointer leads to where a variable begins: what lies before it is not larger than it is. */
static uint64_t most_before(const struct heap *heap, uint64_t addr, uint64_t hi, uint64_t most)
{
	const struct statics *statics = &heap->statics;
	uint32_t next = sorted_to(statics->pointers, statics->n_pointers, sizeof *statics->pointers, addr);

	for (; next + 1 < statics->n_pointers && statics->pointers[next].to < hi; next++) {
		uint64_t size = statics->pointers[next + 1].to - statics->pointers[next].to;

		most = size < most ? size : most;
	}
	return most;
}

/* Sizes only grow from each to the next, and where the pointers contradict what is known of types, the smaller
 * figure counts. */
static void settle(const struct heap *heap, struct static_bounds *bounds, uint32_t first, uint64_t hi)
{
	uint64_t least = 0, most = UINT64_MAX, end = hi;

	qsort(bounds->items + first, bounds->n - first, sizeof *bounds->items, by_addr);
	for (uint32_t i = first; i < bounds->n; i++) {
		struct static_bound *item = &bounds->items[i];

		least = item->least > least ? item->least : least;
		item->least = least;
	}
	for (uint32_t i = bounds->n; i-- > first;) {
		struct static_bound *item = &bounds->items[i];

		most = most_before(heap, item->addr, end, most);
		end = item->addr;
		item->least = item->least < most ? item->least : most;
	}
}

static bool by_types(const struct heap *heap, struct static_bounds *bounds, uint64_t lo, uint64_t hi)
{
	uint32_t first = bounds->n;

	if (lo >= hi)
		return true;
	if (!add(bounds, lo, WORD) || !add_values(heap, bounds, lo, hi))
		return false;
	settle(heap, bounds, first, hi);
	return add(bounds, hi, WORD);
}

static bool module_by_types(const struct heap *heap, struct static_bounds *bounds,
			    const struct go_module *m)
{
	uint64_t end = m->edata;

	if (heap->go.layout.fips_data)
		end = fips_data(heap, m);
	if (end < m->data || end > m->edata)
		end = m->data;
	return by_types(heap, bounds, m->data, end) && by_types(heap, bounds, m->bss, m->ebss);
}

bool static_bounds_begin(const struct heap *heap, struct static_bounds *bounds)
{
	if (heap->image->variables)
		return by_symbols(heap->image->variables, bounds);
	for (uint32_t i = 0; i < heap->go.n_modules; i++)
		if (!module_by_types(heap, bounds, &heap->go.modules[i]))
			return false;
	qsort(bounds->items, bounds->n, sizeof *bounds->items, by_addr);
	return true;
}

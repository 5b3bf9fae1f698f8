#include "probes/go/statics/statics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "probes/go/heap.h"
#include "probes/go/lens/lens.h"
#include "probes/go/types/symbols.h"
#include "probes/go/types/variable_masks.h"
#include "probes/image/variables.h"

#define MOST_OVERLAP 4u /* times all variables: what values that overlap may have together */
#define MAX_STEPS 8u    /* from a variable with a name */
#define MAX_NESTING 64u
#define MOST_BYTES 65536u /* of a variable of unknown type */

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

bool statics_begin(struct heap *heap, struct error *err)
{
	struct statics *statics = &heap->statics;

	statics->segments = calloc(2 * (size_t)heap->go.n_modules + 1, sizeof *statics->segments);
	if (!statics->segments)
		return fail_memory(err, "variables without names");
	for (uint32_t i = 0; i < 2 * heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i / 2];
		struct static_segment *segment = &statics->segments[statics->n_segments];

		segment->lo = i % 2 ? m->bss : m->data;
		segment->hi = i % 2 ? m->ebss : m->edata;
		if (segment->hi - segment->lo > image_most(heap->image))
			segment->hi = segment->lo;
		segment->bits = calloc((segment->hi - segment->lo) / 512 + 1, sizeof *segment->bits);
		if (!segment->bits)
			return fail_memory(err, "variables without names");
		statics->n_segments++;
		if (!i || segment->lo < statics->lo)
			statics->lo = segment->lo;
		if (segment->hi > statics->hi)
			statics->hi = segment->hi;
	}
	return true;
}

void statics_refer(struct statics *statics, uint64_t addr)
{
	if (addr < statics->lo || addr >= statics->hi)
		return;
	for (uint32_t i = 0; i < statics->n_segments; i++) {
		const struct static_segment *s = &statics->segments[i];
		uint64_t word = (addr - s->lo) / 8;

		if (addr < s->lo || addr >= s->hi)
			continue;
		if (!(atomic_load_explicit(&s->bits[word / 64], memory_order_relaxed) >> (word % 64) & 1))
			atomic_fetch_or_explicit(&s->bits[word / 64], 1ull << (word % 64),
						 memory_order_relaxed);
	}
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

bool statics_note(struct heap *heap, const struct typed_place *place, uint64_t word)
{
	struct statics *statics = &heap->statics;
	struct static_value *value;

	statics->bytes += place->n * types_get(heap->types, place->type)->size;
	if (statics->bytes / MOST_OVERLAP > variables_bytes(&heap->go))
		return false;
	if (!variable_mask_agrees(&heap->go, heap->types, place->addr, place->type, place->n))
		return false;
	value = GROW(statics->items, statics->n, statics->capacity);
	if (!value) {
		heap->typing.failed = true;
		return false;
	}
	*value = (struct static_value){ .addr = place->addr, .n = place->n, .type = place->type,
				       .word = word };
	statics->n++;
	return true;
}

/* ---- in order ---- */

static uint64_t end_of(const struct heap *heap, const struct static_value *value)
{
	return value->addr + value->n * types_get(heap->types, value->type)->size;
}

static bool is_made(const struct heap *heap, const struct variable *v)
{
	return symbol_is_made(heap->image->variables->text + v->name);
}

const struct variable *statics_named(const struct heap *heap, uint64_t addr)
{
	const struct variable *v = variables_find(heap->image->variables, addr);

	return v && !is_made(heap, v) ? v : NULL;
}

static bool has_name(const struct heap *heap, uint64_t addr)
{
	return statics_named(heap, addr) != NULL;
}

/* How often TYPE begins with another one. */
static unsigned depth_of(const struct types *types, uint32_t type)
{
	const struct rtype *t = types_find(types, type);
	unsigned depth = 0;

	for (; t && depth < MAX_NESTING; depth++) {
		if (t->kind == KIND_ARRAY)
			t = types_find(types, t->elem);
		else if (t->kind == KIND_STRUCT && t->n_fields)
			t = types_find(types, t->fields[0].type);
		else
			break;
	}
	return depth;
}

/* By address; what begins with others before these, and what a variable with a name leads to first. */
static int by_place(const void *a, const void *b, void *arg)
{
	const struct static_value *x = a, *y = b;
	const struct heap *heap = arg;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;

	const uint64_t more[][2] = {
		{ end_of(heap, x), end_of(heap, y) },
		{ depth_of(heap->types, x->type), depth_of(heap->types, y->type) },
		{ has_name(heap, x->word), has_name(heap, y->word) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (more[i][0] != more[i][1])
			return more[i][0] > more[i][1] ? -1 : 1;
	return x->word < y->word ? -1 : x->word > y->word;
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

/* The data or bss that ADDR lies in. False if it lies in none. */
static bool segment_of(const struct go *go, uint64_t addr, uint64_t *lo, uint64_t *hi)
{
	for (uint32_t i = 0; i < 2 * go->n_modules; i++) {
		const struct go_module *m = &go->modules[i / 2];

		*lo = i % 2 ? m->bss : m->data;
		*hi = i % 2 ? m->ebss : m->edata;
		if (lies_in(addr, 8, *lo, *hi))
			return true;
	}
	return false;
}

/* Where the data or bss begins, and where it ends, that ADDR lies in; 0 if it lies in none. */
static uint64_t segment_begin(const struct go *go, uint64_t addr)
{
	uint64_t lo, hi;

	return segment_of(go, addr, &lo, &hi) ? lo : 0;
}

static uint64_t segment_end(const struct go *go, uint64_t addr)
{
	uint64_t lo, hi;

	return segment_of(go, addr, &lo, &hi) ? hi : 0;
}

static bool note_pointers(struct heap *heap, uint64_t lo, uint64_t mask, uint64_t bits)
{
	struct statics *statics = &heap->statics;

	for (uint64_t i = 0; i < bits; i++) {
		uint8_t byte = image_u8(heap->image, mask + i / 8);
		struct static_pointer *pointer;
		uint64_t to;

		if (!byte)
			i |= 7;
		if (!(byte >> (i % 8) & 1))
			continue;
		to = image_u64(heap->image, lo + 8 * i);
		if (!segment_end(&heap->go, to) || has_name(heap, to))
			continue;
		pointer = GROW(statics->pointers, statics->n_pointers, statics->capacity_pointers);
		if (!pointer)
			return false;
		*pointer = (struct static_pointer){ .to = to, .word = lo + 8 * i };
		statics->n_pointers++;
	}
	return true;
}

/* By what they lead to; those in variables with a name first. */
static int by_target(const void *a, const void *b, void *arg)
{
	const struct static_pointer *x = a, *y = b;
	int named;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	named = has_name(arg, y->word) - has_name(arg, x->word);
	return named ? named : x->word < y->word ? -1 : x->word > y->word;
}

static void drop_repeated(struct statics *statics)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < statics->n_pointers; i++)
		if (!n || statics->pointers[i].to != statics->pointers[n - 1].to)
			statics->pointers[n++] = statics->pointers[i];
	statics->n_pointers = n;
}

bool statics_finish(struct heap *heap, struct error *err)
{
	struct statics *statics = &heap->statics;

	if (statics->n)
		qsort_r(statics->items, statics->n, sizeof *statics->items, by_place, heap);
	drop_parts(heap, statics);
	for (uint32_t i = 0; i < heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i];

		if (!note_pointers(heap, m->data, m->data_mask, m->n_data_mask) ||
		    !note_pointers(heap, m->bss, m->bss_mask, m->n_bss_mask))
			return fail_memory(err, "variables without names");
	}
	if (statics->n_pointers)
		qsort_r(statics->pointers, statics->n_pointers, sizeof *statics->pointers, by_target,
			heap);
	drop_repeated(statics);
	return static_bounds_begin(heap, &statics->bounds) ||
	       fail_memory(err, "variables without names");
}

void statics_free(struct statics *statics)
{
	for (uint32_t i = 0; i < statics->n_segments; i++)
		free(statics->segments[i].bits);
	free(statics->segments);
	free(statics->items);
	free(statics->pointers);
	static_bounds_free(&statics->bounds);
	*statics = (struct statics){ 0 };
}

/* ---- finding ---- */

/* How many of the values begin at ADDR or before it. */
static uint32_t values_to(const struct statics *statics, uint64_t addr)
{
	return sorted_to(statics->items, statics->n, sizeof *statics->items, addr);
}

static const struct static_value *value_at(const struct heap *heap, uint64_t addr)
{
	uint32_t n = values_to(&heap->statics, addr);
	const struct static_value *value = n ? &heap->statics.items[n - 1] : NULL;

	return value && addr < end_of(heap, value) ? value : NULL;
}

/* How many of the pointers lead to ADDR or before it. */
static uint32_t pointers_to(const struct statics *statics, uint64_t addr)
{
	return sorted_to(statics->pointers, statics->n_pointers, sizeof *statics->pointers, addr);
}

/* The word that points to ADDR, 0 if none does. */
static uint64_t pointer_to(const struct statics *statics, uint64_t addr)
{
	uint32_t n = pointers_to(statics, addr);

	return n && statics->pointers[n - 1].to == addr ? statics->pointers[n - 1].word : 0;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The first word from LO up to HI that something in the heap or on a stack refers to; HI if there is none. */
static uint64_t next_referred(const struct statics *statics, uint64_t lo, uint64_t hi)
{
	for (uint32_t i = 0; i < statics->n_segments; i++) {
		const struct static_segment *s = &statics->segments[i];

		for (uint64_t at = lo; at >= s->lo && at < s->hi && at < hi; at += 8) {
			uint64_t word = (at - s->lo) / 8, bits = s->bits[word / 64] >> (word % 64);

			if (bits & 1)
				return at;
			if (!bits)
				at += 8 * (63 - word % 64);
		}
	}
	return hi;
}

/* Where what is at ADDR, which may be a field, begins: as late as a variable there can. */
static uint64_t start_of(const struct statics *statics, uint64_t addr)
{
	return addr - addr % static_align(static_least(&statics->bounds, addr));
}

/* Behind the variable that begins at LO: nothing begins in it. */
static uint64_t least_end(const struct statics *statics, uint64_t lo)
{
	return lo + static_least(&statics->bounds, lo);
}

/* Where the variable that contains ADDR begins, by what leads there and what the code refers to; 0 if nothing
 * tells. Of what they refer to in the bytes before, as many are fields as can be. */
static uint64_t begin_of(const struct heap *heap, uint64_t addr)
{
	const struct statics *statics = &heap->statics;
	const struct code_facts *code = &heap->code;
	uint32_t pointer = pointers_to(statics, addr), value = values_to(statics, addr), reference;
	uint64_t begin = pointer ? statics->pointers[pointer - 1].to : 0;

	if (addr - begin > MOST_BYTES)
		begin = addr - MOST_BYTES;
	if (value && end_of(heap, &statics->items[value - 1]) > begin)
		begin = end_of(heap, &statics->items[value - 1]);
	reference = code_references_to(code, begin);
	begin = pointer && begin == statics->pointers[pointer - 1].to ? begin : 0;
	for (; reference < code->n_references && code->references[reference] <= addr; reference++) {
		uint64_t start = start_of(statics, code->references[reference]);

		if (!begin || start >= least_end(statics, begin))
			begin = start;
	}
	return begin;
}

/* The end of the variable that begins at LO: no later than where another one does. */
static uint64_t end_before_next(const struct heap *heap, uint64_t lo)
{
	const struct statics *statics = &heap->statics;
	const struct code_facts *code = &heap->code;
	uint64_t least = least_end(statics, lo), hi = segment_end(&heap->go, lo), next;
	uint32_t pointer = pointers_to(statics, least - 1), value = values_to(statics, lo);
	uint32_t reference = code_references_to(code, least - 1);
	const struct variable *named = variables_from(heap->image->variables, lo);

	if (pointer < statics->n_pointers)
		hi = least_of(hi, statics->pointers[pointer].to);
	if (value < statics->n)
		hi = least_of(hi, statics->items[value].addr);
	if (named)
		hi = least_of(hi, named->addr);
	if (named && named->size >= least - lo)
		hi = least_of(hi, lo + named->size);
	for (; reference < code->n_references && code->references[reference] < hi; reference++) {
		next = start_of(statics, code->references[reference]);
		if (next >= least)
			return least_of(next, next_referred(statics, least, hi));
	}
	return next_referred(statics, least, hi);
}

/* What has no name and no type, ADDR in it. All that the program has is referred to by its code or by a pointer.
 * Where only the code refers to, a variable may have begun before, and may end anywhere: but none begins
 * between two places where one can. */
static bool find_extent(const struct heap *heap, uint64_t addr, struct static_extent *out)
{
	const struct statics *statics = &heap->statics;
	uint64_t begin = begin_of(heap, addr), word = begin ? pointer_to(statics, begin) : 0, hi;

	if (!begin || begin < segment_begin(&heap->go, addr))
		return false;
	hi = end_before_next(heap, begin);
	if (!word)
		hi = least_of(hi, begin + static_align(static_least(&statics->bounds, begin)));
	*out = (struct static_extent){ .lo = begin, .hi = hi, .word = word, .type = NO_TYPE };
	return addr < hi && addr - begin <= MOST_BYTES;
}

/* What the compiler made and the linker named, ADDR in it: its place and size are known. */
static bool find_made(const struct heap *heap, uint64_t addr, struct static_extent *out)
{
	const struct variable *v = variables_find(heap->image->variables, addr);

	if (!v || !v->size || !is_made(heap, v))
		return false;
	*out = (struct static_extent){ .lo = v->addr, .hi = v->addr + v->size, .type = NO_TYPE,
				       .word = pointer_to(&heap->statics, v->addr) };
	return true;
}

bool statics_find(const struct heap *heap, uint64_t addr, struct static_extent *out)
{
	const struct static_value *value = value_at(heap, addr);
	bool made = find_made(heap, addr, out);

	if (!value || (made && end_of(heap, value) < out->hi))
		return made || find_extent(heap, addr, out);
	*out = (struct static_extent){ .lo = value->addr, .hi = end_of(heap, value),
				       .type = value->n == 1 ? value->type : NO_TYPE,
				       .word = value->word };
	return true;
}

/* ---- names ---- */

/* What the word at ADDR leads to, OFFSET bytes into a variable of unknown type: "main.pair[+16]". An interface is
 * seen by its first word. */
static void put_offset(struct heap *heap, uint64_t addr, uint64_t offset, struct text *out)
{
	if (offset >= 8 &&
	    types_of_interface_word(heap->types, image_u64(heap->image, addr - 8)) != NO_TYPE)
		offset -= 8;
	text_printf(out, "[+%" PRIu64 "]", offset);
}

/* Is ADDR where the variable's value is, or that of an interface? */
static bool is_value_of(struct heap *heap, const struct variable *symbol, uint64_t addr)
{
	return addr == symbol->addr ||
	       (addr == symbol->addr + 8 && symbol->size == 16 &&
		types_of_interface_word(heap->types, image_u64(heap->image, addr - 8)) != NO_TYPE);
}

/* How one gets from variable SYMBOL to the word at ADDR in it, as far as its type is known. */
static void symbol_path(struct heap *heap, const struct variable *symbol, uint64_t addr, struct text *out)
{
	const char *name = heap->image->variables->text + symbol->name;
	const struct code_global *global =
		code_global_before(heap->code.globals, heap->code.n_globals, addr);

	text_escape(out, name, strlen(name), 512);
	if (global && global->addr == symbol->addr && global->form == CODE_VALUE)
		lens_path(heap, global->type, addr - symbol->addr, out);
	else if (!is_value_of(heap, symbol, addr))
		put_offset(heap, addr, addr - symbol->addr, out);
}

/* On the way to a variable with a name: the word in VARIABLE that leads on. */
struct step { struct static_extent variable; uint64_t word; };

/* How one gets from there to the word. */
static void step_path(struct heap *heap, const struct step *step, struct text *out)
{
	const struct static_value *value = value_at(heap, step->word);
	uint64_t offset = step->word - step->variable.lo, size;

	if (!value) {
		put_offset(heap, step->word, offset, out);
		return;
	}
	size = types_get(heap->types, value->type)->size;
	if (value->n > 1)
		text_printf(out, "[%" PRIu64 "]", offset / size);
	lens_path(heap, value->type, offset % size, out);
}

bool statics_name(struct heap *heap, const struct static_extent *variable, struct text *out)
{
	struct step steps[MAX_STEPS];
	uint64_t word = variable->word;
	const struct variable *symbol = NULL;
	unsigned n = 0;

	while (word && !(symbol = statics_named(heap, word)) && n < MAX_STEPS) {
		if (!statics_find(heap, word, &steps[n].variable))
			return false;
		steps[n].word = word;
		word = steps[n++].variable.word;
	}
	if (!symbol)
		return false;
	symbol_path(heap, symbol, word, out);
	while (n--)
		step_path(heap, &steps[n], out);
	return true;
}

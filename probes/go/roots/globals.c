/* Globals: the pointer words of each module's data and bss, told by their bitmaps. */
#include <stdio.h>
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/roots/roots.h"
#include "probes/go/types/symbols.h"
#include "probes/image/variables.h"

#define MAX_NAME 512

/* The place of the variable that a word belongs to, as far as symbols, the code or typing (statics.h)
 * tell. */
struct place { uint64_t lo, hi; uint32_t holder; enum strength strength; };

static uint64_t form_size(struct types *types, const struct code_global *global)
{
	switch (global->form) {
	case CODE_VALUE: return types_get(types, global->type)->size;
	case CODE_SLICE: return 24;
	default: return 8;
	}
}

/* The last of the code's globals that begins at or before ADDR and covers it; NULL if none. */
static const struct code_global *code_global_at(struct heap *heap, uint64_t addr)
{
	const struct code_global *global =
		code_global_before(heap->code.globals, heap->code.n_globals, addr);

	return global && addr - global->addr < form_size(heap->types, global) ? global : NULL;
}

/* The package whose code alone refers to the variable at ADDR, NULL if not known. */
static const char *referring_package(const struct code_facts *code, uint64_t addr)
{
	uint32_t n = code_references_to(code, addr);

	/* A word beside the one referred to may be another variable: its package is a guess only
	 * as far as the reference is near. */
	return n && addr - code->references[n - 1] < 8 ? code->packages[n - 1] : NULL;
}

/* One of the lists that sync keeps for the collector: what sync.poolCleanup refers to. */
static bool is_pool_list(const struct go *go, uint64_t addr)
{
	for (uint32_t i = 0; i < GO_WORDS && go->pool_words[i]; i++)
		if (go->pool_words[i] == addr)
			return true;
	return false;
}

/* The runtime's own variables are bookkeeping: they hold only what nothing else does. */
static bool is_bookkeeping(const struct go *go, const char *package, const char *name, uint64_t addr)
{
	return addr == go->allgs || addr == go->allm || addr == go->allp ||
	       (package && (!strcmp(package, "runtime") ||
			    !strncmp(package, "internal/runtime/", 17))) ||
	       !strcmp(name, "sync.allPools") || !strcmp(name, "sync.oldPools") ||
	       is_pool_list(go, addr);
}

static void name_by_place(struct roots *roots, const struct go_module *m, uint64_t addr,
			  const char *package, struct text *name)
{
	bool bss = addr >= m->bss && addr < m->ebss;

	if (roots->heap->go.n_modules > 1)
		text_printf(name, "module %u ", (unsigned)(m - roots->heap->go.modules));
	text_printf(name, "%s+0x%llx", bss ? "bss" : "data",
		    (unsigned long long)(addr - (bss ? m->bss : m->data)));
	if (package && *package)
		text_printf(name, " in %s", package);
}

static void name_symbol(struct roots *roots, const struct variable *symbol, struct place *v,
			struct text *name, const char **package)
{
	const char *raw = roots->heap->image->variables->text + symbol->name;

	v->lo = symbol->addr;
	v->hi = symbol->addr + (symbol->size ? symbol->size : 8);
	*package = name_pool_path(roots->names, raw);
	symbol_text(name, raw, strlen(raw), MAX_NAME);
}

/* The graph's type of a global's value, NO_NODE if it has no name in the program. */
static uint32_t global_form(struct heap *heap, const struct code_global *global)
{
	uint32_t type = global->type;

	if (global->form == CODE_POINTER)
		type = types_wrapping(heap->types, KIND_POINTER, type);
	else if (global->form == CODE_SLICE)
		type = types_wrapping(heap->types, KIND_SLICE, type);
	return type == NO_TYPE ? NO_NODE : forms_of(&heap->typing.forms, FORM_VALUE, type, 0);
}

/* The expression that leads to a variable without a name, and the import path at its head; false if there
 * is none. */
static bool expression(struct roots *roots, const struct static_extent *nameless, struct text *name,
		       const char **package)
{
	autotext struct text raw = { 0 };

	if (!statics_name(roots->heap, nameless, &raw))
		return false;
	*package = name_pool_path(roots->names, text_string(&raw));
	symbol_text(name, text_string(&raw), raw.length, 0);
	return true;
}

/* A variable without a name: named by the pointer that leads to it, else by its place. */
static enum known name_nameless(struct roots *roots, const struct go_module *m,
				const struct static_extent *nameless, struct text *name,
				const char **package)
{
	if (expression(roots, nameless, name, package))
		return nameless->type != NO_TYPE ? KNOWN_DERIVED : KNOWN_INFERRED;
	*package = referring_package(&roots->heap->code, nameless->lo);
	name_by_place(roots, m, nameless->lo, *package, name);
	return KNOWN_INFERRED;
}

static struct place add_variable(struct roots *roots, struct place v, uint32_t type,
				 const struct text *name, const char *package, enum known known)
{
	v.strength = is_bookkeeping(&roots->heap->go, package, text_string(name), v.lo)
			     ? STRENGTH_RUNTIME : STRENGTH_STRONG;
	v.holder = roots_holder(roots, v.strength == STRENGTH_RUNTIME ? HOLDER_RUNTIME
								      : HOLDER_GLOBAL,
				name_pool_copy(roots->names, text_string(name)),
				package ? package : "", known);
	if (v.holder != NO_NODE) {
		roots->holders[v.holder].lo = v.lo;
		roots->holders[v.holder].hi = v.hi;
		roots->holders[v.holder].type = type;
	}
	return v;
}

/* A variable that the code alone tells of, if anything does: GLOBAL, or NULL. */
static struct place by_code(struct roots *roots, const struct go_module *m, uint64_t addr,
			    const struct code_global *global)
{
	struct place v = { .lo = addr, .hi = addr + 8 };
	autotext struct text name = { 0 };
	const char *package;

	if (global) {
		v.lo = global->addr;
		v.hi = global->addr + form_size(roots->heap->types, global);
	}
	package = referring_package(&roots->heap->code, v.lo);
	name_by_place(roots, m, v.lo, package, &name);
	return add_variable(roots, v, global ? global_form(roots->heap, global) : NO_NODE, &name,
			    package, KNOWN_INFERRED);
}

static struct place by_symbol(struct roots *roots, const struct variable *symbol,
			      const struct code_global *global)
{
	autotext struct text name = { 0 };
	uint32_t type = NO_NODE;
	const char *package;
	struct place v;

	name_symbol(roots, symbol, &v, &name, &package);
	/* What is known may be but the first field of the variable. */
	if (global && global->addr == v.lo && v.hi - v.lo <= form_size(roots->heap->types, global))
		type = global_form(roots->heap, global);
	return add_variable(roots, v, type, &name, package, KNOWN_EXACT);
}

/* One without a name, of whose type the code knows GLOBAL's part, or nothing. */
static struct place by_extent(struct roots *roots, const struct go_module *m,
			      const struct static_extent *nameless, const struct code_global *global)
{
	struct place v = { .lo = nameless->lo, .hi = nameless->hi };
	autotext struct text name = { 0 };
	uint32_t type = NO_NODE;
	const char *package;
	enum known known = name_nameless(roots, m, nameless, &name, &package);

	if (nameless->type != NO_TYPE)
		type = forms_of(&roots->heap->typing.forms, FORM_VALUE, nameless->type, 0);
	else if (global && global->addr == v.lo && v.hi - v.lo <= form_size(roots->heap->types, global))
		type = global_form(roots->heap, global);
	return add_variable(roots, v, type, &name, package, known);
}

/* Make the holder for the word at ADDR. */
static struct place new_variable(struct roots *roots, const struct go_module *m, uint64_t addr)
{
	struct heap *heap = roots->heap;
	const struct variable *symbol = statics_named(heap, addr);
	const struct code_global *global = code_global_at(heap, addr);
	struct static_extent nameless;

	if (symbol)
		return by_symbol(roots, symbol, global);
	if (!statics_find(heap, addr, &nameless))
		return by_code(roots, m, addr, global);
	if (global && nameless.type == NO_TYPE && global->addr <= nameless.lo &&
	    global->addr + form_size(heap->types, global) > nameless.hi)
		return by_code(roots, m, addr, global);
	return by_extent(roots, m, &nameless, global);
}

/* A word that the next collection sets to nil before it marks. */
static bool is_cleared(const struct go *go, uint64_t addr)
{
	return addr == go->cleared[0] || addr == go->cleared[1];
}

static void segment(struct roots *roots, const struct go_module *m, uint64_t lo, uint64_t mask,
		    uint64_t bits)
{
	struct image *image = roots->heap->image;
	struct place v = { .holder = NO_NODE };

	for (uint64_t i = 0; i < bits; i++) {
		uint64_t addr = lo + 8 * i, value;

		if (!(image_u8(image, mask + i / 8) >> (i % 8) & 1))
			continue;
		value = image_u64(image, addr);
		if (graph_find(roots->heap->graph, value, NULL) == NO_NODE)
			continue;
		if (v.holder == NO_NODE || addr < v.lo || addr >= v.hi)
			v = new_variable(roots, m, addr);
		roots_add(roots, v.holder, addr, value, ROOT_GLOBAL,
			  is_cleared(&roots->heap->go, addr) ? STRENGTH_WEAK : v.strength,
			  KNOWN_EXACT, NO_NODE);
	}
}

void roots_globals(struct roots *roots)
{
	for (uint32_t i = 0; i < roots->heap->go.n_modules; i++) {
		const struct go_module *m = &roots->heap->go.modules[i];

		segment(roots, m, m->data, m->data_mask, m->n_data_mask);
		segment(roots, m, m->bss, m->bss_mask, m->n_bss_mask);
	}
}

#include "probes/go/typing/forms.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "probes/go/maps/sync.h"
#include "probes/go/types/symbols.h"

#define MAX_NAME 256 /* of a function */

bool forms_init(struct forms *forms, struct go *go, struct types *types, struct error *err)
{
	memset(forms, 0, sizeof *forms);
	forms->go = go;
	forms->types = types;
	forms->table_size = 1u << 14;
	forms->table = malloc(forms->table_size * sizeof *forms->table);
	if (!forms->table)
		return fail_memory(err, "type names");
	memset(forms->table, 0xff, forms->table_size * sizeof *forms->table);
	return true;
}

void forms_free(struct forms *forms)
{
	for (uint32_t i = 0; forms->shown && i < forms->n; i++) {
		free((char *)forms->shown[i].name);
		free((char *)forms->shown[i].package);
		free((char *)forms->shown[i].spelled);
	}
	free(forms->shown);
	free(forms->items);
	free(forms->table);
	memset(forms, 0, sizeof *forms);
}

static uint32_t *bucket_of(struct forms *forms, enum form form, uint32_t type, uint64_t entry)
{
	uint64_t key = (uint64_t)form << 40 ^ type ^ entry << 8;
	uint32_t mask = forms->table_size - 1;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) & mask;

	for (; forms->table[i] != NO_NODE; i = (i + 1) & mask) {
		const struct form_entry *f = &forms->items[forms->table[i]];

		if (f->form == form && f->type == type && f->entry == entry)
			break;
	}
	return &forms->table[i];
}

static bool grow(struct forms *forms)
{
	uint32_t capacity = forms->capacity ? 2 * forms->capacity : 4096;
	struct form_entry *items = reallocarray(forms->items, capacity, sizeof *items);
	struct type *shown;

	if (!items)
		return false;
	forms->items = items;
	shown = reallocarray(forms->shown, capacity, sizeof *shown);
	if (!shown)
		return false;
	forms->shown = shown;
	forms->capacity = capacity;
	return true;
}

static bool grow_table(struct forms *forms)
{
	uint32_t *table = malloc(2 * (size_t)forms->table_size * sizeof *table);

	if (!table)
		return false;
	free(forms->table);
	forms->table = table;
	forms->table_size *= 2;
	memset(table, 0xff, forms->table_size * sizeof *table);
	for (uint32_t i = 0; i < forms->n; i++)
		*bucket_of(forms, forms->items[i].form, forms->items[i].type,
			   forms->items[i].entry) = i;
	return true;
}

/* ---- how a form is shown ---- */

static void closure_name(struct forms *forms, uint64_t entry, struct text *name,
			 struct text *package)
{
	struct go_func f;

	if (!func_find(forms->go, entry, &f) || f.entry != entry) {
		text_printf(name, "func %#llx closure", (unsigned long long)entry);
		return;
	}
	text_puts(name, "func ");
	symbol_text(name, f.name, strlen(f.name), MAX_NAME);
	text_puts(name, " closure");
	symbol_text(package, f.name, symbol_package_length(f.name), MAX_NAME);
}

/* The name that people know a type by. A sync.Map is this and nothing else from Go 1.24 on, and nothing
 * else is this; programs that keep theirs in globals often have no descriptor for the outer type. */
static const char *known_name(const struct rtype *t)
{
	return strcmp(t->name, "sync.HashTrieMap[interface {},interface {}]") ? t->name : "sync.Map";
}

/* Its name with paths, NULL if it has none. */
static const char *spelled(const struct forms *forms, uint32_t type)
{
	if (type >= forms->n_spelled || !forms->spelled[type])
		return NULL;
	return known_name(types_get(forms->types, type)) == types_get(forms->types, type)->name
		       ? forms->spelled[type] : NULL;
}

/* The name of a form whose type is called OF. */
static void form_name(struct forms *forms, const struct form_entry *f, const char *of, struct text *name,
		      struct text *package)
{
	static const char *const suffix[] = {
		[FORM_MAP_DIRECTORY] = " directory", [FORM_MAP_TABLE] = " table",
		[FORM_MAP_GROUPS] = " groups", [FORM_MAP_BUCKETS] = " buckets",
		[FORM_MAP_EXTRA] = " extra", [FORM_CHAN_BUFFER] = " buffer",
		[FORM_TINY] = NULL, [FORM_ARENA] = NULL,
	};

	if (f->form == FORM_CLOSURE) {
		closure_name(forms, f->entry, name, package);
		return;
	}
	if (f->type != NO_TYPE)
		text_puts(package, types_get(forms->types, f->type)->package);
	if (f->form == FORM_STRING)
		text_puts(name, "string bytes");
	else if (f->form == FORM_TINY)
		text_puts(name, "tiny block");
	else if (f->form == FORM_ITABS)
		text_puts(name, "runtime.itabTableType");
	else if (f->form == FORM_ARENA)
		text_puts(name, "arena chunk");
	else if (f->form == FORM_ARRAY)
		text_printf(name, "[...]%s", of);
	else
		text_printf(name, "%s%s", of, suffix[f->form] ? suffix[f->form] : "");
}

static enum type_kind shown_kind(enum go_kind kind)
{
	switch (kind) {
	case KIND_BOOL: return TYPE_BOOL;
	case KIND_INT ... KIND_INT64: return TYPE_INT;
	case KIND_UINT ... KIND_UINTPTR: return TYPE_UINT;
	case KIND_FLOAT32: case KIND_FLOAT64: return TYPE_FLOAT;
	case KIND_COMPLEX64: case KIND_COMPLEX128: return TYPE_COMPLEX;
	case KIND_ARRAY: return TYPE_ARRAY;
	case KIND_CHAN: return TYPE_CHAN;
	case KIND_FUNC: return TYPE_FUNC;
	case KIND_INTERFACE: return TYPE_INTERFACE;
	case KIND_MAP: return TYPE_MAP;
	case KIND_POINTER: case KIND_UNSAFE_POINTER: return TYPE_POINTER;
	case KIND_SLICE: return TYPE_SLICE;
	case KIND_STRING: return TYPE_STRING;
	case KIND_STRUCT: return TYPE_STRUCT;
	default: return TYPE_OTHER;
	}
}

/* Named types whose role the rules know. */
static const struct { const char *name; enum type_shape shape; } shapes[] = {
	{ "context.valueCtx", SHAPE_CONTEXT_VALUE }, { "context.cancelCtx", SHAPE_CONTEXT },
	{ "context.timerCtx", SHAPE_CONTEXT }, { "context.afterFuncCtx", SHAPE_CONTEXT },
	{ "context.withoutCancelCtx", SHAPE_CONTEXT }, { "context.stopCtx", SHAPE_CONTEXT },
	{ "context.emptyCtx", SHAPE_CONTEXT }, { "time.Timer", SHAPE_TIMER },
	{ "time.Ticker", SHAPE_TIMER }, { "runtime.timer", SHAPE_TIMER },
	{ "runtime.timeTimer", SHAPE_TIMER }, { "http.Client", SHAPE_HTTP_CLIENT },
	{ "http.Transport", SHAPE_HTTP_CLIENT }, { "sync.WaitGroup", SHAPE_WAIT_GROUP },
	{ "sync.Pool", SHAPE_POOL }, { "runtime.g", SHAPE_TASK },
};

static enum type_shape named_shape(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(name, shapes[i].name))
			return shapes[i].shape;
	return strncmp(name, "runtime.", 8) ? SHAPE_NONE : SHAPE_RUNTIME;
}

/* interface {}, spelled by the runtime. */
static bool is_empty_interface(struct types *types, uint32_t type)
{
	const struct rtype *t = types_find(types, type);

	return t && t->kind == KIND_INTERFACE && !t->n_methods;
}

static bool is_string(struct types *types, uint32_t type)
{
	return type != NO_TYPE && types_get(types, type)->kind == KIND_STRING;
}

static enum type_shape form_shape(struct forms *forms, const struct form_entry *f)
{
	struct types *types = forms->types;
	const struct rtype *t = types_find(types, f->type);

	switch (f->form) {
	case FORM_STRING: return SHAPE_BYTES;
	case FORM_MAP:
		return t && is_string(types, t->key) && is_empty_interface(types, t->elem) &&
		       !t->named ? SHAPE_JSON_TREE : SHAPE_MAP;
	case FORM_MAP_DIRECTORY: case FORM_MAP_TABLE: case FORM_MAP_GROUPS:
	case FORM_MAP_BUCKETS: case FORM_MAP_EXTRA: return SHAPE_MAP_PART;
	case FORM_CHAN: return SHAPE_CHAN;
	case FORM_CHAN_BUFFER: return SHAPE_CHAN_BUFFER;
	case FORM_CLOSURE: return SHAPE_CLOSURE;
	case FORM_TINY: return SHAPE_TINY;
	case FORM_ITABS: return SHAPE_RUNTIME;
	case FORM_ARRAY:
		if (is_empty_interface(types, f->type))
			return SHAPE_JSON_TREE;
		return t && t->kind == KIND_UINT8 ? SHAPE_BYTES : SHAPE_ARRAY;
	default:
		if (t && sync_part_of(t) != SYNC_NO_PART)
			return SHAPE_MAP_PART;
		return t ? named_shape(t->name) : SHAPE_NONE;
	}
}

static enum type_kind form_kind(struct forms *forms, const struct form_entry *f)
{
	switch (f->form) {
	case FORM_VALUE:
		return f->type == NO_TYPE ? TYPE_OTHER
					  : shown_kind(types_get(forms->types, f->type)->kind);
	case FORM_ARRAY: case FORM_CHAN_BUFFER: return TYPE_ARRAY;
	case FORM_STRING: return TYPE_STRING;
	case FORM_MAP: return TYPE_MAP;
	case FORM_CHAN: return TYPE_CHAN;
	case FORM_CLOSURE: return TYPE_FUNC;
	default: return TYPE_OTHER;
	}
}

uint64_t forms_unit(const struct forms *forms, uint32_t form)
{
	const struct form_entry *f = &forms->items[form];
	const struct rtype *t = types_find(forms->types, f->type);

	switch (f->form) {
	case FORM_VALUE: case FORM_ARRAY: return t ? t->size : 0;
	case FORM_STRING: return 1;
	case FORM_MAP: return layout_map_header(&forms->go->layout);
	case FORM_MAP_DIRECTORY: return 8;
	case FORM_MAP_TABLE: return 32;
	case FORM_MAP_GROUPS: return t ? t->group_size : 0;
	case FORM_MAP_BUCKETS: return t ? t->bucket_size : 0;
	case FORM_CHAN_BUFFER:
		return t && t->elem != NO_TYPE ? types_get(forms->types, t->elem)->size : 0;
	default: return 0;
	}
}

/* Set what form number I is called where its type is called otherwise than the program does. */
static bool respell(struct forms *forms, uint32_t i)
{
	const char *of = spelled(forms, forms->items[i].type);
	struct text name = { 0 };
	autotext struct text package = { 0 };

	if (of)
		form_name(forms, &forms->items[i], of, &name, &package);
	if (name.failed) {
		text_free(&name);
		return false;
	}
	forms->shown[i].spelled = name.bytes;
	return true;
}

uint32_t forms_of(struct forms *forms, enum form form, uint32_t type, uint64_t entry)
{
	uint32_t *bucket = bucket_of(forms, form, type, entry);
	struct text name = { 0 }, package = { 0 };

	if (*bucket != NO_NODE)
		return *bucket;
	if (forms->n == forms->capacity && !grow(forms))
		return NO_NODE;
	if (2 * forms->n >= forms->table_size) {
		if (!grow_table(forms))
			return NO_NODE;
		bucket = bucket_of(forms, form, type, entry);
	}
	forms->items[forms->n] = (struct form_entry){ form, type, entry };
	form_name(forms, &forms->items[forms->n],
		  type == NO_TYPE ? "?" : known_name(types_get(forms->types, type)), &name, &package);
	forms->shown[forms->n] = (struct type){
		.name = name.bytes ? name.bytes : strdup("?"),
		.package = package.bytes ? package.bytes : strdup(""),
		.kind = form_kind(forms, &forms->items[forms->n]),
		.shape = form_shape(forms, &forms->items[forms->n]),
	};
	*bucket = forms->n++;
	forms->shown[*bucket].size = forms_unit(forms, *bucket);
	respell(forms, *bucket);
	return *bucket;
}

bool forms_respell(struct forms *forms, const char *const *names, uint32_t n)
{
	bool good = true;

	forms->spelled = names;
	forms->n_spelled = n;
	for (uint32_t i = 0; i < forms->n && good; i++)
		good = respell(forms, i);
	return good;
}

void forms_to_graph(struct forms *forms, struct graph *g)
{
	g->types = forms->shown;
	g->n_types = forms->n;
}

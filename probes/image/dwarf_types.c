#include "probes/image/dwarf_types.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

#define MAX_TYPEDEFS 16
#define MAX_TYPES (1u << 18)
#define MAX_MEMBERS (1u << 20)

enum { /* cmd/internal/dwarf */
	AT_KIND = 0x2900, AT_KEY = 0x2901, AT_ELEM = 0x2902, AT_EMBEDDED = 0x2903,
	AT_RUNTIME_TYPE = 0x2904,
};
enum { KIND_ARRAY = 17, KIND_CHAN, KIND_FUNC, KIND_INTERFACE, KIND_MAP, KIND_POINTER, KIND_SLICE,
       KIND_STRING, KIND_STRUCT, KIND_UNSAFE_POINTER }; /* reflect.Kind */

void dwarf_types_free(struct dwarf_types *types)
{
	free(types->offsets);
	free(types->table);
}

/* ---- each once ---- */

static uint32_t *bucket_of(struct dwarf_types *types, Dwarf_Off offset)
{
	uint32_t mask = types->size_table - 1;
	uint32_t i = (uint32_t)(offset * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (types->table[i] && types->offsets[types->table[i] - 1] != offset)
		i = (i + 1) & mask;
	return &types->table[i];
}

static bool grow_table(struct dwarf_types *types)
{
	uint32_t size = types->size_table ? 2 * types->size_table : 4096;
	uint32_t *table = calloc(size, sizeof *table);

	if (!table)
		return false;
	free(types->table);
	types->table = table;
	types->size_table = size;
	for (uint32_t i = 0; i < types->sink->types->n; i++)
		*bucket_of(types, types->offsets[i]) = i + 1;
	return true;
}

/* Room for one more in both lists, which have the same capacity. */
static bool make_room(struct dwarf_types *types)
{
	struct debug_types *list = types->sink->types;
	uint32_t capacity = types->capacity ? 2 * types->capacity : 1024;
	struct debug_type *items;
	Dwarf_Off *offsets;

	if (list->n < types->capacity)
		return true;
	offsets = reallocarray(types->offsets, capacity, sizeof *offsets);
	types->offsets = offsets ? offsets : types->offsets;
	items = reallocarray(list->items, capacity, sizeof *items);
	list->items = items ? items : list->items;
	types->capacity = offsets && items ? capacity : types->capacity;
	return offsets && items;
}

/* The entry at OFFSET, entered if it is new; 0 if there are too many. */
static uint32_t enter(struct dwarf_types *types, Dwarf_Off offset)
{
	struct debug_types *list = types->sink->types;
	uint32_t *bucket;

	if (2 * list->n >= types->size_table && !grow_table(types))
		return 0;
	bucket = bucket_of(types, offset);
	if (*bucket)
		return *bucket;
	if (list->n >= MAX_TYPES || !make_room(types))
		return 0;
	types->offsets[list->n] = offset;
	memset(&list->items[list->n], 0, sizeof *list->items);
	return *bucket = ++list->n;
}

/* ---- attributes ---- */

static bool refer(Dwarf_Die *die, unsigned name, Dwarf_Die *out)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && dwarf_formref_die(&attribute, out);
}

static uint64_t number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	return dwarf_attr(die, name, &attribute) && !dwarf_formudata(&attribute, &word) ? word : 0;
}

static void read_descriptor(Dwarf_Die *die, struct debug_type *out)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr addr = 0;

	if (!dwarf_attr(die, AT_RUNTIME_TYPE, &attribute))
		return;
	if (dwarf_whatform(&attribute) == DW_FORM_addr) {
		out->descriptor = dwarf_formaddr(&attribute, &addr) ? 0 : addr;
		out->descriptor_kind = out->descriptor ? DESCRIPTOR_ADDRESS : DESCRIPTOR_NONE;
		return;
	}
	out->descriptor = number(die, AT_RUNTIME_TYPE);
	out->descriptor_kind = out->descriptor ? DESCRIPTOR_OFFSET : DESCRIPTOR_NONE;
}

/* unsafe.Pointer has a pointer's tag and nothing else. */
static bool is_bare_pointer(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_pointer_type && !dwarf_hasattr(die, DW_AT_type);
}

/* What has a kind is the type; the linker puts a typedef of the same name before many. */
uint32_t dwarf_type_of(struct dwarf_types *types, Dwarf_Die *die, unsigned name)
{
	Dwarf_Die type;

	if (!refer(die, name, &type))
		return 0;
	for (int i = 0; i < MAX_TYPEDEFS; i++) {
		if (dwarf_hasattr(&type, AT_KIND) || is_bare_pointer(&type))
			return enter(types, dwarf_dieoffset(&type));
		if (dwarf_tag(&type) != DW_TAG_typedef || !refer(&type, DW_AT_type, &type))
			return 0;
	}
	return 0;
}

/* ---- what a type is made of ---- */

static void read_members(struct dwarf_types *types, Dwarf_Die *die, uint32_t place)
{
	const struct dwarf_sink *sink = types->sink;
	struct debug_types *list = sink->types;
	Dwarf_Die child;

	list->items[place].members = list->n_members;
	if (dwarf_child(die, &child))
		return;
	do {
		struct debug_member *member;

		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		if (list->n_members >= MAX_MEMBERS)
			return;
		member = GROW(list->members, list->n_members, types->capacity_members);
		if (!member)
			return;
		*member = (struct debug_member){
			.offset = number(&child, DW_AT_data_member_location),
			.name = sink->text(sink->arg, dwarf_diename(&child)),
			.type = dwarf_type_of(types, &child, DW_AT_type),
			.embedded = number(&child, AT_EMBEDDED) != 0,
		};
		list->n_members++;
		list->items[place].n_members++;
	} while (!dwarf_siblingof(&child, &child));
}

static uint64_t count_of(Dwarf_Die *die)
{
	Dwarf_Die range;

	return dwarf_child(die, &range) ? 0 : number(&range, DW_AT_count);
}

/* An interface without methods is one type of the runtime's, any other is another. */
static bool has_methods(Dwarf_Die *die)
{
	Dwarf_Die representation;
	const char *name;

	if (!refer(die, DW_AT_type, &representation))
		return true;
	name = dwarf_diename(&representation);
	return !name || strcmp(name, "runtime.eface");
}

/* The linker takes the kind of some pointers for 0. */
static unsigned kind_of(Dwarf_Die *die)
{
	uint64_t kind = number(die, AT_KIND);

	if (is_bare_pointer(die))
		return KIND_UNSAFE_POINTER;
	if (!kind && dwarf_tag(die) == DW_TAG_pointer_type)
		return KIND_POINTER;
	return kind <= KIND_UNSAFE_POINTER ? (unsigned)kind : 0;
}

static uint64_t size_of(Dwarf_Die *die, unsigned kind)
{
	switch (kind) {
	case KIND_CHAN: case KIND_FUNC: case KIND_MAP: case KIND_POINTER: case KIND_UNSAFE_POINTER:
		return 8;
	case KIND_INTERFACE: case KIND_STRING: return 16;
	case KIND_SLICE: return 24;
	default: return number(die, DW_AT_byte_size);
	}
}

/* What is entered meanwhile may move the list. */
static void read_parts(struct dwarf_types *types, Dwarf_Die *die, uint32_t place, unsigned kind)
{
	struct debug_type **items = &types->sink->types->items;
	uint32_t elem = 0, key = 0;

	switch (kind) {
	case KIND_ARRAY:
		(*items)[place].count = count_of(die);
		elem = dwarf_type_of(types, die, DW_AT_type);
		break;
	case KIND_POINTER: elem = dwarf_type_of(types, die, DW_AT_type); break;
	case KIND_MAP: key = dwarf_type_of(types, die, AT_KEY);
		/* fall through */
	case KIND_CHAN: case KIND_SLICE: elem = dwarf_type_of(types, die, AT_ELEM); break;
	case KIND_INTERFACE: (*items)[place].count = has_methods(die); break;
	case KIND_STRUCT: read_members(types, die, place); break;
	default: break;
	}
	(*items)[place].elem = elem;
	(*items)[place].key = key;
}

static void read_type(struct dwarf_types *types, Dwarf *dwarf, uint32_t place)
{
	const struct dwarf_sink *sink = types->sink;
	struct debug_type *t = &sink->types->items[place];
	Dwarf_Die die;

	if (!dwarf_offdie(dwarf, types->offsets[place], &die))
		return;
	t->kind = (uint16_t)kind_of(&die);
	t->name = sink->text(sink->arg, dwarf_diename(&die));
	t->size = size_of(&die, t->kind);
	read_descriptor(&die, t);
	if (!t->descriptor)
		read_parts(types, &die, place, t->kind);
}

void dwarf_types_read(struct dwarf_types *types, Dwarf *dwarf)
{
	while (types->n_read < types->sink->types->n)
		read_type(types, dwarf, types->n_read++);
}

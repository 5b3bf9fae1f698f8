#include "probes/image/dwarf.h"

#include <dwarf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/grow.h"
#include "probes/image/dwarf_types.h"

#define AT_PACKAGE_NAME 0x2905 /* DW_AT_go_package_name (cmd/internal/dwarf) */
#define MAX_PACKAGES (1u << 20)

/* Go 1.26 writes a location as a block of DWARF 4's form in DWARF 5, which dwarf_getlocation refuses:
 * the block itself is one DW_OP_addr. */
static bool location(Dwarf_Die *die, uint64_t *addr)
{
	Dwarf_Attribute attribute;
	Dwarf_Block block;

	if (!dwarf_attr(die, DW_AT_location, &attribute) || dwarf_formblock(&attribute, &block) ||
	    block.length != 9 || block.data[0] != DW_OP_addr)
		return false;
	memcpy(addr, block.data + 1, 8);
	return true;
}

static void unit_variables(Dwarf_Die *unit, struct dwarf_types *types)
{
	const struct dwarf_sink *sink = types->sink;
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		struct dwarf_variable v = { 0 };

		if (dwarf_tag(&die) != DW_TAG_variable || !location(&die, &v.addr))
			continue;
		v.name = dwarf_diename(&die);
		v.type = dwarf_type_of(types, &die, DW_AT_type);
		sink->variable(sink->arg, &v);
	} while (!dwarf_siblingof(&die, &die));
}

/* A unit of the compiler's is a package. */
static void unit_package(Dwarf_Die *unit, const struct dwarf_sink *sink, uint32_t *capacity)
{
	struct debug_types *list = sink->types;
	struct debug_package *package;
	Dwarf_Attribute attribute;
	const char *name;

	if (!dwarf_attr(unit, AT_PACKAGE_NAME, &attribute) ||
	    !(name = dwarf_formstring(&attribute)) || list->n_packages >= MAX_PACKAGES)
		return;
	package = GROW(list->packages, list->n_packages, *capacity);
	if (!package)
		return;
	package->path = sink->text(sink->arg, dwarf_diename(unit));
	package->name = sink->text(sink->arg, name);
	list->n_packages++;
}

bool dwarf_variables(int fd, const struct dwarf_sink *sink)
{
	struct dwarf_types types = { .sink = sink };
	uint32_t capacity_packages = 0;
	Dwarf *dwarf;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	bool any = false;

	if (elf_version(EV_CURRENT) == EV_NONE || !(dwarf = dwarf_begin(fd, DWARF_C_READ)))
		return false;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		unit_package(&unit, sink, &capacity_packages);
		unit_variables(&unit, &types);
		any = true;
	}
	dwarf_types_read(&types, dwarf);
	dwarf_types_free(&types);
	dwarf_end(dwarf);
	return any;
}

#include "probes/dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#define AT_RUNTIME_TYPE 0x2904 /* DW_AT_go_runtime_type (cmd/internal/dwarf) */
#define MAX_TYPEDEFS 16

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

static bool descriptor(Dwarf_Die *die, struct dwarf_variable *out)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr addr;
	Dwarf_Word word;

	if (!dwarf_attr(die, AT_RUNTIME_TYPE, &attribute))
		return false;
	out->is_address = dwarf_whatform(&attribute) == DW_FORM_addr;
	if (out->is_address ? dwarf_formaddr(&attribute, &addr) : dwarf_formudata(&attribute, &word))
		return false;
	out->descriptor = out->is_address ? addr : word;
	return out->descriptor != 0;
}

/* The name of the variable's type, and its descriptor or that of what it is a typedef of. */
static void read_type(Dwarf_Die *variable, struct dwarf_variable *out)
{
	Dwarf_Die die = *variable;

	for (int i = 0; i < MAX_TYPEDEFS; i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die type;

		if (!dwarf_attr(&die, DW_AT_type, &attribute) ||
		    !dwarf_formref_die(&attribute, &type))
			return;
		if (!out->type)
			out->type = dwarf_diename(&type);
		if (descriptor(&type, out) || dwarf_tag(&type) != DW_TAG_typedef)
			return;
		die = type;
	}
}

static void unit_variables(Dwarf_Die *unit, dwarf_fn fn, void *arg)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		struct dwarf_variable v = { 0 };

		if (dwarf_tag(&die) != DW_TAG_variable || !location(&die, &v.addr))
			continue;
		v.name = dwarf_diename(&die);
		read_type(&die, &v);
		fn(arg, &v);
	} while (!dwarf_siblingof(&die, &die));
}

bool dwarf_variables(int fd, dwarf_fn fn, void *arg)
{
	Dwarf *dwarf;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	bool any = false;

	if (elf_version(EV_CURRENT) == EV_NONE || !(dwarf = dwarf_begin(fd, DWARF_C_READ)))
		return false;
	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		unit_variables(&unit, fn, arg);
		any = true;
	}
	dwarf_end(dwarf);
	return any;
}

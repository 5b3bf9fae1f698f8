/* Types out of debug information: asked for one by one, read together with all that they lead to, each once
 * (libdw). What is read of a file is bounded, and need make no sense. */
#ifndef GORETAIN_PROBES_IMAGE_DWARF_TYPES_H
#define GORETAIN_PROBES_IMAGE_DWARF_TYPES_H

#include <elfutils/libdw.h>

#include "probes/image/dwarf.h"

struct dwarf_types {
	const struct dwarf_sink *sink;
	uint32_t capacity, capacity_members, n_read;
	Dwarf_Off *offsets;  /* of the types' entries in the file */
	uint32_t *table, size_table; /* by offset: places in the list, counted from 1 */
};

/* The place in the list, counted from 1, of what attribute NAME of DIE refers to; 0 if that is no type that
 * can be read. It is only entered: dwarf_types_read reads it. */
uint32_t dwarf_type_of(struct dwarf_types *types, Dwarf_Die *die, unsigned name);

/* Read what was entered, and what it leads to. */
void dwarf_types_read(struct dwarf_types *types, Dwarf *dwarf);

/* Only what was needed to read. */
void dwarf_types_free(struct dwarf_types *types);

#endif

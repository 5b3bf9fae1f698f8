/* Variables and their types from a program's debug information, where it has any (libdw). Of Go it knows the
 * numbers of the attributes that its linker adds (cmd/internal/dwarf), and how this writes types down. */
#ifndef GORETAIN_PROBES_IMAGE_DWARF_H
#define GORETAIN_PROBES_IMAGE_DWARF_H

#include "probes/image/debug_types.h"

/* A variable of the program. Its name is the file's raw bytes, which live during the call. */
struct dwarf_variable {
	uint64_t addr;       /* as linked */
	const char *name;    /* NULL if there is none */
	uint32_t type;       /* in the types, counted from 1; 0 if not known */
};

/* What is read goes there. */
struct dwarf_sink {
	void (*variable)(void *arg, const struct dwarf_variable *variable);
	uint32_t (*text)(void *arg, const char *name); /* keeps NAME: its place; 0 for none */
	void *arg;
	struct debug_types *types;
};

/* Read all global variables and the types that they need. False if the file at FD has no debug information
 * that can be read: its types are then missing, nothing else. */
bool dwarf_variables(int fd, const struct dwarf_sink *sink);

#endif

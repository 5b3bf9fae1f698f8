/* Variables from a program's debug information, where it has any (libdw). Knows nothing of Go but the
 * number of the attribute by which a type names its run-time descriptor. */
#ifndef GORETAIN_PROBES_DWARF_H
#define GORETAIN_PROBES_DWARF_H

#include <stdbool.h>
#include <stdint.h>

/* A variable of the program, with the name of its type and that type's run-time descriptor as the
 * attribute has it: an address as linked if IS_ADDRESS, else an offset into the program's types; 0 if
 * the type has none. Strings are the file's raw bytes and live during the call. */
struct dwarf_variable {
	uint64_t addr, descriptor;   /* addr as linked */
	const char *name, *type;     /* NULL if there is none */
	bool is_address;
};

typedef void (*dwarf_fn)(void *arg, const struct dwarf_variable *variable);

/* Call FN for each global variable. False if the file at FD has no debug
 * information that can be read: its types are then missing, nothing else. */
bool dwarf_variables(int fd, dwarf_fn fn, void *arg);

#endif

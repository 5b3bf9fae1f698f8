/* Variables from a program's debug information, where it has any (libdw). Knows nothing of Go but the
 * number of the attribute by which a type names its run-time descriptor. */
#ifndef GORETAIN_PROBES_DWARF_H
#define GORETAIN_PROBES_DWARF_H

#include <stdbool.h>
#include <stdint.h>

/* A variable of the program: its address as linked, its type's run-time descriptor as the attribute
 * has it: an address as linked if IS_ADDRESS, else an offset into the program's types. */
struct dwarf_variable { uint64_t addr, descriptor; bool is_address; };

typedef void (*dwarf_fn)(void *arg, const struct dwarf_variable *variable);

/* Call FN for each global variable whose type has a descriptor. False if the file at FD has no debug
 * information that can be read: its types are then missing, nothing else. */
bool dwarf_variables(int fd, dwarf_fn fn, void *arg);

#endif

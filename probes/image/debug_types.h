/* Types as a program's debug information has them: those of its variables, and all that these lead to, down
 * to the types of which the program itself has a descriptor. Numbers and names as the file has them: whoever
 * reads them believes nothing. */
#ifndef GORETAIN_PROBES_IMAGE_DEBUG_TYPES_H
#define GORETAIN_PROBES_IMAGE_DEBUG_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DESCRIPTOR_NONE, DESCRIPTOR_ADDRESS, DESCRIPTOR_OFFSET };

/* Other types are named by their place in the list, counted from 1; 0 is none, or one that is not known.
 * Names lie in the text of the variables (variables.h). */
struct debug_type {
	uint64_t size;
	uint64_t count;          /* elements of an array; methods of an interface, as 0 or 1 */
	uint64_t descriptor;     /* an address as linked, or an offset into the types */
	uint32_t name;
	uint32_t elem, key;      /* of a pointer, slice, array, channel, map */
	uint32_t members, n_members; /* of a struct: in debug_types.members */
	uint16_t kind;           /* reflect.Kind */
	uint16_t descriptor_kind; /* with one, nothing else of the type was read but its name */
};

struct debug_member { uint64_t offset; uint32_t name, type, embedded, zero; };

/* A package's path, and the name that its source has, which may be another. */
struct debug_package { uint32_t path, name; };

struct debug_types {
	struct debug_type *items;
	struct debug_member *members;
	struct debug_package *packages;
	uint32_t n, n_members, n_packages;
};

void debug_types_free(struct debug_types *types);

/* Does every name lie in a text of TEXT_SIZE bytes, and every number in its list? */
bool debug_types_check(const struct debug_types *types, size_t text_size);

#endif

/* A program's global variables, as far as its file tells: names and sizes from the symbol table, types
 * from debug information. Part of the image, since a snapshot file is read without the program.
 * Knows nothing of Go but the number of the attribute by which a type names its descriptor. */
#ifndef GORETAIN_PROBES_VARIABLES_H
#define GORETAIN_PROBES_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;

enum { DESCRIPTOR_NONE, DESCRIPTOR_ADDRESS, DESCRIPTOR_OFFSET };

struct variable {
	uint64_t addr, size;     /* where the program is loaded; size 0 = not known */
	uint64_t descriptor;     /* of its type: an address as linked, or an offset into the types */
	uint32_t name, type;     /* in variables.text: raw bytes, NUL-terminated; 0 = none */
	uint32_t descriptor_kind;
	uint32_t zero;
};

/* Sorted by address, one for each. */
struct variables {
	struct variable *items;
	uint32_t n;
	uint64_t bias;           /* what loading added to addresses as linked, in the first file */
	char *text;              /* begins with a NUL, so that 0 is "" */
	size_t text_size;
};

/* Read the variables of N mapped files, the program and its libraries, by their numbers in the image;
 * debug information of the first one only. NULL if they have none (stripped), cannot be read, or
 * memory runs out: names are then missing, nothing else. */
struct variables *variables_load(struct image *image, const uint32_t *files, uint32_t n);
void variables_free(struct variables *variables);

/* The variable that covers ADDR (one of unknown size covers its own address), or NULL. */
const struct variable *variables_find(const struct variables *variables, uint64_t addr);

/* The first variable that begins at ADDR or behind it, or NULL. */
const struct variable *variables_from(const struct variables *variables, uint64_t addr);

/* Put in order and check what came from a file: every name must lie in the text. */
bool variables_check(struct variables *variables);

#endif

/* A program's global variables, as far as its file tells: names and sizes from the symbol table, types
 * from debug information. Part of the image, since a snapshot file is read without the program. */
#ifndef GORETAIN_PROBES_IMAGE_VARIABLES_H
#define GORETAIN_PROBES_IMAGE_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/image/debug_types.h"

struct image;

struct variable {
	uint64_t addr, size;     /* where the program is loaded; size 0 = not known */
	uint32_t name;           /* in variables.text: raw bytes, NUL-terminated; 0 = none */
	uint32_t type;           /* in variables.types.items, counted from 1; 0 = not known */
};

/* Variables sorted by address, one for each, and what debug information says of types. */
struct variables {
	struct variable *items;
	uint32_t n;
	uint64_t bias;           /* what loading added to addresses as linked, in the first file */
	struct debug_types types;
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

/* Put in order and check what came from a file: every name must lie in the text, every number in its list. */
bool variables_check(struct variables *variables);

#endif

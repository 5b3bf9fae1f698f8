/* Symbols of variables from a program's file, where it has them (libelf). Knows nothing of Go. */
#ifndef GORETAIN_PROBES_ELF_H
#define GORETAIN_PROBES_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/image.h"

struct symbol { uint64_t addr, size; const char *name; }; /* name: raw bytes of the file */

struct symbols;

/* The data symbols of the image's program, at the addresses where it is loaded. NULL if the file has
 * none (stripped), cannot be read, or memory runs out: names are then missing, nothing else. */
struct symbols *symbols_load(struct image *image);
void symbols_free(struct symbols *symbols);

/* The symbol that covers ADDR, or NULL. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t addr);

/* What was added to addresses as linked when the program was loaded; 0 for NULL. */
uint64_t symbols_bias(const struct symbols *symbols);

/* Does the program's file have debug information? */
bool symbols_have_debug(const struct symbols *symbols);

#endif

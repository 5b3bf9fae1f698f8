/* Symbols as the source spells them: what the compiler and the linker make of names, undone. In an import
 * path the linker writes dots of the last word, and whatever is no plain ASCII, as %xx
 * (cmd/internal/objabi, PathToPrefix). */
#ifndef GORETAIN_PROBES_GO_TYPES_SYMBOLS_H
#define GORETAIN_PROBES_GO_TYPES_SYMBOLS_H

#include <stdbool.h>

#include "graph/base/text.h"

/* The next byte of a symbol, %xx undone, and *AT past it; *AT < END. */
char symbol_byte(const char **at, const char *end);

/* Length of the import path at the head of symbol NAME: all before the first dot behind its last slash.
 * 0 if it has none, or is longer than any. */
size_t symbol_package_length(const char *name);

/* Append the LENGTH bytes of a foreign symbol, %xx undone, sanitised and cut off after LIMIT bytes:
 * "gopkg.in/yaml.v3.Unmarshal" for "gopkg.in/yaml%2ev3.Unmarshal". */
void symbol_text(struct text *out, const char *name, size_t length, size_t limit);

/* Is it the name of a variable that the compiler or the linker made, which stands in no source?
 * "main..stmp_1", "go:itab.*os.File,io.Writer". */
bool symbol_is_made(const char *name);

#endif

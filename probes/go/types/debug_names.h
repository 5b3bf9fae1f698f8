/* Names as debug information has them, spelled as Go's %T prints them: the linker writes the whole path of
 * each package, "%2e" for a dot in the last part of one, and the package of each unexported field. */
#ifndef GORETAIN_PROBES_GO_TYPES_DEBUG_NAMES_H
#define GORETAIN_PROBES_GO_TYPES_DEBUG_NAMES_H

#include "graph/base/text.h"

struct variables;

/* Package paths with the names that their sources have, by path. */
struct debug_names { const struct variables *variables; const uint32_t *sorted; uint32_t n; };

/* False without memory. */
bool debug_names_begin(struct debug_names *names, const struct variables *variables);
void debug_names_end(struct debug_names *names);

/* RAW, a type, as %T prints it; sanitised. */
void debug_type_name(const struct debug_names *names, const char *raw, struct text *out);

/* The path of the package that the type RAW was declared in; nothing if it is of no package. */
void debug_type_package(const char *raw, struct text *out);

/* Has the type a name of its own, as far as it is of a package? */
bool debug_type_is_named(const char *raw);

#endif

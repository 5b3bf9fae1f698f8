/* Names as people see them: of an import path the last word, and more where the program has another package
 * whose path ends so. */
#ifndef GORETAIN_GRAPH_NAMING_H
#define GORETAIN_GRAPH_NAMING_H

#include "graph/base/text.h"
#include "graph/graph.h"

/* Append a symbol or a type's name as text_symbol does, with the packages of graph.packages by the names that
 * they have there: "gorilla/context.Get" beside "context.WithValue". */
void naming_put(const struct graph *g, const char *symbol, struct text *out);

/* The same for a type of the graph. */
void naming_type(const struct graph *g, const struct type *type, struct text *out);

/* Is NAME what a person calls PATTERN: in full, as it is shown, or without any directory? */
bool naming_is(const struct graph *g, const char *pattern, const char *name);

/* Is a package of the language's own library, that no program can import, at PATH? */
bool naming_is_internal(const char *path);

/* Is the package's name more than the last word of its path? */
bool naming_is_longer(const struct package_name *package);

/* Give each of N packages, of which are only the PATHs known, its SHOWN name: the last word of its path, and as many
 * before it as tell it from the others. Of those that end alike one keeps the last word alone if all the
 * others are internal ones of the language's library, or if that is all of its path. Sorts them. The names are
 * parts of the paths. */
void naming_packages(struct package_name *packages, uint32_t n);

#endif

/* Packages that are called alike: gorilla/context beside context, math/rand beside crypto/rand. A type's name
 * in the program has its package's name only, so that of such a package is spelled with the path. */
#ifndef GORETAIN_PROBES_GO_FIND_PACKAGES_H
#define GORETAIN_PROBES_GO_FIND_PACKAGES_H

#include <stdint.h>

#include "graph/base/error.h"

struct heap;

struct packages {
	const char **spelled; /* of each type that was known then: its name with paths; NULL if as it is */
	uint32_t n_spelled;
};

/* Look at all packages and types known so far, and name those that are alike: graph.packages, and the forms of
 * their types. False without memory. */
bool packages_read(struct heap *heap, struct error *err);
void packages_free(struct packages *packages);

/* The name of a type, with the path of its package where others are called so. */
const char *packages_type_name(const struct heap *heap, uint32_t type);

#endif

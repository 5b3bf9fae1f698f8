/* What the name of a function tells: the package it is of, and the type whose method it is.
 *
 * Names are as the linker writes them, "net/http.(*Server).Serve": the package is everything
 * before the first dot after the last slash, with dots of its own last element as %2e. */
#ifndef GORETAIN_PROBES_GO_CODE_NAMES_H
#define GORETAIN_PROBES_GO_CODE_NAMES_H

#include "probes/go/types/types.h"

#define NO_PACKAGE UINT32_MAX

struct code_names {
	char **packages;          /* sanitised, each once */
	uint32_t n_packages, packages_capacity;
	uint32_t *package_table, package_table_size; /* open addressing by hash, NO_PACKAGE empty */
	struct receiver *receivers; /* the program's named types by package and name */
	uint32_t n_receivers;
	const char *last;         /* the name asked for before: neighbours share the package */
	uint32_t last_package;
	uint64_t last_length;
};

/* Make the list of receivers from all TYPES of the program. False when out of memory. */
bool names_begin(struct code_names *names, struct types *types);
void names_free(struct code_names *names);

/* The package of the function called NAME; NO_PACKAGE for what the compiler and the linker made
 * ("type:.eq.T"), for C and when out of memory. */
uint32_t names_package(struct code_names *names, const char *name);

/* T if NAME is that of a method of *T, else NO_TYPE; also if several types are called T, as the
 * instances of a generic type are. */
uint32_t names_receiver(struct code_names *names, const char *name);

/* For a TYPE of shared generic code the real one, if the program has only one instance and that is
 * of the same size; else TYPE. */
uint32_t names_instance(const struct code_names *names, const struct types *types, uint32_t type);

#endif

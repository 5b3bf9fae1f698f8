/* One linear pass over the machine code for the types that only the code knows: what a closure
 * captured (rule K) and what a global holds (rule G), decoded with Zydis. */
#ifndef GORETAIN_PROBES_GO_CODE_CODE_H
#define GORETAIN_PROBES_GO_CODE_CODE_H

#include "graph/base/progress.h"
#include "probes/go/stack/pclntab.h"
#include "probes/go/types/types.h"

/* A closure's code and the type struct { F uintptr; captured... } that was allocated for it. */
struct code_closure { uint64_t entry; uint32_t type; };

/* How a global's type is told. */
enum code_form {
	CODE_VALUE,     /* the global is a value of TYPE at ADDR */
	CODE_POINTER,   /* the word at ADDR is a pointer to TYPE; an array if it may be a slice's */
	CODE_SLICE,     /* at ADDR is a slice whose elements are of TYPE */
	CODE_MAP,       /* the word at ADDR is a map of type TYPE */
	CODE_CHAN,      /* the word at ADDR is a channel of type TYPE */
};

struct code_global { uint64_t addr; uint32_t type; enum code_form form; };

/* The function at ENTRY puts entries into maps of TYPE, or takes them out; NO_TYPE: of a type that only the
 * running program knows. */
struct code_map_use { uint64_t entry; uint32_t type; bool takes; };

/* What the code says, each list sorted by address and free of contradictions (an address whose
 * votes disagree is left out). */
struct code_facts {
	struct code_closure *closures; uint32_t n_closures;
	struct code_global *globals; uint32_t n_globals;
	/* What functions get and give: as globals, but by place (place.h). */
	struct code_global *places; uint32_t n_places;
	/* Addresses in data and bss that the code refers to, sorted: where variables begin. */
	uint64_t *references; uint32_t n_references;
	/* For each reference the package that refers to it if all that do are one, else NULL. */
	const char **packages;
	char **package_names; uint32_t n_package_names; /* what packages points to */
	/* Sorted by type, then those that put in first, each once. */
	struct code_map_use *map_uses; uint32_t n_map_uses;
	struct code_program *program; /* NULL where no code can be read */
};

/* Read all modules' code, on both cores. False only when cancelled or out of memory: what could not
 * be decoded is skipped. */
bool code_read(struct go *go, struct types *types, struct code_facts *out,
	       struct progress *progress, struct error *err);
void code_free(struct code_facts *facts);

/* How many of the code's references lead to ADDR or before it. */
uint32_t code_references_to(const struct code_facts *facts, uint64_t addr);

/* Sort N globals by address. */
void code_globals_sort(struct code_global *globals, size_t n);

/* The last of N globals, sorted by address, that begins at or before ADDR; NULL if there is none. */
const struct code_global *code_global_before(const struct code_global *globals, uint32_t n,
					     uint64_t addr);

/* What is known of ADDR, a global's address or a place; NULL if nothing is. */
const struct code_global *code_known(const struct code_facts *facts, uint64_t addr);

/* The captured struct's type for a closure's code at ENTRY, NO_TYPE if not known. */
uint32_t code_closure_type(const struct code_facts *facts, uint64_t entry);

#endif

/* What the pass over the code has to know of the program before it starts: every function with
 * what a call of it means, sorted by entry. Made once, then only read. */
#ifndef GORETAIN_PROBES_GO_CODE_PROGRAM_H
#define GORETAIN_PROBES_GO_CODE_PROGRAM_H

#include "probes/go/code/calls.h"
#include "probes/go/code/names.h"
#include "probes/go/stack/pclntab.h"
#include "probes/go/types/types.h"

struct code_function {
	uint64_t entry, end;
	const struct call_rule *rule; /* NULL: nothing but that it changes every register */
	bool of_runtime;              /* what it gets and gives is of many types */
	uint32_t receiver;            /* T, for a method of *T; NO_TYPE if not known */
	uint32_t package;             /* index into names.packages, NO_PACKAGE */
};

struct code_program {
	struct go *go;
	struct types *types;
	struct code_function *functions; /* by entry, none overlaps another */
	uint32_t n_functions;
	struct code_names names;
	uint32_t map_header;          /* the type of every map's header, NO_TYPE if not known */
};

/* False when out of memory. What is implausible in the program's tables is left out. */
bool program_read(struct code_program *out, struct go *go, struct types *types,
		  struct error *err);
void program_free(struct code_program *program);

/* The function whose first instruction is at ENTRY, or NULL. */
const struct code_function *program_function(const struct code_program *program, uint64_t entry);

/* Does ADDR lie where the program's variables are? */
bool program_has_variable(const struct code_program *program, uint64_t addr);

#endif

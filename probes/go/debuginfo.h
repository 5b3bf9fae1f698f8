/* Types of globals from debug information, beside what the code tells. */
#ifndef GORETAIN_PROBES_GO_DEBUGINFO_H
#define GORETAIN_PROBES_GO_DEBUGINFO_H

#include "probes/elf.h"
#include "probes/go/code.h"

/* Add what the program's file says of its globals to FACTS, in place of what the code said of the
 * same addresses. Does nothing where the file says nothing. */
bool debuginfo_read(struct go *go, struct types *types, const struct symbols *symbols,
		    struct code_facts *facts, struct error *err);

#endif

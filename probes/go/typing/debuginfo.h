/* Types of globals from debug information, beside what the code tells. */
#ifndef GORETAIN_PROBES_GO_TYPING_DEBUGINFO_H
#define GORETAIN_PROBES_GO_TYPING_DEBUGINFO_H

#include "probes/go/code/code.h"

/* Add what the image's variables say of globals' types to FACTS, in place of what the code said of
 * the same addresses. Does nothing where they say nothing. */
bool debuginfo_read(struct go *go, struct types *types, struct code_facts *facts,
		    struct error *err);

#endif

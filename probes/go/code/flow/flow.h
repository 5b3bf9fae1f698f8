/* From what the code says of single places to what follows for others: a function's result is stored in a
 * global, an argument is handed on. */
#ifndef GORETAIN_PROBES_GO_CODE_FLOW_FLOW_H
#define GORETAIN_PROBES_GO_CODE_FLOW_FLOW_H

#include "probes/go/code/votes.h"

/* Judge the votes of ALL, follow its flows from there, and fill OUT's globals and places. Needs OUT's
 * closures. A place to which values of types that disagree flow is left out, with all that followed from
 * it. False when out of memory. */
bool flow_solve(struct code_found *all, const struct types *types, const struct code_names *names,
		struct code_facts *out);

#endif

/* Objects told by a part of them: a pointer to a field, or a slice of an array in a struct, says what lies there,
 * and often only one struct of the program has that there and is as large. */
#ifndef GORETAIN_PROBES_GO_TYPING_INFER_PARTS_H
#define GORETAIN_PROBES_GO_TYPING_INFER_PARTS_H

#include "probes/go/typing/typing.h"

/* Type such objects, marked inferred, and propagate from there. False only when cancelled or out of memory. */
bool infer_parts(struct typing *typing, struct progress *progress, struct error *err);

#endif

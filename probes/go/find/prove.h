/* What must hold in a heap whose layout nobody has measured, so that a wrong guess is noticed. */
#ifndef GORETAIN_PROBES_GO_FIND_PROVE_H
#define GORETAIN_PROBES_GO_FIND_PROVE_H

#include "probes/go/heap.h"

/* Check every invariant there is between what was read of HEAP, which has its edges, types, roots and
 * maps by now:
 *
 * - fields lie where the program's own descriptors of the runtime's types have them;
 * - all spans in use were read, have the sizes of their classes and as many slots as fit, and their
 *   generations are those of the heap's;
 * - the sum over all objects is what the runtime's counters say, to 1 in 1,000, or 1 in 100 where
 *   somebody was just counting;
 * - the spans that processors allocate from are of the class of their place;
 * - the module's bitmaps are as long as what they describe, its functions in order, with names and
 *   pointer maps;
 * - malloc headers are types that fit their slots;
 * - pointers that the last collection followed lead to allocated slots (1 in 1,000 may not);
 * - parked goroutines' stacks unwind to their outermost function, through what they wait in;
 * - maps have as many entries as their headers say.
 *
 * What nothing here would show: another number for finalizers' records, what is in these, the start of
 * the read-only data (masks of objects on stacks), and how calls inlined into one another are kept.
 *
 * STATUS_UNSUPPORTED, and in one sentence what does not hold. */
bool prove(struct heap *heap, struct error *err);

#endif

/* Types that finalizers, cleanups and weak handles tell: what only they hold has no other. */
#ifndef GORETAIN_PROBES_GO_TYPING_SEED_SPECIALS_H
#define GORETAIN_PROBES_GO_TYPING_SEED_SPECIALS_H

#include "probes/go/typing/typing.h"

/* Seed from the specials of all spans and from the finalizers that are due; to be followed by
 * typing_propagate. */
void seed_specials(struct typing *typing);

#endif

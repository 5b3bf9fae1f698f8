/* Everything that goretain does with an image, as a person or a script would ask for it. */
#ifndef GORETAIN_TESTS_FUZZ_EXPLORE_H
#define GORETAIN_TESTS_FUZZ_EXPLORE_H

#include "mutate.h"
#include "probes/go/heap.h"

/* Build the graph of HEAP, which was prepared and is taken over, and ask all that can be asked of it.
 * False if there was no graph: an error on the way is a good end. What comes out must be text: it aborts
 * if there is a control byte or no UTF-8. R chooses what is looked at where all would take too long. */
bool explore(struct heap *heap, struct random *r);

/* The same for an image, which is taken over; NULL is none. */
bool explore_image(struct image *image, struct random *r);

#endif

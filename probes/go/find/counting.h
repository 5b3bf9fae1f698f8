/* Which function was stopped between changing the heap and counting the change. */
#ifndef GORETAIN_PROBES_GO_FIND_COUNTING_H
#define GORETAIN_PROBES_GO_FIND_COUNTING_H

#include "probes/go/stack/stack.h"

/* The name of such a function among the frames of a stack; NULL if there is none. While it runs the
 * runtime's counters may lack what the spans show already, or have it twice. Its spans alone do not
 * tell how far it has come. */
const char *counting_function(const struct go_stack *stack);

#endif

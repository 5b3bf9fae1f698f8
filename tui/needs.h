/* What goretain's processes need of the limits that whoever started it has set (ulimit). */
#ifndef GORETAIN_TUI_NEEDS_H
#define GORETAIN_TUI_NEEDS_H

#include <stdbool.h>

#include "graph/base/error.h"

/* Raise soft limits that are too low to work with as far as the hard ones allow. False (STATUS_REFUSED) if
 * that is not enough. A file that grows beyond its limit is an error of who writes it from here on, not the
 * end. Called before anything is opened or started. */
bool needs_met(struct error *err);

#endif

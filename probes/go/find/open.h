/* The order in which the runtime is found in an image. */
#ifndef GORETAIN_PROBES_GO_FIND_OPEN_H
#define GORETAIN_PROBES_GO_FIND_OPEN_H

#include <stdbool.h>

#include "graph/base/error.h"
#include "probes/go/go.h"
#include "probes/image/image.h"

/* Find version, modules and the runtime's globals. Before a stop the answer may be torn: call it
 * again, or go_check, on the bytes of the stop. STATUS_UNSUPPORTED names what was not found. */
bool go_open(struct image *image, struct go *out, struct error *err);

/* Does what was found still hold for the image's present bytes (after they were copied again)? */
bool go_check(struct go *go, struct error *err);

#endif

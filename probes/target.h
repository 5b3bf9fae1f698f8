/* What TARGET on the command line means. */
#ifndef GORETAIN_PROBES_TARGET_H
#define GORETAIN_PROBES_TARGET_H

#include <stdint.h>

#include "graph/base/error.h"

/* The PID that TARGET names: its digits, or the one process with that name. 0 if it is an existing
 * file. Fails with STATUS_ATTACH if it is neither, or if several processes are called so (ERR lists
 * them). */
bool target_find(const char *target, uint64_t *pid, struct error *err);

#endif

/* How much memory this process can still get. */
#ifndef GORETAIN_PROBES_PROC_MEMORY_H
#define GORETAIN_PROBES_PROC_MEMORY_H

#include <stdint.h>

/* The least of what the machine has available and what is left in each control group that this
 * process is in (versions 1 and 2), in bytes. The first call opens the files that say so. */
uint64_t memory_room(void);

#endif

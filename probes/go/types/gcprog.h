/* GC programs: how Go up to 1.23 writes the pointer masks of large types (runtime/mbitmap.go,
 * runGCProg). */
#ifndef GORETAIN_PROBES_GO_TYPES_GCPROG_H
#define GORETAIN_PROBES_GO_TYPES_GCPROG_H

#include "probes/image/image.h"

/* Run the program at AT, which follows its length, and write the first N bits of its mask to BITS;
 * bits that it does not write are 0. False if it is broken or not all there. */
bool gc_program_run(struct image *image, uint64_t at, uint8_t *bits, uint64_t n);

#endif

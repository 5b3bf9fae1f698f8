/* Memory that the target has not: pages that it never touched, or gave back. They read as zeros here,
 * and are not to become memory of ours either. The image lies in a shared file, of which the kernel makes
 * a page wherever a hole is read; so its one page of zeros is mapped over the holes. */
#ifndef GORETAIN_PROBES_LIVE_ABSENT_H
#define GORETAIN_PROBES_LIVE_ABSENT_H

#include <stdint.h>

#include "probes/image/image.h"

/* Runs of absent pages, counted by the powers of two of their lengths in pages. */
#define ABSENT_CLASSES 48u
struct absent_runs { _Atomic uint64_t runs[ABSENT_CLASSES], pages[ABSENT_CLASSES]; };

/* Count a run of N pages; N is not 0. Any thread may. */
void absent_add(struct absent_runs *runs, uint64_t n);

/* A process may have some 65,000 mappings, and each run takes two, so the shortest may have to do
 * without: they become memory where they are read. The pages of those. */
uint64_t absent_scattered(const struct absent_runs *runs);

/* Map zeros over the absent pages of IMAGE, which nobody reads meanwhile and nobody writes any more. Where
 * the kernel refuses, holes stay holes, which read the same. */
void absent_cover(struct image *image);

#endif

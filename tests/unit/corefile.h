/* Core files as the kernel writes them, made of images, for tests that change or cut them. */
#ifndef GORETAIN_TESTS_UNIT_COREFILE_H
#define GORETAIN_TESTS_UNIT_COREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/image/image.h"

struct corefile {
	uint8_t *bytes;
	size_t size;
	size_t notes, memory; /* where they begin, behind the program headers */
};

/* A core file with all that IMAGE has; WHOLE, or with the first page alone of what is mapped from files to
 * be read. The bytes are the caller's to free. */
bool corefile_make(struct image *image, bool whole, struct corefile *out);

/* A descriptor for N bytes as a file, the caller's to close. */
int corefile_open(const void *bytes, size_t n);

#endif

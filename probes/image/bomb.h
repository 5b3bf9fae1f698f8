/* Small files that make much of themselves: how much more than its size a file may come to. */
#ifndef GORETAIN_PROBES_IMAGE_BOMB_H
#define GORETAIN_PROBES_IMAGE_BOMB_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"

/* READ bytes of a compressed file came to UNPACKED, of which MADE are in pages that are not all zeros and so
 * take memory. A heap's bytes seldom come to more than twenty times what they take compressed; pages of zeros,
 * which a heap may have many of, to ten thousand times. False with STATUS_REFUSED if that is beyond what heaps
 * are, and large. */
bool bomb_check(uint64_t read, uint64_t made, uint64_t unpacked, struct error *err);

#define BOMB_LEAST_RATIO 64 /* what comes to less than this many times its size is no bomb, whatever it holds */

/* Bytes that a file of UNPACKED bytes, of which MADE are in such pages, has to have at the least. */
uint64_t bomb_least(uint64_t made, uint64_t unpacked);

#endif

/* Random changes that find bugs: the same seed makes the same ones, everywhere. */
#ifndef GORETAIN_TESTS_FUZZ_MUTATE_H
#define GORETAIN_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct random { uint64_t state; };

/* The generator of case number CASE of the run SEED. */
struct random random_of(uint64_t seed, uint64_t number);
uint64_t random_next(struct random *r);
uint64_t random_below(struct random *r, uint64_t n); /* 0 if N is 0 */

/* A number in whose neighbourhood code breaks: 0, powers of two, their complements, one off. */
uint64_t random_boundary(struct random *r);

/* Change 1, 2, 4 or 8 bytes somewhere in BYTES: bits flipped, a small difference, a boundary value,
 * a copy from elsewhere in it. */
void mutate_bytes(struct random *r, uint8_t *bytes, size_t n);

#endif

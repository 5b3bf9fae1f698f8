/* Which elements of long arrays typing has followed already. Slices of one array overlap: s[1:], s[2:] and so
 * on to the last element would be followed element by element each, in time that grows with the square. */
#ifndef GORETAIN_PROBES_GO_TYPING_FOLLOWED_H
#define GORETAIN_PROBES_GO_TYPING_FOLLOWED_H

#include <stdbool.h>
#include <stdint.h>

/* Elements of one type in one object. */
struct followed_array {
	uint32_t id, type;
	uint32_t kind;   /* what else tells them apart */
	uint32_t phase;  /* where elements begin, modulo their size */
	uint64_t lo, hi; /* bytes of the object, followed; hi 0: no entry */
};

struct followed {
	struct followed_array *items; /* a hash table */
	uint32_t n, size;
};

struct followed_part { uint64_t lo, hi; };

/* Enter that ARRAY's bytes from lo to hi are followed now. What of them was not before stands in PARTS, in
 * *N parts. One stretch an array is remembered, which grows with what overlaps or adjoins it. False
 * without memory. */
bool followed_enter(struct followed *f, const struct followed_array *array,
		    struct followed_part parts[2], unsigned *n);

void followed_free(struct followed *f);

#endif

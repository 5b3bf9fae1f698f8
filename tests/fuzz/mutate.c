#include "mutate.h"

#include <string.h>

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct random random_of(uint64_t seed, uint64_t number)
{
	struct random r = { .state = seed };

	r.state = random_next(&r) + number;
	r.state = random_next(&r);
	return r;
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return n ? random_next(r) % n : 0;
}

uint64_t random_boundary(struct random *r)
{
	uint64_t value = random_below(r, 4) ? 1ull << random_below(r, 64) : 0;

	value += random_below(r, 3) - 1;
	return random_below(r, 4) ? value : ~value;
}

static void mutate_word(struct random *r, uint8_t *at, size_t width, const uint8_t *bytes,
			size_t n)
{
	uint64_t word = 0;

	memcpy(&word, at, width);
	switch (random_below(r, 5)) {
	case 0: word ^= 1ull << random_below(r, 8 * width); break;
	case 1: word += random_below(r, 33) - 16; break;
	case 2: word = random_boundary(r); break;
	case 3: memcpy(&word, bytes + random_below(r, n - width + 1), width); break;
	default: word = random_next(r); break;
	}
	memcpy(at, &word, width);
}

void mutate_bytes(struct random *r, uint8_t *bytes, size_t n)
{
	size_t width = 1ull << random_below(r, 4), at;

	if (n < width)
		return;
	at = random_below(r, n - width + 1);
	/* Fields are aligned, as a rule. */
	if (random_below(r, 8))
		at -= at % width;
	mutate_word(r, bytes + at, width, bytes, n);
}

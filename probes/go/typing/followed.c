#include "probes/go/typing/followed.h"

#include <stdlib.h>

static struct followed_array *bucket_of(const struct followed *f, const struct followed_array *a)
{
	uint64_t key = ((uint64_t)a->id << 32 | a->type) ^ (uint64_t)a->kind << 27 ^ a->phase;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) & (f->size - 1);

	for (;; i = (i + 1) & (f->size - 1)) {
		struct followed_array *b = &f->items[i];

		if (!b->hi || (b->id == a->id && b->type == a->type && b->kind == a->kind &&
			       b->phase == a->phase))
			return b;
	}
}

static bool grow(struct followed *f)
{
	struct followed larger = { .size = f->size ? 2 * f->size : 1024, .n = f->n };

	larger.items = calloc(larger.size, sizeof *larger.items);
	if (!larger.items)
		return false;
	for (uint32_t i = 0; i < f->size; i++)
		if (f->items[i].hi)
			*bucket_of(&larger, &f->items[i]) = f->items[i];
	free(f->items);
	*f = larger;
	return true;
}

/* What [LO, HI) has before and behind HAD, which it overlaps or adjoins. */
static unsigned around(const struct followed_array *had, uint64_t lo, uint64_t hi,
		       struct followed_part parts[2])
{
	unsigned n = 0;

	if (lo < had->lo)
		parts[n++] = (struct followed_part){ lo, had->lo };
	if (hi > had->hi)
		parts[n++] = (struct followed_part){ had->hi, hi };
	return n;
}

bool followed_enter(struct followed *f, const struct followed_array *array,
		    struct followed_part parts[2], unsigned *n)
{
	struct followed_array *had;
	uint64_t lo = array->lo, hi = array->hi;

	if (2 * f->n >= f->size && !grow(f))
		return false;
	had = bucket_of(f, array);
	if (had->hi && lo <= had->hi && hi >= had->lo) {
		*n = around(had, lo, hi, parts);
		had->lo = lo < had->lo ? lo : had->lo;
		had->hi = hi > had->hi ? hi : had->hi;
		return true;
	}
	parts[0] = (struct followed_part){ lo, hi };
	*n = 1;
	f->n += !had->hi;
	if (hi - lo > had->hi - had->lo)
		*had = *array;
	return true;
}

void followed_free(struct followed *f)
{
	free(f->items);
	*f = (struct followed){ 0 };
}

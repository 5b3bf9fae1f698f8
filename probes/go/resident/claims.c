/* The books: sums of the parts, and the walk over what was claimed */
#include "probes/go/resident/private.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

const char *const part_names[N_PARTS] = {
	[PART_LIVE] = "live heap", [PART_GARBAGE] = "garbage", [PART_FREE] = "free heap",
	[PART_STACKS] = "stacks", [PART_RUNTIME] = "runtime", [PART_GLOBALS] = "globals",
	[PART_C_HEAP] = "C heap", [PART_THREAD_STACKS] = "thread stacks",
	[PART_FILES] = "mapped files", [PART_OTHER] = "other memory",
};

void residence_add(struct residence *r, enum whose part, const char *detail, uint64_t bytes,
		   int8_t resident)
{
	struct memory_detail *d;

	if (resident == 1)
		r->parts[part] += bytes;
	for (uint32_t i = 0; i < r->n_details; i++) {
		d = &r->details[i];
		if (d->part == part_names[part] && d->resident == resident &&
		    !strcmp(d->detail, detail)) {
			d->bytes += bytes;
			return;
		}
	}
	d = GROW(r->details, r->n_details, r->detail_capacity);
	if (!d) {
		r->failed = true;
		return;
	}
	*d = (struct memory_detail){ part_names[part], detail, bytes, resident };
	r->n_details++;
}

void residence_claim(struct residence *r, uint64_t lo, uint64_t hi, enum whose part,
		     const char *detail)
{
	struct claim *claim;

	if (lo >= hi)
		return;
	claim = GROW(r->claims, r->n_claims, r->claim_capacity);
	if (!claim) {
		r->failed = true;
		return;
	}
	*claim = (struct claim){ lo, hi, part, detail };
	r->n_claims++;
}

static int by_address(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	return x->lo != y->lo ? x->lo < y->lo ? -1 : 1 : (int)x->part - (int)y->part;
}

/* Walk one range; *AT is the first claim that may reach into it or beyond. */
static void walk_range(struct residence *r, uint64_t lo, uint64_t hi, uint32_t *at, uint32_t n,
		       void (*fn)(struct residence *r, const struct claim *claim, void *arg),
		       void *arg)
{
	while (lo < hi) {
		struct claim piece = { .lo = lo, .hi = hi, .part = N_PARTS };

		while (*at < n && r->claims[*at].hi <= lo)
			++*at;
		if (*at < n && r->claims[*at].lo <= lo) {
			piece = r->claims[*at];
			piece.lo = lo;
			piece.hi = piece.hi < hi ? piece.hi : hi;
		} else if (*at < n && r->claims[*at].lo < hi) {
			piece.hi = r->claims[*at].lo;
		}
		fn(r, &piece, arg);
		lo = piece.hi;
	}
}

void residence_walk(struct residence *r,
		    void (*fn)(struct residence *r, const struct claim *claim, void *arg), void *arg)
{
	const struct image *image = r->heap->image;
	uint32_t at = 0, n = r->n_claims;

	if (n)
		qsort(r->claims, n, sizeof *r->claims, by_address);
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		if (range->file == NO_FILE && !(range->flags & RANGE_SHARED))
			walk_range(r, range->lo, range->hi, &at, n, fn, arg);
	}
}

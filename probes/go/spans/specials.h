/* The runtime's records for single objects: specials, which hang on a span for some of its objects
 * (runtime/mheap.go), and the queue of finalizers that are due (runtime/mfinal.go).
 *
 * Both are lists in the target: a walk ends when it has read more than there is memory. */
#ifndef GORETAIN_PROBES_GO_SPANS_SPECIALS_H
#define GORETAIN_PROBES_GO_SPANS_SPECIALS_H

#include "probes/go/heap.h"

struct special {
	uint64_t addr;     /* of the record */
	uint64_t object;   /* what it is about; may be inside of an object */
	uint8_t kind;      /* layout.special_kind_... */
};

struct special_walk {
	const struct heap *heap;
	uint32_t span;
	uint64_t next, left;
	bool overspent;    /* the lists are larger than all memory */
};

/* All specials of all spans, in the order of the spans: start, then next until it says false. */
struct special_walk specials_start(const struct heap *heap);
bool specials_next(struct special_walk *walk, struct special *out);

/* A queued finalizer: the function's closure, the object, and the pointer type of that. */
struct due_finalizer { uint64_t addr, function, object, pointer_type; };

struct finalizer_walk {
	const struct heap *heap;
	uint64_t block;
	uint32_t index, blocks;
};

/* All finalizers that are due, those included whose call has begun. To Go 1.24 cleanups are among
 * them, without an object. */
struct finalizer_walk finalizers_start(const struct heap *heap);
bool finalizers_next(struct finalizer_walk *walk, struct due_finalizer *out);

/* Offset, in the record of a finalizer, of the pointer type of its object. */
static inline uint64_t special_pointer_type(const struct layout *l)
{
	return (uint64_t)l->finalizer_fn + 24; /* fn, nret, fint, ot */
}

#endif

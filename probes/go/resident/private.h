/* The books that the parts of resident.h are kept in: what each part takes, and whose each stretch of
 * anonymous memory is. */
#ifndef GORETAIN_PROBES_GO_RESIDENT_PRIVATE_H
#define GORETAIN_PROBES_GO_RESIDENT_PRIVATE_H

#include "probes/go/heap.h"

enum whose {
	PART_LIVE, PART_GARBAGE, PART_FREE, PART_STACKS, PART_RUNTIME, PART_GLOBALS, PART_C_HEAP,
	PART_THREAD_STACKS, PART_FILES, PART_OTHER, N_PARTS,
	PART_HEAP,         /* of a claim: the arenas, which are taken apart by their spans */
};

/* Whose a stretch of addresses is. */
struct claim { uint64_t lo, hi; enum whose part; const char *detail; };

/* A span that holds no objects: stacks, or what the collector works with. */
struct manual_span { uint64_t lo, hi; bool stacks; };

struct residence {
	struct heap *heap;
	uint64_t parts[N_PARTS]; /* bytes resident */
	struct memory_detail *details;
	uint32_t n_details, detail_capacity;
	struct claim *claims;
	uint32_t n_claims, claim_capacity;
	struct manual_span *manual; /* by address */
	uint32_t n_manual, manual_capacity;
	struct absent *absent;
	uint32_t n_absent, absent_capacity;
	uint64_t in_use;         /* resident in spans of objects */
	bool failed;             /* memory ran out: nothing of this is any good */
};

extern const char *const part_names[N_PARTS];

/* Add BYTES, which are in the sum if RESIDENT says 1, to the detail of that name. */
void residence_add(struct residence *r, enum whose part, const char *detail, uint64_t bytes,
		   int8_t resident);

/* [LO, HI) belongs to PART. Of claims that overlap the one that begins first has it. */
void residence_claim(struct residence *r, uint64_t lo, uint64_t hi, enum whose part,
		     const char *detail);

/* Call FN for each stretch of anonymous memory of the process alone: as claimed, or with a claim of
 * N_PARTS where nobody did. FN may add claims, which the walk does not see. */
void residence_walk(struct residence *r,
		    void (*fn)(struct residence *r, const struct claim *claim, void *arg), void *arg);

/* The heapArena that covers ADDR, 0 if none: also of arenas in which no span is in use. */
uint64_t residence_arena(const struct residence *r, uint64_t addr);

/* The order in which this is to be done. */
void residence_spans(struct residence *r);    /* spans, the arenas' claims, free heap (heap.c) */
void residence_stacks(struct residence *r);   /* (stacks.c) */
void residence_modules(struct residence *r);  /* bss of program and libraries (mappings.c) */
void residence_runtime(struct residence *r);  /* what the runtime's lists name (runtime.c) */
void residence_c(struct residence *r);        /* what is C's (c.c) */
void residence_rest(struct residence *r);     /* what else is the runtime's (runtime.c) */
void residence_mappings(struct residence *r); /* all that is left, and the sums (mappings.c) */

#endif

/* Which object has which type, without debug information: what is known exactly at some places is
 * propagated along typed pointers, and a reference that does not fit its slot is dropped. */
#ifndef GORETAIN_PROBES_GO_TYPING_TYPING_H
#define GORETAIN_PROBES_GO_TYPING_TYPING_H

#include "graph/base/progress.h"
#include "probes/go/spans/masks.h"
#include "probes/go/typing/followed.h"
#include "probes/go/typing/forms.h"
#include "probes/go/typing/refs.h"

struct heap;

/* How well a reference explains its slot. Higher wins; below FIT_PART it types nothing but its
 * fields are followed all the same. */
enum fit {
	FIT_NONE,
	FIT_INSIDE,  /* consistent, but only a part: pointer to a first field, to &a[0] */
	FIT_PART,    /* raw bytes at any offset of a pointer-free slot */
	FIT_ARRAY,   /* an array's element at an offset, the whole slot periodic */
	FIT_WHOLE,   /* begins where the slot begins, and its size class is the slot's */
	FIT_HEADER,  /* the runtime wrote the type down */
};

/* A value of known type at an address: what the work list holds. */
struct typed_place {
	uint64_t addr;
	uint64_t n;         /* elements */
	uint64_t entry;     /* FORM_CLOSURE: its code */
	uint32_t type;      /* index into types, NO_TYPE for strings */
	uint16_t form;
	uint16_t known;     /* enum known */
};

/* Something of TYPE lies OFFSET bytes into an object, a part of what the object is; a value of type FROM
 * refers to it, NO_TYPE if it is not known what does. */
struct typed_part { uint32_t object, type, from; uint64_t offset; };

struct typing {
	struct heap *heap;
	struct forms forms;
	struct refs refs;
	struct mask_reader reader;
	uint8_t *fit;       /* of each object: enum fit */
	uint32_t *covered;  /* of each object: bytes its type explains (saturated) */
	struct typed_place *work;
	uint32_t n_work, capacity_work;
	uint64_t *seen;     /* set of references that do not type their slot, or lead to data or bss,
			     * so that cycles end */
	uint32_t n_seen, size_seen;
	struct followed followed;
	struct { uint64_t word; uint32_t type; } *interfaces; /* cache of interface words */
	/* The global whose references are just being followed, if any, and the word of it that has the
	 * present one, else 0. */
	uint64_t global, global_size, word;
	const uint8_t *global_bytes;
	struct typed_part *parts; /* of objects without a type when they were seen */
	uint32_t n_parts, capacity_parts;
	uint32_t from;      /* the type whose references are followed */
	uint64_t senders_left; /* that may still be looked at: lists may lead into themselves */
	uint32_t n_typed;   /* objects, since the progress was told */
	bool failed;        /* out of memory */
};

/* Prepare for typing, when the graph's extents are there. */
bool typing_init(struct typing *typing, struct heap *heap, struct error *err);
void typing_finish(struct typing *typing); /* frees what only typing needed; forms stay */
void typing_free(struct typing *typing);

/* Say that a value lies at PLACE.addr: checked against the slot there, and what it refers to is put
 * on the work list. */
void typing_place(struct typing *typing, const struct typed_place *place);

/* Work until the list is empty. */
bool typing_propagate(struct typing *typing, struct progress *progress, struct error *err);

/* Follow the references of a value of TYPE whose bytes (at least its size) are at BYTES. */
void typing_follow(struct typing *typing, uint32_t type, const uint8_t *bytes, enum known known);

/* Type the parts of the map whose header is at PLACE (FORM_MAP), be that an object or not. */
void typing_follow_map(struct typing *typing, const struct typed_place *place);

/* Type what a sync.Pool has at ADDR: its N sync.poolLocals, or 0 and as many as the object has room for. */
void typing_pool_locals(struct typing *typing, uint64_t addr, uint64_t n, enum known known);

/* What is followed next are the SIZE bytes at BYTES, which the global at ADDR has; ADDR 0: no global's any
 * more. */
void typing_in_global(struct typing *typing, uint64_t addr, const uint8_t *bytes, uint64_t size);

/* The dynamic type behind an interface's first word, through a cache; NO_TYPE if it is none. */
uint32_t typing_interface(struct typing *typing, uint64_t word);

/* Follow an interface whose two words are given. */
void typing_follow_interface(struct typing *typing, uint64_t type_word, uint64_t data);

/* All seeds in their order (headers, the runtime's own, interfaces, channels, closures, globals by
 * code), each followed by its propagation; fills graph.type and graph.flags. */
bool typing_run(struct typing *typing, struct progress *progress, struct error *err);

/* Then, when the graph's roots are there: maps and interfaces in goroutines' frames. The word before a
 * pointer slot may be what another variable left there, so only objects that nothing else types are
 * typed. */
bool typing_run_frames(struct typing *typing, struct progress *progress, struct error *err);

#endif

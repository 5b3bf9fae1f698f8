/* Where a type's values refer to other memory: each type flattened once into a short program of
 * references, so that walking ten million values decodes no type twice. */
#ifndef GORETAIN_PROBES_GO_TYPING_REFS_H
#define GORETAIN_PROBES_GO_TYPING_REFS_H

#include "probes/go/types/types.h"

enum ref_kind {
	REF_POINTER,     /* *type */
	REF_SLICE,       /* pointer, len, cap of type */
	REF_STRING,      /* pointer, len */
	REF_MAP,         /* map of type `type` */
	REF_CHAN,        /* channel of type `type` */
	REF_FUNC,        /* closure */
	REF_INTERFACE,   /* type word or itab, data word */
	REF_REPEAT,      /* `count` elements of `type`, `stride` apart: run its own program */
	REF_POOL,        /* sync.Pool's local or victim array: pointer, length in poolLocals */
	REF_REFLECT,     /* reflect.Value: type word, pointer, flag */
	REF_TRIE_NODE,   /* pointer to a node of a hash trie: an entry of `type`, or an inner node */
	REF_TIMER,       /* *time.Timer or *time.Ticker: the head of a timer that the runtime made */
};

struct ref {
	uint32_t offset;
	uint32_t type;
	uint32_t count;      /* REF_TRIE_NODE: the inner node's type */
	uint16_t kind;
	uint64_t stride;
};

struct ref_program { struct ref *items; uint32_t n; bool made; };

struct refs {
	struct types *types;
	struct ref_program *programs; /* index = type */
	uint32_t capacity;
	uint32_t pool_local; /* type sync.poolLocal, NO_TYPE */
	uint32_t interface;  /* type interface {}, NO_TYPE */
	uint32_t sudog;      /* type runtime.sudog, NO_TYPE */
	uint32_t timer;      /* what the runtime makes for a time.Timer from Go 1.23 on, NO_TYPE before */
};

void refs_init(struct refs *refs, struct types *types);
void refs_free(struct refs *refs);

/* The program of a type; its pointer is valid until the next call. NULL without memory. One thread. */
const struct ref_program *refs_of(struct refs *refs, uint32_t type);

#endif

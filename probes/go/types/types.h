/* Run-time type descriptors (internal/abi.Type), decoded once each and kept. */
#ifndef GORETAIN_PROBES_GO_TYPES_TYPES_H
#define GORETAIN_PROBES_GO_TYPES_TYPES_H

#include <pthread.h>

#include "probes/go/go.h"

#define NO_TYPE UINT32_MAX

enum go_kind { /* reflect.Kind */
	KIND_INVALID, KIND_BOOL, KIND_INT, KIND_INT8, KIND_INT16, KIND_INT32, KIND_INT64, KIND_UINT,
	KIND_UINT8, KIND_UINT16, KIND_UINT32, KIND_UINT64, KIND_UINTPTR, KIND_FLOAT32, KIND_FLOAT64,
	KIND_COMPLEX64, KIND_COMPLEX128, KIND_ARRAY, KIND_CHAN, KIND_FUNC, KIND_INTERFACE, KIND_MAP,
	KIND_POINTER, KIND_SLICE, KIND_STRING, KIND_STRUCT, KIND_UNSAFE_POINTER,
};

struct rfield {
	const char *name;  /* sanitised, owned by the table */
	uint32_t type;     /* index; NO_TYPE if it could not be read */
	bool embedded;
	uint64_t offset;
};

struct rtype {
	uint64_t addr;      /* of the descriptor */
	uint64_t size, ptr_bytes;
	const char *name;   /* as %T prints it, package-qualified; sanitised, owned by the table */
	const char *package; /* full import path, "" if none */
	enum go_kind kind;
	bool direct;        /* an interface holds it without a box: pointer-shaped */
	bool named;
	uint32_t elem, key; /* pointer, slice, array, chan, map */
	uint32_t bucket;    /* map: bucket or group type */
	uint64_t len;       /* array */
	struct rfield *fields;
	uint32_t n_fields;
	uint32_t n_methods; /* of an interface: 0 is interface {} */
	/* maps */
	bool indirect_key, indirect_elem;
	uint32_t group_size, keys_offset, key_stride, elems_offset, elem_stride; /* swiss */
	uint32_t key_size, elem_size, bucket_size; /* buckets; sizes as stored in the slot */
	uint32_t hash;
	uint8_t tflag;
	bool gc_program;    /* gc_data is a program, not a mask (to 1.23) */
	bool mask_only;     /* a record the runtime made for a mask: size and mask only */
	uint64_t gc_data;
};

struct types; /* the table: only grows, indexes and pointers stay valid */

struct types *types_new(struct go *go, struct error *err);
void types_free(struct types *types);

/* The type whose descriptor is at ADDR, decoded now if need be together with all it refers to; and
 * NO_TYPE unless it is a plausible descriptor (lies in a module's types or ALLOCATED says that it is
 * an allocated heap object; aligned; kind, size and name make sense). Any thread. */
uint32_t types_at(struct types *types, uint64_t addr);
const struct rtype *types_get(const struct types *types, uint32_t index); /* index < types_count */
uint32_t types_count(const struct types *types);

/* The same, NULL for NO_TYPE. */
static inline const struct rtype *types_find(const struct types *types, uint32_t index)
{
	return index == NO_TYPE ? NULL : types_get(types, index);
}

/* The pointer mask of a type: one bit a word, ptr_bytes/8 of them; NULL if it has no pointers or the
 * mask cannot be had. Owned by the table. Any thread. */
const uint8_t *types_mask(struct types *types, uint32_t index);

/* As types_at, for the first word of a slot with a malloc header, where 1.22 and 1.23 may have put
 * a record of size and mask only. */
uint32_t types_at_header(struct types *types, uint64_t addr);

/* The dynamic type behind an interface's first word: a type descriptor (empty interface) or an itab.
 * NO_TYPE if WORD is neither. */
uint32_t types_of_interface_word(struct types *types, uint64_t word);

/* The first type with that full name ("runtime.g", "context.valueCtx"), as far as types are linked
 * into the program; NO_TYPE if none, or if several share the short name. */
uint32_t types_by_name(struct types *types, const char *name);

/* The type that debug information calls NAME: with the full path of its package ("net/http.Client"),
 * perhaps behind stars. NO_TYPE if the program has none by that name. */
uint32_t types_by_path(struct types *types, const char *name);

/* The names of the methods of type INDEX, which the linker leaves in its descriptor also where it has left
 * their code out; they live during the call only. False from FN ends it. */
void types_methods(struct types *types, uint32_t index, bool (*fn)(void *arg, const char *name), void *arg);

/* The type of a pointer to, or a slice of, ELEM; NO_TYPE if the program has none. */
uint32_t types_wrapping(struct types *types, enum go_kind kind, uint32_t elem);

/* The channel type with that element (the one that can send and receive, if there are several). */
uint32_t types_chan_of(struct types *types, uint32_t elem);

/* Enter a type of which the program has no descriptor, as MODEL has it: its names and fields are copied,
 * its address is one where nothing can lie. types_by_name finds it only if it is LISTED. Before other
 * threads use the table. NO_TYPE without memory. */
uint32_t types_make(struct types *types, const struct rtype *model, bool listed);

/* May a descriptor lie at this heap address (types made by reflection)? Set once the heap is known. */
void types_set_heap_check(struct types *types, bool (*allocated)(void *ctx, uint64_t addr), void *ctx);

#endif

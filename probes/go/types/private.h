/* The inside of the type table, shared by its three files: types.c decodes descriptors, masks.c
 * makes pointer masks, names.c finds types by name. */
#ifndef GORETAIN_PROBES_GO_TYPES_PRIVATE_H
#define GORETAIN_PROBES_GO_TYPES_PRIVATE_H

#include "probes/go/types/types.h"

#define TYPES_CHUNK 1024u
#define TYPES_CHUNKS 4096u

struct mask {
	const uint8_t *bits; /* in the image or owned */
	uint8_t *owned;
	bool tried;
};

/* Types lie in chunks that never move, so that readers need no lock for what they know. */
struct types {
	struct go *go;
	pthread_mutex_t lock;
	struct rtype *chunks[TYPES_CHUNKS];
	struct mask *masks[TYPES_CHUNKS];
	uint32_t n;
	uint32_t *table, capacity; /* open addressing by descriptor address */
	uint32_t *by_name, n_by_name; /* indexes sorted by name, made at first use */
	uint64_t mask_room;      /* bytes that masks made here may still have */
	bool (*allocated)(void *ctx, uint64_t addr);
	void *allocated_ctx;
};

static inline struct rtype *types_slot(const struct types *types, uint32_t i)
{
	return &types->chunks[i / TYPES_CHUNK][i % TYPES_CHUNK];
}

/* Enter the type INDEX into the index of names, if that is made already. */
void types_index_name(struct types *types, uint32_t index);

/* The address that an offset in the descriptor at TYPE names; 0 for none. Descriptors made at run
 * time have no module: their offsets are the runtime's own numbers. */
uint64_t types_resolve(struct types *types, uint64_t type, int32_t offset);

/* The name (internal/abi.Name) at ADDR without its first SKIP bytes, sanitised; the caller's to free. NULL if
 * there is none. */
char *types_copy_name(struct go *go, uint64_t addr, unsigned skip, uint8_t *flags);

/* Bytes of a descriptor before its uncommon part (internal/abi/type.go). */
uint64_t types_base_size(const struct layout *layout, enum go_kind kind);

#endif

/* sync.Map, and the hash tries it is made of from Go 1.24 on: where in them the keys and values are. */
#ifndef GORETAIN_PROBES_GO_MAPS_SYNC_H
#define GORETAIN_PROBES_GO_MAPS_SYNC_H

#include "probes/go/types/types.h"

enum sync_design {
	SYNC_NONE,
	SYNC_TWO_MAPS, /* one that is read without a lock, one behind it (sync/map.go to 1.23) */
	SYNC_TRIE,     /* internal/sync/hashtriemap.go; internal/concurrent's in 1.23 */
};

/* Offsets in the structures of one such type, as its descriptors tell them. */
struct sync_layout {
	enum sync_design design;
	uint32_t key, elem;          /* types */
	/* two maps */
	uint64_t read, dirty;        /* of the pointer to a readOnly, of the other map's header */
	uint32_t table;              /* map[interface {}]*sync.entry */
	/* trie */
	uint32_t inner, entry;       /* types of its nodes */
	uint64_t root;               /* of the pointer to the first node */
	uint64_t hash;               /* of the function for keys; the one that compares values follows */
	uint64_t parent, children;   /* in an inner node */
	uint64_t overflow, key_at, elem_at; /* in an entry */
};

/* A program to Go 1.23 whose sync.Maps are all global variables has no descriptor of the type: enter it,
 * by the structure that it has in a program of that layout (sync/map.go). Before other threads use the types. */
void sync_make_type(struct types *types, const struct layout *layout);

/* Is TYPE a sync.Map, or a hash trie by itself (package unique has such)? */
bool sync_layout_of(struct types *types, uint32_t type, struct sync_layout *out);

/* What a type is in a trie. */
enum sync_part { SYNC_NO_PART, SYNC_INNER, SYNC_ENTRY };
enum sync_part sync_part_of(const struct rtype *t);

/* The field of a trie's entry that OFFSET lies in, if it is its key or its value; NULL. In *KEY the
 * first of them. */
const struct rfield *sync_entry_field(const struct types *types, const struct rtype *entry,
				      uint64_t offset, const struct rfield **key);

/* The types of what a pointer to a trie's node points to: NODE is the type of what both have in common.
 * False if it is none, or its program does not have both. */
bool sync_node_types(struct types *types, const struct rtype *node, uint32_t *inner,
		     uint32_t *entry);

/* The value that a sync.entry of the first design leads to; 0 if it was deleted. Deleted is also what
 * points to the static word sync.expunged. */
uint64_t sync_entry_value(const struct go *go, uint64_t entry);

/* ---- walking a trie ---- */

#define SYNC_DEPTH 16u    /* 64 bits of hash, 4 a level */
#define SYNC_CHILDREN 16u

struct sync_trie { struct image *image; const struct sync_layout *layout; uint64_t root; };

/* A walk, node by node. Zero it and set `trie`. */
struct sync_walk {
	const struct sync_trie *trie;
	uint64_t inner[SYNC_DEPTH]; /* nodes entered */
	uint8_t next[SYNC_DEPTH];   /* child to be looked at */
	unsigned depth;
	uint64_t chain;             /* the next of the entries whose hashes are the same */
	unsigned linked;            /* entries passed in it */
	bool begun;
};

/* The next node: its address, 0 at the end; in *IS_ENTRY what it is. */
uint64_t sync_next(struct sync_walk *walk, bool *is_entry);

#endif

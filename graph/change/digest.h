/* What of an older snapshot is kept to compare a newer one with: which slots held an object, of which type,
 * and how much hung on it; sums by holder and by type. About 16 bytes an object, so that the older graph
 * need not stay in memory beside the newer one. */
#ifndef GORETAIN_GRAPH_CHANGE_DIGEST_H
#define GORETAIN_GRAPH_CHANGE_DIGEST_H

#include "graph/analysis/path_tree.h"
#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

/* Sums over what is alike: holders of one name, tasks of one function, objects of one type. */
struct digest_sum {
	char *key;        /* what they are known by in both snapshots */
	uint64_t count;   /* holders, or live objects of the type */
	uint64_t bytes;   /* live bytes that hang on the holders, or that the type's objects have */
	uint64_t objects; /* that hang on the holders; of a type as count */
	uint64_t stacks;  /* of tasks: bytes of their stacks */
};

/* Sorted by key, each once. */
struct digest_sums { struct digest_sum *items; uint32_t n; };

struct digest_map { uint64_t addr, entries; };

struct digest {
	/* As in struct meta. */
	uint64_t pid, started, gc_cycle, heap_alloc;
	int64_t taken_ns;        /* since 1970 */
	char *exe;
	uint64_t live_bytes, live_objects;
	struct extent *extents; uint32_t n_extents, n_objects;
	uint64_t *bits;
	uint32_t *type;          /* of each object: index into types; NO_NODE: not known for sure */
	uint64_t *bytes;         /* of each object: as in struct path_tree; 0: not live */
	uint32_t *objects;       /* that hang on it, itself included */
	char **types; uint32_t n_types;
	struct digest_sums by_holder, by_type;
	struct digest_map *maps; uint32_t n_maps; /* live, by address */
};

/* Digest G, whose path tree is TREE. Needs STAGE_LIVE. NULL with ERR set on failure; free with digest_free. */
struct digest *digest_make(const struct graph *g, const struct path_tree *tree, struct error *err);
void digest_free(struct digest *digest);

/* Objects that hang on each object, itself included; 0 for those that are not live. The caller's to free. */
uint32_t *digest_count(const struct path_tree *tree, struct error *err);

/* Sums by holder, and by type, of a graph. Free with digest_free_sums. */
bool digest_by_holder(const struct path_tree *tree, const uint32_t *objects, struct digest_sums *out,
		      struct error *err);
bool digest_by_type(const struct graph *g, struct digest_sums *out, struct error *err);
void digest_free_sums(struct digest_sums *sums);

/* The sum of KEY, NULL if there is none. */
const struct digest_sum *digest_find(const struct digest_sums *sums, const char *key);

/* What holder HOLDER is known by in both snapshots: its kind and name, of a task its function. All that is the
 * runtime's own is one. */
void digest_holder_key(const struct graph *g, uint32_t holder, struct text *out);

#endif

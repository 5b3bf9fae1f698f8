/* Small graphs made in memory for unit tests: made-up addresses, edges from a list, and a lens that
 * says what the lists say. Everything is deterministic; what fails aborts. Strings and arrays of
 * a description are only lent: they must outlive the graph (literals and static arrays do). */
#ifndef GORETAIN_TESTS_UNIT_SYNTHETIC_H
#define GORETAIN_TESTS_UNIT_SYNTHETIC_H

#include "graph/builder.h"
#include "graph/graph.h"
#include "graph/lens.h"

/* An object; ids are places in the list, and addresses ascend with them. */
struct synthetic_object {
	uint32_t type;       /* index into types, or NO_NODE */
	uint64_t size;       /* bytes, 0 = 16 */
	uint16_t flags;      /* OBJECT_*; OBJECT_NOSCAN chooses the kind of extent */
	const char *preview; /* NULL: nothing to say */
};

/* A pointer slot; those of one object are listed in ascending order of offset, or all with offset
 * 0: then the k-th lies at 8 * k. */
struct synthetic_edge {
	uint32_t src, dst;
	uint64_t offset, dst_offset;
	enum strength strength;
	const char *label;   /* "[\"user:42\"]"; NULL: nothing */
};

/* An entry of map number MAP. */
struct synthetic_entry {
	uint32_t map;
	struct map_entry entry;
};

struct synthetic_spec {
	const struct synthetic_object *objects; uint32_t n_objects;
	const struct synthetic_edge *edges; uint32_t n_edges; /* in any order */
	const struct type *types; uint32_t n_types;
	const struct holder *holders; uint32_t n_holders;
	const struct root *roots; uint32_t n_roots;
	const char *const *root_labels; /* of each root as listed, sorted by holder; NULL: none */
	const struct task *tasks; uint32_t n_tasks;
	const struct frame *frames; uint32_t n_frames;
	const struct map *maps; uint32_t n_maps;
	const struct synthetic_entry *entries; uint32_t n_entries;
	struct meta meta;
	enum key_use key_use; /* of every closure */
	const uint32_t *waits; uint32_t n_waits;
};

/* The graph of SPEC, published up to STAGE_EDGES, with a lens. Free with graph_free. */
struct graph *synthetic_graph(const struct synthetic_spec *spec);

/* Mark it and compute dominators: STAGE_RETAINED. */
void synthetic_analyse(struct graph *g);

/* A small server's heap, STAGE_RETAINED (see synthetic_example.c for its picture): a global map
 * main.cache of three sessions that each keep a decoded JSON map, one of them also on a
 * goroutine's stack; a goroutine that waits for ever and holds a context with a map; a closure
 * that captured a map; a pool, a timer, a finalizer, garbage, the runtime's bookkeeping. */
struct graph *synthetic_example(void);

/* The objects of the example that tests want to name. */
enum {
	EXAMPLE_CACHE,          /* header of main.cache */
	EXAMPLE_CACHE_GROUPS,
	EXAMPLE_SESSION_1, EXAMPLE_SESSION_2, EXAMPLE_SESSION_42,
	EXAMPLE_META_1, EXAMPLE_META_2, EXAMPLE_META_42, /* map[string]interface {} headers */
	EXAMPLE_GROUPS_1, EXAMPLE_GROUPS_2, EXAMPLE_GROUPS_42,
	EXAMPLE_ID_1, EXAMPLE_ID_2, EXAMPLE_ID_42,       /* boxes of int */
	EXAMPLE_TAGS_1, EXAMPLE_TAGS_2, EXAMPLE_TAGS_42, /* []interface {} headers, boxed */
	EXAMPLE_ARRAY_1, EXAMPLE_ARRAY_2, EXAMPLE_ARRAY_42,
	EXAMPLE_TEXT_1, EXAMPLE_TEXT_2, EXAMPLE_TEXT_42, /* string bytes of their tags */
	EXAMPLE_AUDIT,          /* [...]interface {} that main.audit's buf refers to */
	EXAMPLE_VALUE_CTX, EXAMPLE_CANCEL_CTX, EXAMPLE_CTX_MAP, EXAMPLE_CTX_GROUPS,
	EXAMPLE_CTX_TEXT,
	EXAMPLE_CHAN,           /* that goroutine 91 alone can reach */
	EXAMPLE_MUX, EXAMPLE_HANDLER, EXAMPLE_HANDLER_MAP, EXAMPLE_HANDLER_GROUPS,
	EXAMPLE_TIMER, EXAMPLE_FILE, EXAMPLE_POOLED,
	EXAMPLE_UNKNOWN, EXAMPLE_INFERRED,
	EXAMPLE_DEAD_MAP, EXAMPLE_DEAD_GROUPS, EXAMPLE_DEAD_TEXT,
	EXAMPLE_ALLGS, EXAMPLE_G_1, EXAMPLE_G_91, EXAMPLE_G_DEAD, EXAMPLE_SUDOG,
	EXAMPLE_OBJECTS
};

#endif

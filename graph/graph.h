/* The frozen reference graph: objects, edges, holders, roots and what is known of them, in arrays.
 *
 * It knows nothing of where it came from. A producer fills it once, stage by stage (builder.h); a
 * stage's arrays are immutable once `stage` says so, and then any thread may read them. The fields
 * are the interface: readers index the arrays directly.
 *
 * Node numbers: objects are 0 .. n_objects-1 in address order, holders follow at
 * n_objects .. n_objects+n_holders-1, and one virtual root above them is the last node. */
#ifndef GORETAIN_GRAPH_GRAPH_H
#define GORETAIN_GRAPH_GRAPH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NODE UINT32_MAX /* also: no type, no task, no holder */

/* How a type, name or edge is known. The order is the order of trust. */
enum known {
	KNOWN_NO,           /* unknown */
	KNOWN_INFERRED,     /* from its shape only: shown with ~ */
	KNOWN_DERIVED,      /* propagated from an exact one along a typed pointer */
	KNOWN_EXACT,        /* the runtime or debug data says so */
	KNOWN_CONSERVATIVE, /* roots only: a word that looks like a pointer */
};

/* How strongly an edge or a root holds. */
enum strength {
	STRENGTH_STRONG,
	STRENGTH_POOL,    /* a pool's cache: dies after the next collections, holds until then */
	STRENGTH_WEAK,    /* holds nothing */
	STRENGTH_RUNTIME, /* bookkeeping: holds only what nothing else reaches */
};

/* Flags of an object. */
enum {
	OBJECT_KNOWN = 7,          /* mask: enum known of its type */
	OBJECT_NOSCAN = 1 << 3,    /* holds no pointers */
	OBJECT_BOXED = 1 << 4,     /* an interface word points at it */
	OBJECT_LIVE = 1 << 5,      /* reached from the roots as the collector would */
	OBJECT_RUNTIME_ONLY = 1 << 6, /* live, but only by the runtime's own bookkeeping */
	OBJECT_AFTER_STOP = 1 << 7, /* its bytes were read after the target went on */
	OBJECT_IN_FLIGHT = 1 << 8, /* caught half written */
	OBJECT_SURVIVED = 1 << 9,  /* the last collection kept it */
	OBJECT_MAP = 1 << 10,      /* stands for the map that it is a part of, whose header is no object */
};

/* A run of equal slots: the n-th set bit of its bitmap is object first+n. */
struct extent {
	uint64_t base;    /* address of slot 0 */
	uint64_t stride;  /* bytes of a slot */
	uint64_t bits;    /* its bitmap starts at word graph.bits[bits]; 1 = allocated */
	uint32_t slots;
	uint32_t first;   /* id of its first object */
	uint32_t count;   /* its objects */
	uint32_t magic;   /* ceil(2^32 / stride): slot = offset * magic >> 32; 0: divide */
	uint32_t tag;     /* the producer's own number for it */
	bool noscan;
};

enum type_kind { /* what its memory is, in any language */
	TYPE_OTHER, TYPE_BOOL, TYPE_INT, TYPE_UINT, TYPE_FLOAT, TYPE_COMPLEX, TYPE_STRING,
	TYPE_POINTER, TYPE_ARRAY, TYPE_SLICE, TYPE_STRUCT, TYPE_MAP, TYPE_CHAN, TYPE_FUNC,
	TYPE_INTERFACE,
};

/* What the rules and screens may know of a type beyond its kind. */
enum type_shape {
	SHAPE_NONE,
	SHAPE_BYTES,       /* text or raw bytes: a leaf */
	SHAPE_ARRAY,       /* backing array of a slice */
	SHAPE_MAP,         /* a map's header object */
	SHAPE_MAP_PART,    /* table, directory, groups, buckets: passed through when shown */
	SHAPE_CLOSURE,     /* a function with captured variables: its edges are captures */
	SHAPE_CONTEXT,     /* a context; SHAPE_CONTEXT_VALUE: one that carries a value */
	SHAPE_CONTEXT_VALUE,
	SHAPE_CHAN, SHAPE_CHAN_BUFFER,
	SHAPE_TIMER, SHAPE_HTTP_CLIENT, SHAPE_WAIT_GROUP, SHAPE_POOL,
	SHAPE_JSON_TREE,   /* map[string]interface {} or []interface {} (its array): decoded JSON */
	SHAPE_TINY,        /* a block shared by several tiny values */
	SHAPE_TASK,        /* the runtime's own record of a task */
	SHAPE_RUNTIME,     /* the runtime's own bookkeeping */
};

struct type {
	const char *name;    /* as the language's own printing spells it; sanitised */
	const char *package; /* full path, "" if none */
	enum type_kind kind;
	enum type_shape shape;
	uint64_t size;       /* bytes of one value; 0 if it has no fixed size */
	/* Sums over the objects of this type, filled by graph_sum_types. */
	uint64_t objects, bytes, live_bytes, retained;
	const char *spelled; /* the name with whole paths where packages are called alike; NULL: as it is */
};

enum holder_kind { /* in the order in which ties are broken */
	HOLDER_GLOBAL, HOLDER_TASK, HOLDER_TIMER, HOLDER_SPECIAL, HOLDER_RUNTIME,
};

struct holder {
	enum holder_kind kind;
	enum known known;    /* of its name */
	const char *name;    /* "main.cache", "goroutine 91 main.worker"; sanitised */
	const char *package; /* "" if not known */
	uint32_t task;       /* index into tasks, NO_NODE if none */
	uint32_t type;       /* of a global's value, NO_NODE if not known */
	uint64_t lo, hi;     /* the addresses a global covers; 0 otherwise */
	uint32_t first_root, n_roots; /* its slots in graph.roots */
	uint32_t objects;    /* that it dominates */
	uint64_t retained;
	bool system;         /* the language's own runtime: its variables and structures */
};

enum root_kind {
	ROOT_GLOBAL, ROOT_FRAME, ROOT_STACK_OBJECT, ROOT_REGISTER, ROOT_DEFER, ROOT_PANIC,
	ROOT_TASK,      /* what the task's own record refers to */
	ROOT_TIMER, ROOT_FINALIZER, ROOT_CLEANUP, ROOT_WEAK_HANDLE, ROOT_RUNTIME,
};

/* One pointer slot outside the heap that points into an object. Sorted by holder. */
struct root {
	uint64_t addr;       /* of the slot; 0 if it is a register */
	uint32_t holder;     /* index into holders */
	uint32_t dst;        /* object */
	uint32_t dst_offset; /* bytes from its base (saturated) */
	uint32_t frame;      /* index into frames, NO_NODE if none */
	uint8_t kind, known, strength;
};

enum task_state {
	TASK_RUNNING, TASK_RUNNABLE, TASK_WAITING, TASK_SYSCALL, TASK_DEAD, TASK_OTHER,
};

struct task {
	uint64_t id;            /* the runtime's */
	enum task_state state;
	const char *wait;       /* wait reason, NULL if it does not wait */
	int64_t wait_ns;        /* lower bound, -1 if not known */
	const char *function;   /* its entry function; if that is the runtime's, the program's own that
				 * it has called */
	const char *file;       /* where that begins */
	uint32_t line;
	const char *created_by; /* function that started it, NULL if not known */
	const char *labels;     /* "k=v, k=v", NULL if none: label_task_labels, which redacts, has them */
	const char *labels_redacted; /* "k=…7 B": lengths in place of all that is not the program's own */
	uint64_t stack_bytes;
	uint32_t holder;        /* index into holders, NO_NODE if it holds nothing */
	uint32_t first_frame, n_frames;
	uint32_t object;        /* its record in the heap, NO_NODE if not there */
	uint32_t first_wait, n_waits; /* the objects one of which must wake it, in graph.waits: a
				 * channel, those of a select, what a lock or a wait group lies in */
	int8_t stuck;           /* 1 can never go on, 0 can, -1 not known. A producer says 1 of who goes
				 * on only by one of its waits; STAGE_LIVE takes that back where
				 * something that can run reaches one */
	bool first;             /* the program's first: to wait for ever may be what it is there for,
				 * so that it is never said to be stuck */
	bool system;            /* the runtime's own */
	const char *under;      /* what has called `function` if it is not the entry; NULL */
};

/* Where code comes from (origin.h). */
enum origin {
	ORIGIN_UNKNOWN,
	ORIGIN_RUNTIME,    /* the language's own runtime */
	ORIGIN_STANDARD,   /* its standard library */
	ORIGIN_DEPENDENCY, /* a library that the program takes from others */
	ORIGIN_MAIN,       /* the program itself: what its owner can change */
};

/* All packages at or below PATH, but for those below a longer one. */
struct origin_path { const char *path; enum origin origin; };

struct frame {
	uint32_t task;
	uint32_t level;         /* 0 = innermost; inlined calls have rows of their own */
	const char *function, *file;
	uint32_t line;
	uint64_t pc, sp;
	bool inlined;
	bool system;            /* the runtime's own code: a user's frame goes before it */
	uint8_t origin;         /* enum origin of its function */
};

enum boxes { BOXES_NONE, BOXES_EMPTY, BOXES_METHODS };

/* A map, wherever it lies. */
struct map {
	uint32_t object;        /* its header, NO_NODE if that lies inside something else, in a frame or
				 * in a global */
	uint32_t type, key_type, elem_type; /* index into types, NO_NODE if not known */
	uint64_t addr;          /* of the header */
	enum boxes boxes;       /* are keys or elements interfaces */
	uint64_t entries, slots;
	uint64_t table_bytes;   /* header, tables, groups, buckets */
	uint64_t boxed_keys, boxed_key_bytes, boxed_values, boxed_bytes;
	uint32_t table;         /* its largest table object; if `object` is NO_NODE that through which
				 * all entries are reached, NO_NODE if there is none */
	uint32_t beside[2];     /* if `object` is NO_NODE: what else may hang on the same holder and not below
				 * `table`; NO_NODE */
	bool live;
	uint32_t around;        /* if `object` is NO_NODE: the object in which the header lies, or
				 * NO_NODE in a frame or global */
};

/* The object that a map's header is or lies in, NO_NODE in a frame or global. */
static inline uint32_t graph_map_in(const struct map *map)
{
	return map->object != NO_NODE ? map->object : map->around;
}

/* The object that stands for a map in the dominator tree; NO_NODE if none does. */
static inline uint32_t graph_map_node(const struct map *map)
{
	return map->object != NO_NODE ? map->object : map->table;
}

enum confidence {
	CONFIDENCE_NOTE,   /* large, and perhaps so by design */
	CONFIDENCE_LIKELY,
	CONFIDENCE_PROVEN, /* the graph and the code leave no other reading */
};

struct suspect {
	const char *rule;       /* "gathering", "stuck", "closure-map", ... */
	enum confidence confidence;
	char *title;            /* one line; owned */
	char *explanation;      /* sentences; owned */
	char *fix;              /* sentences; owned */
	char *query;            /* the SQL that shows it; owned */
	uint64_t retained;
	uint64_t objects;
	uint32_t holder;        /* index into holders, NO_NODE if several; of goroutines that are alike, one */
	uint32_t object;        /* the one to look at; NO_NODE: the holder */
};

/* A package that others of the program are called like: its import path, and enough of that to tell which. */
struct package_name { const char *path, *shown; };

struct named_bytes { const char *name; uint64_t bytes; };

/* A piece of a part of memory, or what lies beside it. */
struct memory_detail {
	const char *part, *detail; /* "mapped files", "/var/lib/x.db" */
	uint64_t bytes;
	int8_t resident;           /* 1: the details of a part add up to it; 0: takes no memory, beside it;
				    * -1: not known (a core file does not tell) */
};

/* Memory of extents that nothing lies behind: never touched, or swapped out. */
struct absent { uint64_t lo, hi; bool swapped; };

/* PINNED: bytes resident in free slots and at the ends of spans. */
struct size_class { uint64_t size, spans, slots, used, bytes, pinned; };

/* Facts of the snapshot, column by column of the `meta` table. */
struct meta {
	uint64_t pid;
	const char *process;    /* short name */
	const char *exe;
	const char *language_version; /* "go1.26.8" */
	const char *arch;       /* "amd64" */
	const char *build;      /* "stripped, PIE" */
	const char *unproven;   /* why all of this may be wrong: "go1.28.0 read as go1.27"; or NULL */
	int64_t taken_at;       /* seconds since 1970 */
	int64_t taken_ns;       /* the same in nanoseconds */
	uint64_t started;       /* with the pid, which process it is; 0 if not known */
	uint64_t pause_ns;
	const char *gc_phase;   /* "off", "mark", "mark termination" */
	uint64_t gc_cycle;
	uint64_t heap_alloc;    /* the runtime's own figure */
	uint64_t heap_explained; /* our sum over objects */
	const char *counting;   /* who was just changing that figure where both differ; NULL if nobody */
	uint64_t kept_by_last_gc, kept_reached; /* bytes */
	uint64_t rss;
	const char *content;    /* "all", "masked", "none" */
	uint64_t holes;         /* bytes that could not be read: swapped out, or not in the core file */
	const char *other_runtime; /* which the process has besides and is not read: "go1.22.1 in libx.so"; or
				    * NULL */
};

enum stage { STAGE_NONE, STAGE_SIZES, STAGE_EDGES, STAGE_LIVE, STAGE_RETAINED, STAGE_DONE };

struct edge_strength { uint64_t edge; uint8_t strength; };

/* Set in fwd_dst and rev_src on an edge that does not hold: weak, or bookkeeping into what
 * something else reaches. Of several edges from one object to another, rev_src has the idle ones
 * first. Readers mask it off; whoever asks what holds skips such edges. */
#define EDGE_IDLE 0x80000000u
#define EDGE_NODE(e) ((e) & ~EDGE_IDLE)

struct graph {
	_Atomic int stage;      /* enum stage: what is published */

	/* STAGE_SIZES */
	uint32_t n_objects, n_extents;
	struct extent *extents; /* by address */
	uint64_t *bits;
	struct page_index *pages; /* address -> extent */
	struct meta meta;
	struct named_bytes *memory; uint32_t n_memory; /* parts of the resident set */
	struct memory_detail *details; uint32_t n_details;
	struct absent *absent; uint32_t n_absent; /* by address, disjoint */
	struct size_class *classes; uint32_t n_classes;

	/* STAGE_EDGES: types, flags less liveness, edges, maps, tasks, holders, roots */
	uint32_t *type;         /* of each object: index into types, NO_NODE = unknown */
	uint16_t *flags;        /* of each object; OBJECT_LIVE and RUNTIME_ONLY come with STAGE_LIVE */
	struct type *types; uint32_t n_types;
	uint32_t *fwd_row, *fwd_dst; /* edges of object i: fwd_dst[fwd_row[i] .. fwd_row[i+1]-1] */
	uint32_t *rev_row, *rev_src; /* referrers of object i, in ascending order */
	uint64_t n_edges;
	struct edge_strength *special; uint32_t n_special; /* edges that are not strong, by edge */
	struct holder *holders; uint32_t n_holders; /* retained and objects: STAGE_RETAINED */
	struct root *roots; uint32_t n_roots;       /* by holder */
	struct task *tasks; uint32_t n_tasks;       /* task.stuck: STAGE_LIVE */
	uint32_t *waits; uint32_t n_waits;          /* objects, by task */
	struct frame *frames; uint32_t n_frames;
	struct origin_path *origins; uint32_t n_origins; /* by path */
	struct map *maps; uint32_t n_maps;          /* map.live: STAGE_LIVE */
	struct package_name *packages; uint32_t n_packages; /* those that are called like others */

	/* STAGE_LIVE */
	uint64_t live_objects, live_bytes;
	uint64_t typed_exact, typed_derived, typed_inferred; /* bytes of live objects */

	/* STAGE_RETAINED */
	uint32_t *idom;         /* of objects and holders: node; NO_NODE if not live */
	uint32_t *above;        /* of each object: index of the one holder above it, NO_NODE if several */
	uint64_t *retained;     /* of each object, bytes */
	uint32_t *depth;        /* of each object: edges from the nearest root */
	uint32_t *root;         /* of each object: index of the nearest root */
	uint64_t untyped_objects;  /* that live and have no type */
	uint64_t untyped_retained; /* by all objects of unknown type together, as types have it */
	uint32_t *kid_row, *kids; /* dominator tree: children of node i, most retained first */

	/* STAGE_DONE */
	struct suspect *suspects; uint32_t n_suspects;

	const struct edge_source *edges; /* finds an edge's offset again */
	struct lens *lens;      /* what can be said of a subject; NULL in tests */
	void (*release)(struct graph *g); /* frees what the producer lent; called by graph_free */
	void *producer;
};

struct graph *graph_new(void); /* empty; NULL without memory. Free with graph_free. */
void graph_free(struct graph *g);

static inline uint32_t graph_root_node(const struct graph *g) { return g->n_objects + g->n_holders; }
static inline bool graph_is_object(const struct graph *g, uint32_t node) { return node < g->n_objects; }
static inline bool graph_is_holder(const struct graph *g, uint32_t node)
{
	return node >= g->n_objects && node < graph_root_node(g);
}

static inline int graph_stage(const struct graph *g)
{
	return atomic_load_explicit(&g->stage, memory_order_acquire);
}

/* Extent of an object, its address and its size in bytes. ID must be < n_objects. */
const struct extent *graph_extent(const struct graph *g, uint32_t id);
uint64_t graph_addr(const struct graph *g, uint32_t id);
uint64_t graph_size(const struct graph *g, uint32_t id);

/* The object that contains ADDR, with ADDR's distance from its base in *OFFSET (may be NULL), or
 * NO_NODE: not in an extent, or in a free slot. */
uint32_t graph_find(const struct graph *g, uint64_t addr, uint64_t *offset);

/* Where an address lies: its object, that object's extent (an index) and slot, and the distance
 * from the object's base. */
struct graph_place { uint32_t id, extent, slot; uint64_t offset; };

/* The same as graph_find for who needs more than the id; false where that gives NO_NODE. */
bool graph_locate(const struct graph *g, uint64_t addr, struct graph_place *out);

/* The object in slot SLOT of extent E, or NO_NODE if that is free. */
uint32_t graph_slot_object(const struct graph *g, const struct extent *e, uint32_t slot);

/* "proven", "likely", "note" */
const char *graph_confidence(enum confidence confidence);

/* Strength of edge number EDGE (an index into fwd_dst). */
enum strength graph_edge_strength(const struct graph *g, uint64_t edge);

/* Does root number ROOT hold what it points at? Not if it is weak, or bookkeeping into what
 * something else reaches. Needs STAGE_LIVE. */
bool graph_root_holds(const struct graph *g, uint32_t root);

/* The holder whose finalizer must run before object ID can go: a weak root of it says so. NO_NODE if
 * there is none. It looks at all roots. */
uint32_t graph_finalizer(const struct graph *g, uint32_t id);

/* Type of an object, NULL if unknown. */
const struct type *graph_type(const struct graph *g, uint32_t id);
/* The map that object ID is the header of, or stands for (graph_map_node); NULL. Looks at all maps. */
const struct map *graph_map_of(const struct graph *g, uint32_t id);
/* The type's name as shown: "? 48 B scan" for an unknown one, "~T" for an inferred one, and for what
 * stands for a map that one's. */
struct text;
void graph_type_label(const struct graph *g, uint32_t id, struct text *out);

/* The task that HOLDER is, NULL if it is none. */
static inline const struct task *graph_holder_task(const struct graph *g, uint32_t holder)
{
	const struct holder *h = &g->holders[holder];

	return h->kind == HOLDER_TASK && h->task < g->n_tasks ? &g->tasks[h->task] : NULL;
}

/* Bytes retained by any node: object, holder or the root. */
uint64_t graph_retained(const struct graph *g, uint32_t node);

/* The holder that covers ADDR, NO_NODE if none does. Looks at all holders. */
uint32_t graph_holder_at(const struct graph *g, uint64_t addr);

/* The one holder above a map, NO_NODE if there are several or it is not live; and the bytes that the map
 * retains, 0 if that is not known: nothing stands for it, and it is not all of a global either. Of one
 * that grows in a frame a little less: what both of its tables refer to is left out. Need
 * STAGE_RETAINED. */
uint32_t graph_map_holder(const struct graph *g, const struct map *map);
uint64_t graph_map_retained(const struct graph *g, const struct map *map);

#endif

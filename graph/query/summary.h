/* What the overview and the report say of a snapshot, made once for both: which process, where its
 * memory is, which types, holders and maps keep most of it. */
#ifndef GORETAIN_GRAPH_QUERY_SUMMARY_H
#define GORETAIN_GRAPH_QUERY_SUMMARY_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"

/* "orders[4242] go1.26.8 amd64, stripped" */
void summary_process(const struct graph *g, struct text *out);
/* "stopped 84 ms · 2026-01-02 03:04:05 UTC" */
void summary_stop(const struct graph *g, struct text *out);

struct memory_part {
	const char *part; /* as the table `memory` has it, or the detail; "all other" for small parts */
	char name[40];    /* "512 stacks" */
	uint64_t bytes;
	char note[24];    /* "97 % idle"; "" if there is nothing to say */
	bool beside;      /* it is not resident, and in no sum */
};

/* The parts of the resident set, which add up to it, then what is beside it and large; at most MAX. Where it
 * is not known what was resident: what is allocated. Returns how many. */
uint32_t summary_memory(const struct graph *g, struct memory_part *parts, uint32_t max);

/* Is it known what was resident? */
bool summary_memory_known(const struct graph *g);

/* What a part is, in a sentence, and a line for each of its details. */
void summary_memory_part(const struct graph *g, const struct memory_part *part, struct text *out);

/* A type, or all objects whose type is not known: NO_NODE. What types retain overlaps: what is held by one
 * of another type counts for both. */
struct type_row { uint32_t type; uint64_t retained; };

/* Types that retain most, at most MAX, most first; *ALL: how many retain anything. The insides of maps are
 * left out: they say the same as their maps. */
uint32_t summary_types(const struct graph *g, struct type_row *rows, uint32_t max, uint32_t *all);

/* "main.session", "unknown type" */
void summary_type(const struct graph *g, const struct type_row *row, struct text *out);

/* Holders that say the same: goroutines of one function that wait for the same, timers, finalizers and
 * cleanups of one name. */
struct holder_group {
	uint32_t holder;   /* the one of them that retains most */
	uint32_t count;
	uint64_t retained, objects;
	uint64_t stacks;   /* bytes of the goroutines' stacks, which go with them */
	int64_t wait_ns;   /* the longest wait among them, -1 if none is known */
};

/* Groups by what they retain together with their stacks, at most MAX, most first; *ALL: groups that
 * retain anything. 0 with ERR set without memory. */
uint32_t summary_holders(const struct graph *g, struct holder_group *groups, uint32_t max,
			 uint32_t *all, struct error *err);

/* Count HOLDER in. A group without members is begun with it. */
void summary_add(const struct graph *g, struct holder_group *group, uint32_t holder);

/* What a group keeps: what it retains, and its stacks. */
static inline uint64_t summary_kept(const struct holder_group *group)
{
	return group->retained + group->stacks;
}

/* Bytes of the stack of a goroutine that is a holder; 0 for other holders. */
uint64_t summary_stack(const struct graph *g, uint32_t holder);

/* "stacks 98.3 MB", nothing where they are little of what the group keeps. */
void summary_say_stacks(const struct holder_group *group, struct text *out);

/* What all groups can keep: the live heap, and the stacks of goroutines that have a holder. */
uint64_t summary_whole(const struct graph *g);

/* Are holders A and B in one group? */
bool summary_alike(const struct graph *g, uint32_t a, uint32_t b);

/* "global main.cache", "200 × goroutine main.(*poller).run · chan receive, 3 h" */
void summary_group(const struct graph *g, const struct holder_group *group, struct text *out);

/* Live maps (indices) by what they retain, at most MAX, most first. Something stands for each. */
uint32_t summary_maps(const struct graph *g, uint32_t *maps, uint32_t max);

/* Which holders reach an object: the one above it, or of several the nearest, "goroutine 91
 * main.worker, global main.cache and others". */
bool summary_reached_from(const struct graph *g, uint32_t object, struct text *out,
			  struct progress *progress, struct error *err);

/* What no single holder keeps: bytes and objects that hang on several. */
void summary_shared(const struct graph *g, uint64_t *bytes, uint64_t *objects);
/* The objects that keep most of that, at most MAX, most first: those that hang on several holders
 * themselves and not on an object. */
uint32_t summary_shared_objects(const struct graph *g, uint32_t *objects, uint32_t max);

/* Such objects of one type, and what they retain together. */
struct shared_group {
	uint32_t object; /* the largest */
	uint64_t count, retained;
};

/* The groups that keep most, at most MAX, most first. */
uint32_t summary_shared_groups(const struct graph *g, struct shared_group *groups, uint32_t max);

/* "map[string]int, 3 entries", "12,000 × main.session" */
void summary_shared_group(const struct graph *g, const struct shared_group *group, struct text *out);

#endif

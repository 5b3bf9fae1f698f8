/* What keeps objects alive from outside the heap, and who is said to hold them.
 *
 * Where the runtime itself begins to mark (gcMarkRootPrepare, markroot and gcMarkTinyAllocs in
 * runtime/mgcmark.go of 1.18, 1.22, 1.24, 1.26, 1.27, which is all there is):
 *   data and bss of every module                     globals.c
 *   stacks of all goroutines                         tasks.c
 *   finalizers that are due (allfin), from 1.25 on
 *   cleanups that are (gcCleanups)                   specials.c
 *   specials of spans: finalizer, weak handle,
 *   cleanup; the other kinds keep nothing            specials.c
 *   tiny blocks being filled, once                   caches.c
 * What the runtime keeps in its own objects of the heap needs no root but the globals above them
 * (allgs, allm, allp): goroutines' labels, arguments, coroutines and bubbles, semaphores' and
 * channels' waiters, timers (which become holders of their own in timers.c), caches of pools,
 * pinners, handles of cgo, canonical values. What the next collection clears before it marks holds
 * nothing (sched.sudogcache, sched.deferpool), or is told by its strength (pools).
 *
 * Not in the heap, and keeping nothing there: pollDesc, itabs, profiles and traces, arenas of bits,
 * immortal weak handles, stacks' caches; numbers in disguise: run queues, free goroutines, pins. */
#ifndef GORETAIN_PROBES_GO_ROOTS_ROOTS_H
#define GORETAIN_PROBES_GO_ROOTS_ROOTS_H

#include "probes/go/heap.h"
#include "probes/go/name_pool.h"
#include "probes/go/stack/stack.h"

struct known_origin { const char *function; uint8_t origin; };

/* Roots and holders while they are collected. */
struct roots {
	struct heap *heap;
	struct name_pool *names;
	struct holder *holders; uint32_t n_holders, capacity_holders;
	struct root *items; uint32_t n, capacity;
	struct task *tasks; uint32_t n_tasks, capacity_tasks;
	struct frame *frames; uint32_t n_frames, capacity_frames;
	uint32_t *waits; uint32_t n_waits, capacity_waits;
	struct known_origin known_origins[1024]; /* a cache, see roots_origin */
	bool failed;       /* out of memory */
	uint64_t left;     /* bytes that lists in the target may still have, see roots_spend */
	bool overspent;
};

/* Collect everything and hand it to the graph, with the strengths of edges (strengths.c). */
bool roots_build(struct heap *heap, struct progress *progress, struct error *err);

/* ---- for the parts, each in its own file ---- */

/* A new holder; its index, or NO_NODE without memory. Missing fields are set to "none". */
uint32_t roots_holder(struct roots *roots, enum holder_kind kind, const char *name,
		      const char *package, enum known known);

/* The slot at ADDR holds VALUE: a root of HOLDER if that points into an object. */
void roots_add(struct roots *roots, uint32_t holder, uint64_t addr, uint64_t value,
	       enum root_kind kind, enum strength strength, enum known known, uint32_t frame);

/* A list's element, or a stack, of BYTES is about to be read. False if all together are larger than
 * memory: they overlap, or a list leads back into itself. */
bool roots_spend(struct roots *roots, uint64_t bytes);

void roots_origins(struct roots *roots);  /* graph.origins */

/* Where FUNCTION, a name of the pool's, comes from: enum origin. */
uint8_t roots_origin(struct roots *roots, const char *function);

/* What task number TASK, which is G with its frames, waits for: fills its waits and its stuck. */
void roots_waits(struct roots *roots, const struct goroutine *g, uint32_t task);

void roots_refer(struct roots *roots); /* tells statics.h what stacks refer to */
void roots_globals(struct roots *roots);
bool roots_tasks(struct roots *roots, struct progress *progress, struct error *err);
void roots_specials(struct roots *roots); /* finalizers, cleanups, weak handles */
void roots_due(struct roots *roots);      /* finalizers and cleanups that wait to run */
void roots_caches(struct roots *roots);
void roots_timers(struct roots *roots);

/* Name of the function that the closure at ADDR runs, NULL if there is none. */
const char *roots_function(struct roots *roots, uint64_t closure);

/* The edges that are not strong, from a table of (runtime type, field); into the graph. */
bool strengths_build(struct heap *heap, struct progress *progress, struct error *err);

#endif

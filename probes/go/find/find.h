/* The parts of go_open, in the order in which they need each other. Each finds by invariants and
 * refuses what does not hold. */
#ifndef GORETAIN_PROBES_GO_FIND_FIND_H
#define GORETAIN_PROBES_GO_FIND_FIND_H

#include "graph/base/text.h"
#include "probes/go/go.h"

/* Build information: go.version, go.layout, go.build (buildinfo.c). */
bool find_version(struct go *go, struct error *err);

/* Put the Go version that a string variable of the program has into VERSION, nothing if none has one
 * (build_version.c). False if several have and they differ. LOADED says of each file of IMAGE whether it
 * is loaded to be run. */
bool find_build_version(struct image *image, const bool *loaded, struct text *version);

/* Which other compiler than the Go project's has made the program, by its marks (compilers.c): "gccgo",
 * "TinyGo", NULL if there are none. */
const char *find_compiler(struct image *image, const bool *loaded);

/* The list of modules (modules.c). Needs the layout. */
bool find_modules(struct go *go, struct error *err);

/* go.other_runtime, by the build information of what is not in the list of modules (buildinfo.c). */
void find_other_runtime(struct go *go);

/* mheap_, allgs, allp, allm (globals.c). Needs the modules. */
bool find_globals(struct go *go, struct error *err);

/* Does what find_globals found hold for the image's present bytes? The addresses are those of
 * variables and cannot move; a wrong guess would show now. */
bool find_globals_hold(struct go *go);

/* writeBarrier, memstats.heapStats and the queues of finalizers and cleanups by the code that uses them
 * (votes.c). They stay 0 where the code gives no clear answer. */
void find_by_votes(struct go *go);

/* A range of the image that may hold Go's data: readable, from a file, not shared. */
bool find_in_range(const struct image_range *range);

/* Bytes that are looked through for something at all: a core file of little may claim terabytes. */
#define FIND_MOST (16ull << 30)

/* May RANGE be looked through, too? Takes it from *LEFT, which began as FIND_MOST. */
bool find_affords(const struct image_range *range, uint64_t *left);

/* The mspan that the heap's arena table names for ADDR, 0 if none. The span may be free. */
uint64_t find_span(struct go *go, uint64_t addr);

#endif

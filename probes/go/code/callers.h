/* From a function up to those who call it: which calls of the program's own code lead there. */
#ifndef GORETAIN_PROBES_GO_CODE_CALLERS_H
#define GORETAIN_PROBES_GO_CODE_CALLERS_H

#include "probes/go/code/program.h"

#define CALLERS_MOST 3

/* A call: where it returns to, in function ENTRY. */
struct code_call { uint64_t entry, after; };

struct code_callers {
	struct code_call calls[CALLERS_MOST]; /* in functions that were wanted */
	uint32_t n;
	uint64_t tops[CALLERS_MOST]; /* without such: functions on the way that nobody calls directly, the last found */
	uint32_t n_tops;
};

/* Search breadth first from the N functions at ENTRIES, through direct calls, for functions that WANTED says
 * yes to; the nearest are found. Each step takes a look at all code: nothing is found in a program with
 * more of it than that is quick for. Those at ENTRIES themselves may be wanted: their own place counts. */
void code_callers_find(const struct code_program *program, const uint64_t *entries, uint32_t n,
		       bool (*wanted)(void *arg, uint64_t entry), void *arg, struct code_callers *out);

#endif

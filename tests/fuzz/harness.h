/* Runs cases, each in a process of its own, so that a crash, a hang or a greedy allocation is caught
 * and named by its number. */
#ifndef GORETAIN_TESTS_FUZZ_HARNESS_H
#define GORETAIN_TESTS_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "mutate.h"

struct fuzz_run {
	const char *name;
	uint64_t seed;
	uint64_t first, count;   /* cases; COUNT 0: until the time is up */
	double seconds;          /* in all; 0: no limit */
	double case_seconds;     /* for one, of processor time */
	uint64_t case_bytes;     /* resident memory that one may have more than this process */
};

/* What one case does; false if what it made was refused early. Runs in a child: it may change any
 * memory, and need not clean up. */
typedef bool (*fuzz_fn)(void *arg, uint64_t number, struct random *r);

/* Run them and print one TAP line, behind a comment for each case that failed, with what it said.
 * True if none did. */
bool fuzz_run(const struct fuzz_run *run, fuzz_fn fn, void *arg);

/* Take SEED FIRST COUNT SECONDS from the end of a command line that has FILES before them, as many as
 * there are words in it. False, with the usage printed, if it has not that many. */
bool fuzz_arguments(struct fuzz_run *run, int argc, char **argv, const char *files);

#endif

/* Copying a process's memory into an image, a page at a time: which pages are there, and their
 * bytes, by all workers at once. */
#ifndef GORETAIN_PROBES_LIVE_COPY_H
#define GORETAIN_PROBES_LIVE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/image/image.h"
#include "probes/live/absent.h"
#include "probes/live/remote.h"
#include "probes/proc/mappings.h"

/* From where to where. */
struct copier {
	struct remote remote;
	bool swapping;           /* has the process pages swapped out? */
	int file;                /* the very file that the pieces map, to read absent pages from; -1 */
	int client;              /* a socket: when its other end is closed, nobody wants the rest */
	uint8_t *memory, *state; /* of the image */
};

/* The pieces of a job: parts of one range each, of COPY_PIECE bytes at the most. */
struct copy_piece { uint64_t lo, hi; const struct image_range *range; };

#define COPY_PIECE (4ull << 20)

struct copy_pieces { struct copy_piece *items; uint64_t n, capacity; };

/* Add [LO, HI), which lies in RANGE. The range must outlive the pieces; false without memory. */
bool copy_add(struct copy_pieces *pieces, const struct image_range *range, uint64_t lo,
	      uint64_t hi);

struct copy_result {
	_Atomic uint64_t bytes; /* counted, prepared or copied */
	_Atomic uint64_t holes; /* bytes that could not be read */
	struct absent_runs absent; /* of pages that were counted */
	_Atomic bool late;      /* the deadline passed, or the client went: not everything was done */
	_Atomic bool gone;      /* the process went away */
};

/* The pages of private memory are read only if they are present, as pagemap says: an absent
 * one was never touched (zero), is swapped out (a hole, never swapped in for us), or is still as
 * in its file. What only reads as zeros because the kernel lends one page of them to all counts as
 * never touched too. */

/* Count the bytes of present pages that are the process's alone, and the absent ones: a piece without any is
 * not counted as a run, since it is part of a longer one. */
void copy_count(struct copier *c, const struct copy_pieces *pieces, struct copy_result *out);

/* Fault in the image's memory for the present pages, so that copying them later is only that; and of
 * programs and libraries read what is still as in the file, which makes it present. */
void copy_prepare(struct copier *c, const struct copy_pieces *pieces, struct copy_result *out);

/* Copy, and mark the pages with STATE, ZERO or HOLE; memory that the process only reads from a
 * file gets PAGE_FILE, and comes from that file where the process has not got it: read through the
 * process it would become part of its resident set. Private pages that are still as in their file are read unless STATE is
 * PAGE_STOP. Ends at DEADLINE, in monotonic nanoseconds. */
void copy_bytes(struct copier *c, const struct copy_pieces *pieces, enum page_state state,
		uint64_t deadline, struct copy_result *out);

#endif

/* A process's mappings, and where each of them lies in the image's memory. */
#ifndef GORETAIN_PROBES_PROC_MAPPINGS_H
#define GORETAIN_PROBES_PROC_MAPPINGS_H

#include "graph/base/error.h"
#include "probes/image/image.h"

/* The readable mappings of a process by address, and the files they map. */
struct mappings {
	struct image_range *ranges;
	uint32_t n_ranges, range_capacity;
	char **files;
	uint32_t n_files, file_capacity;
	uint32_t *by_path; /* a hash table of indices of files; NO_FILE: none */
	uint32_t by_path_size;
};

/* Read /proc/PID/task/TID/maps, but for mappings of more than a terabyte, which would take longer to
 * look through than a stop may last. Fails with STATUS_ATTACH if it may not be read (errno stays set),
 * STATUS_GONE if there is nothing in it. Offsets are not set yet. OUT is the caller's to free,
 * also after a failure. */
bool mappings_read(struct mappings *out, pid_t pid, pid_t tid, struct error *err);
void mappings_free(struct mappings *m);

/* A line of /proc/PID/maps, or a mapping's first in smaps: file and offset of the range are not set. */
struct mapping_line {
	struct image_range range;
	unsigned long inode;
	const char *path; /* in the line: "" if there is none */
};

/* Take LINE, without its newline, apart; it is changed where a path has newlines. False if it is no such
 * line. */
bool mappings_line(char *line, struct mapping_line *out);

/* The index of PATH among the mapped files, NO_FILE if it is not mapped. */
uint32_t mappings_file(const struct mappings *m, const char *path);

/* Must the bytes of RANGE be copied in the stop? False for what is shared with others or a file
 * that the process only reads. */
bool range_is_private(const struct image_range *range);

/* The plan: which stretches of the address space the image's memory mirrors. Around every
 * mapping LAYOUT_MARGIN stays free on both sides, so that a heap that grows while it is looked at
 * stays linear; that costs addresses and no memory. */
#define LAYOUT_MARGIN (32ull << 30)

struct stretch { uint64_t lo, hi, offset; };

struct image_plan {
	struct stretch *stretches; /* by address, disjoint */
	uint32_t n;
	uint64_t used, size;       /* bytes of the image's memory: given to stretches, in all */
};

bool plan_build(struct image_plan *plan, const struct mappings *m, struct error *err);
void plan_free(struct image_plan *plan);

/* Set the offsets of all ranges of M, which may have changed since the plan was built: a range
 * is split where the plan is not linear, and what lies in no stretch gets one of its own at the
 * end. */
bool plan_place(struct image_plan *plan, struct mappings *m, struct error *err);

#endif

/* What an ELF core file says: its segments, the files that were mapped, its threads. Core files are
 * strangers': whatever stands in one, no more is read, kept or looped over than its size explains. */
#ifndef GORETAIN_PROBES_IMAGE_ELFCORE_H
#define GORETAIN_PROBES_IMAGE_ELFCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "probes/image/image.h"

/* A piece of the address space (PT_LOAD). */
struct core_segment {
	uint64_t lo, hi;   /* page-aligned */
	uint64_t at;       /* of lo in the file */
	uint64_t promised; /* bytes from lo on that the file should have; behind them it has none */
	uint64_t there;    /* and those that it has: less if it was cut */
	uint32_t flags;    /* RANGE_... */
};

/* A mapped file (NT_FILE), or a part of one (corefiles.h). */
struct core_mapping {
	uint64_t lo, hi, file_offset;
	uint32_t file;
	uint32_t flags;    /* RANGE_..., as far as the file tells; NT_FILE does not */
};

struct elfcore {
	int fd;                         /* not owned */
	uint64_t size;                  /* of the file */
	struct core_segment *segments;  /* by address, disjoint */
	uint32_t n_segments, segment_capacity;
	struct core_mapping *mappings;  /* likewise */
	uint32_t n_mappings, mapping_capacity;
	bool mappings_read;             /* or tried: there is no second list of them */
	char **files;
	uint32_t n_files, file_capacity;
	struct image_thread *threads;   /* the first is the one that crashed */
	uint32_t n_threads, thread_capacity;
	uint64_t pid;
	char process[17];
	/* Addresses of the program's headers, first instruction and path; 0 if unknown. */
	uint64_t headers, entry, name;
	uint64_t vdso;                  /* address of the kernel's own shared object */
	uint64_t promised;              /* how long the file should be */
};

/* Read the headers and notes of the core file at FD, which must stay open as long as OUT is used. Fails
 * with STATUS_BAD_FILE if it is no core file or is cut before its memory begins, with
 * STATUS_UNSUPPORTED if it is of another machine. OUT is the caller's to free, also after a failure. */
bool elfcore_read(int fd, struct elfcore *out, struct error *err);
void elfcore_free(struct elfcore *core);

/* Read N bytes at AT. False unless all of them are there. */
bool elfcore_bytes(const struct elfcore *core, uint64_t at, void *out, uint64_t n);

/* The number of the file called NAME, which gets one if it is new, in *OUT. False without memory. */
bool elfcore_file(struct elfcore *core, const char *name, uint32_t *out, struct error *err);

/* Add a mapping. The list is in order again after elfcore_order_mappings, which drops what makes no sense. */
bool elfcore_add_mapping(struct elfcore *core, const struct core_mapping *mapping, struct error *err);
void elfcore_order_mappings(struct elfcore *core);

/* The segment and the mapping that contain ADDR, or NULL. */
const struct core_segment *elfcore_segment(const struct elfcore *core, uint64_t addr);
const struct core_mapping *elfcore_mapping(const struct elfcore *core, uint64_t addr);

#endif

/* Is a file the program, or the library, that a core file was of? A core file leaves out what stands in
 * the files; which files those were it tells by their names, and by the first page of each, which the
 * kernel keeps for this purpose (core(5), coredump_filter). */
#ifndef GORETAIN_PROBES_IMAGE_PROGRAM_H
#define GORETAIN_PROBES_IMAGE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/image/image.h"

#define PROGRAM_ID 48 /* bytes that a program's name for itself takes */

/* What the program whose first page is at HEAD calls itself: "build id 5f3a…", or its size in the absence
 * of any. For people. */
void program_id(const uint8_t head[IMAGE_PAGE], char out[PROGRAM_ID]);

/* Does HEAD begin as an ELF file of this machine does? */
bool program_is(const uint8_t head[IMAGE_PAGE]);

/* The first page of the file at FD, padded with zeros. False if there is none. */
bool program_head(int fd, uint8_t head[IMAGE_PAGE]);

/* Is what begins with THEIRS the file that was mapped and began with OURS? By their build ids, else by
 * every byte. */
bool program_same(const uint8_t ours[IMAGE_PAGE], const uint8_t theirs[IMAGE_PAGE]);

/* A segment of a program or library (PT_LOAD), as far as its file gives the bytes: whole pages. */
struct program_segment {
	uint64_t lo, hi; /* addresses before it was loaded */
	uint64_t at;     /* of lo in the file */
	uint32_t flags;  /* RANGE_... */
};

#define PROGRAM_SEGMENTS 32

/* The segments of the program that begins with HEAD, by address. Returns how many; 0 if its headers make no
 * sense or do not lie in HEAD. */
unsigned program_segments(const uint8_t head[IMAGE_PAGE], struct program_segment out[PROGRAM_SEGMENTS]);

/* Of the program that begins with HEAD, the addresses of its program headers and of its first instruction,
 * before it was loaded. False if it has none of these. */
bool program_entry(const uint8_t head[IMAGE_PAGE], uint64_t *headers, uint64_t *entry);

/* The build id of the linker in hex; "" if there is none. */
void program_build_id(const uint8_t head[IMAGE_PAGE], char out[2 * PROGRAM_ID]);

#endif

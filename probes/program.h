/* Is a file the program, or the library, that a core file was of? A core file leaves out what stands in
 * the files; which files those were it tells by their names, and by the first page of each, which the
 * kernel keeps for this purpose (core(5), coredump_filter). */
#ifndef GORETAIN_PROBES_PROGRAM_H
#define GORETAIN_PROBES_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/elfcore.h"

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

/* Where the core file has no first page of FILE: does each segment of the program that begins with THEIRS
 * lie where one of FILE was mapped? */
bool program_fits(const struct elfcore *core, uint32_t file, const uint8_t theirs[IMAGE_PAGE]);

#endif

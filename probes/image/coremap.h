/* Where the segments of a program or library lay in a core file's process. The list of mapped files
 * (NT_FILE) does not tell what a segment may be used for, older versions of gdb leave out of it what they
 * leave out of the core file, and some core files have no such list: the file itself tells the rest. */
#ifndef GORETAIN_PROBES_IMAGE_COREMAP_H
#define GORETAIN_PROBES_IMAGE_COREMAP_H

#include "probes/image/elfcore.h"
#include "probes/image/program.h"

/* What is added to the addresses in the program that begins with HEAD, as the kernel told the process
 * (AT_PHDR), in *BIAS. False if that is not known, or if it and FILE's mappings or the first
 * instruction's address (AT_ENTRY) contradict each other: it is another program. */
bool coremap_program(const struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE],
		     uint64_t *bias);

/* The same for a library, by its mappings alone: they lie as its segments do, and the last of these was
 * mapped from its beginning to its end. */
bool coremap_library(const struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE],
		     uint64_t *bias);

/* Give FILE's mappings the rights of the segments that they are of, and add the mappings that the core file
 * does not tell of. False without memory. */
bool coremap_complete(struct elfcore *core, uint32_t file, const uint8_t head[IMAGE_PAGE], uint64_t bias,
		      struct error *err);

#endif

/* A core file as a producer of an image: what it holds, and from the program and its libraries what it
 * leaves out. Kernel's and debuggers' (gcore) alike. Pages come lazily and sparse ones cost nothing,
 * so that a core file may be larger than memory. */
#ifndef GORETAIN_PROBES_IMAGE_CORE_H
#define GORETAIN_PROBES_IMAGE_CORE_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "probes/image/corefiles.h"
#include "probes/image/image.h"

/* What a core file lacks. */
struct core_lack {
	uint64_t missing;        /* bytes of the process's own memory that are nowhere */
	uint64_t size, promised; /* of the file, and what it should be */
	uint64_t room;           /* bytes of memory for pages */
	bool full;               /* that was not enough */
};

/* The image of the core file at FD. EXE_FD is the program, -1 to open it by its name; both stay the
 * caller's. LACK is written until core_settle or image_free. NULL with STATUS_BAD_FILE for a file
 * that is no core, was cut or is of another program, STATUS_UNSUPPORTED for one of another machine,
 * STATUS_REFUSED without memory for it. */
struct image *core_read(int fd, int exe_fd, const struct core_opener *opener, struct core_lack *lack,
			struct progress *progress, struct error *err);
void core_settle(struct image *image);

/* Turn WHY, for which an image could not be read, into what a person can act on: record in ERR what the
 * core file lacks, if it lacks anything, and WHY. Returns false. */
bool core_complain(const struct core_lack *lack, const struct error *why, struct error *err);

#endif

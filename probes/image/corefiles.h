/* The program and the libraries of a core file's process: found, held against what the core file says of
 * them, and asked for what it leaves out, which is their bytes and where their segments lay. */
#ifndef GORETAIN_PROBES_IMAGE_COREFILES_H
#define GORETAIN_PROBES_IMAGE_COREFILES_H

#include "graph/base/error.h"
#include "probes/image/elfcore.h"

/* Where the files come from. The names are the core file's and so a stranger's; both return a descriptor for
 * reading, the caller's to close, or -1, the first with ERR set unless that is NULL. */
struct core_opener {
	int (*open)(void *arg, const char *path, struct error *err);
	int (*open_by_id)(void *arg, const char *build_id); /* in hex; may be NULL */
	void *arg;
};

/* A file of the program's that gives the bytes which the core file leaves out. */
struct core_backing { int fd; uint64_t size; };

struct corefiles {
	struct core_backing *items; /* of each file of the core; fd -1 = none */
	uint32_t n;
	uint32_t program;           /* index, NO_FILE if nothing tells */
	struct error why;           /* why the program's file is not there; STATUS_OK if it is */
	bool found;                 /* that is since what was found is another */
};

/* Open what CORE's process had mapped, and complete CORE's mappings by it. EXE_FD is the program, -1 to
 * open it by its name or build id; it stays the caller's. That the program is not there is no failure,
 * except if it was to be EXE_FD. OUT is the caller's to free, also after a failure. */
bool corefiles_open(struct elfcore *core, int exe_fd, const struct core_opener *opener,
		    struct corefiles *out, struct error *err);
void corefiles_free(struct corefiles *files);

/* Record in ERR that the program, whose bytes are needed, is not there. Returns false. */
bool corefiles_complain(const struct corefiles *files, struct error *err);

#endif

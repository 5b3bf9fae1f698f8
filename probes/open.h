/* From a process or a file to a graph: the one door through which tui/ uses probes/. */
#ifndef GORETAIN_PROBES_OPEN_H
#define GORETAIN_PROBES_OPEN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"
#include "graph/source.h"
#include "probes/live/process.h"

/* Take a snapshot of P and publish its graph as struct source.load promises. Asks s->on_forecast
 * before the stop. P becomes the graph's, or is freed on failure. */
bool probe_load_process(struct process *p, uint64_t max_pause_ms, struct source *s,
			struct graph *_Atomic *out, struct progress *progress, struct error *err);

/* The same for a snapshot or core file, which may be compressed by zstd. FD stays the caller's; EXE_FD is
 * the program's own file to read with a core, or -1: then S is asked for it by name, as for its
 * libraries. */
bool probe_load_file(int fd, int exe_fd, struct source *s, struct graph *_Atomic *out,
		     struct progress *progress, struct error *err);

/* Write the image behind GRAPH to FD as a snapshot file. */
bool probe_save(struct graph *graph, int fd, struct progress *progress, struct error *err);

#endif

/* The source: where graphs come from. Declared here, implemented by probes/, so that screens and
 * commands can ask for snapshots without knowing of processes or files. */
#ifndef GORETAIN_GRAPH_SOURCE_H
#define GORETAIN_GRAPH_SOURCE_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"

/* What stopping the target will cost, said before it is stopped. */
struct forecast {
	uint64_t bytes;     /* to copy while the target is held */
	uint64_t pause_ns;  /* how long that will hold it */
	uint64_t memory;    /* we will need, image included, bytes */
	uint32_t threads;
};

/* When a stop that was forecast to last PAUSE_NS is given up, nanoseconds: at twice that, but a busy machine
 * may not run us for a quarter of a second, and nobody stops anything for longer than an hour. */
static inline uint64_t forecast_limit_ns(uint64_t pause_ns)
{
	const uint64_t least = UINT64_C(250000000), most = UINT64_C(3600000000000);

	if (pause_ns < least / 2)
		return least;
	return pause_ns < most / 2 ? 2 * pause_ns : most;
}

/* Asked before each stop; false refuses it, with ERR set. True consents also to a pause longer than
 * was allowed on the command line. */
typedef bool (*forecast_fn)(void *arg, const struct forecast *forecast, struct error *err);

struct source {
	/* Take a snapshot (or read the file), and publish the graph up to STAGE_EDGES; *OUT is set as
	 * soon as the graph exists (STAGE_SIZES), so that a screen may show it meanwhile. The caller
	 * frees it, also after a failure. */
	bool (*load)(struct source *source, struct graph *_Atomic *out, struct progress *progress,
		     struct error *err);

	/* The same for the older snapshot that the command line names beside the target. */
	bool (*load_base)(struct source *source, struct graph *_Atomic *out, struct progress *progress,
			  struct error *err);

	/* Write the image behind GRAPH to FD as a snapshot file. */
	bool (*save)(struct source *source, struct graph *graph, int fd, struct progress *progress,
		     struct error *err);

	/* Make the file that the command line names for writing: its descriptor, 0600. It gets its name by
	 * commit and vanishes without. -1 on failure. */
	int (*create)(struct source *source, struct error *err);
	/* The same for a file that the person names now, when asked with PROPOSED, and that does not exist
	 * yet; *NAME is what it will be called. -1 without an error if the person does not want it. */
	int (*save_as)(struct source *source, const char *proposed, struct text *name, struct error *err);
	bool (*commit)(struct source *source, struct error *err);

	/* Does the person agree to a stop that is longer than the command line allows? */
	bool (*consent)(struct source *source, const struct forecast *forecast, struct error *err);

	/* The file with debug information for a build id, in lower-case hex; the caller's to close, -1 if
	 * there is none. */
	int (*debug_file)(struct source *source, const char *build_id);

	/* A program or library that a core file names by PATH; the caller's to close, -1 on failure. */
	int (*mapped_file)(struct source *source, const char *path, struct error *err);

	/* The program or library of a build id in lower-case hex, from where such are kept; the caller's to
	 * close, -1 if there is none. */
	int (*program_file)(struct source *source, const char *build_id);

	/* An empty file without a name, for what does not fit into memory; the caller's to close, -1 on
	 * failure. */
	int (*scratch_file)(struct source *source, struct error *err);

	bool unproven; /* read also what nobody has measured, see meta.unproven */
	forecast_fn on_forecast;
	void *forecast_arg;
};

#endif

/* A live process as a producer of an image: the reader's end of the taker's socket. */
#ifndef GORETAIN_PROBES_LIVE_PROCESS_H
#define GORETAIN_PROBES_LIVE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/source.h"
#include "probes/image/image.h"

struct process;

/* What a stop cost. */
struct process_stop {
	uint64_t pause_ns; /* from the first interrupt to the last thread let go, of which: */
	uint64_t stop_ns, copy_ns, resume_ns;
	uint64_t bytes;    /* copied */
	uint64_t holes;    /* bytes that could not be read */
	uint32_t threads;
	uint64_t forecast_ns;
};

/* Open the process that the taker at the other end of TAKER_FD serves; the descriptor becomes the
 * process's. The image can be read at once: pages are fetched from the running target as they are
 * asked for. NULL with STATUS_ATTACH (the sentence says what helps), STATUS_GONE or
 * STATUS_REFUSED. */
struct process *process_open(int taker_fd, struct error *err);

/* The process's image, which owns the process: image_free ends both. */
struct image *process_image(struct process *p);

/* Say what a snapshot will cost, from the pages that are present now and the speed at which some of
 * them could be copied; what is made of it later takes GRAPH bytes. Fails with STATUS_REFUSED if there is
 * not enough memory for it. */
bool process_forecast(struct process *p, uint64_t graph, struct forecast *out, struct error *err);

/* Stop the target, copy its private memory and the registers of its threads, let it go. Nobody may
 * read the image meanwhile. Afterwards only what the target maps from files to read is fetched;
 * the rest of what was not copied is a hole. Gives up, with STATUS_REFUSED and the target let go,
 * at MAX_PAUSE_MS, or at twice the forecast but not below 250 ms, whichever is less. */
bool process_snapshot(struct process *p, uint64_t max_pause_ms, struct progress *progress,
		      struct error *err);

/* What the snapshot's stop was spent on; all 0 before it. */
const struct process_stop *process_stop(const struct process *p);

#endif

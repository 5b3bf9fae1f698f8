/* The taker's protocol, and messages with descriptors in general.
 *
 * A taker serves one target on a SOCK_SEQPACKET socket to the reader: one request, one reply, in
 * order. Requests may be sent ahead of their replies; the reader sends STOP, COPY and RESUME at
 * once, so that a reader that hangs does not make the stop longer. A second socket goes to the
 * broker, on which the taker says when it holds the target and when no longer; how long it may is for the
 * broker to say. The end of either
 * socket is RESUME, and the taker's end.
 *
 * The bytes themselves go through shared memory, which the taker alone can write: the image's
 * memory and states (probes/proc/mappings.h says what lies where), and a table for each HELLO and
 * STOP. */
#ifndef GORETAIN_PROBES_LIVE_WIRE_H
#define GORETAIN_PROBES_LIVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "graph/base/error.h"

enum wire_op {
	WIRE_HELLO,    /* reply with memory, states, table and, if there is one, the program */
	WIRE_COUNT,    /* bytes = of present private pages; scattered; threads */
	WIRE_SAMPLE,   /* copy a sample of them, to measure: bytes, ns */
	WIRE_PREPARE,  /* fault in what will be copied of [lo, hi), in any ranges; bytes = so much */
	WIRE_READ,     /* read [lo, hi), which lies in one range; bytes, holes */
	WIRE_OPEN,     /* open the file that is mapped at lo; reply with it, if it is there */
	WIRE_STOP,     /* stop the target, once, for at most limit_ns; reply with a table; ns */
	WIRE_COPY,     /* in the stop: copy all private pages; bytes, holes, ns */
	WIRE_RESUME,   /* ns; pause_ns = from the first interrupt to the last detach */
	WIRE_USAGE,    /* what each mapping takes: reply with /proc/PID/smaps, unless it cannot be read */
};

struct wire_request {
	uint32_t op, unused;
	uint64_t lo, hi;
	uint64_t limit_ns;
};

struct wire_reply {
	uint32_t op;
	uint32_t threads;
	uint64_t bytes, holes, ns, pause_ns;
	uint64_t scattered;   /* COUNT: bytes of absent pages that will take memory all the same */
	uint64_t memory_size; /* HELLO: of the image's memory */
	struct error error;
};

/* The head of a table. Behind it: ranges (struct image_range), threads (struct image_thread), then
 * the files' paths, each ended by a NUL. */
struct wire_table {
	uint32_t n_ranges, n_threads, n_files, exe;
	uint64_t paths_size;
	uint64_t pid, rss;
	uint64_t started;     /* with the PID, the process's identity: see struct proc_stat */
	int64_t taken_ns;     /* since 1970 */
	char process[16];
	char exe_path[4096];
};

/* Taker to broker: held for at most limit_ns from now on; 0 = let go. */
struct wire_notice { uint64_t limit_ns; };

/* Broker to taker: the person agreed to a stop of limit_ns. */
struct wire_permit { uint64_t limit_ns; };

#define WIRE_FDS 4 /* the most descriptors in one message */

/* Send SIZE bytes and N descriptors, which stay the caller's. False with errno set; never raises
 * SIGPIPE. */
bool wire_send(int socket, const void *bytes, size_t size, const int *fds, unsigned n);

/* Receive one message of exactly SIZE bytes; *N descriptors (close-on-exec, the caller's) come in
 * FDS; with FDS NULL none may come. False at the end of the socket, for a message of another size,
 * or with errno set: there is nothing to close then. */
bool wire_receive(int socket, void *bytes, size_t size, int fds[WIRE_FDS], unsigned *n);

#endif

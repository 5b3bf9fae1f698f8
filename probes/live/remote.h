/* Reading another process's memory: the bytes are that process's, whoever gets its number. */
#ifndef GORETAIN_PROBES_LIVE_REMOTE_H
#define GORETAIN_PROBES_LIVE_REMOTE_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct remote {
	pid_t pid;
	int pidfd;           /* -1 before Linux 5.3 */
	_Atomic pid_t task;  /* a thread of it that lives; replaced when that ends */
	int mem, pagemap;    /* its /proc/PID/mem and pagemap, which stay those of this memory; -1 */
	bool held;           /* stopped by us, so that its threads' numbers are its own */
};

/* Open the memory of the program that thread r->task runs. False with errno set; nothing is open
 * then. */
bool remote_open(struct remote *r);
void remote_close(struct remote *r);

/* Is the memory still that of a running program? Not once that has ended, or runs another. */
bool remote_lives(const struct remote *r);

/* Read N places into N others of the same lengths, in order. How many bytes there were before the
 * first page that cannot be read; -1 if the process is gone: then none may be used. */
ssize_t remote_read(struct remote *r, const struct iovec *local, const struct iovec *remote,
		    unsigned n);

#endif

#include "probes/live/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/proc/procfs.h"

/* Was a thread that was just ending opened? It had no memory any more: from such a descriptor nothing can
 * be read, and not even an address refused. */
static bool has_memory(const struct remote *r)
{
	uint8_t byte;

	return pread(r->mem, &byte, 1, 0) != 0 && remote_lives(r);
}

bool remote_open(struct remote *r)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d/mem", r->pid, r->task);
	r->mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/task/%d/pagemap", r->pid, r->task);
	r->pagemap = r->mem < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (r->pagemap >= 0 && has_memory(r))
		return true;
	if (r->pagemap >= 0)
		errno = ESRCH;
	remote_close(r);
	return false;
}

void remote_close(struct remote *r)
{
	int *fds[] = {&r->mem, &r->pagemap}, error = errno;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	errno = error;
}

bool remote_lives(const struct remote *r)
{
	uint64_t entry;

	return pread(r->pagemap, &entry, sizeof entry, 0) == sizeof entry;
}

/* Is the number through which memory was just read still that of the process? */
static bool is_same_process(const struct remote *r)
{
	struct pollfd ended = {r->pidfd, POLLIN, 0};

	return poll(&ended, 1, 0) == 0 && remote_lives(r);
}

/* The thread that memory was read through has ended: go on through another. */
static bool choose_another(struct remote *r)
{
	pid_t ended = r->task, other = proc_live_thread(r->pid);

	if (!other || other == ended)
		return false;
	r->task = other;
	return true;
}

/* Read by the process's number, many places with one call. */
static ssize_t read_by_number(struct remote *r, const struct iovec *local,
			      const struct iovec *remote, unsigned n)
{
	ssize_t got;

	do
		got = process_vm_readv(r->task, local, n, remote, n, 0);
	while (got < 0 && errno == ESRCH && r->held && choose_another(r));
	if (got < 0 && errno == EFAULT)
		got = 0;
	/* Afterwards: it can become another's only once the process is gone. */
	return r->held || is_same_process(r) ? got : -1;
}

/* Read through the descriptor of the memory. */
static ssize_t read_by_descriptor(const struct remote *r, const struct iovec *local,
				  const struct iovec *remote, unsigned n)
{
	ssize_t total = 0;

	for (unsigned i = 0; i < n; i++) {
		ssize_t got = pread(r->mem, local[i].iov_base, local[i].iov_len,
				    (off_t)(uintptr_t)remote[i].iov_base);

		if (got == 0)
			return -1; /* nobody has this memory any more */
		if (got > 0)
			total += got;
		if (got < (ssize_t)local[i].iov_len)
			break;
	}
	return total;
}

ssize_t remote_read(struct remote *r, const struct iovec *local, const struct iovec *remote,
		    unsigned n)
{
	/* By number is twice as fast, where that can be checked. The number of a thread that is not
	 * the main one may be another's at any time while the process runs. */
	if (r->held || (r->pidfd >= 0 && r->task == r->pid))
		return read_by_number(r, local, remote, n);
	return read_by_descriptor(r, local, remote, n);
}

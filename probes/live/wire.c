#include "probes/live/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Aligned room for the control message that carries descriptors. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(WIRE_FDS * sizeof(int))];
};

bool wire_send(int socket, const void *bytes, size_t size, const int *fds, unsigned n)
{
	union control control = {0};
	struct iovec part = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (n) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof *fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n * sizeof *fds);
		memcpy(CMSG_DATA(&control.header), fds, n * sizeof *fds);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)size;
}

static unsigned take_fds(struct msghdr *message, int fds[WIRE_FDS])
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t bytes;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	bytes = header->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(header), bytes);
	return (unsigned)(bytes / sizeof *fds);
}

bool wire_receive(int socket, void *bytes, size_t size, int fds[WIRE_FDS], unsigned *n)
{
	union control control;
	struct iovec part = {bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	unsigned received = 0;
	ssize_t got;

	if (fds) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
	}
	/* A peer that ended without having read all that we sent makes for one ECONNRESET, before
	 * its own last messages. */
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got < 0)
		return false;
	if (fds)
		*n = received = take_fds(&message, fds);
	if (got == (ssize_t)size && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return true;
	while (received)
		close(fds[--received]);
	errno = got ? EPROTO : 0;
	return false;
}

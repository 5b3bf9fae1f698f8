#include "probes/image/file.h"

#include <errno.h>
#include <unistd.h>

int64_t file_read(int fd, uint64_t at, void *out, uint64_t n)
{
	uint8_t *p = out;
	uint64_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, p + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		done += (uint64_t)got;
	}
	return (int64_t)done;
}

/* Reading a file at a place. */
#ifndef GORETAIN_PROBES_IMAGE_FILE_H
#define GORETAIN_PROBES_IMAGE_FILE_H

#include <stdint.h>

/* Read N bytes at AT of FD into OUT. Returns how many there are: fewer only at the end of the file; -1
 * with errno set if it cannot be read. */
int64_t file_read(int fd, uint64_t at, void *out, uint64_t n);

#endif

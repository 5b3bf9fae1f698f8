/* Compressed files: what a file is packed with, and unpacking zstd, in which systemd keeps core files. */
#ifndef GORETAIN_PROBES_IMAGE_UNPACK_H
#define GORETAIN_PROBES_IMAGE_UNPACK_H

#include "graph/base/error.h"
#include "graph/base/progress.h"

enum packing { PACKED_NOT, PACKED_ZSTD, PACKED_LZ4, PACKED_XZ, PACKED_GZIP, PACKED_BZIP2 };

/* By the first bytes of the file at FD. */
enum packing packing_of(int fd);

/* Record that a file in PACKING is not read, and the command that unpacks it. Returns false. */
bool packing_refuse(enum packing packing, struct error *err);

/* Unpack the file FROM into the empty file TO, in which zeros take no room and which gets its time.
 * Stops with STATUS_REFUSED while the file system that TO is on still has some room left, with
 * STATUS_BAD_FILE if FROM is damaged or was cut. */
bool unpack_zstd(int from, int to, struct progress *progress, struct error *err);

#endif

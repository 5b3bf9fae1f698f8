/* Snapshot files: an image on disk, self-contained, compressed and checked (zstd, XXH3).
 *
 * A header with magic and version, then chunks, each with its kind, sizes and checksum. Until 1.0 the
 * format may break: another version is refused. Little-endian throughout. */
#ifndef GORETAIN_PROBES_IMAGE_SNAPFILE_H
#define GORETAIN_PROBES_IMAGE_SNAPFILE_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "probes/image/image.h"

/* Write all that IMAGE has to FD. Errors: STATUS_OUTPUT. */
bool snapfile_write(struct image *image, int fd, struct progress *progress, struct error *err);

/* Read a snapshot from FD, which stays the caller's. NULL with STATUS_BAD_FILE that says where. The
 * file is a stranger's: nothing is allocated or copied beyond what was checked. */
struct image *snapfile_read(int fd, struct progress *progress, struct error *err);

#endif

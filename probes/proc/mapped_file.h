/* Opening the files that a process maps, as that process sees them. */
#ifndef GORETAIN_PROBES_PROC_MAPPED_FILE_H
#define GORETAIN_PROBES_PROC_MAPPED_FILE_H

#include <stdint.h>
#include <sys/types.h>

/* Open the file PATH that thread TID of process PID maps at [LO, HI) to read: the very one, or where
 * that needs more rights than we have the one of its name below the process's root. Only a regular
 * file, and on the way by name no link is followed: the process could make one lead to ours. The
 * descriptor is the caller's, who has to make sure afterwards that PID is still that process, and has
 * to compare the file with what is mapped; -1 if there is none. */
int mapped_file_open(pid_t pid, pid_t tid, uint64_t lo, uint64_t hi, const char *path);

#endif

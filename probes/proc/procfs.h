/* What /proc says of a process. */
#ifndef GORETAIN_PROBES_PROC_PROCFS_H
#define GORETAIN_PROBES_PROC_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Read a small /proc file, named as printf would, into OUT, NUL-terminated and cut at SIZE - 1.
 * Returns its length, or -1 with errno set. */
ssize_t proc_read(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct proc_stat {
	char state;          /* R, S, D, T, t, Z, X */
	bool kernel_thread;
	uint64_t start_time; /* in clock ticks since boot: with the PID, a process's identity */
};

/* State of thread TID of process PID. False with errno set: ENOENT or ESRCH if it is gone. */
bool proc_stat(pid_t pid, pid_t tid, struct proc_stat *out);

/* Does the kernel keep PID from running, and from stopping, because its control group is frozen (that
 * of the old freezer; the new one's can be stopped)? */
bool proc_frozen(pid_t pid);

/* Is thread TID dead or dying beyond any stop? */
bool proc_thread_dead(pid_t pid, pid_t tid);

/* The text behind FIELD (with its colon, "TracerPid:") in LINES, as /proc has them; NULL without it.
 * A field stands at a line's start: elsewhere may be what a program calls itself. */
const char *proc_field(const char *lines, const char *field);

/* A number of /proc/PID/status by the field's name; 0 without it. */
uint64_t proc_status(pid_t pid, const char *field);

/* The short name, cut at SIZE - 1 and as the process spells it; "" if it is gone. */
void proc_name(pid_t pid, char *out, size_t size);

/* Bytes resident. */
uint64_t proc_rss(pid_t pid);

/* Call FN with each thread of PID until it returns false. Returns false if the process is gone or
 * FN ended the walk. */
bool proc_each_thread(pid_t pid, bool (*fn)(void *arg, pid_t tid), void *arg);

/* A thread of PID that is alive, through which its memory can be reached also when its main thread
 * has ended; 0 if there is none. */
pid_t proc_live_thread(pid_t pid);

#endif

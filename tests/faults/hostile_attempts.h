/* What a hostile reader tries of the kernel: a table of system calls, none of which may succeed. */
#ifndef GORETAIN_TESTS_FAULTS_HOSTILE_ATTEMPTS_H
#define GORETAIN_TESTS_FAULTS_HOSTILE_ATTEMPTS_H

#include <sys/types.h>

/* Try them all on TARGET and BROKER, and in FOLDER, which has a file named victim; print a line "refused NAME",
 * "SUCCEEDED NAME" or "failed NAME: REASON" for each, the last where it was no filter that refused. Does not
 * return if it can run another program, which prints the line in its place. */
void hostile_attempts(pid_t target, pid_t broker, const char *folder);

#endif

#include "probes/target.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/text.h"
#include "probes/proc/procfs.h"

#define NAME_SHOWN 15 /* of a process's name, by the kernel: TASK_COMM_LEN - 1 */

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static bool parse_pid(const char *target, uint64_t *pid, struct error *err)
{
	errno = 0;
	*pid = strtoull(target, NULL, 10);
	if (errno == 0 && *pid > 0 && *pid <= INT32_MAX)
		return true;
	return fail(err, STATUS_ATTACH, "there is no process %s", target);
}

/* Processes that are called so: how many, the last of them, and a list for people. */
struct namesakes { uint64_t n, pid; struct text list; };

static void add_namesake(struct namesakes *found, uint64_t pid)
{
	text_printf(&found->list, "%s%lu", found->n ? ", " : "", pid);
	found->n++;
	found->pid = pid;
}

static void find_namesakes(const char *name, struct namesakes *found)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char comm[NAME_SHOWN + 2];
		pid_t pid = is_number(entry->d_name) ? atoi(entry->d_name) : 0;

		if (!pid || pid == getpid())
			continue;
		proc_name(pid, comm, sizeof comm);
		if (strncmp(comm, name, NAME_SHOWN) == 0)
			add_namesake(found, (uint64_t)pid);
	}
	if (proc)
		closedir(proc);
}

static bool find_by_name(const char *target, uint64_t *pid, struct error *err)
{
	autotext struct text name = {0};
	struct namesakes found = {0};
	bool ok = false;

	text_escape(&name, target, strlen(target), 128);
	find_namesakes(target, &found);
	if (found.n == 1)
		ok = true;
	else if (found.n == 0)
		fail(err, STATUS_ATTACH, "there is no file and no process called %s",
		     text_string(&name));
	else
		fail(err, STATUS_ATTACH, "%lu processes are called %s: %.300s; name one by its PID",
		     found.n, text_string(&name), text_string(&found.list));
	*pid = found.pid;
	text_free(&found.list);
	return ok;
}

/* A directory is none: where a program was unpacked there is often one called as the process is. */
static bool is_file(const char *target)
{
	struct stat st;

	return stat(target, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool target_find(const char *target, uint64_t *pid, struct error *err)
{
	*pid = 0;
	if (is_number(target))
		return parse_pid(target, pid, err);
	return is_file(target) || find_by_name(target, pid, err);
}

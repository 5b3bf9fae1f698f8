#include "probes/proc/refusal.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/base/text.h"
#include "probes/proc/procfs.h"

static void user_name(uid_t uid, char *out, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(out, size, "%s", user->pw_name);
	else
		snprintf(out, size, "%u", uid);
}

static bool have_capability(unsigned capability)
{
	char status[8192];
	const char *effective;

	if (proc_read(status, sizeof status, "/proc/self/status") <= 0)
		return false;
	effective = proc_field(status, "CapEff:");
	return effective && strtoull(effective, NULL, 16) >> capability & 1;
}

static int ptrace_scope(void)
{
	char scope[16];

	if (proc_read(scope, sizeof scope, "/proc/sys/kernel/yama/ptrace_scope") <= 0)
		return -1;
	return atoi(scope);
}

void refusal_gather(pid_t pid, struct refusal_facts *out)
{
	uid_t owner = (uid_t)proc_status(pid, "Uid:");
	struct proc_stat stat;

	*out = (struct refusal_facts){
		.pid = pid,
		.exists = proc_stat(pid, pid, &stat),
		.tracer = (pid_t)proc_status(pid, "TracerPid:"),
		.same_user = owner == geteuid(),
		.root = geteuid() == 0,
		.may_trace = have_capability(CAP_SYS_PTRACE),
		.ptrace_scope = ptrace_scope(),
	};
	if (out->exists) {
		out->kernel_thread = stat.kernel_thread;
		out->zombie = stat.state == 'Z' && !proc_live_thread(pid);
	}
	if (out->tracer)
		proc_name(out->tracer, out->tracer_name, sizeof out->tracer_name);
	user_name(owner, out->owner, sizeof out->owner);
	user_name(geteuid(), out->me, sizeof out->me);
}

static bool refuse_traced(const struct refusal_facts *f, struct error *err)
{
	autotext struct text name = {0};

	text_escape(&name, f->tracer_name, strlen(f->tracer_name), 0);
	return fail(err, STATUS_ATTACH, "%d is already traced by %s[%d]; end that first", f->pid,
		    text_string(&name), f->tracer);
}

/* "cannot attach to PID: REASON". */
static bool refuse_for(const struct refusal_facts *f, struct error *err, const char *reason)
{
	return fail(err, STATUS_ATTACH, "cannot attach to %d: %s", f->pid, reason);
}

/* The same where root may. */
static bool suggest_sudo(const struct refusal_facts *f, struct error *err, const char *reason)
{
	return fail(err, STATUS_ATTACH, "cannot attach to %d: %s; run: sudo goretain %d", f->pid,
		    reason, f->pid);
}

/* Linux Documentation/admin-guide/LSM/Yama.rst */
static bool refuse_yama(const struct refusal_facts *f, struct error *err)
{
	if (f->ptrace_scope == 3)
		return refuse_for(f, err, "kernel.yama.ptrace_scope is 3, nobody may until the "
				  "machine starts anew with 2 or less in /etc/sysctl.d");
	if (f->ptrace_scope == 2)
		return suggest_sudo(f, err, "kernel.yama.ptrace_scope is 2, only root may");
	return fail(err, STATUS_ATTACH, "cannot attach to %d: kernel.yama.ptrace_scope is 1, a user "
		    "may attach only to own children; run: sudo goretain %d, or once: sudo sysctl "
		    "kernel.yama.ptrace_scope=0", f->pid, f->pid);
}

static bool refuse_user(const struct refusal_facts *f, struct error *err)
{
	char reason[128];

	snprintf(reason, sizeof reason, "it belongs to user %s and you are %s", f->owner, f->me);
	return suggest_sudo(f, err, reason);
}

bool refuse_attach(const struct refusal_facts *f, struct error *err)
{
	if (!f->exists)
		return fail(err, STATUS_ATTACH, "there is no process %d", f->pid);
	if (f->kernel_thread)
		return fail(err, STATUS_ATTACH, "%d is a thread of the kernel, not a program",
			    f->pid);
	if (f->zombie)
		return fail(err, STATUS_ATTACH, "%d has ended already and only waits for its "
			    "parent to take note", f->pid);
	if (f->tracer)
		return refuse_traced(f, err);
	if (f->ptrace_scope == 3)
		return refuse_yama(f, err);
	if (f->may_trace)
		return refuse_for(f, err, "the kernel does not permit it, a security module or a "
				  "seccomp filter forbids ptrace here; run goretain outside of "
				  "the container");
	if (f->root)
		return refuse_for(f, err, "root lacks CAP_SYS_PTRACE here; start the container with "
				  "--cap-add SYS_PTRACE");
	if (!f->same_user)
		return refuse_user(f, err);
	if (f->ptrace_scope > 0)
		return refuse_yama(f, err);
	return suggest_sudo(f, err, "it has more rights than you (set-user-ID, capabilities, or "
			    "marked not dumpable)");
}

/* Why a process cannot be looked at, and what helps, in one sentence. */
#ifndef GORETAIN_PROBES_PROC_REFUSAL_H
#define GORETAIN_PROBES_PROC_REFUSAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "graph/base/error.h"

/* What the sentence is made from. Names are as the target spells them. */
struct refusal_facts {
	pid_t pid;
	bool exists, kernel_thread, zombie;
	pid_t tracer;            /* who traces it already, 0 if nobody */
	char tracer_name[32];
	bool same_user;
	char owner[40], me[40];  /* user names, or numbers */
	bool root;               /* is this user root? */
	bool may_trace;          /* do we hold CAP_SYS_PTRACE? */
	int ptrace_scope;        /* of Yama: 0 to 3; -1 where there is none */
};

/* Find the facts out. */
void refusal_gather(pid_t pid, struct refusal_facts *out);

/* Record the refusal that FACTS explain: a pure function of them. Returns false. */
bool refuse_attach(const struct refusal_facts *facts, struct error *err);

#endif

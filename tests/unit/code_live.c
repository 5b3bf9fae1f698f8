/* What the pass over the code says of a real program's globals and closures, against what the
 * program says of itself (tests/targets/globals). Prints a TAP line for each.
 *
 *	unit-code_live [VERSION]...   built with these versions of Go (tests/go)
 *
 * The environment's GORETAIN_TESTS is the path of the tests' folder. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "probes/go/code/code.h"
#include "probes/go/find/open.h"
#include "probes/live/process.h"
#include "probes/live/taker.h"

struct target {
	pid_t pid, taker;
	int input, broker; /* closing the input ends the program */
	FILE *output;
	struct image *image;
	struct go go;
	struct types *types;
	struct code_facts facts;
};

static unsigned tests, failures;

static void result(bool passed, const char *version, const char *what, const char *why)
{
	printf("%s %u - %s %s%s%s\n", passed ? "ok" : "not ok", ++tests, version, what,
	       *why ? ": " : "", why);
	failures += !passed;
}

static bool build(const char *version, const char *program)
{
	const char *folder = getenv("GORETAIN_TESTS");
	autotext struct text command = { 0 };

	text_printf(&command, "cd '%s/targets/globals' && '%s/go' %s build -o '%s' . >&2",
		    folder ? folder : "tests", folder ? folder : "../..", version, program);
	return system(text_string(&command)) == 0;
}

static void start_program(struct target *t, const char *program)
{
	int in[2], out[2];

	if (pipe(in) != 0 || pipe(out) != 0)
		abort();
	t->pid = fork();
	if (t->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->input = in[1];
	t->output = fdopen(out[0], "r");
}

static bool open_image(struct target *t, struct error *err)
{
	struct taker_target target;
	struct process *process;
	int reader[2], broker[2];

	taker_find(t->pid, &target);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reader) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, broker) != 0)
		abort();
	t->taker = fork();
	if (t->taker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(reader[0]);
		close(broker[0]);
		taker_run(&target, UINT64_MAX, reader[1], broker[1]);
		_exit(0);
	}
	close(reader[1]);
	close(broker[1]);
	t->broker = broker[0];
	process = process_open(reader[0], err);
	t->image = process ? process_image(process) : NULL;
	return process != NULL;
}

static bool read_facts(struct target *t, struct error *err)
{
	if (!open_image(t, err) || !go_open(t->image, &t->go, err))
		return false;
	t->types = types_new(&t->go, err);
	return t->types && code_read(&t->go, t->types, &t->facts, NULL, err);
}

static void end(struct target *t)
{
	close(t->input);
	fclose(t->output);
	code_free(&t->facts);
	types_free(t->types);
	go_close(&t->go);
	image_free(t->image);
	close(t->broker);
	waitpid(t->pid, NULL, 0);
	waitpid(t->taker, NULL, 0);
}

static const struct code_global *global_at(const struct code_facts *facts, uint64_t addr)
{
	for (uint32_t i = 0; i < facts->n_globals; i++)
		if (facts->globals[i].addr == addr)
			return &facts->globals[i];
	return NULL;
}

/* "FORM TYPE" as a fact says it; "nothing" without one. */
static void describe(const struct target *t, uint64_t addr, struct text *out)
{
	static const char *const forms[] = { "value", "pointer", "slice", "map", "chan" };
	const struct code_global *g = global_at(&t->facts, addr);

	if (g)
		text_printf(out, "%s %s", forms[g->form], types_get(t->types, g->type)->name);
	else
		text_puts(out, "nothing");
}

/* The types of what the closure at ENTRY captured, each with a space before it. */
static void describe_closure(const struct target *t, uint64_t entry, struct text *out)
{
	uint32_t type = code_closure_type(&t->facts, entry);
	const struct rtype *closure = type == NO_TYPE ? NULL : types_get(t->types, type);

	for (uint32_t i = 1; closure && i < closure->n_fields; i++)
		text_printf(out, " %s", types_get(t->types, closure->fields[i].type)->name);
}

/* Do two lists of words have the same words, in any order? */
static bool same_words(const char *a, const char *b)
{
	autofree char *copy = strdup(a);
	char *rest = copy, *word;

	if (strlen(a) != strlen(b))
		return false;
	while ((word = strsep(&rest, " ")))
		if (*word && !strstr(b, word))
			return false;
	return true;
}

static void check(const struct target *t, const char *version, char *line)
{
	autotext struct text said = { 0 };
	uint64_t addr = 0;
	int at = 0;
	bool right;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "global %lx %n", &addr, &at) == 1) {
		describe(t, addr, &said);
		right = !strcmp(text_string(&said), line + at);
	} else if (sscanf(line, "interface %lx", &addr) == 1) {
		describe(t, addr, &said);
		right = !strcmp(text_string(&said), "nothing");
	} else if (sscanf(line, "closure %lx%n", &addr, &at) == 1) {
		describe_closure(t, addr, &said);
		right = same_words(text_string(&said), line + at);
	} else {
		right = false;
	}
	result(right, version, line, right ? "" : text_string(&said));
}

/* Where variables begin: each global of the program is referred to, and by package main alone or by
 * code that has no package. */
static void check_references(const struct target *t, const char *version, uint64_t addr)
{
	const char *package = NULL;

	for (uint32_t i = 0; i < t->facts.n_references; i++)
		if (t->facts.references[i] == addr)
			package = t->facts.packages[i];
	if (!package || strcmp(package, "main"))
		result(false, version, "a reference", package ? package : "of no package");
}

static void check_version(const char *version, const char *program)
{
	struct target t = { .pid = -1 };
	struct error err = { 0 };
	char *line = NULL;
	size_t size = 0;
	char lines[64][256];
	unsigned n = 0;

	if (!build(version, program)) {
		result(false, version, "builds", "");
		return;
	}
	start_program(&t, program);
	while (getline(&line, &size, t.output) > 0 && strcmp(line, "ready\n") && n < 64)
		snprintf(lines[n++], sizeof lines[0], "%s", line);
	free(line);
	if (n && read_facts(&t, &err)) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t addr;

			if (sscanf(lines[i], "global %lx", &addr) == 1)
				check_references(&t, version, addr);
			check(&t, version, lines[i]);
		}
	} else {
		result(false, version, "is read", err.message);
	}
	end(&t);
}

int main(int argc, char **argv)
{
	autotext struct text folder = { 0 }, program = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	text_printf(&folder, "%s/code_live.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(folder.bytes))
		abort();
	text_printf(&program, "%s/globals", folder.bytes);
	for (int i = 1; i < argc; i++)
		check_version(argv[i], text_string(&program));
	if (argc < 2)
		check_version("any", text_string(&program));
	unlink(text_string(&program));
	rmdir(text_string(&folder));
	printf("1..%u\n", tests);
	return failures != 0;
}

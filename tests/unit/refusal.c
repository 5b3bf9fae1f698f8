/* Refusals: each cause has its sentence, and the command that helps. */
#include "graph/base/cleanup.h"
#include "probes/proc/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A process of another user that a user without rights looks at. */
static const struct refusal_facts plain = {
	.pid = 4242, .exists = true, .owner = "app", .me = "you", .ptrace_scope = -1,
};

static void check(struct refusal_facts facts, const char *sentence)
{
	struct error err = {0};

	assert_false(refuse_attach(&facts, &err));
	assert_int_equal(err.code, STATUS_ATTACH);
	assert_string_equal(err.message, sentence);
}

static void test_user(void **state)
{
	struct refusal_facts facts = plain;

	check(facts, "cannot attach to 4242: it belongs to user app and you are you; "
	      "run: sudo goretain 4242");
	facts.same_user = true;
	check(facts, "cannot attach to 4242: it has more rights than you (set-user-ID, "
	      "capabilities, or marked not dumpable); run: sudo goretain 4242");
	facts.root = true;
	check(facts, "cannot attach to 4242: root lacks CAP_SYS_PTRACE here; start the container "
	      "with --cap-add SYS_PTRACE");
	facts.may_trace = true;
	check(facts, "cannot attach to 4242: the kernel does not permit it, a security module or a "
	      "seccomp filter forbids ptrace here; run goretain outside of the container");
}

static void test_yama(void **state)
{
	struct refusal_facts facts = plain;
	const char *const sentences[] = {
		"cannot attach to 4242: kernel.yama.ptrace_scope is 1, a user may attach only to "
		"own children; run: sudo goretain 4242, or once: "
		"sudo sysctl kernel.yama.ptrace_scope=0",
		"cannot attach to 4242: kernel.yama.ptrace_scope is 2, only root may; "
		"run: sudo goretain 4242",
		"cannot attach to 4242: kernel.yama.ptrace_scope is 3, nobody may until the "
		"machine starts anew with 2 or less in /etc/sysctl.d",
	};

	facts.same_user = true;
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		facts.ptrace_scope = (int)i + 1;
		check(facts, sentences[i]);
	}
	/* 3 binds root too; the others do not. */
	facts.root = facts.may_trace = true;
	check(facts, sentences[2]);
	/* Of another user's process Yama is not the first thing to say. */
	facts = plain;
	facts.ptrace_scope = 1;
	check(facts, "cannot attach to 4242: it belongs to user app and you are you; "
	      "run: sudo goretain 4242");
}

static void test_tracer(void **state)
{
	struct refusal_facts facts = plain;

	facts.tracer = 4300;
	strcpy(facts.tracer_name, "strace");
	check(facts, "4242 is already traced by strace[4300]; end that first");
	strcpy(facts.tracer_name, "\033[2J");
	check(facts, "4242 is already traced by \\x1b[2J[4300]; end that first");
}

static void test_no_program(void **state)
{
	struct refusal_facts facts = plain;

	facts.zombie = true;
	check(facts, "4242 has ended already and only waits for its parent to take note");
	facts.kernel_thread = true;
	check(facts, "4242 is a thread of the kernel, not a program");
	facts.exists = false;
	check(facts, "there is no process 4242");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_yama),
		cmocka_unit_test(test_tracer),
		cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

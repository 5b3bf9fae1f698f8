/* Elements of arrays that were followed: each comes at least once, and overlapping slices come once in all. */
#include "probes/go/typing/followed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH 1000u

/* Enter [LO, HI) of object ID, and count each byte that comes of it in COUNT; how many came. */
static uint64_t enter(struct followed *f, uint32_t id, uint64_t lo, uint64_t hi, unsigned *count)
{
	const struct followed_array array = { .id = id, .type = 7, .lo = lo, .hi = hi };
	struct followed_part parts[2];
	uint64_t came = 0;
	unsigned n;

	assert_true(followed_enter(f, &array, parts, &n));
	for (unsigned i = 0; i < n; i++) {
		assert_true(parts[i].lo >= lo && parts[i].hi <= hi && parts[i].lo < parts[i].hi);
		came += parts[i].hi - parts[i].lo;
		for (uint64_t at = parts[i].lo; at < parts[i].hi; at++)
			count[at]++;
	}
	return came;
}

static void test_suffixes_come_once(void **state)
{
	struct followed f = { 0 };
	unsigned count[LENGTH] = { 0 };
	uint64_t came = 0;

	for (uint64_t lo = LENGTH; lo-- > 0;)
		came += enter(&f, 1, lo, LENGTH, count);
	for (uint64_t hi = 1; hi <= LENGTH; hi++)
		came += enter(&f, 1, 0, hi, count);
	assert_int_equal(came, LENGTH);
	followed_free(&f);
}

static void test_objects_are_apart(void **state)
{
	struct followed f = { 0 };
	unsigned count[LENGTH] = { 0 };

	for (uint32_t id = 0; id < 5000; id++)
		assert_int_equal(enter(&f, id, 10, 20, count), 10);
	for (uint32_t id = 0; id < 5000; id++)
		assert_int_equal(enter(&f, id, 5, 25, count), 10);
	followed_free(&f);
}

static void test_nothing_is_left_out(void **state)
{
	struct followed f = { 0 };
	unsigned count[LENGTH] = { 0 };
	bool wanted[LENGTH] = { 0 };

	srand(1);
	for (unsigned i = 0; i < 200; i++) {
		uint64_t lo = (uint64_t)rand() % (LENGTH - 50), hi = lo + 1 + (uint64_t)rand() % 50;

		enter(&f, 1, lo, hi, count);
		memset(wanted + lo, true, hi - lo);
	}
	for (unsigned i = 0; i < LENGTH; i++)
		assert_int_equal(count[i] > 0, wanted[i]);
	followed_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suffixes_come_once),
		cmocka_unit_test(test_objects_are_apart),
		cmocka_unit_test(test_nothing_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* arm64's patterns, on any machine: instructions of runtime.queuefinalizer as Go 1.26.8 compiles it. */
#include "graph/base/cleanup.h"
#include "probes/go/find/patterns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PC 0x36d20ull

static const uint32_t test[] = { 0x900020db, 0xb94a2765, 0x350011e5 };     /* MOVWU 0x44ea24, R5; CBNZW R5 */
static const uint32_t argument[] = { 0x900020c0, 0x912be000, 0x97ffd7fe }; /* MOVD $0x44eaf8, R0; CALL */
static const uint32_t load[] = { 0x900020db, 0xf9458361 };                 /* MOVD 0x44eb00, R1 */
static const uint32_t store[] = { 0x900020db, 0xf9059363 };                /* MOVD R3, 0x44eb20 */
static const uint32_t byte_load[] = { 0xb00020db, 0x39450363 };            /* MOVBU 0x44f140, R3 */
static const uint32_t other_base[] = { 0x900020db, 0xf9400422 };           /* the load is not from R27 */

#define BYTES(code) (const uint8_t *)(code), sizeof(code)

static void test_addresses(void **unused)
{
	assert_int_equal(pattern_reference(BYTES(load), PC), 0x44eb00);
	assert_int_equal(pattern_reference(BYTES(store), PC), 0x44eb20);
	assert_int_equal(pattern_reference(BYTES(byte_load), PC), 0x44f140);
	assert_int_equal(pattern_reference(BYTES(argument), PC), 0x44eaf8);
	assert_int_equal(pattern_reference(BYTES(other_base), PC), 0);
	/* Counted from the page that the instruction is in, also downwards. */
	assert_int_equal(pattern_reference(BYTES(load), PC + 0x1000), 0x44fb00);
	assert_int_equal(pattern_reference(BYTES(((uint32_t[]){ 0x90ffffc0, 0x91000400 })), 0x10000), 0x8001);
}

static void test_what_they_are_for(void **unused)
{
	assert_int_equal(pattern_test(BYTES(test), PC), 0x44ea24);
	assert_int_equal(pattern_test(BYTES(argument), PC), 0);
	assert_int_equal(pattern_test(BYTES(((uint32_t[]){ test[0], test[1], 0x350011e4 })), PC), 0);
	assert_int_equal(pattern_argument(BYTES(argument), PC), 0x44eaf8);
	assert_int_equal(pattern_argument(BYTES(load), PC), 0);
	assert_int_equal(pattern_call((const uint8_t *)&argument[2], 4, 0x36d28), 0x2cd20);
	assert_int_equal(pattern_call(BYTES(load), PC), 0);
}

static void test_bounds(void **unused)
{
	for (uint64_t length = 0; length < 4; length++)
		assert_int_equal(pattern_call((const uint8_t *)&argument[2], length, PC), 0);
	for (uint64_t length = 0; length < 8; length++)
		assert_int_equal(pattern_reference((const uint8_t *)load, length, PC), 0);
	for (uint64_t length = 0; length < 12; length++)
		assert_int_equal(pattern_test((const uint8_t *)test, length, PC), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_what_they_are_for),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

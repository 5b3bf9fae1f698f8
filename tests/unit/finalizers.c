/* The queue of finalizers that are due, among words of which some are no lists of it. */
#include "graph/base/cleanup.h"
#include "probes/go/spans/specials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 4
#define BASE 0x1000000ull
#define AT(page) (BASE + (page) * IMAGE_PAGE)
#define CODE 0x400000ull

/* Page 0: the words that queuefinalizer uses. Page 1: nothing. Page 2, page 3: blocks. */
static uint64_t memory[PAGES][IMAGE_PAGE / 8];
static uint8_t state[PAGES];
static struct image_range range = { BASE, AT(PAGES), 0, 0, NO_FILE, RANGE_READ | RANGE_WRITE };
static struct image image;
static struct go_module module = { .minpc = CODE, .maxpc = CODE + 0x1000 };
static struct heap heap;

/* The words WORDS; the block on page 3 has DUE finalizers, which call a function value on page 0. */
static void set_up(const uint64_t words[3], uint32_t due)
{
	memset(memory, 0, sizeof memory);
	memset(state, PAGE_STOP, sizeof state);
	image = (struct image){ .ranges = &range, .n_ranges = 1, .memory = (uint8_t *)memory,
				.state = state, .memory_size = sizeof memory, .exe_fd = -1 };
	pthread_mutex_init(&image.fetch_lock, NULL);
	heap = (struct heap){ .image = &image, .go = { .image = &image, .modules = &module,
						       .n_modules = 1 } };
	for (unsigned i = 0; i < 3; i++) {
		heap.go.finalizer_words[i] = AT(0) + 8 * i;
		memory[0][i] = words[i];
	}
	memory[0][8] = CODE + 16;
	memory[3][2] = due;
	for (unsigned i = 0; i < due; i++) {
		memory[3][3 + 5 * i] = AT(0) + 64;
		memory[3][3 + 5 * i + 1] = 1000 + i;
	}
}

static unsigned count(void)
{
	struct finalizer_walk walk = finalizers_start(&heap);
	struct due_finalizer due;
	unsigned n = 0;

	for (; finalizers_next(&walk, &due); n++)
		assert_int_equal(due.object, 1000 + n);
	return n;
}

/* A counter may be a number that is an address, too, and lie before the list. */
static void test_a_counter_is_no_list(void **unused)
{
	set_up((uint64_t[]){ AT(1), AT(3), 0 }, 4);
	assert_int_equal(count(), 4);
	memory[1][0] = AT(2); /* two blocks with nothing in them */
	assert_int_equal(count(), 4);
}

/* The list of all blocks goes on behind the one that heads the queue. */
static void test_the_longest_counts(void **unused)
{
	set_up((uint64_t[]){ AT(3), AT(2), 0 }, 4);
	memory[2][0] = AT(3);
	memory[2][2] = 1;
	memory[2][3] = AT(0) + 64;
	memory[2][4] = 1000;
	for (unsigned i = 0; i < 4; i++)
		memory[3][3 + 5 * i + 1]++;
	assert_int_equal(count(), 5);
}

static void test_functions_are_code(void **unused)
{
	set_up((uint64_t[]){ AT(3), 0, 0 }, 4);
	memory[3][3 + 5 * 3] = 0; /* has just been taken */
	assert_int_equal(count(), 4);
	memory[0][8] = CODE - 1;
	assert_int_equal(count(), 0);
}

static void test_what_is_damaged_ends(void **unused)
{
	set_up((uint64_t[]){ AT(3), 0, 0 }, 4);
	memory[3][0] = AT(3);
	assert_int_equal(count(), 0);
	memory[3][0] = AT(PAGES) - 8;
	assert_int_equal(count(), 0);
	set_up((uint64_t[]){ AT(3), AT(3) + 4, UINT64_MAX }, 4);
	memory[3][2] = UINT32_MAX;
	assert_int_equal(count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter_is_no_list),
		cmocka_unit_test(test_the_longest_counts),
		cmocka_unit_test(test_functions_are_code),
		cmocka_unit_test(test_what_is_damaged_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

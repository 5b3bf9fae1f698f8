/* The image: reads are bounded by ranges, holes and the end of what adjoins; fetches fill in. */
#include "graph/base/cleanup.h"
#include "probes/image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 8
#define AT(page) (0x1000000ull + (page) * IMAGE_PAGE)

static uint8_t memory[PAGES * IMAGE_PAGE], state[PAGES];
static struct image_range ranges[3];
static struct image image;
static unsigned fetches;

/* Pages 0-1 and 2-3 adjoin in the target and here; 4-5 adjoin in the target only. Behind that,
 * nothing. */
static void set_up(void)
{
	for (size_t i = 0; i < sizeof memory; i++)
		memory[i] = (uint8_t)(i / IMAGE_PAGE + 1);
	memset(state, PAGE_STOP, sizeof state);
	ranges[0] = (struct image_range){AT(0), AT(2), 0, 0, NO_FILE, RANGE_READ};
	ranges[1] = (struct image_range){AT(2), AT(4), 2 * IMAGE_PAGE, 0, NO_FILE, RANGE_READ};
	ranges[2] = (struct image_range){AT(4), AT(6), 6 * IMAGE_PAGE, 0, NO_FILE, RANGE_READ};
	image = (struct image){.ranges = ranges, .n_ranges = 3, .memory = memory, .state = state,
			       .memory_size = sizeof memory, .exe_fd = -1};
	pthread_mutex_init(&image.fetch_lock, NULL);
	fetches = 0;
}

static void test_bounds(void **unused)
{
	uint64_t beyond[] = {0, AT(0) - 1, AT(6), UINT64_MAX, AT(0) - 8};
	uint8_t word[8];

	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		assert_null(image_at(&image, beyond[i], 8));
		assert_null(image_range(&image, beyond[i]));
		assert_int_equal(image_page_state(&image, beyond[i]), PAGE_HOLE);
		assert_int_equal(image_u64(&image, beyond[i]), 0);
	}
	assert_null(image_at(&image, AT(0), 0));
	assert_null(image_at(&image, AT(6) - 7, 8));
	assert_null(image_at(&image, AT(0), UINT64_MAX));
	memset(word, 0xff, sizeof word);
	assert_false(image_read(&image, AT(6) - 7, word, sizeof word));
	assert_int_equal(word[0], 0);
	assert_int_equal(image_u64(&image, AT(6) - 8), 0x0808080808080808);
	assert_int_equal(image_u8(&image, AT(3)), 4);
	assert_int_equal(image_u16(&image, AT(2) - 1), 0x0302);
}

static void test_adjoining(void **unused)
{
	const uint8_t *bytes;

	set_up();
	assert_ptr_equal(image_at(&image, AT(0), 4 * IMAGE_PAGE), memory);
	/* In the target the next mapping adjoins, in the image it does not. */
	assert_null(image_at(&image, AT(4) - 8, 16));
	assert_int_equal(image_run(&image, AT(1), 8 * IMAGE_PAGE, &bytes), 3 * IMAGE_PAGE);
	assert_ptr_equal(bytes, memory + IMAGE_PAGE);
}

static void test_holes(void **unused)
{
	const uint8_t *bytes;

	set_up();
	state[2] = PAGE_HOLE;
	state[3] = PAGE_UNREAD;
	assert_int_equal(image_run(&image, AT(0) + 100, 1 << 20, &bytes), 2 * IMAGE_PAGE - 100);
	assert_int_equal(image_run(&image, AT(2), 8, &bytes), 0);
	assert_null(image_at(&image, AT(3), 1)); /* nobody can fetch it */
	assert_null(image_at(&image, AT(1), 2 * IMAGE_PAGE));
}

static void test_string(void **unused)
{
	set_up();
	memory[100] = 0;
	assert_string_equal(image_string(&image, AT(0) + 98, 10), "\001\001");
	assert_null(image_string(&image, AT(0) + 90, 10));
	assert_null(image_string(&image, AT(6) - 4, 10)); /* it would go on beyond the end */
}

/* Gets every page but number 3. */
static void fetch(struct image *of, uint64_t lo, uint64_t hi)
{
	fetches++;
	assert_int_equal(lo % IMAGE_PAGE, 0);
	assert_int_equal(hi % IMAGE_PAGE, 0);
	for (uint64_t page = (lo - AT(0)) / IMAGE_PAGE; page < (hi - AT(0)) / IMAGE_PAGE; page++)
		state[page] = page == 3 ? PAGE_HOLE : PAGE_BEFORE;
}

static void test_fetch(void **unused)
{
	const uint8_t *bytes;

	set_up();
	memset(state, PAGE_UNREAD, 4);
	state[1] = PAGE_ZERO;
	image.fetch = fetch;
	assert_int_equal(image_u8(&image, AT(0) + 5), 1);
	assert_int_equal(fetches, 1);
	assert_int_equal(image_u8(&image, AT(0) + 6), 1);
	assert_int_equal(fetches, 1);
	assert_int_equal(image_run(&image, AT(0), 4 * IMAGE_PAGE, &bytes), 3 * IMAGE_PAGE);
	assert_int_equal(image_page_state(&image, AT(3)), PAGE_HOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_adjoining),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Mappings of this process, and the plan: linear around each mapping, stable when they change. */
#include "graph/base/cleanup.h"
#include "probes/proc/mappings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define GB (1ull << 30)

static struct mappings list(const struct image_range *ranges, uint32_t n)
{
	struct mappings m = {
		.ranges = malloc(n * sizeof *ranges), .n_ranges = n, .range_capacity = n,
	};

	memcpy(m.ranges, ranges, n * sizeof *ranges);
	return m;
}

static uint64_t end_of(const struct image_range *range)
{
	return range->offset + (range->hi - range->lo);
}

static void test_linear(void **state)
{
	const struct image_range before[] = {
		{.lo = 0x400000, .hi = 0x500000, .file = 0},
		{.lo = 800 * GB, .hi = 801 * GB, .file = NO_FILE},
		{.lo = 810 * GB, .hi = 811 * GB, .file = NO_FILE},
	};
	/* The heap grew into the gap and upwards, and something appeared far away. */
	const struct image_range after[] = {
		{.lo = 0x400000, .hi = 0x500000, .file = 0},
		{.lo = 400 * GB, .hi = 401 * GB, .file = NO_FILE},
		{.lo = 800 * GB, .hi = 803 * GB, .file = NO_FILE},
		{.lo = 810 * GB, .hi = 850 * GB, .file = NO_FILE},
	};
	struct mappings m = list(before, ARRAY_SIZE(before));
	struct mappings later = list(after, ARRAY_SIZE(after));
	struct image_plan plan = {0};

	assert_true(plan_build(&plan, &m, NULL) && plan_place(&plan, &m, NULL));
	assert_int_equal(m.n_ranges, 3);
	assert_int_equal(plan.n, 2);
	assert_int_equal(m.ranges[2].offset - m.ranges[1].offset, 10 * GB);
	assert_int_equal(m.ranges[0].offset, 0x400000);

	assert_true(plan_place(&plan, &later, NULL));
	assert_int_equal(later.n_ranges, 5);
	assert_int_equal(later.ranges[0].offset, m.ranges[0].offset);
	assert_int_equal(later.ranges[2].offset, m.ranges[1].offset);
	assert_int_equal(later.ranges[3].offset, m.ranges[2].offset);
	/* Beyond the margin the range is cut. */
	assert_int_equal(later.ranges[3].hi, 811 * GB + LAYOUT_MARGIN);
	assert_int_equal(later.ranges[4].lo, 811 * GB + LAYOUT_MARGIN);
	for (uint32_t i = 0; i < later.n_ranges; i++)
		for (uint32_t k = 0; k < i; k++)
			assert_true(end_of(&later.ranges[k]) <= later.ranges[i].offset ||
				    end_of(&later.ranges[i]) <= later.ranges[k].offset);
	mappings_free(&m);
	mappings_free(&later);
	plan_free(&plan);
}

static void test_too_much(void **state)
{
	const struct image_range before[] = {{.lo = 0x400000, .hi = 0x500000, .file = 0}};
	const struct image_range after[] = {{.lo = 1000 * GB, .hi = 4000 * GB, .file = NO_FILE}};
	struct mappings m = list(before, 1), later = list(after, 1);
	struct image_plan plan = {0};
	struct error err = {0};

	assert_true(plan_build(&plan, &m, NULL));
	assert_false(plan_place(&plan, &later, &err));
	assert_int_equal(err.code, STATUS_REFUSED);
	mappings_free(&m);
	mappings_free(&later);
	plan_free(&plan);
}

static const struct image_range *find(const struct mappings *m, const void *pointer)
{
	for (uint32_t i = 0; i < m->n_ranges; i++)
		if ((uintptr_t)pointer >= m->ranges[i].lo && (uintptr_t)pointer < m->ranges[i].hi)
			return &m->ranges[i];
	return NULL;
}

static void test_self(void **state)
{
	static int written = 1;
	struct mappings m = {0};
	const struct image_range *code, *data, *shared;
	void *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *both = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char exe[4096] = "";

	assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
	assert_true(mappings_read(&m, getpid(), getpid(), NULL));
	code = find(&m, (const void *)(uintptr_t)test_self);
	data = find(&m, &written);
	shared = find(&m, both);
	assert_non_null(code);
	assert_int_equal(code->flags, RANGE_READ | RANGE_EXEC | RANGE_MODULE);
	assert_string_equal(m.files[code->file], exe);
	assert_int_equal(mappings_file(&m, exe), code->file);
	assert_false(range_is_private(code));
	assert_non_null(data);
	assert_int_equal(data->flags, RANGE_READ | RANGE_WRITE | RANGE_MODULE);
	assert_true(range_is_private(data));
	assert_non_null(shared);
	assert_false(range_is_private(shared));
	assert_null(find(&m, none));
	mappings_free(&m);
}

static void test_gone(void **state)
{
	struct mappings m = {0};
	struct error err = {0};

	assert_false(mappings_read(&m, 0x7fffffff, 0x7fffffff, &err));
	assert_int_equal(err.code, STATUS_ATTACH);
	mappings_free(&m);
}

/* Fields in any order, mappings without one, a name with a newline, lines that nobody knows. */
static void test_usages(void **state)
{
	static char smaps[] =
		"00400000-00500000 r-xp 00001000 fe:00 7    /opt/a\\012b\n"
		"Size:   1024 kB\nRss:   640 kB\nAnonymous:  4 kB\nSwap:  8 kB\nVmFlags: rd ex\n"
		"00500000-00600000 rw-p 00000000 00:00 0    [heap]\n"
		"c000000000-c004000000 ---p 00000000 00:00 0 \n"
		"Private_Hugetlb:  2048 kB\nShared_Hugetlb:  2048 kB\n";
	FILE *file = fmemopen(smaps, sizeof smaps - 1, "r");
	struct usages u = {0};

	assert_true(usages_parse(&u, file, NULL) && usages_check(&u));
	fclose(file);
	assert_int_equal(u.n, 3);
	assert_string_equal(usage_name(&u, &u.items[0]), "/opt/a\nb");
	assert_int_equal(u.items[0].rss, 640 * 1024);
	assert_int_equal(u.items[0].written, 4096);
	assert_int_equal(u.items[0].swapped, 8192);
	assert_int_equal(u.items[0].flags, RANGE_READ | RANGE_EXEC);
	assert_string_equal(usage_name(&u, &u.items[1]), "[heap]");
	assert_string_equal(usage_name(&u, &u.items[2]), "");
	assert_int_equal(u.items[2].huge, 4 << 20);
	assert_ptr_equal(usages_find(&u, 0x5fffff), &u.items[1]);
	assert_null(usages_find(&u, 0x600000));
	u.items[1].name = u.names_size;
	assert_false(usages_check(&u));
	usages_free(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear), cmocka_unit_test(test_usages),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

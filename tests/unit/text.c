/* The sanitiser lets nothing through that could lead a terminal astray, whatever the bytes. */
#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/base/unicode.h"
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SEED 20260505u

/* Nothing but whole characters that are drawn, of at most four marks in a row; and the width is the
 * sum of theirs. A second decoder, so as not to believe the first. */
static void check_harmless(const struct text *t, size_t limit)
{
	const unsigned char *s = (const unsigned char *)text_string(t);
	unsigned marks = 0, cells = 0;

	assert_false(t->failed);
	assert_int_equal(strlen(text_string(t)), t->length);
	if (limit)
		assert_true(t->length <= limit + strlen("…"));
	for (size_t i = 0; i < t->length;) {
		unsigned n = s[i] < 0x80 ? 1 : s[i] < 0xe0 ? 2 : s[i] < 0xf0 ? 3 : 4;
		uint32_t c = n == 1 ? s[i] : s[i] & (0x3f >> (n - 1));

		assert_true(s[i] < 0x80 || s[i] >= 0xc2);
		assert_true(s[i] <= 0xf4);
		for (unsigned k = 1; k < n; k++) {
			assert_int_equal(s[i + k] >> 6, 2);
			c = c << 6 | (s[i + k] & 0x3f);
		}
		assert_true(n == 1 || c >= (n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000));
		assert_true(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
		assert_true(c >= 0x20 && (c < 0x7f || c > 0x9f));
		assert_true((c < 0x202a || c > 0x202e) && (c < 0x2066 || c > 0x2069));
		assert_true((c < 0x200b || c > 0x200f) && c != 0x61c && c != 0xfeff);
		assert_true(c != 0x2028 && c != 0x2029);
		marks = unicode_cells(c) == 0 ? marks + 1 : 0;
		assert_true(marks <= 4);
		cells += unicode_cells(c);
		i += n;
	}
	assert_int_equal(text_width(text_string(t)), cells);
}

static void every_pair_of_bytes_is_harmless(void **state)
{
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			char bytes[4] = { (char)a, (char)b, (char)0x80, (char)0xbf };

			for (size_t n = 2; n <= 4; n++) {
				autotext struct text t = { 0 };

				text_escape(&t, bytes, n, 0);
				check_harmless(&t, 0);
			}
		}
}

static void every_character_is_harmless(void **state)
{
	for (uint32_t c = 0; c <= 0x10ffff + 1000; c++) {
		autotext struct text t = { 0 };
		char s[4] = { (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3f)),
			      (char)(0x80 | (c >> 6 & 0x3f)), (char)(0x80 | (c & 0x3f)) };
		char three[3] = { (char)(0xe0 | c >> 12), s[2], s[3] };
		char two[2] = { (char)(0xc0 | c >> 6), s[3] };

		text_escape(&t, s, 4, 0);
		if (c < 0x10000)
			text_escape(&t, three, 3, 0);
		if (c < 0x800)
			text_escape(&t, two, 2, 0);
		check_harmless(&t, 0);
	}
}

/* Bytes as an attacker mixes them: escape sequences, marks, pieces of characters. */
static size_t random_string(uint64_t *seed, char *out, size_t n)
{
	static const char *const bait[] = {
		"\x1b[31m", "\xe2\x80\xae", "\xcc\x81", "\xcc\x81\xcc\x81\xcc\x81", "\xc2\x9b",
		"\xf0\x9f\x92\xa9", "\xed\xa0\x80", "\xe4\xb8\xad", "\xef\xbb\xbf", "\xe2\x80",
	};
	size_t length = 0;

	while (length + 8 < n && random_below(seed, 40)) {
		const char *piece = bait[random_below(seed, 10)];

		if (random_below(seed, 2)) {
			out[length++] = (char)random_next(seed);
		} else {
			memcpy(out + length, piece, strlen(piece));
			length += strlen(piece);
		}
	}
	return length;
}

static void random_strings_are_harmless(void **state)
{
	uint64_t seed = SEED;

	print_message("# seed %u\n", SEED);
	for (int i = 0; i < 10000; i++) {
		char bytes[300];
		size_t n = random_string(&seed, bytes, sizeof bytes);
		size_t limit = random_below(&seed, 2) ? random_below(&seed, 60) : 0;
		unsigned width = random_below(&seed, 50);
		autotext struct text t = { 0 }, quoted = { 0 }, clipped = { 0 }, plain = { 0 };

		text_escape(&t, bytes, n, limit);
		check_harmless(&t, limit);
		text_quote(&quoted, bytes, n, 0);
		check_harmless(&quoted, 0);
		text_clip(&clipped, text_string(&t), width, true);
		check_harmless(&clipped, 0);
		assert_int_equal(text_width(text_string(&clipped)), width);
		text_clip(&plain, text_string(&t), width, false);
		assert_true(text_width(text_string(&plain)) <= width);
		/* Escaping what is harmless changes nothing but its backslashes. */
		if (!memchr(t.bytes ? t.bytes : "", '\\', t.length)) {
			autotext struct text again = { 0 };

			text_escape(&again, text_string(&t), t.length, 0);
			assert_string_equal(text_string(&again), text_string(&t));
		}
	}
}

static void escapes(const char *bytes, size_t n, size_t limit, const char *expected)
{
	autotext struct text t = { 0 };

	text_escape(&t, bytes, n, limit);
	assert_string_equal(text_string(&t), expected);
}

#define ESCAPES(bytes, limit, expected) escapes(bytes, sizeof(bytes) - 1, limit, expected)

static void escapes_as_documented(void **state)
{
	ESCAPES("", 0, "");
	ESCAPES("plain \"text\" é 中 🙂", 0, "plain \"text\" é 中 🙂");
	ESCAPES("a\n\t\\b\r\0\x1b\x7f", 0, "a\\n\\t\\\\b\\x0d\\x00\\x1b\\x7f");
	ESCAPES("\xc2\x9b" "31m", 0, "\\xc2\\x9b31m");
	ESCAPES("\x9b\xff\xc0\xaf", 0, "\\x9b\\xff\\xc0\\xaf");
	ESCAPES("\xed\xa0\x80", 0, "\\xed\\xa0\\x80");
	ESCAPES("\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80");
	ESCAPES("a\u202e\u2066\u200b\u061c\ufeff\u2028z", 0,
		"a\\u{202e}\\u{2066}\\u{200b}\\u{061c}\\u{feff}\\u{2028}z");
	ESCAPES("e\u0301\u0301\u0301\u0301\u0301\u0301x\u0301", 0, "e\u0301\u0301\u0301\u0301x\u0301");
	ESCAPES("abcdef", 6, "abcdef");
	ESCAPES("abcdefg", 6, "abcdef…");
	ESCAPES("abc\x01z", 6, "abc…");
	ESCAPES("ééé", 5, "éé…");
}

static void quotes(void **state)
{
	autotext struct text t = { 0 };

	text_quote(&t, "a\"b\\c\n", 6, 0);
	assert_string_equal(text_string(&t), "\"a\\\"b\\\\c\\n\"");
	text_clear(&t);
	assert_string_equal(text_string(&t), "");
	text_quote(&t, "abcdef", 6, 3);
	assert_string_equal(text_string(&t), "\"abc…\"");
}

static void sizes(void **state)
{
	static const struct { uint64_t bytes; const char *text, *exact; } cases[] = {
		{ 0, "0 B", "0 B" },
		{ 999, "999 B", "999 B" },
		{ 1000, "1.00 kB", "1,000 B" },
		{ 1004, "1.00 kB", "1,004 B" },
		{ 1005, "1.01 kB", "1,005 B" },
		{ 9994, "9.99 kB", "9,994 B" },
		{ 9995, "10.0 kB", "9,995 B" },
		{ 15100, "15.1 kB", "15,100 B" },
		{ 99949, "99.9 kB", "99,949 B" },
		{ 99950, "100 kB", "99,950 B" },
		{ 999499, "999 kB", "999,499 B" },
		{ 999500, "1.00 MB", "999,500 B" },
		{ 638123456, "638 MB", "638,123,456 B" },
		{ 1040000000, "1.04 GB", "1,040,000,000 B" },
		{ 1310000000000, "1.31 TB", "1,310,000,000,000 B" },
		{ 999999999999999, "1.00 PB", "999,999,999,999,999 B" },
		{ UINT64_MAX, "18.4 EB", "18,446,744,073,709,551,615 B" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		autotext struct text t = { 0 }, exact = { 0 };

		text_size(&t, cases[i].bytes, false);
		text_size(&exact, cases[i].bytes, true);
		assert_string_equal(text_string(&t), cases[i].text);
		assert_string_equal(text_string(&exact), cases[i].exact);
	}
}

static void durations(void **state)
{
	static const struct { uint64_t ns; const char *text; } cases[] = {
		{ 0, "0 ns" }, { 999, "999 ns" }, { 1000, "1 µs" }, { 84000000, "84 ms" },
		{ 999999999, "999 ms" }, { 12000000000, "12 s" }, { 59999999999, "59 s" },
		{ 180000000000, "3 min" }, { 3599000000000, "59 min" }, { 10800000000000, "3 h" },
		{ 86399000000000, "23 h" }, { 432000000000000, "5 d" }, { UINT64_MAX, "213503 d" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		autotext struct text t = { 0 };

		text_duration(&t, cases[i].ns);
		assert_string_equal(text_string(&t), cases[i].text);
	}
}

static void clips(void **state)
{
	static const struct { const char *s; unsigned width; bool pad; const char *text; } cases[] = {
		{ "abc", 5, false, "abc" },
		{ "abc", 5, true, "abc  " },
		{ "abc", 3, true, "abc" },
		{ "abcdefgh", 5, false, "ab…gh" },
		{ "abcdefgh", 6, false, "abc…gh" },
		{ "abcdefgh", 1, false, "…" },
		{ "abcdefgh", 0, true, "" },
		{ "中文字典", 8, false, "中文字典" },
		{ "中文字典", 7, true, "中…典  " },
		{ "中文字典", 4, true, "中… " },
		{ "e\u0301fghij\u0301", 3, false, "e\u0301…j\u0301" },
		{ "abci\u0301j", 3, false, "a…j" },
		/* Figures: at the end, with their unit, before the ellipsis, digits of a name. */
		{ "main.idle waiting, stack 2.05 kB", 14, false, "main.idle wai…" },
		{ "main.idle waiting, stack 2.05 kB", 17, false, "main.idl… 2.05 kB" },
		{ "1,234,567 of them in main.table", 14, true, "…in main.table" },
		{ "12 of them in main.table", 9, false, "12 o…able" },
		{ "main.f.func12345", 10, false, "main.…2345" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		autotext struct text t = { 0 };

		text_clip(&t, cases[i].s, cases[i].width, cases[i].pad);
		assert_string_equal(text_string(&t), cases[i].text);
	}
}

static void grows(void **state)
{
	autotext struct text t = { 0 };

	assert_string_equal(text_string(&t), "");
	for (int i = 0; i < 10000; i++)
		text_printf(&t, "%d,", i);
	assert_false(t.failed);
	assert_int_equal(t.length, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5);
	assert_true(t.length < t.capacity);
	assert_memory_equal(t.bytes + t.length - 5, "9999,", 6);
	text_free(&t);
	assert_null(t.bytes);
}

static void symbols_lose_their_directories(void **state)
{
	static const char *const pairs[][2] = {
		{ "main.cache", "main.cache" }, { "", "" }, { "net/http.init", "http.init" },
		{ "github.com/nats-io/nats-server/v2/server.(*stream).run-fm",
		  "server.(*stream).run-fm" },
		{ "github.com/nats-io/jwt/v2.userConfigRE", "jwt/v2.userConfigRE" },
		{ "server.ipQueue[*github.com/a/b.Msg,map[string]c/d.T]",
		  "server.ipQueue[*b.Msg,map[string]d.T]" },
		{ "goroutine 7 a/b.(*T).run", "goroutine 7 b.(*T).run" },
		{ "gopkg.in/yaml%2ev3.parse", "yaml%2ev3.parse" }, { "a/", "" }, { "v2", "v2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		autotext struct text t = {0};

		text_symbol(&t, pairs[i][0]);
		assert_string_equal(text_string(&t), pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_lose_their_directories),
		cmocka_unit_test(every_pair_of_bytes_is_harmless),
		cmocka_unit_test(every_character_is_harmless),
		cmocka_unit_test(random_strings_are_harmless),
		cmocka_unit_test(escapes_as_documented),
		cmocka_unit_test(quotes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(clips),
		cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

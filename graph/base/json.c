#include "graph/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What stands before a value: a comma, unless it is the first or follows its key. */
static void begin_value(struct json *j)
{
	if (j->after_key)
		j->after_key = false;
	else if (j->more[j->depth])
		text_putc(j->out, ',');
	j->more[j->depth] = true;
}

void json_open(struct json *j, char bracket)
{
	begin_value(j);
	text_putc(j->out, bracket);
	if (j->depth + 1 < JSON_DEPTH)
		j->depth++;
	j->more[j->depth] = false;
}

void json_close(struct json *j, char bracket)
{
	text_putc(j->out, bracket);
	if (j->depth)
		j->depth--;
}

void json_key(struct json *j, const char *key)
{
	begin_value(j);
	json_quote(j->out, key, strlen(key));
	text_putc(j->out, ':');
	j->after_key = true;
}

void json_bytes(struct json *j, const char *s, size_t length)
{
	begin_value(j);
	json_quote(j->out, s, length);
}

void json_string(struct json *j, const char *s)
{
	if (s)
		json_bytes(j, s, strlen(s));
	else
		json_null(j);
}

void json_number(struct json *j, uint64_t n)
{
	begin_value(j);
	text_printf(j->out, "%" PRIu64, n);
}

void json_signed(struct json *j, int64_t n)
{
	begin_value(j);
	text_printf(j->out, "%" PRId64, n);
}

void json_real(struct json *j, double n)
{
	if (!isfinite(n)) {
		json_null(j);
		return;
	}
	begin_value(j);
	text_printf(j->out, "%.15g", n);
}

void json_bool(struct json *j, bool b)
{
	begin_value(j);
	text_puts(j->out, b ? "true" : "false");
}

void json_null(struct json *j)
{
	begin_value(j);
	text_puts(j->out, "null");
}

/* Length of the UTF-8 character at S and its code in *CODE; 0 if it is malformed (RFC 3629). */
static size_t decode(const unsigned char *s, size_t length, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1) {
		*code = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > length)
		return 0;
	*code = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

static bool is_invisible(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || code == 0x061c;
}

void json_quote(struct text *out, const char *s, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)s;

	text_putc(out, '"');
	for (size_t i = 0, n; i < length; i += n) {
		uint32_t code;

		n = decode(bytes + i, length - i, &code);
		if (!n) {
			text_puts(out, "\\ufffd");
			n = 1;
		} else if (code == '"' || code == '\\') {
			text_putc(out, '\\');
			text_putc(out, (char)code);
		} else if (code == '\n' || code == '\t') {
			text_puts(out, code == '\n' ? "\\n" : "\\t");
		} else if (is_invisible(code)) {
			text_printf(out, "\\u%04x", code);
		} else {
			text_append(out, s + i, n);
		}
	}
	text_putc(out, '"');
}

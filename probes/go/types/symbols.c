#include "probes/go/types/symbols.h"

#include <string.h>

#define MAX_NAME 4096

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char symbol_byte(const char **at, const char *end)
{
	const char *p = *at;

	if (*p == '%' && end - p >= 3 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
		*at = p + 3;
		return (char)(hex(p[1]) << 4 | hex(p[2]));
	}
	*at = p + 1;
	return *p;
}

size_t symbol_package_length(const char *name)
{
	size_t length = strnlen(name, MAX_NAME), start = 0;

	if (length == MAX_NAME)
		return 0;
	for (size_t i = 0; i < length && name[i] != '['; i++)
		if (name[i] == '/')
			start = i + 1;
	for (size_t i = start; i < length; i++)
		if (name[i] == '.')
			return i;
	return 0;
}

void symbol_text(struct text *out, const char *name, size_t length, size_t limit)
{
	char plain[MAX_NAME];
	size_t n = 0;

	for (const char *p = name, *end = name + length; p < end && n < sizeof plain;)
		plain[n++] = symbol_byte(&p, end);
	text_escape(out, plain, n, limit);
}

bool symbol_is_made(const char *name)
{
	static const char *const heads[] = { "type:", "type..", "go:", "go..", "runtime.gcbits." };
	const char *dots = name + symbol_package_length(name);

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (!strncmp(name, heads[i], strlen(heads[i])))
			return true;
	return dots[0] == '.' && dots[1] == '.';
}

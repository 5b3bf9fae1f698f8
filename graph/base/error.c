#include "graph/base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(struct error *err, enum status code, const char *format, ...)
{
	va_list args;

	if (!err || err->code != STATUS_OK)
		return false;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->message, sizeof err->message, format, args);
	va_end(args);
	return false;
}

bool fail_memory(struct error *err, const char *what)
{
	return fail(err, STATUS_REFUSED, "not enough memory for %s", what);
}

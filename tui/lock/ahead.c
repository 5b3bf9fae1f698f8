#include "tui/lock/ahead.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

void load_ahead(void)
{
	tzset();
	(void)strerror(EPERM); /* the catalogue of messages */
	(void)btowc('a');      /* the conversion of the locale's characters */
}

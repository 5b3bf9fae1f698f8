#include "tui/lock/ahead.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "probes/proc/memory.h"

void load_ahead(void)
{
	tzset();
	(void)strerror(EPERM); /* the catalogue of messages */
	(void)btowc('a');      /* the conversion of the locale's characters */
	(void)memory_room();
}

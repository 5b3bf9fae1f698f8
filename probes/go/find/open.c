#include "probes/go/find/open.h"

#include <string.h>

#include "probes/go/find/find.h"

bool go_open(struct image *image, struct go *out, struct error *err)
{
	memset(out, 0, sizeof *out);
	out->image = image;
	if (!find_version(out, err) || !find_modules(out, err) || !find_globals(out, err)) {
		go_close(out);
		return false;
	}
	find_by_votes(out);
	find_other_runtime(out);
	return true;
}

bool go_check(struct go *go, struct error *err)
{
	return find_globals_hold(go) ||
	       fail(err, STATUS_UNSUPPORTED, "%s: what was taken for the runtime's heap before the "
		    "stop was not that in it", go->version.text);
}

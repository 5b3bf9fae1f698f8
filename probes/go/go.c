#include "probes/go/go.h"

#include <stdlib.h>
#include <string.h>

#include "probes/go/find/find.h"

#define MAX_PROCESSORS (1u << 16)

bool find_in_range(const struct image_range *range)
{
	return range->file != NO_FILE && (range->flags & RANGE_READ) &&
	       !(range->flags & RANGE_SHARED);
}

bool find_affords(const struct image_range *range, uint64_t *left)
{
	uint64_t size = range->hi - range->lo;

	if (size > *left)
		return false;
	*left -= size;
	return true;
}

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

void go_close(struct go *go)
{
	free(go->modules);
	free(go->build_info);
	go->build_info = NULL;
	go->modules = NULL;
	go->n_modules = 0;
}

bool go_next_processor(const struct go *go, uint64_t *i, uint64_t *p)
{
	uint64_t list = go->allp ? image_u64(go->image, go->allp) : 0;
	uint64_t n = go->allp ? image_u64(go->image, go->allp + 8) : 0;

	while (*i < n && *i < MAX_PROCESSORS) {
		*p = image_u64(go->image, list + 8 * (*i)++);
		if (*p)
			return true;
	}
	return false;
}

const struct go_module *go_module_of_pc(const struct go *go, uint64_t pc)
{
	for (uint32_t i = 0; i < go->n_modules; i++)
		if (pc >= go->modules[i].minpc && pc < go->modules[i].maxpc)
			return &go->modules[i];
	return NULL;
}

const struct go_module *go_module_of_type(const struct go *go, uint64_t addr)
{
	for (uint32_t i = 0; i < go->n_modules; i++)
		if (addr >= go->modules[i].types && addr < go->modules[i].etypes)
			return &go->modules[i];
	return NULL;
}

bool go_module_has_variable(const struct go_module *m, uint64_t addr)
{
	return (addr >= m->noptrdata && addr < m->enoptrdata) ||
	       (addr >= m->data && addr < m->edata) || (addr >= m->bss && addr < m->ebss) ||
	       (addr >= m->noptrbss && addr < m->enoptrbss);
}

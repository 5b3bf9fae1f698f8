#include "probes/go/go.h"

#include <stdlib.h>

#define MAX_PROCESSORS (1u << 16)

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

#include "probes/image/debug_types.h"

#include <stdlib.h>
#include <string.h>

void debug_types_free(struct debug_types *types)
{
	free(types->items);
	free(types->members);
	free(types->packages);
	memset(types, 0, sizeof *types);
}

static bool good_type(const struct debug_types *types, const struct debug_type *t, size_t text_size)
{
	return t->name < text_size && t->elem <= types->n && t->key <= types->n &&
	       t->members <= types->n_members && t->n_members <= types->n_members - t->members;
}

bool debug_types_check(const struct debug_types *types, size_t text_size)
{
	for (uint32_t i = 0; i < types->n; i++)
		if (!good_type(types, &types->items[i], text_size))
			return false;
	for (uint32_t i = 0; i < types->n_members; i++)
		if (types->members[i].name >= text_size || types->members[i].type > types->n)
			return false;
	for (uint32_t i = 0; i < types->n_packages; i++)
		if (types->packages[i].path >= text_size || types->packages[i].name >= text_size)
			return false;
	return true;
}

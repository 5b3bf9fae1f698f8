/* The methods of types: the table behind a descriptor (internal/abi.UncommonType). */
#include <stdlib.h>

#include "probes/go/types/private.h"

#define METHOD_SIZE 16u /* name, type, two offsets of code: four bytes each */
#define TFLAG_UNCOMMON 1u

void types_methods(struct types *types, uint32_t index, bool (*fn)(void *arg, const char *name), void *arg)
{
	struct image *image = types->go->image;
	const struct rtype *t = types_get(types, index);
	uint64_t uncommon = t->addr + types_base_size(&types->go->layout, t->kind), table;
	uint16_t n;
	bool more = true;

	if (!(t->tflag & TFLAG_UNCOMMON))
		return;
	n = image_u16(image, uncommon + 4);
	table = uncommon + image_u32(image, uncommon + 8);
	if (!image_at(image, table, (uint64_t)n * METHOD_SIZE))
		return;
	for (uint16_t i = 0; i < n && more; i++) {
		int32_t offset = (int32_t)image_u32(image, table + METHOD_SIZE * i);
		uint64_t at = types_resolve(types, t->addr, offset);
		uint8_t flags;
		char *name = at ? types_copy_name(types->go, at, 0, &flags) : NULL;

		more = !name || fn(arg, name);
		free(name);
	}
}

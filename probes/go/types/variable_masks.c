#include "probes/go/types/variable_masks.h"

/* The bitmap of the segment that an address lies in. */
struct segment { uint64_t lo, hi; const uint8_t *bits; uint64_t n; };

static bool within(const struct go *go, struct segment *s, uint64_t addr, uint64_t mask)
{
	if (addr < s->lo || addr >= s->hi)
		return false;
	s->bits = image_at(go->image, mask, (s->n + 7) / 8);
	return true;
}

/* An empty one if ADDR lies in neither data nor bss. */
static struct segment segment_of(const struct go *go, uint64_t addr)
{
	for (uint32_t i = 0; i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];
		struct segment data = { .lo = m->data, .hi = m->edata, .n = m->n_data_mask };
		struct segment bss = { .lo = m->bss, .hi = m->ebss, .n = m->n_bss_mask };

		if (within(go, &data, addr, m->data_mask))
			return data;
		if (within(go, &bss, addr, m->bss_mask))
			return bss;
	}
	return (struct segment){ 0 };
}

static bool bit(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

/* No pointer in the words from FROM up to TO. */
static bool empty(const struct segment *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to && i < s->n; i++)
		if (i % 8 == 0 && i + 8 <= to && !s->bits[i / 8])
			i += 7;
		else if (bit(s->bits, i))
			return false;
	return true;
}

/* A value of WORDS words at word AT, of whose first POINTERS words MASK tells. */
static bool agrees(const struct segment *s, uint64_t at, const uint8_t *mask, uint64_t pointers,
		   uint64_t words)
{
	for (uint64_t i = 0; i < pointers; i++)
		if (bit(mask, i) != (at + i < s->n && bit(s->bits, at + i)))
			return false;
	return empty(s, at + pointers, at + words);
}

bool variable_mask_agrees(const struct go *go, struct types *types, uint64_t addr, uint32_t type, uint64_t n)
{
	const struct rtype *t = types_get(types, type);
	const struct segment s = segment_of(go, addr);
	const uint8_t *mask = t->ptr_bytes ? types_mask(types, type) : NULL;
	uint64_t words = t->size / 8;

	if (!s.bits)
		return !t->ptr_bytes;
	if (!t->ptr_bytes)
		return empty(&s, (addr - s.lo) / 8, (addr - s.lo + n * t->size + 7) / 8);
	if (!mask || addr % 8 || t->size % 8 || n > (s.hi - addr) / t->size)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!agrees(&s, (addr - s.lo) / 8 + i * words, mask, t->ptr_bytes / 8, words))
			return false;
	return true;
}

bool variable_mask_at(const struct go *go, uint64_t addr)
{
	const struct segment s = segment_of(go, addr);

	return s.bits && (addr - s.lo) / 8 < s.n && bit(s.bits, (addr - s.lo) / 8);
}

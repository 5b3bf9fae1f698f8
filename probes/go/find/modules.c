/* The runtime's list of modules (runtime.moduledata), found by the program counter table's magic and
 * by the words that must refer to it. */
#include <stdlib.h>
#include <string.h>

#include "probes/go/find/find.h"

#define MAX_MODULES 64

/* Offsets in the pcHeader (runtime/symtab.go). */
enum { PCHEADER_FUNCNAME = 32, PCHEADER_PCLN = 64, PCHEADER_SIZE = 72 };

static uint64_t field(struct go *go, uint64_t moduledata, int32_t offset)
{
	return offset < 0 ? 0 : image_u64(go->image, moduledata + (uint64_t)offset);
}

/* Does a moduledata lie at ADDR whose pcHeader is at PCLNTAB? */
static bool is_moduledata(struct go *go, uint64_t addr, uint64_t pclntab)
{
	struct image *image = go->image;
	const struct layout *l = &go->layout;
	uint64_t ftab = field(go, addr, l->moduledata_ftab);

	return field(go, addr, l->moduledata_pc_header) == pclntab &&
	       field(go, addr, l->moduledata_funcnametab) ==
		       pclntab + image_u64(image, pclntab + PCHEADER_FUNCNAME) &&
	       ftab == pclntab + image_u64(image, pclntab + PCHEADER_PCLN) &&
	       field(go, addr, l->moduledata_minpc) ==
		       field(go, addr, l->moduledata_text) + image_u32(image, ftab);
}

/* The slice at offset OFFSET: its address, and in *LENGTH its length. */
static uint64_t slice(struct go *go, uint64_t addr, int32_t offset, uint64_t *length)
{
	*length = field(go, addr, offset < 0 ? offset : offset + 8);
	return field(go, addr, offset);
}

/* A pointer bitmap {n int32; bytes *uint8} for SPACE bytes of memory. */
static uint64_t bitmap(struct go *go, uint64_t addr, int32_t offset, uint64_t space, uint64_t *bits)
{
	*bits = image_u32(go->image, addr + (uint64_t)offset);
	if (*bits > space / 8)
		*bits = space / 8;
	return field(go, addr, offset + 8);
}

static void read_segments(struct go *go, uint64_t addr, struct go_module *m)
{
	const struct layout *l = &go->layout;

	m->text = field(go, addr, l->moduledata_text);
	m->etext = field(go, addr, l->moduledata_etext);
	m->minpc = field(go, addr, l->moduledata_minpc);
	m->maxpc = field(go, addr, l->moduledata_maxpc);
	m->noptrdata = field(go, addr, l->moduledata_noptrdata);
	m->enoptrdata = field(go, addr, l->moduledata_enoptrdata);
	m->data = field(go, addr, l->moduledata_data);
	m->edata = field(go, addr, l->moduledata_edata);
	m->bss = field(go, addr, l->moduledata_bss);
	m->ebss = field(go, addr, l->moduledata_ebss);
	m->noptrbss = field(go, addr, l->moduledata_noptrbss);
	m->enoptrbss = field(go, addr, l->moduledata_enoptrbss);
	m->types = field(go, addr, l->moduledata_types);
	m->etypes = field(go, addr, l->moduledata_etypes);
	m->rodata = field(go, addr, l->moduledata_rodata);
	m->gofunc = field(go, addr, l->moduledata_gofunc);
	m->data_mask = bitmap(go, addr, l->moduledata_gcdatamask, m->edata - m->data,
			      &m->n_data_mask);
	m->bss_mask = bitmap(go, addr, l->moduledata_gcbssmask, m->ebss - m->bss, &m->n_bss_mask);
}

static void read_tables(struct go *go, uint64_t addr, struct go_module *m)
{
	const struct layout *l = &go->layout;

	m->funcnametab = slice(go, addr, l->moduledata_funcnametab, &m->funcnametab_len);
	m->cutab = slice(go, addr, l->moduledata_cutab, &m->cutab_len);
	m->filetab = slice(go, addr, l->moduledata_filetab, &m->filetab_len);
	m->pctab = slice(go, addr, l->moduledata_pctab, &m->pctab_len);
	m->pclntable = slice(go, addr, l->moduledata_pclntable, &m->pclntable_len);
	m->ftab = slice(go, addr, l->moduledata_ftab, &m->n_ftab);
	m->typelinks = slice(go, addr, l->moduledata_typelinks, &m->n_typelinks);
}

/* Are the segments in order and the tables of a size that fits an address space? */
static bool plausible(const struct go_module *m)
{
	const uint64_t limit = 1ull << 40;

	return m->text < m->etext && m->etext - m->text < limit && m->data <= m->edata &&
	       m->edata - m->data < limit && m->bss <= m->ebss && m->ebss - m->bss < limit &&
	       m->noptrbss <= m->enoptrbss && m->types < m->etypes &&
	       m->etypes - m->types < limit && m->n_ftab > 1 && m->n_ftab < 1u << 28 &&
	       m->pclntable_len < limit && m->funcnametab_len < limit && m->pctab_len < limit &&
	       m->filetab_len < limit && m->cutab_len < limit / 4 && m->n_typelinks < 1u << 28;
}

static bool read_module(struct go *go, uint64_t addr, struct go_module *m)
{
	memset(m, 0, sizeof *m);
	m->addr = addr;
	m->pclntab = field(go, addr, go->layout.moduledata_pc_header);
	read_segments(go, addr, m);
	read_tables(go, addr, m);
	return plausible(m);
}

/* In RANGE, the moduledata whose first word is PCLNTAB; 0 if it is not there. */
static uint64_t find_moduledata(struct go *go, const struct image_range *range, uint64_t pclntab)
{
	const uint8_t *bytes;
	uint64_t n = image_run(go->image, range->lo, range->hi - range->lo, &bytes);

	for (uint64_t i = 0; i + 8 <= n; i += 8) {
		uint64_t word = image_word(bytes + i);

		if (word == pclntab && is_moduledata(go, range->lo + i, pclntab))
			return range->lo + i;
	}
	return 0;
}

static uint64_t moduledata_for(struct go *go, uint64_t pclntab)
{
	for (uint32_t i = 0; i < go->image->n_ranges; i++) {
		const struct image_range *range = &go->image->ranges[i];
		uint64_t addr;

		if (!find_in_range(range) || (range->flags & RANGE_EXEC))
			continue;
		addr = find_moduledata(go, range, pclntab);
		if (addr)
			return addr;
	}
	return 0;
}

/* The first moduledata whose pclntab header is in RANGE, 0 if there is none. */
static uint64_t first_in_range(struct go *go, const struct image_range *range)
{
	const uint32_t magic = go->layout.pclntab_magic;
	const uint8_t *bytes, *p;
	uint64_t n = image_run(go->image, range->lo, range->hi - range->lo, &bytes);

	for (p = bytes; n > PCHEADER_SIZE; p++) {
		uint64_t addr;

		p = memmem(p, n - (uint64_t)(p - bytes), &magic, sizeof magic);
		if (!p || (uint64_t)(p - bytes) > n - PCHEADER_SIZE)
			return 0;
		if ((uint64_t)(p - bytes) % 8 || p[4] || p[5] || p[6] != arch_pc_quantum || p[7] != 8)
			continue;
		addr = moduledata_for(go, range->lo + (uint64_t)(p - bytes));
		if (addr)
			return addr;
	}
	return 0;
}

static uint64_t first_module(struct go *go)
{
	for (uint32_t i = 0; i < go->image->n_ranges; i++) {
		const struct image_range *range = &go->image->ranges[i];
		uint64_t addr;

		if (!find_in_range(range) || (range->flags & RANGE_EXEC))
			continue;
		addr = first_in_range(go, range);
		if (addr)
			return addr;
	}
	return 0;
}

bool find_modules(struct go *go, struct error *err)
{
	uint64_t addr = first_module(go);

	if (!addr)
		return fail(err, STATUS_UNSUPPORTED, "%s: the runtime's module data was not found "
			    "in its memory", go->version.text);
	go->modules = calloc(MAX_MODULES, sizeof *go->modules);
	if (!go->modules)
		return fail_memory(err, "the list of modules");
	while (addr && go->n_modules < MAX_MODULES) {
		if (!read_module(go, addr, &go->modules[go->n_modules]))
			return fail(err, STATUS_UNSUPPORTED, "%s: the module data at %#llx makes no "
				    "sense", go->version.text, (unsigned long long)addr);
		go->n_modules++;
		addr = field(go, addr, go->layout.moduledata_next);
	}
	return true;
}

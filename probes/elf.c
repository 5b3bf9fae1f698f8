#include "probes/elf.h"

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/cleanup.h"

#define MAX_SYMBOLS (1u << 24)

struct symbols {
	Elf *elf;
	int fd;
	struct symbol *items;
	uint32_t n;
	uint64_t bias;
	bool debug;
};

static int by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct symbol *)a)->addr, y = ((const struct symbol *)b)->addr;

	return (x > y) - (x < y);
}

/* How far the program was moved when it was loaded: its lowest mapping less its lowest segment. */
static bool load_bias(const struct image *image, Elf *elf, uint64_t *bias)
{
	uint64_t linked = UINT64_MAX, loaded = UINT64_MAX;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    header.p_vaddr < linked)
			linked = header.p_vaddr;
	}
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (image->exe != NO_FILE && image->ranges[i].file == image->exe &&
		    image->ranges[i].lo < loaded)
			loaded = image->ranges[i].lo;
	if (linked == UINT64_MAX || loaded == UINT64_MAX)
		return false;
	*bias = loaded - (linked & ~(uint64_t)(IMAGE_PAGE - 1));
	return true;
}

static void read_table(struct symbols *s, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	uint64_t n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	if (!n || n > MAX_SYMBOLS)
		return;
	s->items = calloc(n, sizeof *s->items);
	for (uint64_t i = 0; s->items && i < n; i++) {
		GElf_Sym symbol;
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol) ||
		    GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || !symbol.st_size)
			continue;
		name = elf_strptr(s->elf, header->sh_link, symbol.st_name);
		if (name)
			s->items[s->n++] = (struct symbol){ symbol.st_value + s->bias,
							    symbol.st_size, name };
	}
}

static void read_sections(struct symbols *s)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(s->elf, &names))
		return;
	while ((section = elf_nextscn(s->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(s->elf, names, header.sh_name);
		if (name && strstr(name, "debug_info"))
			s->debug = true;
		if (header.sh_type == SHT_SYMTAB && !s->items)
			read_table(s, section, &header);
	}
}

struct symbols *symbols_load(struct image *image)
{
	struct symbols *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->fd = image->exe_fd >= 0 ? dup(image->exe_fd) : -1;
	if (s->fd >= 0 && elf_version(EV_CURRENT) != EV_NONE)
		s->elf = elf_begin(s->fd, ELF_C_READ_MMAP, NULL);
	if (s->elf && elf_kind(s->elf) == ELF_K_ELF && load_bias(image, s->elf, &s->bias))
		read_sections(s);
	if (!s->n && !s->debug) {
		symbols_free(s);
		return NULL;
	}
	qsort(s->items, s->n, sizeof *s->items, by_addr);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	if (s->elf)
		elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	free(s->items);
	free(s);
}

const struct symbol *symbols_find(const struct symbols *s, uint64_t addr)
{
	uint32_t lo = 0, hi = s ? s->n : 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->items[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr - s->items[lo - 1].addr >= s->items[lo - 1].size)
		return NULL;
	return &s->items[lo - 1];
}

bool symbols_have_debug(const struct symbols *s)
{
	return s && s->debug;
}

uint64_t symbols_bias(const struct symbols *s)
{
	return s ? s->bias : 0;
}

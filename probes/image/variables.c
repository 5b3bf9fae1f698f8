#include "probes/image/variables.h"

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/grow.h"
#include "graph/base/sorted.h"
#include "probes/image/dwarf.h"
#include "probes/image/image.h"
#include "probes/image/program.h"

#define MAX_SYMBOLS (1u << 24)
#define MAX_TEXT (1u << 30)

struct loader {
	Elf *elf;
	struct variables *out;
	uint32_t capacity;
	size_t text_capacity;
	uint64_t bias;
	bool failed;
};

void variables_free(struct variables *v)
{
	if (!v)
		return;
	free(v->items);
	debug_types_free(&v->types);
	free(v->text);
	free(v);
}

/* Copy NAME behind the text; its place, 0 without memory or name. */
static uint32_t add_text(struct loader *l, const char *name)
{
	struct variables *v = l->out;
	size_t size = name && *name ? strlen(name) + 1 : 0;
	uint32_t at = (uint32_t)v->text_size;

	if (!size || size > MAX_TEXT - v->text_size)
		return 0;
	if (v->text_size + size > l->text_capacity) {
		size_t capacity = 2 * (l->text_capacity + size) + 4096;
		char *text = realloc(v->text, capacity);

		if (!text)
			return 0;
		v->text = text;
		l->text_capacity = capacity;
	}
	memcpy(v->text + at, name, size);
	v->text_size += size;
	return at;
}

static struct variable *add(struct loader *l)
{
	struct variables *v = l->out;
	struct variable *item = v->n < MAX_SYMBOLS ? GROW(v->items, v->n, l->capacity) : NULL;

	if (!item) {
		l->failed = true;
		return NULL;
	}
	memset(item, 0, sizeof *item);
	v->n++;
	return item;
}

/* ---- the symbol table ---- */

/* The file's lowest mapping less its lowest segment. */
static bool load_bias(const struct image *image, uint32_t file, struct loader *l)
{
	uint64_t linked = UINT64_MAX, loaded = UINT64_MAX;
	size_t n;

	if (elf_getphdrnum(l->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(l->elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    header.p_vaddr < linked)
			linked = header.p_vaddr;
	}
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (image->ranges[i].file == file && image->ranges[i].lo < loaded)
			loaded = image->ranges[i].lo;
	if (linked == UINT64_MAX || loaded == UINT64_MAX)
		return false;
	l->bias = loaded - (linked & ~(uint64_t)(IMAGE_PAGE - 1));
	return true;
}

static void read_symbols(struct loader *l, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	uint64_t n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	for (uint64_t i = 0; i < n && i < MAX_SYMBOLS && !l->failed; i++) {
		GElf_Sym symbol;
		struct variable *v;

		if (!gelf_getsym(data, (int)i, &symbol) ||
		    GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || !symbol.st_size ||
		    !(v = add(l)))
			continue;
		v->addr = symbol.st_value + l->bias;
		v->size = symbol.st_size;
		v->name = add_text(l, elf_strptr(l->elf, header->sh_link, symbol.st_name));
	}
}

static void read_sections(struct loader *l)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(l->elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			read_symbols(l, section, &header);
	}
}

/* ---- debug information ---- */

static void add_debug(void *arg, const struct dwarf_variable *from)
{
	struct loader *l = arg;
	struct variable *v = add(l);

	if (!v)
		return;
	v->addr = from->addr + l->bias;
	v->name = add_text(l, from->name);
	v->type = from->type;
}

static uint32_t add_debug_text(void *arg, const char *name)
{
	return add_text(arg, name);
}

static void read_debug(struct loader *l, int fd)
{
	const struct dwarf_sink sink = { .variable = add_debug, .text = add_debug_text, .arg = l,
					 .types = &l->out->types };

	dwarf_variables(fd, &sink);
}

/* ---- in order ---- */

static int by_addr(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (y->size > x->size) - (y->size < x->size);
}

/* One variable an address: symbol table and debug information each know a part. */
static void join(struct variables *v)
{
	uint32_t kept = 0;

	qsort(v->items, v->n, sizeof *v->items, by_addr);
	for (uint32_t i = 0; i < v->n; i++) {
		struct variable *last = kept ? &v->items[kept - 1] : NULL;
		const struct variable *next = &v->items[i];

		if (!last || last->addr != next->addr) {
			v->items[kept++] = *next;
			continue;
		}
		if (!last->type)
			last->type = next->type;
		if (!last->name)
			last->name = next->name;
	}
	v->n = kept;
}

static void load(struct loader *l, struct image *image, uint32_t file, int fd, bool first)
{
	l->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!l->elf)
		return;
	if (elf_kind(l->elf) == ELF_K_ELF && load_bias(image, file, l)) {
		read_sections(l);
		if (first) {
			l->out->bias = l->bias;
			read_debug(l, fd);
		}
	}
	elf_end(l->elf);
}

/* Open what is mapped as FILE, if it is still that; -1 if not. */
static int open_library(struct image *image, uint32_t file)
{
	uint8_t theirs[IMAGE_PAGE];

	for (uint32_t i = 0; i < image->n_ranges && image->open_file; i++) {
		const struct image_range *range = &image->ranges[i];
		const uint8_t *ours;
		int fd;

		if (range->file != file || range->file_offset)
			continue;
		ours = image_at(image, range->lo, IMAGE_PAGE);
		fd = ours ? image->open_file(image, range) : -1;
		if (fd < 0 || (program_head(fd, theirs) && program_same(ours, theirs)))
			return fd;
		close(fd);
		return -1;
	}
	return -1;
}

static void load_file(struct loader *l, struct image *image, uint32_t file, bool first)
{
	int fd = file == image->exe ? image->exe_fd : open_library(image, file);

	if (fd < 0)
		return;
	load(l, image, file, fd, first);
	if (fd != image->exe_fd)
		close(fd);
}

struct variables *variables_load(struct image *image, const uint32_t *files, uint32_t n)
{
	struct loader l = { .out = calloc(1, sizeof *l.out), .text_capacity = 1 };

	if (!l.out || elf_version(EV_CURRENT) == EV_NONE || !(l.out->text = calloc(1, 1))) {
		variables_free(l.out);
		return NULL;
	}
	l.out->text_size = 1;
	for (uint32_t i = 0; i < n; i++)
		load_file(&l, image, files[i], i == 0);
	if (!l.out->n || l.failed) {
		variables_free(l.out);
		return NULL;
	}
	join(l.out);
	return l.out;
}

bool variables_check(struct variables *v)
{
	if (!v->text_size || v->text[0] || v->text[v->text_size - 1])
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		if (v->items[i].name >= v->text_size || v->items[i].type > v->types.n)
			return false;
	if (!debug_types_check(&v->types, v->text_size))
		return false;
	join(v);
	return true;
}

const struct variable *variables_find(const struct variables *v, uint64_t addr)
{
	uint32_t n = v ? sorted_to(v->items, v->n, sizeof *v->items, addr) : 0;
	const struct variable *found = n ? &v->items[n - 1] : NULL;

	return found && addr - found->addr < (found->size ? found->size : 8) ? found : NULL;
}

const struct variable *variables_from(const struct variables *v, uint64_t addr)
{
	uint32_t n = v && addr ? sorted_to(v->items, v->n, sizeof *v->items, addr - 1) : 0;

	return v && n < v->n ? &v->items[n] : NULL;
}

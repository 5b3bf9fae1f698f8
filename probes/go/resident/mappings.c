/* Memory that is neither the heap's nor claimed: data and bss, mapped files, and what others mapped. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/resident/private.h"
#include "probes/image/variables.h"
#include "probes/proc/mappings.h"

#define LARGE (1ull << 20) /* what is not smaller is named */
#define SMALL_FILES "files of less than 1 MB"
#define SMALL_MAPPINGS "mappings of less than 1 MB"
#define MOST_LARGE 64 /* of anonymous mappings that are named */
#define MOST_DETAILS 1000
#define MOST_NAME 256

static bool is_alone(const struct image_range *range)
{
	return range && range_is_private(range);
}

/* ---- data and bss of the program and its libraries ---- */

/* What the program headers of the file that is mapped from its start at RANGE leave to zeros. */
static void claim_bss(struct residence *r, const struct image_range *range)
{
	struct image *image = r->heap->image;
	uint64_t page = IMAGE_PAGE - 1, first = UINT64_MAX;
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (!image_read(image, range->lo, &head, sizeof head) || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof part)
		return;
	for (uint32_t i = 0; i < head.e_phnum; i++) {
		uint64_t lo, hi;

		if (!image_read(image, range->lo + head.e_phoff + i * sizeof part, &part, sizeof part))
			return;
		if (part.p_type != PT_LOAD)
			continue;
		if (first == UINT64_MAX)
			first = part.p_vaddr & ~page;
		lo = range->lo - first + part.p_vaddr + part.p_filesz;
		hi = range->lo - first + part.p_vaddr + part.p_memsz;
		if (part.p_flags & PF_W && lo < hi)
			residence_claim(r, (lo + page) & ~page, (hi + page) & ~page, PART_GLOBALS, "bss");
	}
}

void residence_modules(struct residence *r)
{
	const struct image *image = r->heap->image;

	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (image->ranges[i].file != NO_FILE && !image->ranges[i].file_offset)
			claim_bss(r, &image->ranges[i]);
}

/* ---- names ---- */

static const char *keep_name(struct residence *r, struct text *name)
{
	const char *copy = name_pool_copy(&r->heap->names, text_string(name));

	text_free(name);
	return copy;
}

/* NAME, sanitised. */
static const char *named(struct residence *r, const char *name, const char *beside)
{
	struct text text = { 0 };

	text_escape(&text, name, strlen(name), MOST_NAME);
	text_puts(&text, beside);
	return keep_name(r, &text);
}

/* The first variable of the Go program that points into [LO, HI), NULL if none does. */
static const struct variable *owner(const struct residence *r, uint64_t lo, uint64_t hi)
{
	const struct go *go = &r->heap->go;

	for (uint32_t i = 0; i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];
		const uint8_t *bytes;
		uint64_t n = image_run(go->image, m->noptrdata, m->enoptrbss - m->noptrdata, &bytes);

		for (uint64_t k = 0; k + 8 <= n; k += 8) {
			uint64_t word = image_word(bytes + k);
			const struct variable *v;

			if (word < lo || word >= hi)
				continue;
			v = variables_find(go->image->variables, m->noptrdata + k);
			if (v && v->name)
				return v;
		}
	}
	return NULL;
}

static const char *anonymous(struct residence *r, uint64_t lo, uint64_t hi)
{
	struct text text = { 0 };
	const struct variable *v = r->heap->image->variables ? owner(r, lo, hi) : NULL;

	text_printf(&text, "anonymous mapping at 0x%" PRIx64, lo);
	if (v) {
		const char *name = r->heap->image->variables->text + v->name;

		text_puts(&text, ", pointed at by ");
		text_escape(&text, name, strlen(name), MOST_NAME);
	}
	return keep_name(r, &text);
}

/* ---- sums ---- */

/* Anonymous memory of the process alone, claimed or not. */
static void sum_piece(struct residence *r, const struct claim *piece, void *n_large)
{
	const struct usage *usage = usages_find(&r->heap->image->usages, piece->lo);
	const char *name = usage ? usage_name(&r->heap->image->usages, usage) : "";
	uint64_t bytes = piece->part == PART_HEAP ? 0 : image_resident(r->heap->image, piece->lo, piece->hi);
	unsigned *large = n_large;

	if (!bytes)
		return;
	if (piece->part != N_PARTS)
		residence_add(r, piece->part, piece->detail, bytes, 1);
	else if (bytes < LARGE || ++*large > MOST_LARGE)
		residence_add(r, PART_OTHER, SMALL_MAPPINGS, bytes, 1);
	else
		residence_add(r, PART_OTHER, *name ? named(r, name, "") : anonymous(r, piece->lo, piece->hi),
			      bytes, 1);
}

/* What a mapping of a file takes: pages that were written to are the process's own by now. */
static void add_file(struct residence *r, const char *path, uint64_t bytes, uint64_t written)
{
	if (written > bytes)
		written = bytes;
	if (bytes < LARGE || r->n_details > MOST_DETAILS) {
		residence_add(r, PART_FILES, SMALL_FILES, bytes, 1);
		return;
	}
	residence_add(r, PART_FILES, named(r, path, ""), bytes - written, 1);
	if (written)
		residence_add(r, PART_FILES, named(r, path, ", written to"), written, 1);
}

/* Files that the process maps for itself and may write to. */
static void sum_private_files(struct residence *r)
{
	struct image *image = r->heap->image;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];
		const struct usage *usage = usages_find(&image->usages, range->lo);
		uint64_t bytes = image_resident(image, range->lo, range->hi);

		if (range->file == NO_FILE || !is_alone(range) || !bytes || (usage && usage->huge))
			continue;
		if (range->flags & RANGE_MODULE)
			residence_add(r, PART_GLOBALS, "data", bytes, 1);
		else
			add_file(r, image->files[range->file], bytes, usage ? usage->written : 0);
	}
}

/* Is this memory that processes share, rather than a file? */
static bool is_shared_memory(const char *name)
{
	static const char *const beginnings[] = { "/memfd:", "/dev/zero", "/SYSV", "/dev/shm/", "/anon_hugepage" };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

/* A mapping whose pages are not looked at one by one: of a file to read, shared, or not to be read. */
static void add_mapping(struct residence *r, const struct usage *usage)
{
	const char *name = usage_name(&r->heap->image->usages, usage);

	if (*name == '[' || (*name == '/' && !is_shared_memory(name)))
		add_file(r, name, usage->rss, usage->flags & RANGE_SHARED ? 0 : usage->written);
	else if (usage->rss < LARGE || r->n_details > MOST_DETAILS)
		residence_add(r, PART_OTHER, SMALL_MAPPINGS, usage->rss, 1);
	else
		residence_add(r, PART_OTHER, *name ? named(r, name, "")
						   : anonymous(r, usage->lo, usage->hi), usage->rss, 1);
}

/* Does memory of the process alone, which is summed by its pages, lie in USAGE's mapping? */
static bool has_pages(const struct image *image, const struct usage *usage)
{
	for (uint64_t at = usage->lo; at < usage->hi;) {
		const struct image_range *range = image_range(image, at);

		if (is_alone(range))
			return true;
		if (!range)
			return false;
		at = range->hi;
	}
	return false;
}

static void sum_others(struct residence *r)
{
	const struct usages *usages = &r->heap->image->usages;
	uint64_t swapped = 0, huge = 0;

	for (uint32_t i = 0; i < usages->n; i++) {
		const struct usage *usage = &usages->items[i];

		swapped += usage->swapped;
		huge += usage->huge;
		if (usage->rss && !has_pages(r->heap->image, usage))
			add_mapping(r, usage);
	}
	if (swapped)
		residence_add(r, PART_OTHER, "swapped out, of all parts", swapped, 0);
	if (huge)
		residence_add(r, PART_OTHER, "huge pages set aside", huge, 0);
}

/* Without word from the kernel on mappings: what is missing of the resident set is in files. */
static void sum_unknown(struct residence *r)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < N_PARTS; i++)
		sum += r->parts[i];
	if (r->heap->image->rss > sum)
		residence_add(r, PART_FILES, "all, by what is left", r->heap->image->rss - sum, 1);
}

void residence_mappings(struct residence *r)
{
	unsigned n_large = 0;

	residence_walk(r, sum_piece, &n_large);
	sum_private_files(r);
	if (r->heap->image->usages.n)
		sum_others(r);
	else
		sum_unknown(r);
}

#include "probes/image/elfcore.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "probes/image/file.h"

#define MAX_SEGMENTS (1u << 22)
#define MAX_NOTES (1u << 20)
#define MAX_THREADS (1u << 17)
#define MAX_FILE_NOTE (64u << 20)
#define ADDRESS_END (1ull << 56)
#define MOST_SEGMENT (1ull << 40) /* more is no memory but a reservation: a sanitizer's shadow */
#define ALIKE 64                  /* so many names back a file's name is looked for */
#define IN_PAGE (IMAGE_PAGE - 1ull)

void elfcore_free(struct elfcore *core)
{
	for (uint32_t i = 0; i < core->n_files; i++)
		free(core->files[i]);
	free(core->files);
	free(core->segments);
	free(core->mappings);
	free(core->threads);
	*core = (struct elfcore){0};
}

bool elfcore_bytes(const struct elfcore *core, uint64_t at, void *out, uint64_t n)
{
	return at <= core->size && n <= core->size - at &&
	       file_read(core->fd, at, out, n) == (int64_t)n;
}

static bool cut(const struct elfcore *core, const char *what, struct error *err)
{
	return fail(err, STATUS_BAD_FILE, "a core file that was cut: it ends at byte %" PRIu64
		    ", before its %s", core->size, what);
}

/* ---- the header ---- */

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_X86_64: return "amd64";
	case EM_AARCH64: return "arm64";
	case EM_386: return "386";
	case EM_ARM: return "arm";
	case EM_RISCV: return "riscv64";
	case EM_PPC64: return "ppc64";
	case EM_S390: return "s390x";
	default: return "another machine";
	}
}

static bool check_header(const Elf64_Ehdr *h, struct error *err)
{
	if (h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_type != ET_CORE)
		return fail(err, STATUS_BAD_FILE,
			    "a program and no snapshot: goretain reads it as a process, by its PID");
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		return fail(err, STATUS_UNSUPPORTED, "a core file of a 32-bit program, and goretain "
			    "reads those of %s", arch_name);
	if (h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != arch_elf_machine)
		return fail(err, STATUS_UNSUPPORTED, "a core file of a program for %s, and goretain "
			    "reads those of %s", machine_name(h->e_machine), arch_name);
	if (h->e_phentsize != sizeof(Elf64_Phdr))
		return fail(err, STATUS_BAD_FILE, "a core file whose header makes no sense");
	return true;
}

/* How many program headers there are; with more than 65,534 the number stands in the first section
 * header (elf(5), PN_XNUM). */
static bool count_headers(const struct elfcore *core, const Elf64_Ehdr *h, uint32_t *n,
			  struct error *err)
{
	Elf64_Shdr first;

	*n = h->e_phnum;
	if (h->e_phnum == PN_XNUM) {
		if (!elfcore_bytes(core, h->e_shoff, &first, sizeof first))
			return cut(core, "section header", err);
		*n = first.sh_info;
	}
	return *n <= MAX_SEGMENTS || fail(err, STATUS_BAD_FILE, "a core file of %u segments, which "
					  "is more than a process can have", *n);
}

/* ---- segments ---- */

static void promise(struct elfcore *core, uint64_t end)
{
	if (end > core->promised)
		core->promised = end;
}

/* The piece of PH that is memory a process can use, in whole pages. False if there is none. */
static bool cut_segment(const struct elfcore *core, const Elf64_Phdr *ph, struct core_segment *out)
{
	uint64_t lo = (ph->p_vaddr + IN_PAGE) & ~IN_PAGE, skip = lo - ph->p_vaddr;
	uint64_t hi = (ph->p_vaddr + ph->p_memsz) & ~IN_PAGE;

	if (!(ph->p_flags & PF_R) || ph->p_vaddr >= ADDRESS_END || ph->p_memsz > MOST_SEGMENT ||
	    hi > ADDRESS_END || lo >= hi)
		return false;
	*out = (struct core_segment){
		.lo = lo, .hi = hi,
		.flags = RANGE_READ | (ph->p_flags & PF_W ? RANGE_WRITE : 0) |
			 (ph->p_flags & PF_X ? RANGE_EXEC : 0),
	};
	if (ph->p_filesz <= skip || ph->p_offset > INT64_MAX - ph->p_filesz)
		return true;
	out->at = ph->p_offset + skip;
	out->promised = ph->p_filesz - skip;
	if (out->promised > hi - lo)
		out->promised = hi - lo;
	if (out->at < core->size)
		out->there = core->size - out->at < out->promised ? core->size - out->at
								  : out->promised;
	return true;
}

/* N more bytes of the file are for what *TAKEN are for already. They are different ones, or else a small
 * file makes a large process. */
static bool take_bytes(const struct elfcore *core, uint64_t n, uint64_t *taken, struct error *err)
{
	if (n > core->size - *taken)
		return fail(err, STATUS_BAD_FILE, "a core file whose segments share bytes of it: they have "
			    "more than the %" PRIu64 " bytes that it is long", core->size);
	*taken += n;
	return true;
}

static bool add_segment(struct elfcore *core, const Elf64_Phdr *ph, uint64_t *taken, struct error *err)
{
	struct core_segment segment, *item;

	if (ph->p_filesz && ph->p_offset <= INT64_MAX - ph->p_filesz)
		promise(core, ph->p_offset + ph->p_filesz);
	if (!cut_segment(core, ph, &segment))
		return true;
	if (!take_bytes(core, segment.there, taken, err))
		return false;
	item = GROW(core->segments, core->n_segments, core->segment_capacity);
	if (!item)
		return fail_memory(err, "the list of segments");
	*item = segment;
	core->n_segments++;
	return true;
}

static int by_segment(const void *a, const void *b)
{
	const struct core_segment *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static bool order_segments(struct elfcore *core, struct error *err)
{
	if (core->n_segments)
		qsort(core->segments, core->n_segments, sizeof *core->segments, by_segment);
	for (uint32_t i = 1; i < core->n_segments; i++)
		if (core->segments[i].lo < core->segments[i - 1].hi)
			return fail(err, STATUS_BAD_FILE, "a core file whose segments overlap at "
				    "%#" PRIx64, core->segments[i].lo);
	return true;
}

/* ---- notes ---- */

struct note { uint32_t type; uint64_t at, size; };

static bool take_thread(struct elfcore *core, const struct note *note, struct error *err)
{
	struct elf_prstatus status;
	struct image_thread *thread;

	if (note->size != sizeof status || core->n_threads >= MAX_THREADS ||
	    !elfcore_bytes(core, note->at, &status, sizeof status))
		return true;
	thread = GROW(core->threads, core->n_threads, core->thread_capacity);
	if (!thread)
		return fail_memory(err, "the list of threads");
	*thread = (struct image_thread){.tid = status.pr_pid};
	thread->held = arch_decode_registers(&status.pr_reg, sizeof status.pr_reg,
					     &thread->registers);
	core->n_threads++;
	return true;
}

static void take_process(struct elfcore *core, const struct note *note)
{
	struct elf_prpsinfo info;

	if (note->size != sizeof info || !elfcore_bytes(core, note->at, &info, sizeof info))
		return;
	core->pid = info.pr_pid > 0 ? (uint64_t)info.pr_pid : 0;
	memcpy(core->process, info.pr_fname, sizeof info.pr_fname);
}

static void take_vector(struct elfcore *core, const struct note *note)
{
	Elf64_auxv_t pairs[64];
	uint64_t n = note->size / sizeof *pairs;

	if (n > ARRAY_SIZE(pairs))
		n = ARRAY_SIZE(pairs);
	if (!elfcore_bytes(core, note->at, pairs, n * sizeof *pairs))
		return;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t value = pairs[i].a_un.a_val;

		switch (pairs[i].a_type) {
		case AT_PHDR: core->headers = value; break;
		case AT_ENTRY: core->entry = value; break;
		case AT_EXECFN: core->name = value; break;
		case AT_SYSINFO_EHDR: core->vdso = value; break;
		}
	}
}

bool elfcore_file(struct elfcore *core, const char *name, uint32_t *out, struct error *err)
{
	char **item;

	for (uint32_t back = 1; back <= ALIKE && back <= core->n_files; back++)
		if (strcmp(core->files[core->n_files - back], name) == 0) {
			*out = core->n_files - back;
			return true;
		}
	item = GROW(core->files, core->n_files, core->file_capacity);
	if (!item || !(*item = strdup(name)))
		return fail_memory(err, "the list of mapped files");
	*out = core->n_files++;
	return true;
}

static int by_mapping(const void *a, const void *b)
{
	const struct core_mapping *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

bool elfcore_add_mapping(struct elfcore *core, const struct core_mapping *mapping, struct error *err)
{
	struct core_mapping *item = GROW(core->mappings, core->n_mappings, core->mapping_capacity);

	if (!item)
		return fail_memory(err, "the list of mapped files");
	*item = *mapping;
	core->n_mappings++;
	return true;
}

/* In order; what makes no sense or overlaps goes. */
void elfcore_order_mappings(struct elfcore *core)
{
	uint32_t kept = 0;

	if (core->n_mappings)
		qsort(core->mappings, core->n_mappings, sizeof *core->mappings, by_mapping);
	for (uint32_t i = 0; i < core->n_mappings; i++) {
		const struct core_mapping m = core->mappings[i];

		if (m.hi > m.lo && m.hi <= ADDRESS_END && m.hi - m.lo <= MOST_SEGMENT &&
		    !((m.lo | m.hi | m.file_offset) & IN_PAGE) &&
		    (!kept || m.lo >= core->mappings[kept - 1].hi))
			core->mappings[kept++] = m;
	}
	core->n_mappings = kept;
}

/* NT_FILE: how many and the unit of offsets; for each start, end, offset; then the names, each ended by
 * a NUL. BYTES has one more at the end, which is 0. */
static bool take_mappings(struct elfcore *core, const uint8_t *bytes, uint64_t size,
			  struct error *err)
{
	uint64_t n = size >= 16 ? image_word(bytes) : 0, unit = n ? image_word(bytes + 8) : 0;
	const char *name, *end = (const char *)bytes + size;

	if (!n || n > (size - 16) / 24)
		return true;
	name = (const char *)bytes + 16 + 24 * n;
	for (uint64_t i = 0; i < n && name < end; i++, name += strlen(name) + 1) {
		const uint8_t *at = bytes + 16 + 24 * i;
		struct core_mapping m = {image_word(at), image_word(at + 8),
					 image_word(at + 16) * unit, 0, RANGE_READ};

		if (!elfcore_file(core, name, &m.file, err) || !elfcore_add_mapping(core, &m, err))
			return false;
	}
	elfcore_order_mappings(core);
	return true;
}

static bool read_mappings(struct elfcore *core, const struct note *note, struct error *err)
{
	autofree uint8_t *bytes = NULL;

	/* Once: there may be as many notes as anybody likes. */
	if (core->mappings_read || note->size > MAX_FILE_NOTE)
		return true;
	core->mappings_read = true;
	bytes = calloc(note->size + 1, 1);
	if (!bytes)
		return fail_memory(err, "the list of mapped files");
	return !elfcore_bytes(core, note->at, bytes, note->size) ||
	       take_mappings(core, bytes, note->size, err);
}

static bool take_note(struct elfcore *core, const struct note *note, struct error *err)
{
	switch (note->type) {
	case NT_PRSTATUS: return take_thread(core, note, err);
	case NT_FILE: return read_mappings(core, note, err);
	case NT_PRPSINFO: take_process(core, note); return true;
	case NT_AUXV: take_vector(core, note); return true;
	default: return true;
	}
}

static uint64_t padded(uint64_t n)
{
	return (n + 3) & ~3ull;
}

static bool read_notes(struct elfcore *core, const Elf64_Phdr *ph, uint32_t *budget,
		       struct error *err)
{
	uint64_t at = ph->p_offset, end = at + ph->p_filesz;

	if (end < at || end > core->size)
		return cut(core, "list of threads", err);
	while (end - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		struct note note;
		char name[5] = "";

		if (!(*budget)--)
			return fail(err, STATUS_BAD_FILE, "a core file of more notes than a process "
				    "has use for");
		if (!elfcore_bytes(core, at, &head, sizeof head))
			return cut(core, "list of threads", err);
		note = (struct note){head.n_type, at + sizeof head + padded(head.n_namesz),
				     head.n_descsz};
		if (note.at > end || note.size > end - note.at)
			return true; /* it makes no sense: neither does what follows */
		if (head.n_namesz == sizeof name)
			elfcore_bytes(core, at + sizeof head, name, sizeof name);
		if (memcmp(name, "CORE", sizeof name) == 0 && !take_note(core, &note, err))
			return false;
		at = note.at + padded(note.size);
		if (at > end)
			break;
	}
	return true;
}

/* ---- all of it ---- */

static bool read_headers(struct elfcore *core, const Elf64_Ehdr *h, struct error *err)
{
	uint32_t n, notes = MAX_NOTES;
	autofree Elf64_Phdr *headers = NULL;
	uint64_t in_notes = 0, in_segments = 0;
	bool ok = true;

	if (!count_headers(core, h, &n, err))
		return false;
	if (h->e_phoff > core->size || n * sizeof *headers > core->size - h->e_phoff)
		return cut(core, "list of segments", err);
	headers = calloc(n + 1ull, sizeof *headers);
	if (!headers)
		return fail_memory(err, "the list of segments");
	if (!elfcore_bytes(core, h->e_phoff, headers, n * sizeof *headers))
		return cut(core, "list of segments", err);
	for (uint32_t i = 0; ok && i < n; i++) {
		if (headers[i].p_type == PT_LOAD)
			ok = add_segment(core, &headers[i], &in_segments, err);
		else if (headers[i].p_type == PT_NOTE)
			ok = read_notes(core, &headers[i], &notes, err) &&
			     take_bytes(core, headers[i].p_filesz, &in_notes, err);
	}
	return ok && order_segments(core, err);
}

bool elfcore_read(int fd, struct elfcore *out, struct error *err)
{
	struct stat st;
	Elf64_Ehdr header;

	*out = (struct elfcore){.fd = fd};
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(err, STATUS_BAD_FILE, "not a core file: not a regular file");
	out->size = (uint64_t)st.st_size;
	if (!elfcore_bytes(out, 0, &header, sizeof header))
		return cut(out, "header", err);
	if (!check_header(&header, err) || !read_headers(out, &header, err))
		return false;
	if (!out->n_segments)
		return fail(err, STATUS_BAD_FILE, "a core file without any memory in it");
	return true;
}

/* For bsearch. Segments and mappings both begin with the addresses that they are between. */
static int compare_spans(const void *key, const void *item)
{
	uint64_t addr = *(const uint64_t *)key;
	const uint64_t *span = item;

	return addr < span[0] ? -1 : addr >= span[1];
}

const struct core_segment *elfcore_segment(const struct elfcore *core, uint64_t addr)
{
	return !core->n_segments ? NULL : bsearch(&addr, core->segments, core->n_segments,
						  sizeof *core->segments, compare_spans);
}

const struct core_mapping *elfcore_mapping(const struct elfcore *core, uint64_t addr)
{
	return !core->n_mappings ? NULL : bsearch(&addr, core->mappings, core->n_mappings,
						  sizeof *core->mappings, compare_spans);
}

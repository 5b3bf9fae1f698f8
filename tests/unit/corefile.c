#include "corefile.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

static void write_note(FILE *out, uint32_t type, const void *bytes, size_t n)
{
	const Elf64_Nhdr head = {5, (uint32_t)n, type};

	fwrite(&head, sizeof head, 1, out);
	fwrite("CORE\0\0\0", 8, 1, out);
	fwrite(bytes, n, 1, out);
	fwrite("\0\0\0", (4 - n % 4) % 4, 1, out);
}

static void write_files(FILE *out, const struct image *image)
{
	uint64_t head[2] = {0, IMAGE_PAGE};
	char *bytes = NULL;
	size_t n;
	FILE *note = open_memstream(&bytes, &n);

	for (uint32_t i = 0; i < image->n_ranges; i++)
		head[0] += image->ranges[i].file != NO_FILE;
	fwrite(head, sizeof head, 1, note);
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		uint64_t entry[3] = {r->lo, r->hi, r->file_offset / IMAGE_PAGE};

		if (r->file != NO_FILE)
			fwrite(entry, sizeof entry, 1, note);
	}
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (image->ranges[i].file != NO_FILE)
			fprintf(note, "%s%c", image->files[image->ranges[i].file], 0);
	fclose(note);
	write_note(out, NT_FILE, bytes, n);
	free(bytes);
}

static void write_threads(FILE *out, const struct image *image)
{
	for (uint32_t i = 0; i < image->n_threads; i++) {
		const struct arch_registers *r = &image->threads[i].registers;
		struct elf_prstatus status = {.pr_pid = image->threads[i].tid};
		struct user_regs_struct set = {.rip = r->pc, .rsp = r->sp, .fs_base = r->tls,
					       .r14 = r->g, .rax = r->general[0]};

		memcpy(&status.pr_reg, &set, sizeof set);
		write_note(out, NT_PRSTATUS, &status, sizeof status);
	}
}

/* Where the program headers of the program lie in memory. */
static uint64_t program_headers(const struct image *image)
{
	for (uint32_t i = 0; i < image->n_ranges; i++)
		if (image->ranges[i].file == image->exe && image->exe != NO_FILE)
			return image->ranges[i].lo + sizeof(Elf64_Ehdr);
	return 0;
}

static void write_notes(FILE *out, const struct image *image)
{
	struct elf_prpsinfo info = {.pr_pid = (pid_t)image->pid};
	Elf64_auxv_t vector[2] = {{AT_PHDR, {program_headers(image)}}, {AT_NULL, {0}}};

	snprintf(info.pr_fname, sizeof info.pr_fname, "%s", image->process);
	write_threads(out, image);
	write_note(out, NT_PRPSINFO, &info, sizeof info);
	write_note(out, NT_AUXV, vector, sizeof vector);
	write_files(out, image);
}

/* Bytes of a range that the core file gets. */
static uint64_t kept(struct image *image, const struct image_range *r, bool whole)
{
	const uint8_t *bytes;
	uint64_t n = image_run(image, r->lo, r->hi - r->lo, &bytes);

	if (whole || r->file == NO_FILE || r->flags & RANGE_WRITE)
		return n;
	return r->file_offset || n < IMAGE_PAGE ? 0 : IMAGE_PAGE;
}

static void write_headers(FILE *out, struct image *image, bool whole, size_t notes, size_t n_notes)
{
	uint64_t at = (notes + n_notes + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1ull);
	const Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = notes, .p_filesz = n_notes};
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE, .e_machine = arch_elf_machine, .e_phoff = sizeof head,
		.e_ehsize = sizeof head, .e_phentsize = sizeof note,
		.e_phnum = (uint16_t)(image->n_ranges + 1),
	};

	fwrite(&head, sizeof head, 1, out);
	fwrite(&note, sizeof note, 1, out);
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		const Elf64_Phdr load = {
			.p_type = PT_LOAD, .p_offset = at, .p_vaddr = r->lo, .p_memsz = r->hi - r->lo,
			.p_filesz = kept(image, r, whole),
			.p_flags = (r->flags & RANGE_READ ? PF_R : 0u) |
				   (r->flags & RANGE_WRITE ? PF_W : 0u) |
				   (r->flags & RANGE_EXEC ? PF_X : 0u),
		};

		fwrite(&load, sizeof load, 1, out);
		at += load.p_filesz;
	}
}

static void write_memory(FILE *out, struct image *image, bool whole)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const uint8_t *bytes;
		const struct image_range *r = &image->ranges[i];
		uint64_t n = kept(image, r, whole);

		image_run(image, r->lo, r->hi - r->lo, &bytes);
		if (n)
			fwrite(bytes, n, 1, out);
	}
}

bool corefile_make(struct image *image, bool whole, struct corefile *out)
{
	char *notes = NULL;
	size_t n_notes;
	FILE *file = open_memstream(&notes, &n_notes);

	*out = (struct corefile){.notes = sizeof(Elf64_Ehdr) +
					  (image->n_ranges + 1ull) * sizeof(Elf64_Phdr)};
	if (!file)
		return false;
	write_notes(file, image);
	fclose(file);
	out->memory = (out->notes + n_notes + IMAGE_PAGE - 1) & ~(IMAGE_PAGE - 1ull);
	file = open_memstream((char **)&out->bytes, &out->size);
	if (file) {
		write_headers(file, image, whole, out->notes, n_notes);
		fwrite(notes, n_notes, 1, file);
		for (size_t i = out->notes + n_notes; i < out->memory; i++)
			fputc(0, file);
		write_memory(file, image, whole);
		fclose(file);
	}
	free(notes);
	return file;
}

int corefile_open(const void *bytes, size_t n)
{
	int fd = memfd_create("core", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	return fd;
}

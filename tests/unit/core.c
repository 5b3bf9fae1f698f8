/* Core files made by hand: what is read of them, where each byte comes from, and what is refused. */
#include "corefile.h"
#include "graph/base/cleanup.h"
#include "probes/image/core.h"
#include "probes/image/elfcore.h"
#include "probes/image/program.h"
#include "probes/image/unpack.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

/* A program of four pages: header, code, constants, variables; and eight of its own. */
#define AT(page) (0x400000ull + (page) * IMAGE_PAGE)
#define OWN 0xc000000000ull
#define FILE_PAGES 4
#define OWN_PAGES 8
#define PAGES (FILE_PAGES + OWN_PAGES)

static uint8_t memory[PAGES * IMAGE_PAGE], state[PAGES];
static uint8_t program[FILE_PAGES * IMAGE_PAGE]; /* the file, as it was before the program ran */
static struct image_range ranges[4];
static struct image_thread threads[2];
static char path[] = "/opt/program", process[] = "program";
static char *files[] = {path};
static struct image image;
static int opened; /* files by name */

static void make_program(uint8_t id)
{
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC, .e_machine = arch_elf_machine, .e_phoff = sizeof head,
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 4,
	};
	const Elf64_Phdr headers[4] = {
		{.p_type = PT_LOAD, .p_vaddr = AT(0), .p_filesz = 2 * IMAGE_PAGE, .p_flags = PF_R | PF_X},
		{.p_type = PT_LOAD, .p_vaddr = AT(2), .p_offset = 2 * IMAGE_PAGE,
		 .p_filesz = IMAGE_PAGE, .p_flags = PF_R},
		{.p_type = PT_LOAD, .p_vaddr = AT(3), .p_offset = 3 * IMAGE_PAGE,
		 .p_filesz = IMAGE_PAGE, .p_flags = PF_R | PF_W},
		{.p_type = PT_NOTE, .p_offset = 512, .p_filesz = 24},
	};
	const Elf64_Nhdr note = {4, 8, NT_GNU_BUILD_ID};

	for (size_t i = 0; i < sizeof program; i++)
		program[i] = (uint8_t)(0x10 + i / IMAGE_PAGE);
	memset(program, 0, IMAGE_PAGE);
	memcpy(program, &head, sizeof head);
	memcpy(program + sizeof head, headers, sizeof headers);
	memcpy(program + 512, &note, sizeof note);
	memcpy(program + 512 + sizeof note, "GNU", 4);
	memset(program + 528, id, 8);
}

static void set_up(void)
{
	make_program(0x05);
	memcpy(memory, program, sizeof program);
	for (size_t i = 3 * IMAGE_PAGE; i < sizeof memory; i++)
		memory[i] = (uint8_t)(0x80 + i / IMAGE_PAGE);
	memset(memory + 6 * IMAGE_PAGE, 0, IMAGE_PAGE); /* of its own, and zeros */
	memset(state, PAGE_STOP, sizeof state);
	ranges[0] = (struct image_range){AT(0), AT(2), 0, 0, 0, RANGE_READ | RANGE_EXEC};
	ranges[1] = (struct image_range){AT(2), AT(3), 2 * IMAGE_PAGE, 2 * IMAGE_PAGE, 0, RANGE_READ};
	ranges[2] = (struct image_range){AT(3), AT(4), 3 * IMAGE_PAGE, 3 * IMAGE_PAGE, 0,
					 RANGE_READ | RANGE_WRITE};
	ranges[3] = (struct image_range){OWN, OWN + OWN_PAGES * IMAGE_PAGE, 4 * IMAGE_PAGE, 0, NO_FILE,
					 RANGE_READ | RANGE_WRITE};
	threads[0] = (struct image_thread){77, true, {.pc = AT(1), .sp = OWN + 64, .tls = 5, .g = 6}};
	threads[1] = (struct image_thread){78, true, {.pc = AT(1) + 9, .sp = OWN + 128}};
	image = (struct image){.ranges = ranges, .n_ranges = ARRAY_SIZE(ranges), .memory = memory,
			       .state = state, .memory_size = sizeof memory, .files = files,
			       .n_files = 1, .exe = 0, .exe_fd = -1, .threads = threads,
			       .n_threads = 2, .process = process, .pid = 77};
	pthread_mutex_init(&image.fetch_lock, NULL);
	opened = 0;
}

static int open_program(void *arg, const char *name, struct error *err)
{
	opened++;
	assert_string_equal(name, path);
	if (arg)
		return corefile_open(program, sizeof program);
	return -1;
}

static const struct core_opener there = {.open = open_program, .arg = program}, nowhere = {.open = open_program};
static struct core_lack lack;

static struct image *read_bytes(const uint8_t *bytes, size_t n, int exe,
				const struct core_opener *opener, struct error *err)
{
	autoclose int fd = corefile_open(bytes, n);

	*err = (struct error){0};
	lack = (struct core_lack){0};
	return core_read(fd, exe, opener, &lack, NULL, err);
}

static void refuse(const uint8_t *bytes, size_t n, enum status status, const char *words)
{
	struct error err;

	assert_null(read_bytes(bytes, n, -1, &there, &err));
	assert_int_equal(err.code, status);
	assert_non_null(strstr(err.message, words));
}

/* ---- what is read ---- */

static void test_whole(void **unused)
{
	struct corefile core;
	struct image *of;
	struct error err;

	set_up();
	assert_true(corefile_make(&image, true, &core));
	of = read_bytes(core.bytes, core.size, -1, &nowhere, &err);
	assert_non_null(of);
	assert_memory_equal(image_at(of, AT(0), 4 * IMAGE_PAGE), memory, 4 * IMAGE_PAGE);
	assert_memory_equal(image_at(of, OWN, OWN_PAGES * IMAGE_PAGE), memory + 4 * IMAGE_PAGE,
			    OWN_PAGES * IMAGE_PAGE);
	assert_int_equal(image_page_state(of, OWN), PAGE_STOP);
	assert_int_equal(image_page_state(of, OWN + 2 * IMAGE_PAGE), PAGE_ZERO);
	assert_int_equal(of->missing, 0);
	assert_int_equal(of->pid, 77);
	assert_string_equal(of->process, "program");
	assert_string_equal(of->exe_path, path);
	assert_int_equal(of->n_threads, 2);
	assert_int_equal(of->threads[0].tid, 77);
	assert_int_equal(of->threads[1].registers.sp, OWN + 128);
	assert_int_equal(of->ranges[1].file_offset, 2 * IMAGE_PAGE);
	core_settle(of);
	image_free(of);
	free(core.bytes);
}

/* The code comes from the file, the variables do not: those were written since. */
static void test_lean(void **unused)
{
	struct corefile core;
	struct image *of;
	struct error err;

	set_up();
	assert_true(corefile_make(&image, false, &core));
	of = read_bytes(core.bytes, core.size, -1, &there, &err);
	assert_non_null(of);
	assert_int_equal(image_u8(of, AT(1)), 0x11);
	assert_int_equal(image_page_state(of, AT(2)), PAGE_UNREAD);
	assert_int_equal(image_u8(of, AT(2)), 0x12);
	assert_int_equal(image_page_state(of, AT(2)), PAGE_FILE);
	assert_int_equal(image_u8(of, AT(3)), 0x83);
	image_free(of);

	of = read_bytes(core.bytes, core.size, -1, &nowhere, &err);
	assert_null(of);
	assert_non_null(strstr(err.message, "name it with --exe"));
	free(core.bytes);
}

/* Make segment number I of the core file one of nothing: as gdb does, it is not there. */
static void drop_segment(struct corefile *core, unsigned i)
{
	Elf64_Phdr *headers = (void *)(core->bytes + sizeof(Elf64_Ehdr));

	headers[1 + i].p_type = PT_NULL;
}

/* Where the core file has no segment, the program's file says what was there, and for what. */
static void test_without_code(void **unused)
{
	struct corefile core;
	struct image *of;
	struct error err;
	uint8_t *list;

	set_up();
	assert_true(corefile_make(&image, false, &core));
	drop_segment(&core, 0);
	drop_segment(&core, 1);
	of = read_bytes(core.bytes, core.size, -1, &there, &err);
	assert_non_null(of);
	assert_int_equal(image_range(of, AT(1))->flags, RANGE_READ | RANGE_EXEC);
	assert_int_equal(image_u8(of, AT(1)), 0x11);
	assert_int_equal(image_range(of, AT(2))->flags, RANGE_READ);
	assert_int_equal(image_u8(of, AT(3)), 0x83);
	image_free(of);

	/* Also where its list of mapped files has but the variables. */
	list = memmem(core.bytes, core.memory, &(uint64_t[]){3, IMAGE_PAGE, AT(0)}, 24);
	assert_non_null(list);
	memcpy(list, &(uint64_t[]){1, IMAGE_PAGE, AT(3), AT(4), 3}, 40);
	memcpy(list + 40, path, sizeof path);
	of = read_bytes(core.bytes, core.size, -1, &there, &err);
	assert_non_null(of);
	assert_int_equal(of->n_files, 1);
	assert_int_equal(image_range(of, AT(1))->flags, RANGE_READ | RANGE_EXEC);
	assert_int_equal(image_u8(of, AT(2)), 0x12);
	image_free(of);
	free(core.bytes);
}

static void test_another_program(void **unused)
{
	struct corefile core;
	struct error err;
	int exe;

	set_up();
	assert_true(corefile_make(&image, false, &core));
	make_program(0xa5);
	refuse(core.bytes, core.size, STATUS_BAD_FILE, "build id 0505050505050505) is not what "
	       "/opt/program is now (build id a5a5a5a5a5a5a5a5)");
	opened = 0;
	exe = corefile_open(program, sizeof program);
	assert_null(read_bytes(core.bytes, core.size, exe, &there, &err));
	assert_non_null(strstr(err.message, "--exe"));
	assert_int_equal(opened, 0);
	close(exe);
	exe = corefile_open("#!/bin/sh", 9);
	assert_null(read_bytes(core.bytes, core.size, exe, &there, &err));
	assert_non_null(strstr(err.message, "no program"));
	close(exe);
	free(core.bytes);
}

/* Own memory that was left out is counted; and then nothing says that variables are as in the file. */
static void test_missing(void **unused)
{
	struct corefile core;
	struct image *of;
	struct error err, why = {STATUS_UNSUPPORTED, "no heap"};
	Elf64_Phdr *headers;

	set_up();
	assert_true(corefile_make(&image, false, &core));
	headers = (void *)(core.bytes + sizeof(Elf64_Ehdr));
	headers[3].p_filesz = headers[4].p_filesz = 0;
	of = read_bytes(core.bytes, core.size, -1, &there, &err);
	assert_non_null(of);
	assert_null(image_at(of, AT(3), 1));
	assert_null(image_at(of, OWN, 1));
	assert_int_equal(of->missing, (1 + OWN_PAGES) * IMAGE_PAGE);
	err = (struct error){0};
	assert_false(core_complain(&lack, &why, &err));
	assert_int_equal(err.code, STATUS_BAD_FILE);
	assert_non_null(strstr(err.message, "leaves out 36.9 kB"));
	image_free(of);
	free(core.bytes);
}

static void test_cut_in_memory(void **unused)
{
	struct corefile core;
	struct image *of;
	struct error err, why = {STATUS_UNSUPPORTED, "no heap"};

	set_up();
	assert_true(corefile_make(&image, false, &core));
	of = read_bytes(core.bytes, core.size - 2 * IMAGE_PAGE - 100, -1, &there, &err);
	assert_non_null(of);
	assert_int_equal(of->missing, 3 * IMAGE_PAGE); /* half a page is none */
	assert_null(image_at(of, OWN + 5 * IMAGE_PAGE, 1));
	assert_non_null(image_at(of, OWN, 5 * IMAGE_PAGE));
	err = (struct error){0};
	assert_false(core_complain(&lack, &why, &err));
	assert_non_null(strstr(err.message, "was cut at byte"));
	image_free(of);
	free(core.bytes);
}

/* ---- what is refused ---- */

static void test_cut_early(void **unused)
{
	struct corefile core;

	set_up();
	assert_true(corefile_make(&image, true, &core));
	for (size_t n = 0; n < core.notes + 1000; n++)
		refuse(core.bytes, n, STATUS_BAD_FILE, "was cut");
	free(core.bytes);
}

static void test_machines(void **unused)
{
	struct corefile core;

	set_up();
	assert_true(corefile_make(&image, true, &core));
	core.bytes[EI_CLASS] = ELFCLASS32;
	refuse(core.bytes, core.size, STATUS_UNSUPPORTED, "32-bit");
	core.bytes[EI_CLASS] = ELFCLASS64;
	core.bytes[18] ^= 0xff;
	refuse(core.bytes, core.size, STATUS_UNSUPPORTED, "another machine");
	core.bytes[18] ^= 0xff;
	core.bytes[16] = ET_EXEC;
	refuse(core.bytes, core.size, STATUS_BAD_FILE, "a program and no snapshot");
	free(core.bytes);
}

static void test_overlap(void **unused)
{
	struct corefile core;
	Elf64_Phdr *headers;

	set_up();
	assert_true(corefile_make(&image, true, &core));
	headers = (void *)(core.bytes + sizeof(Elf64_Ehdr));
	headers[2].p_vaddr = AT(1);
	refuse(core.bytes, core.size, STATUS_BAD_FILE, "overlap at 0x401000");
	for (unsigned i = 1; i <= 4; i++)
		headers[i].p_flags = 0;
	refuse(core.bytes, core.size, STATUS_BAD_FILE, "without any memory");
	free(core.bytes);
}

/* Notes of absurd sizes, and none at all. */
static void test_notes(void **unused)
{
	struct corefile core;
	struct elfcore parts;
	struct error err = {0};
	int fd;

	set_up();
	assert_true(corefile_make(&image, true, &core));
	for (size_t at = core.notes; at + 4 <= core.notes + 2000; at += 4) {
		uint32_t kept;

		memcpy(&kept, core.bytes + at, 4);
		memset(core.bytes + at, 0xff, 4);
		fd = corefile_open(core.bytes, core.size);
		elfcore_read(fd, &parts, &err);
		assert_true(parts.n_threads <= 2 && parts.n_mappings <= 3 && parts.n_files <= 3);
		elfcore_free(&parts);
		close(fd);
		memcpy(core.bytes + at, &kept, 4);
	}
	free(core.bytes);
}

/* More than 65,534 segments: their number stands elsewhere. */
static void test_many_segments(void **unused)
{
	enum { N = 70000 };
	const Elf64_Shdr first = {.sh_info = N};
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE, .e_machine = arch_elf_machine, .e_shoff = sizeof head,
		.e_phoff = sizeof head + sizeof first, .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = PN_XNUM,
	};
	char *bytes = NULL;
	struct elfcore core;
	struct error err = {0};
	size_t n;
	FILE *out = open_memstream(&bytes, &n);
	int fd;

	fwrite(&head, sizeof head, 1, out);
	fwrite(&first, sizeof first, 1, out);
	for (uint64_t i = N; i-- > 0;) {
		const Elf64_Phdr load = {.p_type = PT_LOAD, .p_flags = PF_R, .p_memsz = IMAGE_PAGE,
					 .p_vaddr = AT(2 * i)};

		fwrite(&load, sizeof load, 1, out);
	}
	fclose(out);
	fd = corefile_open(bytes, n);
	assert_true(elfcore_read(fd, &core, &err));
	assert_int_equal(core.n_segments, N);
	assert_int_equal(elfcore_segment(&core, AT(2 * 69999) + 5)->lo, AT(2 * 69999));
	assert_null(elfcore_segment(&core, AT(1)));
	elfcore_free(&core);
	close(fd);
	free(bytes);
}

/* A file with little in it that claims much: terabytes of holes, and one large list of mapped files that
 * many notes name. Who takes it at its word is ended by the alarm. */
static void test_small_claims_much(void **unused)
{
	enum { LOADS = 62, NOTES = 2000, N = LOADS + NOTES };
	const uint64_t huge = 1ull << 40, list = 48ull << 20, at = 1ull << 20;
	const Elf64_Nhdr note = {5, (uint32_t)list, NT_FILE};
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE, .e_machine = arch_elf_machine, .e_phoff = sizeof head,
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = N,
	};
	autofree Elf64_Phdr *headers = calloc(N, sizeof *headers);
	autoclose int fd = corefile_open(&head, sizeof head);
	struct error err = {0};
	struct image *read;

	for (uint64_t i = 0; i < N; i++)
		headers[i] = i < LOADS
			? (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_memsz = huge,
				       .p_filesz = huge, .p_vaddr = huge * (i + 1),
				       .p_offset = huge * i}
			: (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = at,
				       .p_filesz = sizeof note + 8 + list};
	assert_true(pwrite(fd, headers, N * sizeof *headers, sizeof head) > 0 &&
		    pwrite(fd, &note, sizeof note, (off_t)at) > 0 &&
		    pwrite(fd, "CORE", 5, (off_t)(at + sizeof note)) > 0 &&
		    ftruncate(fd, (off_t)(huge * LOADS)) == 0);
	alarm(15);
	read = core_read(fd, -1, &nowhere, &lack, NULL, &err);
	alarm(0);
	assert_non_null(read);
	assert_int_equal(read->memory_size, LOADS * huge);
	image_free(read);
}

/* ---- compressed ---- */

static void test_unpack(void **unused)
{
	static uint8_t packed[1 << 16], again[3 << 20];
	autofree uint8_t *plain = calloc(1, 3 << 20);
	struct error err = {0};
	size_t n;
	int from, to = corefile_open("", 0);

	memset(plain + 100, 7, 1000);
	memset(plain + (2 << 20), 8, (1 << 20) - 5);
	n = ZSTD_compress(packed, sizeof packed, plain, (3 << 20) - 5, 3);
	assert_false(ZSTD_isError(n));
	from = corefile_open(packed, n);
	assert_int_equal(packing_of(from), PACKED_ZSTD);
	if (!unpack_zstd(from, to, NULL, &err)) fail_msg("%s", err.message);
	assert_int_equal(pread(to, again, sizeof again, 0), (3 << 20) - 5);
	assert_memory_equal(again, plain, (3 << 20) - 5);
	close(from);
	from = corefile_open(packed, n - 3);
	assert_false(unpack_zstd(from, to, NULL, &err));
	assert_int_equal(err.code, STATUS_BAD_FILE);
	assert_non_null(strstr(err.message, "was cut"));
	close(from);
	close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_lean),
		cmocka_unit_test(test_without_code),
		cmocka_unit_test(test_another_program), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_cut_in_memory), cmocka_unit_test(test_cut_early),
		cmocka_unit_test(test_machines), cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_notes), cmocka_unit_test(test_many_segments),
		cmocka_unit_test(test_small_claims_much), cmocka_unit_test(test_unpack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

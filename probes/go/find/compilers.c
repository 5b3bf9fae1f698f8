/* Go programs of other compilers, by the marks of these: their runtimes are others, of which nothing is
 * read. */
#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/find/find.h"

#define MOST_TEXT (1u << 30) /* bytes of names */

static bool has_text(const void *bytes, uint64_t n, const char *text, size_t length)
{
	return bytes && memmem(bytes, n, text, length);
}

/* gccgo's library (libgo.so.21), which its programs have unless they were linked with -static-libgo. */
static bool has_libgo(const struct image *image, const bool *loaded)
{
	for (uint32_t i = 0; i < image->n_files; i++)
		if (loaded[i] && !strncmp(text_base_name(image->files[i]), "libgo.so", 8))
			return true;
	return false;
}

/* What TinyGo's runtime says when it ends by a signal (its runtime_unix.go): no other Go says so. */
static bool speaks_as_tinygo(struct image *image, const bool *loaded)
{
	uint64_t left = FIND_MOST;
	static const char first[] = "panic: runtime error at ", second[] = ": caught signal ";

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *r = &image->ranges[i];
		const uint8_t *bytes;
		uint64_t n;

		if (!find_in_range(r) || r->flags & RANGE_WRITE || !loaded[r->file] ||
		    !find_affords(r, &left))
			continue;
		n = image_run(image, r->lo, r->hi - r->lo, &bytes);
		if (has_text(bytes, n, first, sizeof first - 1) &&
		    has_text(bytes, n, second, sizeof second - 1))
			return true;
	}
	return false;
}

/* Names of symbols that begin as TinyGo's own do, and the producer that its debug information names. */
static bool has_tinygo_names(Elf_Scn *section, const char *name)
{
	static const char symbol[] = "\0tinygo_", producer[] = "\0TinyGo";
	bool strings = !strcmp(name, ".strtab"), debug = !strcmp(name, ".debug_str");
	Elf_Data *data = strings || debug ? elf_getdata(section, NULL) : NULL;

	return data && data->d_size < MOST_TEXT &&
	       has_text(data->d_buf, data->d_size, strings ? symbol : producer,
			strings ? sizeof symbol - 1 : sizeof producer);
}

/* By the sections of the program's file. */
static const char *compiler_of_file(int fd)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const char *found = NULL;
	Elf_Scn *section = NULL;
	size_t names;

	while (elf && !found && !elf_getshdrstrndx(elf, &names) && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header)
				   ? elf_strptr(elf, names, header.sh_name) : NULL;

		/* What gccgo's packages export stands in each of its programs, stripped or not. */
		if (name && !strcmp(name, ".go_export"))
			found = "gccgo";
		else if (name && has_tinygo_names(section, name))
			found = "TinyGo";
	}
	elf_end(elf);
	return found;
}

const char *find_compiler(struct image *image, const bool *loaded)
{
	const char *found;

	if (has_libgo(image, loaded))
		return "gccgo";
	found = image->exe_fd >= 0 ? compiler_of_file(image->exe_fd) : NULL;
	return found ? found : speaks_as_tinygo(image, loaded) ? "TinyGo" : NULL;
}

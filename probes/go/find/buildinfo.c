/* The build information that the linker leaves in every Go program (debug/buildinfo): which Go, and
 * with which settings. Kept by -s -w; found by its magic, so section headers are not needed. */
#include <stdio.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "probes/go/find/find.h"
#include "probes/image/program.h"

#define HEADER 32
#define INLINE_STRINGS 2 /* flag: version and settings follow the header (1.18 on) */
#define MAX_OLD_VERSION 64

static const char magic[] = "\xff Go buildinf:";

/* An unsigned varint at P, before END. Returns the byte after it, NULL if it does not end. */
static const uint8_t *uvarint(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		*value |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			return p;
	}
	return NULL;
}

/* A string with its length before it. Returns the byte after it, NULL if it does not fit. */
static const uint8_t *inline_string(const uint8_t *p, const uint8_t *end, struct text *out)
{
	uint64_t length;

	p = uvarint(p, end, &length);
	if (!p || length > (uint64_t)(end - p))
		return NULL;
	text_append(out, (const char *)p, length);
	return p + length;
}

/* Before 1.18 the header has the addresses of the two strings; of such a program only the version is
 * told. */
static void read_old_version(struct image *image, const uint8_t *header, struct text *version)
{
	uint64_t string = image_word(header + 16), length = image_u64(image, string + 8);
	const char *bytes = length <= MAX_OLD_VERSION
			    ? image_at(image, image_u64(image, string), length) : NULL;

	if (bytes && length > 2 && !memcmp(bytes, "go", 2))
		text_append(version, bytes, length);
}

/* What the header HEADER, whose strings lie before END, says. False if that is no Go version: programs
 * that look for headers themselves have the magic too. */
static bool read_header(struct image *image, const uint8_t *header, const uint8_t *end,
			struct text *version, struct text *settings)
{
	const uint8_t *rest = NULL;

	text_clear(version);
	if (header[15] & INLINE_STRINGS)
		rest = inline_string(header + HEADER, end, version);
	else
		read_old_version(image, header, version);
	if (strncmp(text_string(version), "go", 2) && strncmp(text_string(version), "devel", 5))
		return false;
	if (rest)
		inline_string(rest, end, settings);
	return true;
}

/* Find a header in RANGE; fills VERSION and SETTINGS. */
static bool find_header(struct image *image, const struct image_range *range, struct text *version,
			struct text *settings)
{
	const uint8_t *bytes, *p;
	uint64_t n = image_run(image, range->lo, range->hi - range->lo, &bytes);

	for (p = bytes; n; p++) {
		p = memmem(p, n - (uint64_t)(p - bytes), magic, sizeof magic - 1);
		if (!p)
			return false;
		if ((uint64_t)(p - bytes) % 16 == 0 && n - (uint64_t)(p - bytes) > HEADER &&
		    read_header(image, p, bytes + n, version, settings))
			return true;
	}
	return false;
}

/* What a person wants to know of the build, from its settings. */
static void describe_build(struct go *go, const char *settings)
{
	bool pie = strstr(settings, "-buildmode=pie"), cgo = strstr(settings, "CGO_ENABLED=1");
	bool race = strstr(settings, "-race=true");

	snprintf(go->build, sizeof go->build, "%s%s%s", pie ? "PIE" : "",
		 cgo ? (pie ? ", cgo" : "cgo") : "", race ? ", race" : "");
}

/* Was it built for this machine, so far as its settings say? Also a program of 32 bits runs on one of 64. */
static bool is_ours(const char *settings, struct error *err)
{
	const char *machine = strstr(settings, "\tGOARCH=");
	int length;

	if (!machine)
		return true;
	machine += strlen("\tGOARCH=");
	length = (int)strspn(machine, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (!strncmp(machine, arch_name, strlen(arch_name)) && length == (int)strlen(arch_name))
		return true;
	return fail(err, STATUS_UNSUPPORTED, "the program was built for %.*s: this goretain reads "
		    "programs for %s", length > 16 ? 16 : length, machine, arch_name);
}

/* Was the program's file packed with UPX? Its loader's header with this magic follows the program
 * headers (UPX src/stub/src/include/linux.h, l_info). */
static bool is_packed(const struct image *image)
{
	uint8_t head[IMAGE_PAGE];

	if (image->exe_fd < 0 || !program_head(image->exe_fd, head) || !program_is(head))
		return false;
	for (uint32_t i = 64; i + 4 <= sizeof head; i += 4)
		if (!memcmp(head + i, "UPX!", 4))
			return true;
	return false;
}

/* Has a module of the runtime that is read its code in FILE? */
static bool is_of_modules(const struct go *go, uint32_t file)
{
	for (uint32_t i = 0; i < go->n_modules; i++) {
		const struct image_range *range = image_range(go->image, go->modules[i].text);

		if (range && range->file == file)
			return true;
	}
	return false;
}

/* Of each file whether it is loaded to be run, not only mapped to be read; to be freed. NULL when memory
 * runs out. */
static bool *loaded_files(const struct image *image)
{
	bool *loaded = calloc(image->n_files + 1, sizeof *loaded);

	for (uint32_t i = 0; loaded && i < image->n_ranges; i++)
		if (image->ranges[i].file != NO_FILE && (image->ranges[i].flags & RANGE_EXEC))
			loaded[image->ranges[i].file] = true;
	return loaded;
}

/* The first range that has a Go program or library's build information and belongs to none of the modules
 * known so far; NULL if there is none. */
static const struct image_range *find_buildinfo(struct go *go, const bool *loaded, struct text *version,
						struct text *settings)
{
	struct image *image = go->image;
	uint64_t left = FIND_MOST;

	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		if (find_in_range(range) && !(range->flags & RANGE_EXEC) &&
		    loaded[range->file] && !is_of_modules(go, range->file) &&
		    find_affords(range, &left) && find_header(image, range, version, settings))
			return range;
	}
	text_clear(version);
	return NULL;
}

/* Was it made by another compiler? What its version says, if it says anything, is of that one's. */
static bool check_compiler(struct image *image, const bool *loaded, const struct text *version,
			   struct error *err)
{
	bool gccgo = version->length && strstr(version->bytes, " gccgo ");
	const char *name = gccgo ? "gccgo" : version->length ? NULL : find_compiler(image, loaded);

	return !name || fail(err, STATUS_UNSUPPORTED, "%llu (%s) was compiled with %s, whose runtime keeps "
			     "its memory in another way: goretain reads programs of the Go project's "
			     "compiler", (unsigned long long)image->pid,
			     image->process ? image->process : "?", name);
}

static bool fail_no_go(const struct image *image, struct error *err)
{
	if (!image->pid)
		return fail(err, STATUS_UNSUPPORTED, "there is no Go program in it: no Go build "
			    "information and no Go version in its memory");
	return fail(err, STATUS_UNSUPPORTED, "%llu (%s) is not a Go program: no Go build information "
		    "and no Go version in its executable", (unsigned long long)image->pid,
		    image->process ? image->process : "?");
}

bool find_version(struct go *go, struct error *err)
{
	struct image *image = go->image;
	autofree bool *loaded = loaded_files(image);
	autotext struct text version = { 0 }, settings = { 0 }, shown = { 0 };

	if (!loaded)
		return fail_memory(err, "the list of the program's files");
	if (is_packed(image))
		return fail(err, STATUS_UNSUPPORTED, "%llu (%s) is packed with UPX, which hides the "
			    "Go program in it: unpack its file (upx -d) and start that",
			    (unsigned long long)image->pid, image->process ? image->process : "?");
	if (find_buildinfo(go, loaded, &version, &settings)) {
		describe_build(go, text_string(&settings));
		go->build_info = strdup(text_string(&settings));
	} else if (!find_build_version(image, loaded, &version))
		return fail(err, STATUS_UNSUPPORTED, "the program has no Go build information, and "
			    "variables with different versions of Go: none is known to be its own");
	if (!check_compiler(image, loaded, &version, err))
		return false;
	if (!version.length)
		return fail_no_go(image, err);
	text_escape(&shown, version.bytes, version.length, sizeof go->version.text - 8);
	if (!go_version_parse(&go->version, text_string(&shown)))
		return fail(err, STATUS_UNSUPPORTED, "the program was built with %s, a Go version "
			    "that goretain does not know", text_string(&shown));
	if (!is_ours(text_string(&settings), err))
		return false;
	return image->unproven ? layout_nearest(&go->version, &go->layout, go->unproven, err)
			       : layout_for(&go->version, &go->layout, err);
}

void find_other_runtime(struct go *go)
{
	autotext struct text version = { 0 }, settings = { 0 }, said = { 0 };
	autofree bool *loaded = loaded_files(go->image);
	const struct image_range *range = loaded ? find_buildinfo(go, loaded, &version, &settings) : NULL;
	const char *name;

	if (!range)
		return;
	name = text_base_name(go->image->files[range->file]);
	text_escape(&said, version.bytes, version.length, 40);
	text_puts(&said, " in ");
	text_escape(&said, name, strlen(name), 60);
	snprintf(go->other_runtime, sizeof go->other_runtime, "%s", text_string(&said));
}

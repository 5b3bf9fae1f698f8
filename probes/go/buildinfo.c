/* The build information that the linker leaves in every Go program (debug/buildinfo): which Go, and
 * with which settings. Kept by -s -w; found by its magic, so section headers are not needed. */
#include <stdio.h>
#include <string.h>

#include "graph/cleanup.h"
#include "graph/text.h"
#include "probes/go/find.h"
#include "probes/program.h"

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

/* Find the header in RANGE; fills VERSION and SETTINGS. */
static bool read_header(struct image *image, const struct image_range *range, struct text *version,
			struct text *settings)
{
	const uint8_t *bytes, *p;
	uint64_t n = image_run(image, range->lo, range->hi - range->lo, &bytes);

	for (p = bytes; p; p++) {
		p = n ? memmem(p, n - (uint64_t)(p - bytes), magic, sizeof magic - 1) : NULL;
		if (!p)
			return false;
		if ((uint64_t)(p - bytes) % 16 || n - (uint64_t)(p - bytes) <= HEADER)
			continue;
		if (p[15] & INLINE_STRINGS)
			break;
		read_old_version(image, p, version);
		if (version->length)
			return true;
	}
	p = inline_string(p + HEADER, bytes + n, version);
	if (p)
		inline_string(p, bytes + n, settings);
	return version->length > 0;
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

/* The build information of the first Go program or library in the image, by address. */
static void read_buildinfo(struct image *image, struct text *version, struct text *settings)
{
	for (uint32_t i = 0; i < image->n_ranges; i++) {
		const struct image_range *range = &image->ranges[i];

		if (find_in_range(range) && !(range->flags & RANGE_EXEC) &&
		    read_header(image, range, version, settings))
			return;
	}
}

bool find_version(struct go *go, struct error *err)
{
	struct image *image = go->image;
	autotext struct text version = { 0 }, settings = { 0 };

	if (is_packed(image))
		return fail(err, STATUS_UNSUPPORTED, "%llu (%s) is packed with UPX, which hides the "
			    "Go program in it: unpack its file (upx -d) and start that",
			    (unsigned long long)image->pid, image->process ? image->process : "?");
	read_buildinfo(image, &version, &settings);
	if (!version.length && !image->pid)
		return fail(err, STATUS_UNSUPPORTED, "there is no Go program in it: no Go build "
			    "information in its memory");
	if (!version.length)
		return fail(err, STATUS_UNSUPPORTED, "%llu (%s) is not a Go program: no Go build "
			    "information in its executable", (unsigned long long)image->pid,
			    image->process ? image->process : "?");
	autotext struct text shown = { 0 };

	text_escape(&shown, version.bytes, version.length, sizeof go->version.text - 8);
	if (!go_version_parse(&go->version, text_string(&shown)))
		return fail(err, STATUS_UNSUPPORTED, "the program was built with %s, a Go version "
			    "that goretain does not know", text_string(&shown));
	if (!is_ours(text_string(&settings), err))
		return false;
	describe_build(go, text_string(&settings));
	return image->unproven ? layout_nearest(&go->version, &go->layout, go->unproven, err)
			       : layout_for(&go->version, &go->layout, err);
}

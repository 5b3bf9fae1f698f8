#include "probes/image/program.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOWN 8 /* bytes of an id */

struct bytes { const uint8_t *at; uint64_t n; };

bool program_is(const uint8_t head[IMAGE_PAGE])
{
	Elf64_Ehdr h;

	memcpy(&h, head, sizeof h);
	return memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_ident[EI_CLASS] == ELFCLASS64 &&
	       h.e_ident[EI_DATA] == ELFDATA2LSB && h.e_machine == arch_elf_machine &&
	       (h.e_type == ET_EXEC || h.e_type == ET_DYN);
}

bool program_head(int fd, uint8_t head[IMAGE_PAGE])
{
	ssize_t got = pread(fd, head, IMAGE_PAGE, 0);

	if (got <= 0)
		return false;
	memset(head + got, 0, IMAGE_PAGE - (size_t)got);
	return true;
}

/* Program header number I, if it lies in the page. */
static bool header_at(const uint8_t head[IMAGE_PAGE], unsigned i, Elf64_Phdr *out)
{
	Elf64_Ehdr h;

	memcpy(&h, head, sizeof h);
	if (i >= h.e_phnum || h.e_phentsize != sizeof *out ||
	    h.e_phoff > IMAGE_PAGE - (i + 1ull) * sizeof *out || i >= IMAGE_PAGE / sizeof *out)
		return false;
	memcpy(out, head + h.e_phoff + i * sizeof *out, sizeof *out);
	return true;
}

/* In NOTES, the one of TYPE by OWNER, whose length counts its NUL. */
static struct bytes find_note(struct bytes notes, uint32_t type, const char *owner)
{
	while (notes.n >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr head;
		uint64_t name, size;

		memcpy(&head, notes.at, sizeof head);
		name = sizeof head + ((head.n_namesz + 3ull) & ~3ull);
		size = name + ((head.n_descsz + 3ull) & ~3ull);
		if (size > notes.n)
			break;
		if (head.n_type == type && head.n_namesz == 4 &&
		    memcmp(notes.at + sizeof head, owner, 4) == 0)
			return (struct bytes){notes.at + name, head.n_descsz};
		notes.at += size;
		notes.n -= size;
	}
	return (struct bytes){0};
}

static struct bytes find_in_notes(const uint8_t head[IMAGE_PAGE], uint32_t type, const char *owner)
{
	struct bytes found = {0};
	Elf64_Phdr ph;

	for (unsigned i = 0; !found.n && header_at(head, i, &ph); i++)
		if (ph.p_type == PT_NOTE && ph.p_offset < IMAGE_PAGE)
			found = find_note((struct bytes){head + ph.p_offset,
							 ph.p_filesz < IMAGE_PAGE - ph.p_offset
							 ? ph.p_filesz : IMAGE_PAGE - ph.p_offset},
					  type, owner);
	return found;
}

/* The linker's id, or the one that the Go tool gave (its note is of type 4 and by "Go"). */
static struct bytes build_id(const uint8_t head[IMAGE_PAGE])
{
	struct bytes id = find_in_notes(head, NT_GNU_BUILD_ID, "GNU");

	return id.n ? id : find_in_notes(head, 4, "Go\0");
}

void program_id(const uint8_t head[IMAGE_PAGE], char out[PROGRAM_ID])
{
	struct bytes id = build_id(head);
	int n = snprintf(out, PROGRAM_ID, "%s", id.n ? "build id " : "no build id");
	bool text = true; /* the Go tool's is */

	for (uint64_t i = 0; i < id.n && i < SHOWN; i++)
		text = text && id.at[i] > ' ' && id.at[i] <= '~';
	for (uint64_t i = 0; i < id.n && i < SHOWN; i++)
		n += snprintf(out + n, PROGRAM_ID - (size_t)n, text ? "%c" : "%02x", id.at[i]);
}

bool program_same(const uint8_t ours[IMAGE_PAGE], const uint8_t theirs[IMAGE_PAGE])
{
	struct bytes a = build_id(ours), b = build_id(theirs);

	if (!program_is(ours) || !program_is(theirs))
		return false;
	if (a.n && b.n)
		return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
	return memcmp(ours, theirs, IMAGE_PAGE) == 0;
}

#define IN_PAGE (IMAGE_PAGE - 1ull)
#define ADDRESS_END (1ull << 56)

static bool makes_sense(const Elf64_Phdr *ph)
{
	return ph->p_vaddr < ADDRESS_END && ph->p_filesz < ADDRESS_END && ph->p_offset < ADDRESS_END &&
	       (ph->p_vaddr & IN_PAGE) == (ph->p_offset & IN_PAGE);
}

unsigned program_segments(const uint8_t head[IMAGE_PAGE], struct program_segment out[PROGRAM_SEGMENTS])
{
	unsigned n = 0;
	Elf64_Phdr ph;

	for (unsigned i = 0; program_is(head) && header_at(head, i, &ph); i++) {
		struct program_segment *s = &out[n];

		if (ph.p_type != PT_LOAD || !ph.p_filesz)
			continue;
		if (!makes_sense(&ph) || n == PROGRAM_SEGMENTS)
			return 0;
		*s = (struct program_segment){
			.lo = ph.p_vaddr & ~IN_PAGE, .at = ph.p_offset & ~IN_PAGE,
			.hi = (ph.p_vaddr + ph.p_filesz + IN_PAGE) & ~IN_PAGE,
			.flags = RANGE_READ | (ph.p_flags & PF_W ? RANGE_WRITE : 0u) |
				 (ph.p_flags & PF_X ? RANGE_EXEC : 0u),
		};
		/* A page of two segments is the second one's: it is mapped over the first. */
		if (n && s->lo < s[-1].hi)
			s[-1].hi = s->lo;
		if (n && s[-1].hi <= s[-1].lo)
			return 0;
		n++;
	}
	return n;
}

bool program_entry(const uint8_t head[IMAGE_PAGE], uint64_t *headers, uint64_t *entry)
{
	struct program_segment segments[PROGRAM_SEGMENTS];
	unsigned n = program_segments(head, segments);
	Elf64_Ehdr h;

	memcpy(&h, head, sizeof h);
	for (unsigned i = 0; i < n; i++)
		if (h.e_phoff - segments[i].at < segments[i].hi - segments[i].lo) {
			*headers = segments[i].lo + (h.e_phoff - segments[i].at);
			*entry = h.e_entry;
			return true;
		}
	return false;
}

void program_build_id(const uint8_t head[IMAGE_PAGE], char out[2 * PROGRAM_ID])
{
	struct bytes id = program_is(head) ? find_in_notes(head, NT_GNU_BUILD_ID, "GNU")
					   : (struct bytes){0};

	*out = 0;
	for (uint64_t i = 0; i < id.n && i < PROGRAM_ID - 1; i++)
		sprintf(out + 2 * i, "%02x", id.at[i]);
}

/* The image: a target's memory as sorted address ranges with their bytes.
 *
 * A live process, a core file and a snapshot file are producers of the same image, and nothing after
 * this point asks which it was: a page is there, or comes by a fetch, or is a hole. Every read is
 * bounded; reading outside the image is an answer (NULL, false), never a crash. Bytes are not copied:
 * readers get pointers into the image.
 *
 * The memory is linear within each group of adjoining mappings, so that what is contiguous in the
 * target is contiguous here. */
#ifndef GORETAIN_PROBES_IMAGE_IMAGE_H
#define GORETAIN_PROBES_IMAGE_IMAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "graph/base/error.h"
#include "probes/arch/arch.h"
#include "probes/proc/usage.h"

#define IMAGE_PAGE 4096u

/* Where a page's bytes came from. One byte a page, in image.state. */
enum page_state {
	PAGE_UNREAD, /* not asked for yet; a hole if the image cannot fetch */
	PAGE_BEFORE, /* read while the target ran, before the stop: may be torn */
	PAGE_STOP,   /* copied while the target was held */
	PAGE_AFTER,  /* read after it went on */
	PAGE_FILE,   /* from the mapped file, which nobody writes */
	PAGE_ZERO,   /* never touched by the target: reads as zeros */
	PAGE_HOLE,   /* cannot be read: swapped out, unmapped, protected */
};

enum {
	RANGE_READ = 1, RANGE_WRITE = 2, RANGE_EXEC = 4, RANGE_SHARED = 8,
	RANGE_MODULE = 16, /* of a file that is mapped to be run, here or elsewhere: not for core files */
	RANGE_ALL = 31,
};

#define NO_FILE UINT32_MAX

/* One mapping. Its bytes lie at image.memory + offset, its states at image.state + offset / PAGE. */
struct image_range {
	uint64_t lo, hi;      /* addresses, page-aligned */
	uint64_t offset;      /* of lo in the image's memory */
	uint64_t file_offset; /* of lo in the file */
	uint32_t file;        /* index into image.files, NO_FILE if anonymous */
	uint32_t flags;       /* RANGE_... */
};

struct image_thread {
	int32_t tid;
	bool held;                      /* its registers are from the stop */
	struct arch_registers registers;
};

struct image {
	struct image_range *ranges; /* by address */
	uint32_t n_ranges;
	uint8_t *memory, *state;    /* shared with the producer */
	uint64_t memory_size;
	char **files;               /* paths of mapped files, as the target's namespace spells them */
	uint32_t n_files;
	uint32_t exe;               /* the program itself: index into files, NO_FILE if unknown */
	struct variables *variables; /* names and types of its globals; NULL if not known */
	int exe_fd;                 /* the program's file to read, -1 if there is none */
	struct image_thread *threads;
	uint32_t n_threads;
	struct usages usages;       /* what the mappings took right after the stop; none if not known */

	/* Facts of the snapshot. */
	uint64_t pid;
	char *process, *exe_path;   /* short name; path, for show only */
	uint64_t started;           /* when the process began, in ticks of the machine: with the PID, which one
				     * it is; 0 if not known */
	int64_t taken_ns;           /* since 1970 */
	uint64_t pause_ns;
	uint64_t rss;               /* bytes resident when taken */
	uint64_t filled;            /* bytes that a file gave; 0 for a live target */
	uint64_t missing;           /* bytes of the target's own memory that could not be read */
	bool complete;              /* all that was copied is in here (content "all") */
	bool unproven;              /* wanted also if nobody has measured how its program lays out things */

	/* Fetch pages that are PAGE_UNREAD; NULL once nothing more can come. Called with the lock
	 * held; sets the states of the pages of [lo, hi), which lie in one range. */
	void (*fetch)(struct image *image, uint64_t lo, uint64_t hi);
	/* Open the file that RANGE maps; -1 if it cannot be had, NULL where no file can. */
	int (*open_file)(struct image *image, const struct image_range *range);
	void *producer;
	void (*release)(struct image *image); /* the producer's part of image_free */
	pthread_mutex_t fetch_lock;
};

/* Free IMAGE and, through release, what its producer holds. NULL is fine. */
void image_free(struct image *image);

/* Free the lists (ranges, files, threads) and names, so that the producer may set them anew. */
void image_clear(struct image *image);

/* The range that contains ADDR, or NULL. */
const struct image_range *image_range(const struct image *image, uint64_t addr);

/* Do the LEN bytes at ADDR lie in what the program's own file has to be read only (its literals), and not in
 * memory that the process has written? */
bool image_is_literal(const struct image *image, uint64_t addr, uint64_t len);

/* LEN bytes at ADDR, fetched if need be; NULL unless every one of them is there. The pointer stays
 * valid until the image is freed; for a live target the bytes change if the page is copied again
 * in the stop. LEN 0 gives NULL. */
const void *image_at(struct image *image, uint64_t addr, uint64_t len);

/* As image_at, but for mass passes over memory that may have holes: how many bytes of [ADDR,
 * ADDR+LEN) from ADDR on are there without a gap, and a pointer to them in *BYTES. */
uint64_t image_run(struct image *image, uint64_t addr, uint64_t len, const uint8_t **bytes);

/* Copy LEN bytes from ADDR to OUT. False, and OUT zeroed, unless all of them are there. */
bool image_read(struct image *image, uint64_t addr, void *out, uint64_t len);

/* One little-endian value at ADDR; 0 if it is not there (use image_read to tell). */
uint64_t image_u64(struct image *image, uint64_t addr);
uint32_t image_u32(struct image *image, uint64_t addr);
uint16_t image_u16(struct image *image, uint64_t addr);
uint8_t image_u8(struct image *image, uint64_t addr);

/* The word at BYTES, which image_at or image_run gave: it need not be aligned. */
static inline uint64_t image_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

/* State of the page that contains ADDR; PAGE_HOLE outside every range. */
enum page_state image_page_state(const struct image *image, uint64_t addr);

/* More bytes than all memory that can have come from the target, with room for small ones: what
 * lists in it are said to have in all is compared with this, so that lists which overlap, end in
 * themselves or are not there cost no more time and memory than honest ones. */
uint64_t image_most(const struct image *image);

/* Bytes of [LO, HI) that were resident at the stop, where it is memory of the process alone. (A core file
 * does not say so: there it is what is not zeros.) */
uint64_t image_resident(const struct image *image, uint64_t lo, uint64_t hi);

/* The first stretch of bytes in [LO, HI), which is in one range, that is not resident: where it begins, HI
 * if there is none; *END is where it ends, and *STATE is of its pages. */
uint64_t image_absent(const struct image *image, uint64_t lo, uint64_t hi, uint64_t *end,
		      enum page_state *state);

/* The NUL-terminated string at ADDR if it ends within LIMIT bytes, else NULL. */
const char *image_string(struct image *image, uint64_t addr, uint64_t limit);

#endif

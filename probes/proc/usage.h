/* What each mapping of a process takes, as the kernel says (/proc/PID/smaps). */
#ifndef GORETAIN_PROBES_PROC_USAGE_H
#define GORETAIN_PROBES_PROC_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "graph/base/error.h"

/* One mapping, readable or not; bytes. */
struct usage {
	uint64_t lo, hi;
	uint64_t rss;      /* resident */
	uint64_t written;  /* of them the process's own, also where it maps a file */
	uint64_t swapped;  /* swapped out */
	uint64_t huge;     /* in huge pages set aside (hugetlb), which are in no resident set */
	uint32_t name;     /* where its name begins in the names: a path, "[heap]", ""  */
	uint32_t flags;    /* RANGE_... (image.h) */
};

struct usages {
	struct usage *items; /* by address */
	uint32_t n, capacity;
	char *names;         /* each ended by a NUL; the first is "" */
	uint32_t names_size, names_capacity;
};

/* Read what a file like /proc/PID/smaps says. False without memory; what was read is then in OUT, the
 * caller's to free in any case. */
bool usages_parse(struct usages *out, FILE *file, struct error *err);
void usages_free(struct usages *u);

/* Do the parts of U, which came from elsewhere, fit together: in order, names ended? */
bool usages_check(const struct usages *u);

/* The mapping that contains ADDR, NULL if none. */
const struct usage *usages_find(const struct usages *u, uint64_t addr);

static inline const char *usage_name(const struct usages *u, const struct usage *item)
{
	return u->names + item->name;
}

#endif

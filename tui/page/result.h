/* Where a command's result goes: standard output, or the file of -o, which exists under its name
 * only when it is whole. */
#ifndef GORETAIN_TUI_PAGE_RESULT_H
#define GORETAIN_TUI_PAGE_RESULT_H

#include <stdio.h>

#include "graph/base/error.h"
#include "graph/base/text.h"
#include "graph/source.h"
#include "tui/command.h"

struct result {
	FILE *file;
	const char *path; /* NULL: standard output */
	struct source *source;
};

/* Is the result made for others, so that content must not be in it? It is when -o names a file;
 * --with-data lifts that. */
bool result_hides_content(const struct request *request);

/* Does it go into a file or a pipe, where lines may be as wide as they need? */
bool result_is_whole(const struct request *request);

/* Can standard output be written? What stands in for a closed one cannot. */
bool result_to_standard_output(struct error *err);

/* Open it: best before a target is stopped, so that a name that cannot be had costs no stop. */
bool result_open(struct result *result, const struct request *request, struct source *source,
		 struct error *err);

/* Flush, and give the file its name. A reader that went away early (EPIPE) is no error. */
bool result_close(struct result *result, struct error *err);

/* Let go of it without a result: the file vanishes. Harmless after result_close. */
void result_discard(struct result *result);
#define autoresult __attribute__((cleanup(result_discard)))

/* Write the bytes of TEXT and close it. */
bool result_write(struct result *result, const struct text *text, struct error *err);

#endif

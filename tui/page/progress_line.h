/* The progress of a long stage as one line on standard error, if that is a terminal. */
#ifndef GORETAIN_TUI_PAGE_PROGRESS_LINE_H
#define GORETAIN_TUI_PAGE_PROGRESS_LINE_H

#include "graph/base/progress.h"

struct progress_line;

/* Show PROGRESS until progress_line_end, from a thread of its own. NULL if there is no terminal (or
 * no thread) to show it: progress_line_end(NULL) is fine. */
struct progress_line *progress_line_start(struct progress *progress);

/* Remove the line. */
void progress_line_end(struct progress_line *line);

/* Begin a line of other text on standard error, in place of what may stand there. */
void progress_line_clear(void);

#endif

/* The source as the reader has it: the broker does what the reader may not. */
#ifndef GORETAIN_TUI_SOURCE_H
#define GORETAIN_TUI_SOURCE_H

#include "graph/source.h"
#include "tui/command.h"

/* A source for the target of REQUEST, over the socket to the broker; both must outlive it. NULL
 * without memory. Its functions may be called from any thread. Free with source_free. */
struct source *source_new(const struct request *request, int broker);
void source_free(struct source *source);

#endif

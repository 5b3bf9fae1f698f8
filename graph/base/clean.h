/* Text that went through text_escape once, on its way out: made safe again without doubling its
 * backslashes. */
#ifndef GORETAIN_GRAPH_BASE_CLEAN_H
#define GORETAIN_GRAPH_BASE_CLEAN_H

#include "graph/base/text.h"

/* As text_escape without a limit, but backslashes stay as they are. */
void text_clean(struct text *t, const char *bytes, size_t length);

#endif

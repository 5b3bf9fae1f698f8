/* Names cut to one width so that those which differ still do: `ma…ener` twice says nothing. */
#ifndef GORETAIN_TUI_WIDGETS_CLIP_H
#define GORETAIN_TUI_WIDGETS_CLIP_H

#include "graph/base/text.h"

/* How many of the cells that NAMES[I], cut to WIDTH cells, has left come before the ellipsis: half of them,
 * unless another of the N names would look the same. */
unsigned clip_head(const char *const *names, unsigned n, unsigned i, unsigned width);

#endif

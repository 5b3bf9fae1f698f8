/* The little of Unicode that a terminal needs: decoding, and which characters take no cell or two.
 * Of our own, because the C library's answers depend on the locale and its age. */
#ifndef GORETAIN_GRAPH_BASE_UNICODE_H
#define GORETAIN_GRAPH_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that the LENGTH bytes at S begin with, 1 to 4, and its number in *OUT. 0
 * if they are no UTF-8: also overlong forms, surrogates, what is above U+10FFFF or cut short. */
unsigned unicode_decode(const char *s, size_t length, uint32_t *out);

/* Drawn over the character before it: nonspacing and enclosing marks, conjoining jamo. */
bool unicode_combining(uint32_t c);

/* Not drawn at all, or changes how its neighbours are drawn: bidirectional controls, zero-width
 * spaces and joiners, line separators, variation selectors, tags, fillers. */
bool unicode_invisible(uint32_t c);

/* Cells that C takes: 0, 1 or 2. */
unsigned unicode_cells(uint32_t c);

#endif

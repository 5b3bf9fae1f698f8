/* How large a variable of the program's data or bss is at least, by where it lies.
 *
 * The linker sorts the variables of a section by size, and aligns each to the largest power of two that is not
 * larger than it, 32 at most (cmd/link/internal/ld/data.go, dodataSect and symalign; held against the symbol
 * tables of programs of Go 1.18 to 1.27). So behind something of 24 bytes nothing is smaller, and everything
 * begins at a multiple of 16. */
#ifndef GORETAIN_PROBES_GO_STATICS_BOUNDS_H
#define GORETAIN_PROBES_GO_STATICS_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct heap;

struct static_bound { uint64_t addr, least; };

struct static_bounds { struct static_bound *items; uint32_t n, capacity; };

/* What the symbols tell, or, where there are none, values whose types are known. False without memory. */
bool static_bounds_begin(const struct heap *heap, struct static_bounds *bounds);
void static_bounds_free(struct static_bounds *bounds);

/* Bytes that a variable at or behind ADDR has at least: 8 if nothing is known. */
uint64_t static_least(const struct static_bounds *bounds, uint64_t addr);

/* Variables of LEAST bytes or more begin at multiples of that. */
uint64_t static_align(uint64_t least);

#endif

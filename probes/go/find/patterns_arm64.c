/* arm64: the page of an address is formed by ADRP, and the instruction behind it, which has the same
 * register for a base, adds the rest (Arm Architecture Reference Manual, C6.2). */
#include <stdbool.h>
#include <string.h>

#include "probes/go/find/patterns.h"

/* The instruction AT bytes on; 0, which is none, if it is not there. */
static uint32_t instruction(const uint8_t *bytes, uint64_t length, uint32_t at)
{
	uint32_t word = 0;

	if (length >= at + 4)
		memcpy(&word, bytes + at, 4);
	return word;
}

/* WORD's BITS bits from bit LOW on, with their sign. */
static int64_t signed_field(uint32_t word, unsigned low, unsigned bits)
{
	return (int64_t)((uint64_t)word << (64 - low - bits)) >> (64 - bits);
}

static bool is_adrp(uint32_t word)
{
	return (word & 0x9f000000) == 0x90000000;
}

/* ADD (immediate, 64 bits, not shifted). */
static bool is_add(uint32_t word)
{
	return (word & 0xffc00000) == 0x91000000;
}

/* A load or store with an unsigned offset, which counts in units of what is loaded. */
static bool is_access(uint32_t word)
{
	return (word & 0x3b000000) == 0x39000000;
}

/* What ADRP and the ADD or access behind it name. */
uint64_t pattern_reference(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	uint32_t first = instruction(bytes, length, 0), second = instruction(bytes, length, 4);
	uint64_t pages = ((uint64_t)signed_field(first, 5, 19) << 2) | ((first >> 29) & 3);
	uint64_t rest = (second >> 10) & 0xfff;

	if (!is_adrp(first) || ((second >> 5) & 31) != (first & 31))
		return 0;
	if (is_access(second))
		rest <<= second >> 30;
	else if (!is_add(second))
		return 0;
	return (pc & ~0xfffull) + (pages << 12) + rest;
}

/* MOVWU variable(SB), Rx; CBZW or CBNZW Rx. */
uint64_t pattern_test(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	uint32_t load = instruction(bytes, length, 4), branch = instruction(bytes, length, 8);

	if ((load & 0xffc00000) != 0xb9400000 || (branch & 0xfe000000) != 0x34000000 ||
	    (load & 31) != (branch & 31))
		return 0;
	return pattern_reference(bytes, length, pc);
}

/* BL. */
uint64_t pattern_call(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	uint32_t word = instruction(bytes, length, 0);

	return (word & 0xfc000000) == 0x94000000 ? pc + (uint64_t)signed_field(word, 0, 26) * 4 : 0;
}

/* MOVD $variable(SB), R0. */
uint64_t pattern_argument(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	uint32_t second = instruction(bytes, length, 4);

	return is_add(second) && (second & 31) == 0 ? pattern_reference(bytes, length, pc) : 0;
}

/* x86-64: addresses are 32-bit displacements from the end of the instruction. */
#include <string.h>

#include "probes/go/find/patterns.h"

/* The displacement AT bytes into an instruction that ends at END bytes. */
static uint64_t target(const uint8_t *bytes, uint64_t pc, uint32_t at, uint32_t end)
{
	int32_t displacement;

	memcpy(&displacement, bytes + at, 4);
	return pc + end + (uint64_t)(int64_t)displacement;
}

/* CMPL $0, variable(SB) = 83 3D disp32 00. */
uint64_t pattern_test(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	if (length < 7 || bytes[0] != 0x83 || bytes[1] != 0x3d || bytes[6])
		return 0;
	return target(bytes, pc, 2, 7);
}

/* CALL rel32 = E8 rel32. */
uint64_t pattern_call(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	return length >= 5 && bytes[0] == 0xe8 ? target(bytes, pc, 1, 5) : 0;
}

/* LEA RAX, [RIP+disp32] = 48 8D 05 disp32. */
uint64_t pattern_argument(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	if (length < 7 || bytes[0] != 0x48 || bytes[1] != 0x8d || bytes[2] != 0x05)
		return 0;
	return target(bytes, pc, 3, 7);
}

/* A ModRM byte (mod 0, r/m 5) and the displacement, with which most instructions end. */
uint64_t pattern_reference(const uint8_t *bytes, uint64_t length, uint64_t pc)
{
	return length >= 5 && (bytes[0] & 0xc7) == 0x05 ? target(bytes, pc, 1, 5) : 0;
}

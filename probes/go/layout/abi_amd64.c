/* x86-64: calls push their return address */
#include "probes/go/layout/abi.h"

/* Go 1.26 runtime/malloc.go, arenaBaseOffset: addresses are sign-extended 48 bits. */
const uint64_t abi_arena_base = 0x800000000000;
const uint32_t abi_int_registers = 9, abi_float_registers = 15;
const uint32_t abi_cache_line = 64, abi_x_regs = 2112;
const struct abi_calls abi_calls = { .pushed = 8 };

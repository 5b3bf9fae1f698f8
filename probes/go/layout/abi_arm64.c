/* arm64: calls leave their return address in the link register */
#include "probes/go/layout/abi.h"

const uint64_t abi_arena_base = 0;
const uint32_t abi_int_registers = 16, abi_float_registers = 16;
const uint32_t abi_cache_line = 128, abi_x_regs = 512;
const struct abi_calls abi_calls = {
	.link_register = true, .link = 30, .to_arguments = 8, .injected = 16, .least = 16,
};

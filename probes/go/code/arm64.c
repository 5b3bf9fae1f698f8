/* No decoder for arm64 yet: what only the code knows stays unknown there. */
#include "probes/go/code/decode.h"

const struct code_machine code_machine = { .known = false };

const uint32_t code_call_size = 4;

uint64_t code_call_target(const uint8_t *code, uint64_t addr)
{
	return 0;
}

bool code_decode(struct code_ops *out, const uint8_t *code, uint64_t entry, uint32_t length)
{
	out->n = 0;
	return true;
}

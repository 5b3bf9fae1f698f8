#include "probes/go/code/decode.h"

#include <stdlib.h>

struct code_op *code_ops_add(struct code_ops *ops, enum code_op_kind kind, uint32_t offset)
{
	if (ops->n == ops->capacity) {
		uint32_t capacity = ops->capacity ? ops->capacity * 2 : 1024;
		struct code_op *grown = realloc(ops->ops, capacity * sizeof *grown);

		if (!grown)
			return NULL;
		ops->ops = grown;
		ops->capacity = capacity;
	}
	ops->ops[ops->n] = (struct code_op){
		.offset = offset, .kind = (uint8_t)kind, .target = CODE_NO_TARGET,
		.dst = CODE_NO_REGISTER, .src = CODE_NO_REGISTER, .base = CODE_NO_REGISTER,
	};
	return &ops->ops[ops->n++];
}

uint32_t code_jump_target(const struct code_ops *ops, const struct code_op *op)
{
	uint32_t lo = 0, hi = ops->n;

	if ((op->kind != OP_JUMP && op->kind != OP_BRANCH) || !op->target || op->target == CODE_NO_TARGET)
		return ops->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ops->ops[mid].offset < op->target)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void code_ops_free(struct code_ops *ops)
{
	free(ops->ops);
	*ops = (struct code_ops){ 0 };
}

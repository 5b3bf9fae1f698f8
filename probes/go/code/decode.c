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

void code_ops_free(struct code_ops *ops)
{
	free(ops->ops);
	*ops = (struct code_ops){ 0 };
}

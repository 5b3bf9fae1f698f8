/* Machine code as the few operations that types flow through: the only part of the pass over the
 * code that knows instructions. One file per architecture, of which the build compiles one.
 *
 * Everything else that an instruction does is told as "these registers hold something else now",
 * so whoever follows values through the operations never keeps one too long. */
#ifndef GORETAIN_PROBES_GO_CODE_DECODE_H
#define GORETAIN_PROBES_GO_CODE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define CODE_REGISTERS 16
#define CODE_NO_REGISTER 0xffu
#define CODE_NO_TARGET UINT32_MAX

enum code_op_kind {
	OP_REFER,   /* only refers to `address` */
	OP_CLOBBER, /* the registers of the set `clobbers` get values that nothing is known of */
	OP_ZERO,    /* dst = 0 */
	OP_COPY,    /* dst = src */
	OP_ADDRESS, /* dst = address */
	OP_OFFSET,  /* dst = base + disp */
	OP_LOAD,    /* dst = the word at base + disp, or at address if there is no base */
	OP_STORE,   /* the `width` bytes there = src, without src something unknown */
	OP_CALL,    /* calls address; 0 if that is not a constant */
	OP_BRANCH,  /* goes on here or at target */
	OP_JUMP,    /* goes on at target */
	OP_RETURN,  /* goes back to the caller */
	OP_STOP,    /* does not go on here: a trap, a jump that leaves or cannot be told */
};

struct code_op {
	uint64_t address;  /* constant address that the instruction names, 0 if none */
	uint32_t offset;   /* of the instruction from the function's entry */
	uint32_t target;   /* offset in the function, CODE_NO_TARGET if it leads out of it */
	int32_t disp;
	uint16_t clobbers; /* a bit a register */
	uint8_t kind;      /* enum code_op_kind */
	uint8_t dst, src, base; /* registers or CODE_NO_REGISTER */
	uint8_t width;     /* bytes stored, at most 255 */
};

/* One function's operations; the memory is used again for the next one. Zero-initialise. */
struct code_ops {
	struct code_op *ops;
	uint32_t n, capacity;
};

/* Which registers Go's calling convention (ABIInternal) gives a meaning. */
struct code_machine {
	bool known;               /* false: nothing can be decoded here */
	uint8_t argument[5];      /* the first integer arguments; [0] is also the result */
	uint8_t stack;
	uint8_t context;          /* the closure whose code runs */
	uint16_t barrier_clobbers; /* all that the write barrier's own calls change */
};

extern const struct code_machine code_machine;

/* The target of the direct call whose instruction is the code_call_size bytes at CODE, which the target has at
 * ADDR; 0 if it is none. */
uint64_t code_call_target(const uint8_t *code, uint64_t addr);
extern const uint32_t code_call_size;

/* Decode the LENGTH bytes of code at CODE, which the target has at ENTRY, into OUT, in ascending
 * order of offset. Bytes that are no instruction clobber everything. False when out of memory. */
bool code_decode(struct code_ops *out, const uint8_t *code, uint64_t entry, uint32_t length);
void code_ops_free(struct code_ops *ops);

/* The number of the operation that OP may jump to: the first at or after its target. OPS->n if it is no jump,
 * leads out of the function, or to its entry. */
uint32_t code_jump_target(const struct code_ops *ops, const struct code_op *op);

/* Room for one more at the end of OPS, zeroed but for the registers; NULL when out of memory. */
struct code_op *code_ops_add(struct code_ops *ops, enum code_op_kind kind, uint32_t offset);

#endif

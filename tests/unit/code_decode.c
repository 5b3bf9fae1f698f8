/* The decoder of machine code against Zydis: random instructions of every plain encoding have the
 * same length, write the same registers and refer to the same addresses. */
/* Before cmocka.h, which has a macro fail() of its own. */
#include "probes/go/code/decode.h"

#include <Zydis/Zydis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ENTRY 0x400000u
#define ROUNDS 400000u
#define SEED 7u
#define RSP 4u /* nobody follows the stack pointer's value */

struct truth {
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static uint8_t random_byte(void)
{
	return (uint8_t)(random() >> 8);
}

/* An instruction with or without REX, more often than not of the encodings that Go's code has most,
 * followed by a call that shows where the decoder went on. */
static void random_instruction(uint8_t *code, size_t length)
{
	static const uint8_t common[] = { 0x01, 0x03, 0x29, 0x31, 0x39, 0x50, 0x5d, 0x74, 0x81, 0x83,
					  0x85, 0x89, 0x8b, 0x8d, 0xb8, 0xc7, 0xe8, 0xe9, 0xeb,
					  0x0f, 0x0f, 0x0f };
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		code[i] = random_byte();
	if (random() % 2)
		code[n++] = (uint8_t)(0x40 | random() % 16);
	if (random() % 4)
		code[n++] = common[(size_t)random() % sizeof common];
	if (random() % 4 == 0)
		code[n] = (uint8_t)((code[n] & 0x38) | 5); /* relative to the next instruction */
}

static uint16_t written(const struct truth *t)
{
	uint16_t set = 0;

	for (unsigned i = 0; i < t->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &t->operands[i];
		ZydisRegister whole;

		if (o->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, o->reg.value);
		if (whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15)
			set |= (uint16_t)(1u << (whole - ZYDIS_REGISTER_RAX));
	}
	return set & (uint16_t)~(1u << RSP);
}

/* What the operations at offset 0 write, and the address they name. */
static uint16_t told(const struct code_ops *ops, uint64_t *address)
{
	uint16_t set = 0;

	*address = 0;
	for (uint32_t i = 0; i < ops->n && ops->ops[i].offset == 0; i++) {
		const struct code_op *op = &ops->ops[i];

		set |= op->clobbers;
		if (op->dst != CODE_NO_REGISTER)
			set |= (uint16_t)(1u << op->dst);
		if (op->address && op->kind != OP_CALL)
			*address = op->address;
	}
	return set & (uint16_t)~(1u << RSP);
}

static uint64_t relative_operand(const struct truth *t)
{
	for (unsigned i = 0; i < t->z.operand_count_visible; i++)
		if (t->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    t->operands[i].mem.base == ZYDIS_REGISTER_RIP)
			return ENTRY + t->z.length + (uint64_t)t->operands[i].mem.disp.value;
	return 0;
}

/* What is written to the stack is told, in its place and with all its bytes. */
static void check_stack(const struct code_ops *ops, const struct truth *t)
{
	for (unsigned i = 0; i < t->z.operand_count_visible; i++) {
		const ZydisDecodedOperand *o = &t->operands[i];
		uint32_t k = 0;

		if (o->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    !(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) ||
		    o->mem.base != ZYDIS_REGISTER_RSP || o->mem.index != ZYDIS_REGISTER_NONE ||
		    o->mem.segment != ZYDIS_REGISTER_SS)
			continue;
		while (k < ops->n && ops->ops[k].kind != OP_STORE)
			k++;
		assert_true(k < ops->n);
		assert_int_equal(ops->ops[k].base, RSP);
		assert_int_equal(ops->ops[k].disp, (int32_t)o->mem.disp.value);
		assert_true(ops->ops[k].width == 255 || ops->ops[k].width >= o->size / 8);
	}
}

/* Zero idioms and copies of a register onto itself write what Zydis says, too; control transfers
 * are told as such, and a called function's writes are the callee's. */
static void check(const struct code_ops *ops, const struct truth *t)
{
	uint64_t address;
	uint16_t set = told(ops, &address);

	if (t->z.meta.category == ZYDIS_CATEGORY_CALL || t->z.meta.category == ZYDIS_CATEGORY_RET)
		return;
	if (set != written(t) || address != relative_operand(t)) {
		print_error("%s, opcode %02x, writes %x told %x, address %lx told %lx\n",
			    ZydisMnemonicGetString(t->z.mnemonic), t->z.opcode, written(t), set,
			    relative_operand(t), address);
		assert_true(false);
	}
	check_stack(ops, t);
}

static void instructions_are_read_as_zydis_reads_them(void **state)
{
	struct code_ops ops = { 0 };
	ZydisDecoder decoder;
	unsigned checked = 0;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	srandom(SEED);
	print_message("# seed %u\n", SEED);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t code[32];
		struct truth t;

		random_instruction(code, sizeof code);
		if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code, 15, &t.z, t.operands)) ||
		    code[0] == 0xcc)
			continue;
		memcpy(code + t.z.length, "\xe8\0\0\0\0", 5);
		assert_true(code_decode(&ops, code, ENTRY, t.z.length + 5u));
		assert_true(ops.n > 0);
		assert_int_equal(ops.ops[ops.n - 1].offset, t.z.length);
		assert_int_equal(ops.ops[ops.n - 1].kind, OP_CALL);
		check(&ops, &t);
		checked++;
	}
	assert_true(checked > ROUNDS / 2);
	code_ops_free(&ops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_read_as_zydis_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

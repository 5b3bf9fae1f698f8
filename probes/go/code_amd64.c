/* x86-64, decoded with Zydis. Operands are decoded only for instructions that have no case of their
 * own here, since that doubles the time. */
#include <Zydis/Zydis.h>

#include "probes/go/code_decode.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

#define ALL_REGISTERS 0xffffu
#define PADDING 0xcc /* int3: what the linker fills the gaps between functions with */

const struct code_machine code_machine = {
	.known = true,
	.argument = { RAX, RBX, RCX, RDI, RSI },
	.context = RDX,
	.stack = RSP,
	.barrier_clobbers = 1u << R11,
};

/* One instruction on its way into operations. */
struct instruction {
	struct code_ops *out;
	uint32_t offset;
	uint64_t next; /* address of the instruction after this one */
	uint64_t entry;
	uint32_t length; /* of the function */
	ZydisDecodedInstruction z;
	ZydisDecoderContext context;
};

static uint8_t modrm_reg(const struct instruction *in)
{
	return (uint8_t)(in->z.raw.modrm.reg | in->z.raw.rex.R << 3);
}

static uint8_t modrm_rm(const struct instruction *in)
{
	return (uint8_t)(in->z.raw.modrm.rm | in->z.raw.rex.B << 3);
}

static bool has_modrm(const struct instruction *in)
{
	return in->z.attributes & ZYDIS_ATTRIB_HAS_MODRM;
}

/* The constant address of an operand relative to the next instruction, 0 if there is none. */
static uint64_t relative_address(const struct instruction *in)
{
	if (!has_modrm(in) || in->z.raw.modrm.mod != 0 || in->z.raw.modrm.rm != 5)
		return 0;
	return in->next + (uint64_t)in->z.raw.disp.value;
}

/* A memory operand as base + displacement or as a constant address. False for all other forms. */
static bool simple_memory(const struct instruction *in, struct code_op *op)
{
	op->address = relative_address(in);
	if (in->z.attributes & ZYDIS_ATTRIB_HAS_SEGMENT)
		return false;
	if (op->address)
		return true;
	op->disp = (int32_t)in->z.raw.disp.value;
	op->base = modrm_rm(in);
	if (in->z.raw.modrm.rm != 4)
		return true;
	op->base = (uint8_t)(in->z.raw.sib.base | in->z.raw.rex.B << 3);
	return (in->z.raw.sib.index | in->z.raw.rex.X << 3) == 4 &&
	       !(in->z.raw.sib.base == 5 && in->z.raw.modrm.mod == 0);
}

/* All that a register is told to hold when the instruction is of no other use. */
static void clobber(struct code_op *op, uint8_t reg)
{
	op->kind = OP_CLOBBER;
	op->base = op->src = CODE_NO_REGISTER;
	op->clobbers = (uint16_t)(1u << reg);
}

static bool add_load(struct instruction *in, enum code_op_kind kind)
{
	struct code_op *op = code_ops_add(in->out, kind, in->offset);
	bool simple;

	if (!op)
		return false;
	op->dst = modrm_reg(in);
	simple = simple_memory(in, op);
	if (in->z.operand_width != 64 || !simple)
		clobber(op, op->dst);
	else if (kind == OP_OFFSET && op->base == CODE_NO_REGISTER)
		op->kind = OP_ADDRESS;
	return true;
}

static bool add_store(struct instruction *in, uint8_t src)
{
	struct code_op *op = code_ops_add(in->out, OP_STORE, in->offset);

	if (!op)
		return false;
	op->width = (uint8_t)(in->z.operand_width / 8);
	op->src = in->z.operand_width == 64 ? src : (uint8_t)CODE_NO_REGISTER;
	if (!simple_memory(in, op)) {
		op->kind = OP_REFER;
		op->base = CODE_NO_REGISTER;
	}
	return true;
}

static bool add_copy(struct instruction *in, uint8_t dst, uint8_t src)
{
	struct code_op *op = code_ops_add(in->out, OP_COPY, in->offset);

	if (!op)
		return false;
	op->dst = dst;
	op->src = src;
	if (in->z.operand_width != 64)
		clobber(op, dst);
	return true;
}

static bool add_constant(struct instruction *in, uint8_t dst)
{
	struct code_op *op = code_ops_add(in->out, OP_ZERO, in->offset);

	if (!op)
		return false;
	op->dst = dst;
	if (in->z.raw.imm[0].value.u != 0 || in->z.operand_width < 32)
		clobber(op, dst);
	return true;
}

static bool add_refer(struct instruction *in)
{
	uint64_t address = relative_address(in);
	struct code_op *op;

	if (!address)
		return true;
	op = code_ops_add(in->out, OP_REFER, in->offset);
	if (op)
		op->address = address;
	return op != NULL;
}

/* The general registers that operand REG overlaps, as a set. */
static uint16_t register_set(ZydisRegister reg)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
		return 0;
	return (uint16_t)(1u << (whole - ZYDIS_REGISTER_RAX));
}

static bool add_memory_write(struct instruction *in, const ZydisDecodedOperand *operand)
{
	struct code_op *op = code_ops_add(in->out, OP_STORE, in->offset);

	if (!op)
		return false;
	op->width = (uint8_t)(operand->size / 8 > 255 ? 255 : operand->size / 8);
	if (!has_modrm(in) || in->z.raw.modrm.mod == 3 || !simple_memory(in, op)) {
		op->kind = OP_REFER;
		op->base = CODE_NO_REGISTER;
	}
	return true;
}

/* Any other instruction: the registers that it writes, hidden ones too, and the memory. */
static bool add_other(struct instruction *in, const ZydisDecoder *decoder)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	uint16_t clobbers = 0;
	struct code_op *op;

	if (ZYAN_FAILED(ZydisDecoderDecodeOperands(decoder, &in->context, &in->z, operands,
						   in->z.operand_count)))
		clobbers = ALL_REGISTERS;
	else
		for (unsigned i = 0; i < in->z.operand_count; i++) {
			if (!(operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
				continue;
			if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
				clobbers |= register_set(operands[i].reg.value);
			else if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
				 !add_memory_write(in, &operands[i]))
				return false;
		}
	if (!clobbers)
		return add_refer(in);
	op = code_ops_add(in->out, OP_CLOBBER, in->offset);
	if (!op)
		return false;
	op->address = relative_address(in);
	op->clobbers = clobbers;
	return true;
}

static bool add_move(struct instruction *in, const ZydisDecoder *decoder)
{
	bool to_register = has_modrm(in) && in->z.raw.modrm.mod == 3;

	if (in->z.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
		return add_other(in, decoder);
	if (in->z.opcode >= 0xb8 && in->z.opcode <= 0xbf)
		return add_constant(in, (uint8_t)((in->z.opcode & 7) | in->z.raw.rex.B << 3));
	switch (in->z.opcode) {
	case 0x8b:
		return to_register ? add_copy(in, modrm_reg(in), modrm_rm(in))
				   : add_load(in, OP_LOAD);
	case 0x89:
		return to_register ? add_copy(in, modrm_rm(in), modrm_reg(in))
				   : add_store(in, modrm_reg(in));
	case 0xc7:
		return to_register ? add_constant(in, modrm_rm(in))
				   : add_store(in, CODE_NO_REGISTER);
	default:
		return add_other(in, decoder);
	}
}

static bool add_call(struct instruction *in)
{
	struct code_op *op;

	if (!add_refer(in))
		return false;
	op = code_ops_add(in->out, OP_CALL, in->offset);
	if (op && in->z.raw.imm[0].is_relative)
		op->address = in->next + (uint64_t)in->z.raw.imm[0].value.s;
	return op != NULL;
}

static bool add_jump(struct instruction *in, enum code_op_kind kind)
{
	struct code_op *op;
	uint64_t target;

	if (!add_refer(in))
		return false;
	op = code_ops_add(in->out, kind, in->offset);
	if (!op)
		return false;
	target = in->next + (uint64_t)in->z.raw.imm[0].value.s - in->entry;
	if (in->z.raw.imm[0].is_relative && target < in->length)
		op->target = (uint32_t)target;
	else if (kind == OP_JUMP)
		op->kind = OP_STOP;
	return true;
}

static bool add_instruction(struct instruction *in, const ZydisDecoder *decoder)
{
	switch (in->z.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		return add_move(in, decoder);
	case ZYDIS_MNEMONIC_LEA:
		return add_load(in, OP_OFFSET);
	case ZYDIS_MNEMONIC_XOR:
		if ((in->z.opcode == 0x31 || in->z.opcode == 0x33) && in->z.raw.modrm.mod == 3 &&
		    modrm_reg(in) == modrm_rm(in))
			return add_constant(in, modrm_reg(in));
		return add_other(in, decoder);
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
	case ZYDIS_MNEMONIC_NOP:
		return add_refer(in);
	case ZYDIS_MNEMONIC_CALL:
		return add_call(in);
	case ZYDIS_MNEMONIC_JMP:
		return add_jump(in, OP_JUMP);
	case ZYDIS_MNEMONIC_RET:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		return code_ops_add(in->out, OP_STOP, in->offset) != NULL;
	default:
		if (in->z.meta.category == ZYDIS_CATEGORY_COND_BR)
			return add_jump(in, OP_BRANCH);
		return add_other(in, decoder);
	}
}

static bool add_undecoded(struct code_ops *out, uint32_t offset)
{
	struct code_op *op = code_ops_add(out, OP_CLOBBER, offset);

	if (op)
		op->clobbers = ALL_REGISTERS;
	return op != NULL;
}

bool code_decode(struct code_ops *out, const uint8_t *code, uint64_t entry, uint32_t length)
{
	struct instruction in = { .out = out, .entry = entry, .length = length };
	ZydisDecoder decoder;

	out->n = 0;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (uint32_t at = 0; at < length;) {
		if (code[at] == PADDING) {
			at++;
			continue;
		}
		in.offset = at;
		if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, &in.context, code + at,
							      length - at, &in.z))) {
			if (!add_undecoded(out, at++))
				return false;
			continue;
		}
		at += in.z.length;
		in.next = entry + at;
		if (!add_instruction(&in, &decoder))
			return false;
	}
	return true;
}

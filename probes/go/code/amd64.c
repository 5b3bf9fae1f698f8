/* x86-64. Nineteen of twenty instructions of Go's code, and all that values flow through, have a
 * plain encoding, which is read here; Zydis decodes the others, and its knowledge of their operands
 * tells what they write. (Zydis alone takes four times as long.) */
#include <Zydis/Zydis.h>
#include <string.h>

#include "probes/go/code/decode.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

#define ALL_REGISTERS 0xffffu
#define NOP 0x90
#define PADDING 0xcc /* int3: what the linker fills the gaps between functions with */
#define LONGEST 15u  /* bytes of an instruction */

const struct code_machine code_machine = {
	.known = true,
	.argument = { RAX, RBX, RCX, RDI, RSI },
	.stack = RSP,
	.context = RDX,
	.barrier_clobbers = 1u << R11,
};

const uint32_t code_call_size = 5;

/* CALL rel32 */
uint64_t code_call_target(const uint8_t *code, uint64_t addr)
{
	int32_t displacement;

	if (code[0] != 0xe8)
		return 0;
	memcpy(&displacement, code + 1, sizeof displacement);
	return addr + code_call_size + (uint64_t)(int64_t)displacement;
}

/* ---- plain encodings: [REX] opcode [ModRM [SIB] [displacement]] [immediate] ---- */

enum act {
	ACT_OTHER,    /* not read here */
	ACT_LOAD,     /* mov reg, rm */
	ACT_STORE,    /* mov rm, reg */
	ACT_ADDRESS,  /* lea reg, rm */
	ACT_CONSTANT, /* mov rm, immediate */
	ACT_REFER,    /* writes no register and no memory */
	ACT_WRITE_RM, /* writes rm with something unknown */
	ACT_WRITE_REG,
	ACT_WRITE_VECTOR, /* writes 16 bytes to rm, or nothing that matters if that is a register */
	ACT_GROUP_1,  /* like ACT_WRITE_RM, but a comparison as number 7 of the group */
	ACT_XOR,      /* like ACT_WRITE_RM, but zero with itself */
	ACT_CALL,
	ACT_JUMP,
	ACT_BRANCH,
	ACT_RETURN,
	ACT_STOP,
};

struct form {
	uint8_t act;
	uint8_t immediate; /* bytes */
	bool no_modrm; /* rm is the last three bits of the opcode, if anything */
	bool narrow;   /* only without REX.W, which makes the immediate longer */
};

static const struct form one_byte[256] = {
	[0x01] = { ACT_WRITE_RM }, [0x03] = { ACT_WRITE_REG }, /* add */
	[0x09] = { ACT_WRITE_RM }, [0x0b] = { ACT_WRITE_REG }, /* or */
	[0x21] = { ACT_WRITE_RM }, [0x23] = { ACT_WRITE_REG }, /* and */
	[0x29] = { ACT_WRITE_RM }, [0x2b] = { ACT_WRITE_REG }, /* sub */
	[0x31] = { ACT_XOR },
	[0x38] = { ACT_REFER }, [0x39] = { ACT_REFER }, /* cmp */
	[0x3a] = { ACT_REFER }, [0x3b] = { ACT_REFER },
	[0x3c] = { ACT_REFER, 1, true }, [0x3d] = { ACT_REFER, 4, true },
	[0x50 ... 0x57] = { ACT_REFER, 0, true },    /* push */
	[0x58 ... 0x5f] = { ACT_WRITE_RM, 0, true }, /* pop */
	[0x70 ... 0x7f] = { ACT_BRANCH, 1, true },
	[0x81] = { ACT_GROUP_1, 4 }, [0x83] = { ACT_GROUP_1, 1 },
	[0x84] = { ACT_REFER }, [0x85] = { ACT_REFER }, /* test */
	[0x89] = { ACT_STORE }, [0x8b] = { ACT_LOAD }, [0x8d] = { ACT_ADDRESS },
	[NOP] = { ACT_REFER, 0, true }, /* with REX something else */
	[0xa8] = { ACT_REFER, 1, true }, [0xa9] = { ACT_REFER, 4, true },
	[0xb8 ... 0xbf] = { ACT_CONSTANT, 4, true, true },
	[0xc3] = { ACT_RETURN, 0, true },
	[0xc7] = { ACT_CONSTANT, 4 },
	[0xe8] = { ACT_CALL, 4, true },
	[0xe9] = { ACT_JUMP, 4, true }, [0xeb] = { ACT_JUMP, 1, true },
	[0xf4] = { ACT_STOP, 0, true }, /* hlt */
};

static const struct form two_byte[256] = {
	[0x0b] = { ACT_STOP, 0, true }, /* ud2 */
	[0x10] = { ACT_REFER }, [0x11] = { ACT_WRITE_VECTOR }, /* movups */
	[0x1f] = { ACT_REFER }, /* nop */
	[0x80 ... 0x8f] = { ACT_BRANCH, 4, true },
	[0xb6] = { ACT_WRITE_REG }, [0xb7] = { ACT_WRITE_REG }, /* movzx */
};

/* One instruction on its way into operations. */
struct instruction {
	struct code_ops *out;
	uint64_t entry;   /* of the function */
	uint32_t length;  /* of the function */
	uint32_t offset;
	uint64_t next;    /* address of the instruction after this one */
	uint8_t act;
	uint8_t size;     /* bytes */
	bool wide;        /* 64 bits */
	bool memory;      /* rm is in memory */
	bool simple;      /* that is base + disp or a constant address */
	bool relative;    /* the latter */
	uint8_t reg, rm;  /* registers; in memory rm is the base */
	int32_t disp, immediate;
};

static int32_t read_i32(const uint8_t *p)
{
	int32_t value;

	memcpy(&value, p, 4);
	return value;
}

/* ModRM at P and what follows it; its length. MOD, REG, RM are as encoded, without REX. */
static unsigned read_modrm(struct instruction *in, const uint8_t *p, uint8_t rex)
{
	unsigned mod = p[0] >> 6, rm = p[0] & 7, n = 1;
	bool no_base = false;

	in->reg = (uint8_t)((p[0] >> 3 & 7) | (rex & 4) << 1);
	in->rm = (uint8_t)(rm | (rex & 1) << 3);
	in->memory = mod != 3;
	in->relative = mod == 0 && rm == 5;
	in->simple = in->memory;
	in->disp = 0;
	if (!in->memory)
		return n;
	if (rm == 4) {
		in->rm = (uint8_t)((p[1] & 7) | (rex & 1) << 3);
		no_base = mod == 0 && (p[1] & 7) == 5;
		in->simple = (p[1] >> 3 & 7) == 4 && !(rex & 2) && !no_base;
		n++;
	}
	if (mod == 1)
		in->disp = (int8_t)p[n++];
	if (mod == 2 || in->relative || no_base) {
		in->disp = read_i32(p + n);
		n += 4;
	}
	return n;
}

/* Read the instruction at P, from which LONGEST bytes can be read. False if it has no plain
 * encoding. */
static bool read_plain(struct instruction *in, const uint8_t *p)
{
	uint8_t rex = (p[0] & 0xf0) == 0x40 ? p[0] : 0;
	unsigned n = rex ? 1 : 0;
	bool escape = p[n] == 0x0f;
	const struct form *form = escape ? &two_byte[p[n + 1]] : &one_byte[p[n]];

	n += escape ? 2 : 1;
	in->act = form->act;
	in->wide = rex & 8;
	in->memory = in->relative = false;
	if (form->act == ACT_OTHER || (rex && p[n - 1] == NOP) || (in->wide && form->narrow))
		return false;
	in->rm = (uint8_t)((p[n - 1] & 7) | (rex & 1) << 3);
	in->reg = 0;
	if (!form->no_modrm)
		n += read_modrm(in, p + n, rex);
	if (form->act == ACT_CONSTANT && (in->reg & 7))
		return false; /* xbegin */
	if (form->immediate == 1)
		in->immediate = (int8_t)p[n];
	else if (form->immediate == 4)
		in->immediate = read_i32(p + n);
	in->size = (uint8_t)(n + form->immediate);
	return true;
}

/* ---- operations ---- */

/* The constant address of the memory operand, 0 if there is none. */
static uint64_t constant_address(const struct instruction *in)
{
	return in->memory && in->relative ? in->next + (uint64_t)(int64_t)in->disp : 0;
}

/* The memory operand as OP has it; base and constant address stay none if it is not simple. */
static void set_memory(const struct instruction *in, struct code_op *op)
{
	op->address = constant_address(in);
	if (op->address || !in->simple)
		return;
	op->disp = in->disp;
	op->base = in->rm;
}

static bool add_refer(struct instruction *in)
{
	uint64_t address = constant_address(in);
	struct code_op *op;

	if (!address)
		return true;
	op = code_ops_add(in->out, OP_REFER, in->offset);
	if (op)
		op->address = address;
	return op != NULL;
}

static bool add_clobber(struct instruction *in, uint16_t registers)
{
	struct code_op *op = code_ops_add(in->out, OP_CLOBBER, in->offset);

	if (!op)
		return false;
	op->address = constant_address(in);
	op->clobbers = registers;
	return true;
}

static bool add_load(struct instruction *in, enum code_op_kind kind)
{
	struct code_op *op;

	if (!in->wide || !in->simple)
		return add_clobber(in, (uint16_t)(1u << in->reg));
	op = code_ops_add(in->out, kind, in->offset);
	if (!op)
		return false;
	op->dst = in->reg;
	set_memory(in, op);
	if (kind == OP_OFFSET && op->base == CODE_NO_REGISTER)
		op->kind = OP_ADDRESS;
	return true;
}

/* WIDTH bytes to memory: register SRC if that is a whole word, else something unknown. */
static bool add_store(struct instruction *in, uint8_t src, unsigned width)
{
	struct code_op *op;

	if (!in->simple)
		return true;
	op = code_ops_add(in->out, OP_STORE, in->offset);
	if (!op)
		return false;
	set_memory(in, op);
	op->src = width == 8 ? src : (uint8_t)CODE_NO_REGISTER;
	op->width = (uint8_t)(width > 255 ? 255 : width);
	return true;
}

static bool add_copy(struct instruction *in, uint8_t dst, uint8_t src)
{
	struct code_op *op;

	if (!in->wide)
		return add_clobber(in, (uint16_t)(1u << dst));
	op = code_ops_add(in->out, OP_COPY, in->offset);
	if (!op)
		return false;
	op->dst = dst;
	op->src = src;
	return true;
}

static bool add_zero(struct instruction *in, uint8_t dst)
{
	struct code_op *op = code_ops_add(in->out, OP_ZERO, in->offset);

	if (op)
		op->dst = dst;
	return op != NULL;
}

static bool add_write_rm(struct instruction *in)
{
	return in->memory ? add_store(in, CODE_NO_REGISTER, in->wide ? 8 : 4)
			  : add_clobber(in, (uint16_t)(1u << in->rm));
}

static bool add_constant(struct instruction *in)
{
	return !in->memory && !in->immediate ? add_zero(in, in->rm) : add_write_rm(in);
}

/* A call, jump or branch to a constant address. */
static bool add_transfer(struct instruction *in, enum code_op_kind kind)
{
	struct code_op *op = code_ops_add(in->out, kind, in->offset);
	uint64_t target = in->next + (uint64_t)(int64_t)in->immediate;

	if (!op)
		return false;
	if (kind == OP_CALL)
		op->address = target;
	else if (target - in->entry < in->length)
		op->target = (uint32_t)(target - in->entry);
	else if (kind == OP_JUMP)
		op->kind = OP_STOP;
	return true;
}

static bool add_plain(struct instruction *in)
{
	switch (in->act) {
	case ACT_LOAD:
		return in->memory ? add_load(in, OP_LOAD) : add_copy(in, in->reg, in->rm);
	case ACT_STORE:
		return in->memory ? add_store(in, in->reg, in->wide ? 8 : 4)
				  : add_copy(in, in->rm, in->reg);
	case ACT_ADDRESS:
		return add_load(in, OP_OFFSET);
	case ACT_CONSTANT:
		return add_constant(in);
	case ACT_REFER:
		return add_refer(in);
	case ACT_WRITE_RM:
		return add_write_rm(in);
	case ACT_WRITE_REG:
		return add_clobber(in, (uint16_t)(1u << in->reg));
	case ACT_WRITE_VECTOR:
		return !in->memory || add_store(in, CODE_NO_REGISTER, 16);
	case ACT_GROUP_1:
		return (in->reg & 7) == 7 ? add_refer(in) : add_write_rm(in);
	case ACT_XOR:
		return !in->memory && in->reg == in->rm ? add_zero(in, in->rm) : add_write_rm(in);
	case ACT_CALL:
		return add_transfer(in, OP_CALL);
	case ACT_JUMP:
		return add_transfer(in, OP_JUMP);
	case ACT_BRANCH:
		return add_transfer(in, OP_BRANCH);
	case ACT_RETURN:
		return code_ops_add(in->out, OP_RETURN, in->offset) != NULL;
	default:
		return code_ops_add(in->out, OP_STOP, in->offset) != NULL;
	}
}

/* ---- all others ---- */

/* The general registers that operand REG overlaps, as a set. */
static uint16_t register_set(ZydisRegister reg)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
		return 0;
	return (uint16_t)(1u << (whole - ZYDIS_REGISTER_RAX));
}

/* What Zydis says of the memory operand among N operands, as read_modrm would have it. */
static void take_memory(struct instruction *in, const ZydisDecodedOperand *operands, unsigned n)
{
	const ZydisDecodedOperand *o = operands;

	while (o < operands + n && o->type != ZYDIS_OPERAND_TYPE_MEMORY)
		o++;
	in->memory = o < operands + n;
	if (!in->memory)
		return;
	in->relative = o->mem.base == ZYDIS_REGISTER_RIP;
	in->simple = in->relative || (o->mem.base >= ZYDIS_REGISTER_RAX &&
				      o->mem.base <= ZYDIS_REGISTER_R15);
	if (o->mem.index != ZYDIS_REGISTER_NONE || o->mem.segment == ZYDIS_REGISTER_FS ||
	    o->mem.segment == ZYDIS_REGISTER_GS)
		in->simple = false;
	in->rm = in->simple && !in->relative ? (uint8_t)(o->mem.base - ZYDIS_REGISTER_RAX) : 0;
	in->disp = (int32_t)o->mem.disp.value;
}

/* Calls, jumps and branches that have a prefix or no constant target. */
static bool add_other_transfer(struct instruction *in, const ZydisDecodedInstruction *z)
{
	enum code_op_kind kind = z->meta.category == ZYDIS_CATEGORY_CALL ? OP_CALL
			       : z->meta.category == ZYDIS_CATEGORY_COND_BR ? OP_BRANCH : OP_JUMP;

	in->immediate = (int32_t)z->raw.imm[0].value.s;
	if (z->raw.imm[0].is_relative)
		return add_transfer(in, kind);
	return code_ops_add(in->out, kind == OP_CALL ? OP_CALL : OP_STOP, in->offset) != NULL;
}

/* The registers that the operands write, hidden ones too, and the memory. */
static bool add_writes(struct instruction *in, const ZydisDecodedOperand *operands, unsigned n)
{
	uint16_t clobbers = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!(operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
			clobbers |= register_set(operands[i].reg.value);
		else if (operands[i].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT &&
			 in->memory && !add_store(in, CODE_NO_REGISTER, operands[i].size / 8))
			return false;
	}
	return clobbers ? add_clobber(in, clobbers) : add_refer(in);
}

/* Decode the instruction of which LEFT bytes are at P with Zydis. Bytes that are no instruction
 * clobber everything. */
static bool add_other(struct instruction *in, const ZydisDecoder *decoder, const uint8_t *p,
		      uint32_t left)
{
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

	in->size = 1;
	in->memory = false;
	if (ZYAN_FAILED(ZydisDecoderDecodeFull(decoder, p, left, &z, operands)))
		return add_clobber(in, ALL_REGISTERS);
	in->size = z.length;
	in->next = in->entry + in->offset + in->size;
	take_memory(in, operands, z.operand_count_visible);
	if (!add_writes(in, operands, z.operand_count))
		return false;
	switch (z.meta.category) {
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_COND_BR:
	case ZYDIS_CATEGORY_UNCOND_BR:
		return add_other_transfer(in, &z);
	case ZYDIS_CATEGORY_RET:
		return code_ops_add(in->out, OP_RETURN, in->offset) != NULL;
	default:
		return true;
	}
}

/* Decode the instruction of which LEFT bytes are at P; its size is in in->size. */
static bool add_instruction(struct instruction *in, const ZydisDecoder *decoder, const uint8_t *p,
			    uint32_t left)
{
	uint8_t tail[LONGEST] = { 0 };
	const uint8_t *readable = p;

	if (left < LONGEST)
		readable = memcpy(tail, p, left);
	if (!read_plain(in, readable) || in->size > left)
		return add_other(in, decoder, p, left);
	in->next = in->entry + in->offset + in->size;
	return add_plain(in);
}

bool code_decode(struct code_ops *out, const uint8_t *code, uint64_t entry, uint32_t length)
{
	struct instruction in = { .out = out, .entry = entry, .length = length };
	ZydisDecoder decoder;

	out->n = 0;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (; in.offset < length; in.offset += in.size) {
		in.size = 1;
		if (code[in.offset] != PADDING &&
		    !add_instruction(&in, &decoder, code + in.offset, length - in.offset))
			return false;
	}
	return true;
}

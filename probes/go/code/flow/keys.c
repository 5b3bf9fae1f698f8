#include "probes/go/code/flow/keys.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/code/decode.h"

#define FRAME_WORDS 1024u
#define MOST_OPS (1u << 16)
#define MOST_ROUNDS 32

/* In the order of how little is known. */
enum what {
	NOTHING,   /* so far */
	ZERO,
	CONSTANT,  /* of the program: an address in what is never written, or what stands there */
	FRAME,     /* the address `of` bytes above the stack pointer */
	OTHER,     /* anything that has nothing to do with what is followed */
	CONTEXT,   /* the closure's object */
	BOX,       /* the variable with the map */
	MAP,
	MAYBE_CONTEXT, /* depending on the way here */
	PERHAPS,   /* box or map, or a way to them, depending on that */
};

struct held { uint64_t of; enum what what; };
struct registers { struct held items[CODE_REGISTERS]; };

struct follower {
	const struct code_program *program;
	uint32_t offset;
	bool boxed;
	struct code_ops ops;
	struct registers *arriving; /* at each operation, by jumps */
	struct registers now;
	struct held frame[FRAME_WORDS]; /* all that is ever stored in each word, joined */
	bool changed;               /* what an earlier operation should have known */
	bool used, varies, lost;
};

/* ---- values ---- */

static struct held a(enum what what)
{
	return (struct held){ .what = what };
}

static bool is_followed(struct held v)
{
	return v.what == BOX || v.what == MAP || v.what == PERHAPS;
}

static struct held join(struct held x, struct held y)
{
	if ((x.what == y.what && x.of == y.of) || y.what <= ZERO)
		return x;
	if (x.what <= ZERO)
		return y;
	if (is_followed(x) || is_followed(y))
		return a(PERHAPS);
	if (x.what == CONTEXT || y.what == CONTEXT || x.what == MAYBE_CONTEXT || y.what == MAYBE_CONTEXT)
		return a(MAYBE_CONTEXT);
	return a(x.what == CONSTANT && y.what == CONSTANT ? CONSTANT : OTHER);
}

static void join_into(struct follower *f, struct held *into, struct held from)
{
	struct held joined = join(*into, from);

	f->changed |= joined.what != into->what || joined.of != into->of;
	*into = joined;
}

static struct held constant(const struct follower *f, uint64_t addr)
{
	return program_has_variable(f->program, addr) ? a(OTHER)
						      : (struct held){ .what = CONSTANT, .of = addr };
}

static struct held *frame_word(struct follower *f, int64_t disp)
{
	return disp >= 0 && disp / 8 < FRAME_WORDS ? &f->frame[disp / 8] : NULL;
}

/* VALUE goes where it is not followed. */
static void lose(struct follower *f, struct held value)
{
	f->lost |= is_followed(value);
}

/* So does all that the registers hold, and what lies in the frame from where they point to. */
static void lose_all(struct follower *f)
{
	for (unsigned r = 0; r < CODE_REGISTERS; r++) {
		struct held v = f->now.items[r];

		if (r == code_machine.stack)
			continue;
		lose(f, v);
		for (uint64_t i = v.of / 8; v.what == FRAME && i < FRAME_WORDS; i++)
			lose(f, f->frame[i]);
	}
}

static void set_all(struct registers *registers, enum what what)
{
	for (unsigned r = 0; r < CODE_REGISTERS; r++)
		registers->items[r] = a(what);
}

/* ---- memory ---- */

static struct held load(struct follower *f, const struct code_op *op)
{
	struct held base, *word;

	if (op->base == CODE_NO_REGISTER)
		return constant(f, op->address).what == CONSTANT ? a(CONSTANT) : a(OTHER);
	if (op->base == code_machine.stack) {
		word = frame_word(f, op->disp);
		return word ? *word : a(OTHER);
	}
	base = f->now.items[op->base];
	switch (base.what) {
	case CONTEXT:
		return a(op->disp != (int64_t)f->offset ? OTHER : f->boxed ? BOX : MAP);
	case BOX:
		return a(op->disp ? OTHER : MAP);
	case MAYBE_CONTEXT:
	case PERHAPS:
		return a(PERHAPS);
	case FRAME:
		word = frame_word(f, (int64_t)base.of + op->disp);
		return word ? *word : a(OTHER);
	case CONSTANT:
		return a(CONSTANT);
	case NOTHING:
		return a(NOTHING);
	default:
		return a(OTHER);
	}
}

static void store_in_frame(struct follower *f, int64_t disp, unsigned width, struct held value)
{
	struct held *word = frame_word(f, disp);

	if (!word)
		lose(f, value);
	for (int64_t at = disp & ~7ll; at < disp + width; at += 8) {
		word = frame_word(f, at);
		if (word)
			join_into(f, word, at == disp ? value : a(OTHER));
	}
}

static void store(struct follower *f, const struct code_op *op)
{
	struct held value = op->src == CODE_NO_REGISTER ? a(OTHER) : f->now.items[op->src];
	struct held base = op->base == CODE_NO_REGISTER ? a(OTHER) : f->now.items[op->base];

	if (op->base == code_machine.stack)
		store_in_frame(f, op->disp, op->width, value);
	else if (base.what == FRAME)
		store_in_frame(f, (int64_t)base.of + op->disp, op->width, value);
	else
		lose(f, value);
	f->lost |= base.what == BOX; /* another map takes its place */
}

static struct held address(const struct follower *f, const struct code_op *op)
{
	struct held base = op->base == CODE_NO_REGISTER ? a(OTHER) : f->now.items[op->base];

	if (op->base == code_machine.stack)
		return (struct held){ .what = FRAME, .of = (uint64_t)(op->disp > 0 ? op->disp : 0) };
	switch (base.what) {
	case FRAME:
		base.of += (uint64_t)(int64_t)op->disp;
		return base;
	case CONSTANT: return a(CONSTANT);
	case CONTEXT:
	case MAYBE_CONTEXT:
	case BOX:
	case MAP:
	case PERHAPS: return a(PERHAPS);
	default: return a(OTHER);
	}
}

/* ---- keys ---- */

/* Are the words of KEY at OFFSET of the frame constants: a string's bytes, an interface's type and data? (How
 * much of a constant string does not matter.) */
static bool is_constant_in_frame(struct follower *f, uint64_t offset, const struct rtype *key)
{
	const struct held *first = frame_word(f, (int64_t)offset);
	const struct held *second = frame_word(f, (int64_t)offset + 8);

	if (offset % 8 || !first || first->what != CONSTANT)
		return false;
	return key->kind == KIND_STRING ||
	       (key->kind == KIND_INTERFACE && second && second->what == CONSTANT);
}

static bool is_number(const struct rtype *key)
{
	return key->size <= 8 && key->kind != KIND_STRING && key->kind != KIND_INTERFACE;
}

static struct held argument(const struct follower *f, uint8_t number)
{
	return number == CALL_NO_ARGUMENT ? a(OTHER) : f->now.items[code_machine.argument[number]];
}

/* A map is asked for a key, or for all. */
static void use_map(struct follower *f, const struct call_rule *rule)
{
	struct types *types = f->program->types;
	struct held map = argument(f, rule->subject), type = argument(f, rule->type);
	struct held key = argument(f, rule->second);
	uint32_t t = type.what == CONSTANT ? types_at(types, type.of) : NO_TYPE;
	const struct rtype *kind = t == NO_TYPE ? NULL : types_find(types, types_get(types, t)->key);

	f->lost |= map.what == PERHAPS;
	if (map.what != MAP)
		return;
	f->used = true;
	if (rule->second == CALL_NO_ARGUMENT)
		f->varies = true;
	else if (!kind || is_number(kind))
		f->lost = true; /* a number in the code cannot be told from one that comes */
	else if (key.what != CONSTANT && !(key.what == FRAME && is_constant_in_frame(f, key.of, kind)))
		f->varies = true;
}

static void call(struct follower *f, const struct code_op *op)
{
	const struct code_function *callee = op->address ? program_function(f->program, op->address)
							 : NULL;
	const struct call_rule *rule = callee ? callee->rule : NULL;
	enum call_meaning meaning = rule ? rule->meaning : CALL_NO_RETURN;

	if (meaning == CALL_BARRIER) {
		for (unsigned r = 0; r < CODE_REGISTERS; r++)
			if (code_machine.barrier_clobbers >> r & 1)
				f->now.items[r] = a(OTHER);
		return;
	}
	if (meaning == CALL_USE_MAP)
		use_map(f, rule);
	else if (meaning == CALL_VALUE || meaning == CALL_GROW_SLICE || meaning == CALL_NO_RETURN)
		lose_all(f);
	set_all(&f->now, OTHER);
}

/* ---- one function ---- */

static void step(struct follower *f, const struct code_op *op)
{
	struct held *items = f->now.items;

	switch (op->kind) {
	case OP_CLOBBER:
		for (unsigned r = 0; r < CODE_REGISTERS; r++)
			if (op->clobbers >> r & 1)
				items[r] = a(OTHER);
		break;
	case OP_ZERO: items[op->dst] = a(ZERO); break;
	case OP_COPY: items[op->dst] = items[op->src]; break;
	case OP_ADDRESS: items[op->dst] = constant(f, op->address); break;
	case OP_OFFSET: items[op->dst] = address(f, op); break;
	case OP_LOAD: items[op->dst] = load(f, op); break;
	case OP_STORE: store(f, op); break;
	case OP_CALL: call(f, op); break;
	case OP_RETURN:
	case OP_STOP: lose_all(f); break;
	case OP_BRANCH:
	case OP_JUMP:
		if (op->target == CODE_NO_TARGET)
			lose_all(f);
		break;
	default: break;
	}
}

/* What holds now also holds where OP may jump to. (Back to the entry leads the call that grows the stack:
 * there everything is as it was.) */
static void jump(struct follower *f, const struct code_op *op)
{
	uint32_t target = code_jump_target(&f->ops, op);

	for (unsigned r = 0; target < f->ops.n && r < CODE_REGISTERS; r++)
		join_into(f, &f->arriving[target].items[r], f->now.items[r]);
}

static bool goes_on(const struct code_op *op)
{
	return op->kind != OP_JUMP && op->kind != OP_RETURN && op->kind != OP_STOP;
}

/* All operations in order, but for those that nothing is seen to lead to, so far or at all: what only a table
 * of jumps leads to is not followed. */
static void walk(struct follower *f)
{
	bool flows = true;

	f->changed = f->used = f->varies = f->lost = false;
	set_all(&f->now, OTHER);
	f->now.items[code_machine.context] = a(CONTEXT);
	for (uint32_t i = 0; i < f->ops.n; i++) {
		const struct registers *arriving = &f->arriving[i];
		bool reached = arriving->items[code_machine.stack].what != NOTHING;

		if (!flows && !reached) {
			f->lost |= f->ops.ops[i].kind == OP_CALL;
			continue;
		}
		if (!flows)
			set_all(&f->now, NOTHING);
		for (unsigned r = 0; reached && r < CODE_REGISTERS; r++)
			f->now.items[r] = join(f->now.items[r], arriving->items[r]);
		step(f, &f->ops.ops[i]);
		jump(f, &f->ops.ops[i]);
		flows = goes_on(&f->ops.ops[i]);
	}
}

static enum key_use follow(struct follower *f)
{
	unsigned round = 0;

	do
		walk(f);
	while (f->changed && ++round < MOST_ROUNDS);
	if (f->varies)
		return KEYS_VARY;
	return f->changed || f->lost || !f->used ? KEYS_UNKNOWN : KEYS_FIXED;
}

enum key_use code_key_use(const struct code_program *program, uint64_t entry, uint32_t offset, bool boxed)
{
	const struct code_function *function = program_function(program, entry);
	const uint8_t *code = function ? image_at(program->go->image, entry, function->end - entry) : NULL;
	autofree struct follower *f = calloc(1, sizeof *f);
	enum key_use found = KEYS_UNKNOWN;

	if (!f || !code || !code_machine.known)
		return KEYS_UNKNOWN;
	*f = (struct follower){ .program = program, .offset = offset, .boxed = boxed };
	if (code_decode(&f->ops, code, entry, (uint32_t)(function->end - entry)) && f->ops.n <= MOST_OPS)
		f->arriving = calloc(f->ops.n + 1ul, sizeof *f->arriving);
	if (f->arriving)
		found = follow(f);
	free(f->arriving);
	code_ops_free(&f->ops);
	return found;
}

#include "probes/go/code_effects.h"

#include <stdlib.h>

#include "probes/go/code_types.h"

static const struct code_value unknown = { 0 };

static struct code_value typed(enum value_kind kind, uint32_t type)
{
	return type == NO_TYPE ? unknown : (struct code_value){ .kind = kind, .of = type };
}

static struct code_value at(enum value_kind kind, uint64_t addr)
{
	return addr >> 56 ? unknown : (struct code_value){ .kind = kind, .of = addr };
}

static void vote(struct code_walker *w, uint64_t addr, uint8_t form, uint32_t type)
{
	if (type != NO_TYPE && program_has_variable(w->program, addr))
		found_vote(&w->found, addr, form, type);
}

/* The frame has at OFFSET the header of a map of TYPE, or a pointer to one. (Code that instances of a
 * generic function share tells only the shape of theirs.) */
static void local_map(struct code_walker *w, uint64_t offset, uint32_t type, bool header)
{
	const struct code_local local = { .entry = w->entry, .offset = (uint32_t)offset,
					  .type = type, .header = header };

	if (type != NO_TYPE && !code_is_shape(w->program->types, type))
		found_local(&w->found, &local);
}

/* ---- memory ---- */

/* The followed stack word at DISP, NULL if that is none. */
static struct code_value *slot_at(struct code_walker *w, int32_t disp)
{
	uint32_t slot = (uint32_t)disp / 8;

	if (disp < 0 || disp % 8 || slot >= STATE_SLOTS)
		return NULL;
	if (slot >= w->used_slots)
		w->used_slots = slot + 1;
	return &w->slots[slot];
}

/* What a load from the frame's word at DISP gives: the value that was stored there or, if nothing is known
 * of that, what lay there. */
static struct code_value kept_in(int32_t disp, const struct code_value *slot)
{
	if (slot->kind == VALUE_UNKNOWN || slot->kind == VALUE_SLOT)
		return at(VALUE_SLOT, (uint64_t)(uint32_t)disp);
	return *slot;
}

/* The constant address of a memory operand, 0 if it is not constant. */
static uint64_t constant_address(const struct code_walker *w, const struct code_op *op)
{
	struct code_value base;

	if (op->base == CODE_NO_REGISTER)
		return op->address;
	base = w->now.registers[op->base];
	return base.kind == VALUE_ADDRESS ? base.of + (uint64_t)(int64_t)op->disp : 0;
}

static struct code_value load_field(const struct code_walker *w, uint32_t type, int32_t disp)
{
	enum code_form form;
	uint32_t of;

	if (disp < 0 || !code_word_at(w->program->types, type, (uint64_t)disp, &form, &of))
		return unknown;
	switch (form) {
	case CODE_POINTER: return typed(VALUE_POINTER, of);
	case CODE_SLICE: return typed(VALUE_SLICE, of);
	case CODE_MAP: return typed(VALUE_MAP, of);
	case CODE_CHAN: return typed(VALUE_CHAN, of);
	default: return unknown;
	}
}

static struct code_value load(struct code_walker *w, const struct code_op *op)
{
	uint64_t addr = constant_address(w, op);
	struct code_value *slot;

	if (addr)
		return at(VALUE_WORD, addr);
	if (op->base == code_machine.stack) {
		slot = slot_at(w, op->disp);
		return slot ? kept_in(op->disp, slot) : unknown;
	}
	if (w->now.registers[op->base].kind == VALUE_POINTER)
		return load_field(w, (uint32_t)w->now.registers[op->base].of, op->disp);
	return unknown;
}

static void add_map_event(struct code_walker *w, struct code_map_event event)
{
	if (w->n_events == w->events_capacity) {
		uint32_t capacity = w->events_capacity ? 2 * w->events_capacity : 64;
		struct code_map_event *grown = realloc(w->events, capacity * sizeof *grown);

		if (!grown) {
			w->found.failed = true;
			return;
		}
		w->events = grown;
		w->events_capacity = capacity;
	}
	w->events[w->n_events++] = event;
}

/* VALUE goes to the word at ADDR. A closure tells nothing of the variable: another one, of another
 * struct, may follow. */
static void store_global(struct code_walker *w, uint64_t addr, struct code_value value)
{
	struct types *types = w->program->types;
	uint32_t type = (uint32_t)value.of;

	if (!program_has_variable(w->program, addr))
		return;
	switch (value.kind) {
	case VALUE_POINTER:
		if (!code_is_closure(types, type))
			vote(w, addr, CODE_POINTER, type);
		break;
	case VALUE_SLICE: vote(w, addr, CODE_SLICE, type); break;
	case VALUE_MAP: vote(w, addr, CODE_MAP, type); break;
	case VALUE_CHAN: vote(w, addr, CODE_CHAN, type); break;
	case VALUE_UNTYPED_MAP:
		add_map_event(w, (struct code_map_event){ .addr = addr, .type = NO_TYPE,
							  .origin = (uint32_t)value.of });
		break;
	case VALUE_ADDRESS:
		if (types_of_interface_word(types, value.of) != NO_TYPE)
			found_vote(&w->found, addr + 8, VOTE_INTERFACE, NO_TYPE);
		break;
	default:
		break;
	}
}

/* The code's address into the first word of a new closure. */
static void store_code(struct code_walker *w, uint32_t type, uint64_t entry)
{
	if (program_function(w->program, entry) && code_is_closure(w->program->types, type))
		found_closure(&w->found, entry, type);
}

static void store_slots(struct code_walker *w, const struct code_op *op, struct code_value value)
{
	struct code_value *slot = slot_at(w, op->disp & ~7);

	if (op->disp % 8)
		value = unknown;
	if (slot)
		*slot = value;
	if (slot && value.kind == VALUE_MAP)
		local_map(w, (uint64_t)op->disp, (uint32_t)value.of, false);
	else if (slot && value.kind == VALUE_UNTYPED_MAP)
		add_map_event(w, (struct code_map_event){ .addr = (uint64_t)op->disp, .local = true,
							  .origin = (uint32_t)value.of,
							  .type = NO_TYPE });
	for (int32_t done = 8; done < op->width; done += 8)
		if ((slot = slot_at(w, (op->disp & ~7) + done)))
			*slot = unknown;
}

static void store(struct code_walker *w, const struct code_op *op)
{
	struct code_value value = op->src == CODE_NO_REGISTER ? unknown
							      : w->now.registers[op->src];
	uint64_t addr = constant_address(w, op);
	struct code_value base;

	if (addr) {
		store_global(w, addr, value);
		return;
	}
	if (op->base == code_machine.stack) {
		store_slots(w, op, value);
		return;
	}
	base = w->now.registers[op->base];
	if (op->disp == 0 && base.kind == VALUE_POINTER && value.kind == VALUE_ADDRESS)
		store_code(w, (uint32_t)base.of, value.of);
}

/* ---- calls ---- */

static struct code_value argument(const struct code_walker *w, uint8_t number)
{
	return number == CALL_NO_ARGUMENT ? unknown
					  : w->now.registers[code_machine.argument[number]];
}

/* The type that argument NUMBER is the descriptor of, NO_TYPE if that is not told. */
static uint32_t type_argument(const struct code_walker *w, uint8_t number)
{
	struct code_value value = argument(w, number);

	return value.kind == VALUE_ADDRESS ? types_at(w->program->types, value.of) : NO_TYPE;
}

static bool of_kind(const struct code_walker *w, uint32_t type, enum go_kind kind)
{
	return type != NO_TYPE && types_get(w->program->types, type)->kind == kind;
}

static struct code_value new_object(const struct code_walker *w, const struct code_op *op,
				    uint32_t type)
{
	if (type != NO_TYPE && type == w->program->map_header)
		return at(VALUE_UNTYPED_MAP, op->offset);
	return typed(VALUE_POINTER, type);
}

static void use_map(struct code_walker *w, struct code_value map, uint32_t type)
{
	if (!of_kind(w, type, KIND_MAP))
		return;
	switch (map.kind) {
	case VALUE_WORD: vote(w, map.of, CODE_MAP, type); break;
	case VALUE_LOCAL: local_map(w, map.of, type, true); break;
	case VALUE_SLOT: local_map(w, map.of, type, false); break;
	case VALUE_UNTYPED_MAP:
		add_map_event(w, (struct code_map_event){ .origin = (uint32_t)map.of, .type = type });
		break;
	default: break;
	}
}

static void point_to_value(struct code_walker *w, struct code_value pointer, uint32_t type)
{
	if (pointer.kind == VALUE_ADDRESS)
		vote(w, pointer.of, CODE_VALUE, type);
}

/* What the call of a function with a rule tells; its result. */
static struct code_value apply_rule(struct code_walker *w, const struct code_op *op,
				    const struct call_rule *rule)
{
	uint32_t type = type_argument(w, rule->type);
	struct code_value subject = argument(w, rule->subject);

	switch (rule->meaning) {
	case CALL_NEW:
		return new_object(w, op, type);
	case CALL_MAKE_SLICE:
		return typed(VALUE_SLICE, type);
	case CALL_GROW_SLICE:
		if (subject.kind == VALUE_WORD)
			vote(w, subject.of, CODE_SLICE, type);
		return typed(VALUE_SLICE, type);
	case CALL_MAKE_CHAN:
		return of_kind(w, type, KIND_CHAN) ? typed(VALUE_CHAN, type) : unknown;
	case CALL_MAKE_MAP:
		use_map(w, subject, type);
		return of_kind(w, type, KIND_MAP) ? typed(VALUE_MAP, type) : unknown;
	case CALL_SMALL_MAP:
		return at(VALUE_UNTYPED_MAP, op->offset);
	case CALL_USE_MAP:
		use_map(w, subject, type);
		return unknown;
	case CALL_VALUE:
		point_to_value(w, subject, type);
		point_to_value(w, argument(w, rule->second), type);
		return unknown;
	default:
		return unknown;
	}
}

/* A method of *T gets its receiver in the first argument: a global's word or its address. */
static void call_method(struct code_walker *w, uint32_t receiver)
{
	struct code_value self = argument(w, 0);

	if (self.kind == VALUE_WORD)
		vote(w, self.of, CODE_POINTER, receiver);
	else
		point_to_value(w, self, receiver);
}

static void clobber(struct code_walker *w, uint16_t registers)
{
	for (unsigned r = 0; r < CODE_REGISTERS; r++)
		if (registers >> r & 1)
			w->now.registers[r] = unknown;
}

/* False if the callee does not return. */
static bool call(struct code_walker *w, const struct code_op *op)
{
	const struct code_function *callee =
		op->address ? program_function(w->program, op->address) : NULL;
	const struct call_rule *rule = callee ? callee->rule : NULL;
	struct code_value result = unknown;

	if (rule && rule->meaning == CALL_BARRIER) {
		clobber(w, code_machine.barrier_clobbers);
		return true;
	}
	if (rule)
		result = apply_rule(w, op, rule);
	else if (callee && callee->receiver != NO_TYPE)
		call_method(w, callee->receiver);
	clobber(w, UINT16_MAX);
	w->now.registers[code_machine.argument[0]] = result;
	return !rule || rule->meaning != CALL_NO_RETURN;
}

/* The address DISP behind one that is known, of memory or in the frame. */
static struct code_value offset_from(const struct code_walker *w, const struct code_op *op)
{
	uint64_t addr = constant_address(w, op);

	if (addr)
		return at(VALUE_ADDRESS, addr);
	if (op->base == code_machine.stack && op->disp >= 0)
		return at(VALUE_LOCAL, (uint64_t)op->disp);
	return unknown;
}

bool code_effect(struct code_walker *w, const struct code_op *op)
{
	struct code_value *registers = w->now.registers;

	switch (op->kind) {
	case OP_CLOBBER:
		clobber(w, op->clobbers);
		break;
	case OP_ZERO:
		registers[op->dst] = (struct code_value){ .kind = VALUE_ZERO };
		break;
	case OP_COPY:
		registers[op->dst] = registers[op->src];
		break;
	case OP_ADDRESS:
		registers[op->dst] = at(VALUE_ADDRESS, op->address);
		break;
	case OP_OFFSET:
		registers[op->dst] = offset_from(w, op);
		break;
	case OP_LOAD:
		registers[op->dst] = load(w, op);
		break;
	case OP_STORE:
		store(w, op);
		break;
	case OP_CALL:
		return call(w, op);
	default:
		break;
	}
	return true;
}

/* ---- maps without a type ---- */

static int by_origin(const void *a, const void *b)
{
	const struct code_map_event *x = a, *y = b;

	return (x->origin > y->origin) - (x->origin < y->origin);
}

/* The one type that the N events say; NO_TYPE if they say none or several. */
static uint32_t used_type(const struct code_map_event *events, uint32_t n)
{
	uint32_t type = NO_TYPE;

	for (uint32_t i = 0; i < n; i++) {
		if (events[i].type == NO_TYPE)
			continue;
		if (type != NO_TYPE && type != events[i].type)
			return NO_TYPE;
		type = events[i].type;
	}
	return type;
}

static void give_map_type(struct code_walker *w, const struct code_map_event *event, uint32_t type)
{
	if (event->local)
		local_map(w, event->addr, type, false);
	else if (event->addr)
		vote(w, event->addr, CODE_MAP, type);
}

void code_map_events(struct code_walker *w)
{
	if (!w->n_events)
		return;
	qsort(w->events, w->n_events, sizeof *w->events, by_origin);
	for (uint32_t i = 0, next; i < w->n_events; i = next) {
		uint32_t type;

		for (next = i + 1; next < w->n_events; next++)
			if (w->events[next].origin != w->events[i].origin)
				break;
		type = used_type(w->events + i, next - i);
		for (; i < next; i++)
			give_map_type(w, &w->events[i], type);
	}
}

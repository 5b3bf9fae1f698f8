#include "probes/go/code/effects.h"

#include <stdlib.h>

#include "probes/go/code/place.h"
#include "probes/go/code/types.h"

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

/* The place that VALUE comes from; 0 if that is none. */
static uint64_t origin(const struct code_walker *w, struct code_value value)
{
	switch (value.kind) {
	case VALUE_WORD: return program_has_variable(w->program, value.of) ? value.of : 0;
	case VALUE_ARGUMENT: return place_of(w->entry, PLACE_ARGUMENT + value.of);
	case VALUE_RESULT: return place_of(value.of, PLACE_RESULT);
	case VALUE_CAPTURE: return place_of(w->entry, PLACE_CAPTURE + value.of / 8);
	default: return 0;
	}
}

static struct code_value of_form(enum code_form form, uint32_t type)
{
	switch (form) {
	case CODE_POINTER: return typed(VALUE_POINTER, type);
	case CODE_SLICE: return typed(VALUE_SLICE, type);
	case CODE_MAP: return typed(VALUE_MAP, type);
	case CODE_CHAN: return typed(VALUE_CHAN, type);
	default: return unknown;
	}
}

/* What is known already of the place that VALUE comes from, if anything is to be known by now; else VALUE. */
static struct code_value resolve(const struct code_walker *w, struct code_value value)
{
	uint64_t place = w->facts ? origin(w, value) : 0;
	struct code_value found = value.kind == VALUE_WORD ? value : unknown;
	const struct code_global *known;
	enum code_form form;
	uint32_t type;

	if (!place)
		return value;
	known = code_known(w->facts, place);
	if (known) {
		form = known->form;
		type = known->type;
		if (form != CODE_VALUE || code_word_at(w->program->types, known->type, 0, &form, &type))
			found = of_form(form, type);
	} else if (value.kind == VALUE_CAPTURE) {
		type = code_closure_type(w->facts, w->entry);
		if (type != NO_TYPE && code_word_at(w->program->types, type, value.of, &form, &type))
			found = of_form(form, type);
	}
	return found;
}

/* ---- what frames hold ---- */

/* How many bytes the function has on the stack at this operation: where it makes room for its frame,
 * words are where others are later. */
static uint32_t depth(const struct code_walker *w)
{
	return (uint32_t)func_pcvalue(w->program->go, &w->func, w->func.pcsp, w->entry + w->at);
}

/* A frame has LOCAL. (Code that instances of a generic function share tells only the shape of theirs.) */
static void note_local(struct code_walker *w, struct code_local local)
{
	if (w->facts && local.type != NO_TYPE && !code_is_shape(w->program->types, local.type) &&
	    !(local.form == CODE_POINTER && code_is_closure(w->program->types, local.type)))
		found_local(&w->found, &local);
}

/* The word at OFFSET is of FORM and TYPE. */
static void local_is(struct code_walker *w, uint64_t offset, enum code_form form, uint32_t type)
{
	if (w->facts)
		note_local(w, (struct code_local){ .offset = (uint32_t)offset, .depth = depth(w),
						   .form = (uint8_t)form, .type = type });
}

/* The header of a map of TYPE lies at OFFSET. */
static void local_map(struct code_walker *w, uint64_t offset, uint32_t type)
{
	if (w->facts)
		note_local(w, (struct code_local){ .offset = (uint32_t)offset, .depth = depth(w),
						   .form = CODE_MAP, .type = type, .header = true });
}

/* What was stored at DISP holds there. */
static void local_value(struct code_walker *w, int32_t disp, struct code_value value)
{
	uint32_t type = (uint32_t)value.of;

	switch (value.kind) {
	case VALUE_POINTER: local_is(w, (uint64_t)disp, CODE_POINTER, type); break;
	case VALUE_SLICE: local_is(w, (uint64_t)disp, CODE_SLICE, type); break;
	case VALUE_MAP: local_is(w, (uint64_t)disp, CODE_MAP, type); break;
	case VALUE_CHAN: local_is(w, (uint64_t)disp, CODE_CHAN, type); break;
	default: break;
	}
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
static struct code_value kept_in(struct code_walker *w, int32_t disp, const struct code_value *slot)
{
	struct code_value *typed_slot = &w->typed_slots[slot - w->slots];

	if (slot->kind == VALUE_UNKNOWN || slot->kind == VALUE_SLOT)
		return at(VALUE_SLOT, (uint64_t)(uint32_t)disp);
	if (slot->kind != VALUE_ZERO)
		return *slot;
	if (typed_slot->kind == VALUE_UNKNOWN)
		typed_slot->kind = SLOT_ASKED;
	return typed_slot->kind >= VALUE_POINTER ? *typed_slot : *slot;
}

/* VALUE is stored in SLOT: that may be more than was known of it. */
static void keep_type(struct code_walker *w, const struct code_value *slot, struct code_value value)
{
	struct code_value *typed_slot = &w->typed_slots[slot - w->slots];

	if (value.kind < VALUE_POINTER)
		return;
	if (typed_slot->kind == VALUE_UNKNOWN || typed_slot->kind == SLOT_ASKED) {
		w->missed |= typed_slot->kind == SLOT_ASKED;
		*typed_slot = value;
	} else if (typed_slot->kind != value.kind || typed_slot->of != value.of) {
		*typed_slot = (struct code_value){ .kind = SLOT_SEVERAL };
	}
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
	return of_form(form, of);
}

static struct code_value load(struct code_walker *w, const struct code_op *op)
{
	uint64_t addr = constant_address(w, op);
	struct code_value *slot, base;

	if (addr)
		return resolve(w, at(VALUE_WORD, addr));
	if (op->base == code_machine.stack) {
		slot = slot_at(w, op->disp);
		return slot ? kept_in(w, op->disp, slot) : unknown;
	}
	base = w->now.registers[op->base];
	if (base.kind == VALUE_POINTER)
		return load_field(w, (uint32_t)base.of, op->disp);
	if (base.kind == VALUE_CONTEXT && op->disp > 0 && op->disp % 8 == 0)
		return resolve(w, at(VALUE_CAPTURE, (uint64_t)op->disp));
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

/* VALUE goes to the place TO. A closure tells nothing of it: another one, of another struct, may follow. */
static void give(struct code_walker *w, uint64_t to, struct code_value value)
{
	uint32_t type = (uint32_t)value.of;
	uint64_t from;

	if (!to)
		return;
	switch (value.kind) {
	case VALUE_POINTER:
		if (!code_is_closure(w->program->types, type))
			found_vote(&w->found, to, CODE_POINTER, type);
		break;
	case VALUE_SLICE: found_vote(&w->found, to, CODE_SLICE, type); break;
	case VALUE_MAP: found_vote(&w->found, to, CODE_MAP, type); break;
	case VALUE_CHAN: found_vote(&w->found, to, CODE_CHAN, type); break;
	case VALUE_UNTYPED_MAP:
		add_map_event(w, (struct code_map_event){ .addr = to, .type = NO_TYPE,
							  .origin = (uint32_t)value.of });
		break;
	default:
		from = origin(w, value);
		if (from)
			found_flow(&w->found, from, to);
		break;
	}
}

/* VALUE goes to the word at ADDR. */
static void store_global(struct code_walker *w, uint64_t addr, struct code_value value)
{
	if (!program_has_variable(w->program, addr))
		return;
	if (value.kind != VALUE_ADDRESS)
		give(w, addr, value);
	else if (types_of_interface_word(w->program->types, value.of) != NO_TYPE)
		found_vote(&w->found, addr + 8, VOTE_INTERFACE, NO_TYPE);
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
	if (slot) {
		*slot = value;
		keep_type(w, slot, value);
	}
	if (slot && value.kind == VALUE_UNTYPED_MAP && w->facts)
		add_map_event(w, (struct code_map_event){ .addr = (uint64_t)op->disp, .local = true,
							  .depth = depth(w),
							  .origin = (uint32_t)value.of,
							  .type = NO_TYPE });
	else if (slot)
		local_value(w, op->disp, value);
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

/* The value, which comes from some place, is used as one of FORM and TYPE. */
static void use(struct code_walker *w, struct code_value value, enum code_form form, uint32_t type)
{
	uint64_t place = origin(w, value);

	if (value.kind == VALUE_SLOT)
		local_is(w, value.of, form, type);
	else if (place && type != NO_TYPE)
		found_vote(&w->found, place, (uint8_t)form, type);
}

static void use_map(struct code_walker *w, struct code_value map, uint32_t type)
{
	if (!of_kind(w, type, KIND_MAP))
		return;
	switch (map.kind) {
	case VALUE_LOCAL: local_map(w, map.of, type); break;
	case VALUE_UNTYPED_MAP:
		add_map_event(w, (struct code_map_event){ .origin = (uint32_t)map.of, .type = type });
		break;
	default: use(w, map, CODE_MAP, type); break;
	}
}

static void point_to_value(struct code_walker *w, struct code_value pointer, uint32_t type)
{
	if (pointer.kind == VALUE_ADDRESS)
		vote(w, pointer.of, CODE_VALUE, type);
	else if (pointer.kind == VALUE_LOCAL)
		local_is(w, pointer.of, CODE_VALUE, type);
	else if (pointer.kind != VALUE_WORD)
		use(w, pointer, CODE_POINTER, type);
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
		use(w, subject, CODE_SLICE, type);
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
		if (rule->moves != CALL_LEAVES)
			found_map_use(&w->found, (struct code_map_use){
				w->entry, of_kind(w, type, KIND_MAP) ? type : NO_TYPE,
				rule->moves == CALL_TAKES_OUT });
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
		use(w, self, CODE_POINTER, receiver);
	else
		point_to_value(w, self, receiver);
}

/* If a function is known to be handed a pointer, what the address in the frame is of. */
static void pass_local(struct code_walker *w, uint64_t place, struct code_value value)
{
	const struct code_global *known = code_known(w->facts, place);

	if (known && known->form == CODE_POINTER)
		local_is(w, value.of, CODE_VALUE, known->type);
}

/* What is handed to a function. (A register that has none of its arguments is not looked at there.) */
static void pass_arguments(struct code_walker *w, const struct code_function *callee)
{
	for (uint8_t i = callee->receiver != NO_TYPE; i < sizeof code_machine.argument; i++) {
		uint64_t place = place_of(callee->entry, PLACE_ARGUMENT + i);

		if (!w->facts)
			give(w, place, argument(w, i));
		else if (argument(w, i).kind == VALUE_LOCAL)
			pass_local(w, place, argument(w, i));
	}
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
	if (callee && !rule && !callee->of_runtime) {
		pass_arguments(w, callee);
		result = resolve(w, at(VALUE_RESULT, callee->entry));
	}
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

void code_enter(struct code_walker *w, uint32_t receiver)
{
	for (unsigned r = 0; r < CODE_REGISTERS; r++)
		w->now.registers[r] = unknown;
	for (uint8_t i = 0; i < sizeof code_machine.argument; i++)
		w->now.registers[code_machine.argument[i]] = resolve(w, at(VALUE_ARGUMENT, i));
	w->now.registers[code_machine.context] = at(VALUE_CONTEXT, 0);
	if (receiver != NO_TYPE)
		w->now.registers[code_machine.argument[0]] = typed(VALUE_POINTER, receiver);
}

bool code_effect(struct code_walker *w, const struct code_op *op)
{
	struct code_value *registers = w->now.registers;

	w->at = op->offset;
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
	case OP_RETURN:
		give(w, place_of(w->entry, PLACE_RESULT), registers[code_machine.argument[0]]);
		break;
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
		note_local(w, (struct code_local){ .offset = (uint32_t)event->addr, .depth = event->depth,
						   .form = CODE_MAP, .type = type });
	else if (event->addr && type != NO_TYPE)
		found_vote(&w->found, event->addr, CODE_MAP, type);
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

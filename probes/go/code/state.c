#include "probes/go/code/state.h"

#include <stdlib.h>
#include <string.h>

#include "probes/go/code/effects.h"

#define MAX_STATES (1u << 16) /* a function: the largest seen needs 4,000 */
#define MAX_ROUNDS 8

static bool same(struct code_value a, struct code_value b)
{
	return a.kind == b.kind && a.of == b.of;
}

/* ---- where jumps lead ---- */

static bool reserve_links(struct code_walker *w)
{
	struct code_link *links;

	if (w->ops.n > w->links_capacity) {
		links = realloc(w->links, w->ops.capacity * sizeof *links);
		if (!links)
			return false;
		w->links = links;
		w->links_capacity = w->ops.capacity;
	}
	for (uint32_t i = 0; i < w->ops.n; i++)
		w->links[i] = (struct code_link){ .target = NO_LINK, .state = NO_LINK };
	return true;
}

/* A state for the place where operation TARGET is; MAX_STATES, where nothing is ever known, when
 * there are too many. */
static uint32_t state_for(struct code_walker *w, uint32_t target)
{
	if (w->links[target].state != NO_LINK)
		return w->links[target].state;
	if (w->n_states == w->states_capacity) {
		uint32_t capacity = w->states_capacity ? 2 * w->states_capacity : 64;
		struct code_state *states = capacity <= MAX_STATES ?
			realloc(w->states, capacity * sizeof *states) : NULL;

		if (!states)
			return w->links[target].state = MAX_STATES;
		w->states = states;
		w->states_capacity = capacity;
	}
	w->states[w->n_states] = (struct code_state){ .reached = false };
	return w->links[target].state = w->n_states++;
}

/* Tie jumps to their targets. A jump back to the entry comes from behind the call that grows the
 * stack: there everything is as it was at the entry, so that nothing has to be joined. */
static bool link_jumps(struct code_walker *w)
{
	w->n_states = 0;
	if (!reserve_links(w))
		return false;
	for (uint32_t i = 0; i < w->ops.n; i++) {
		const struct code_op *op = &w->ops.ops[i];
		uint32_t target, state;

		target = code_jump_target(&w->ops, op);
		if (target == w->ops.n)
			continue;
		w->links[i].target = target;
		state = state_for(w, target);
		if (target <= i && state < MAX_STATES)
			w->states[state].loop = true;
	}
	return true;
}

/* ---- where paths meet ---- */

/* Does VALUE say nothing against another one with a type? A zero is what a pointer is on the path on which
 * it was found to be nil; an address in the frame is a slice's before it outgrows the room that it has there. */
static bool gives_way(struct code_value value, struct code_value other)
{
	return value.kind == VALUE_ZERO || (value.kind == VALUE_LOCAL && other.kind >= VALUE_POINTER);
}

static bool join_value(struct code_value *into, struct code_value from)
{
	struct code_value before = *into;

	if (same(before, from) || before.kind == VALUE_UNKNOWN || gives_way(from, before))
		return false;
	*into = gives_way(before, from) ? from : (struct code_value){ 0 };
	return true;
}

/* Join what holds now into the state numbered STATE. True if that changed it. */
static bool join(struct code_walker *w, uint32_t state)
{
	struct code_state *into;
	bool changed = false;

	if (state >= MAX_STATES)
		return false;
	into = &w->states[state];
	if (!into->reached) {
		memcpy(into->registers, w->now.registers, sizeof into->registers);
		into->reached = true;
		return true;
	}
	for (unsigned r = 0; r < CODE_REGISTERS; r++)
		changed |= join_value(&into->registers[r], w->now.registers[r]);
	return changed;
}

static void forget_registers(struct code_state *state)
{
	memset(state->registers, 0, sizeof state->registers);
}

/* ---- one walk ---- */

enum flow {
	FLOWS,   /* from one operation to the next */
	ENDED,   /* the last operation does not go on to the next */
	SKIPPED, /* nothing is known to come here, so far */
};

/* Come to operation I, on what FLOW says and from the jumps that lead here. What nothing is seen
 * to lead to is reached by a table of jumps: nothing is known there. */
static enum flow arrive(struct code_walker *w, uint32_t i, enum flow flow)
{
	uint32_t state = w->links[i].state;

	if (state == NO_LINK) {
		if (flow == ENDED)
			forget_registers(&w->now);
		return flow == SKIPPED ? SKIPPED : FLOWS;
	}
	if (state >= MAX_STATES) {
		forget_registers(&w->now);
		return FLOWS;
	}
	if (flow == FLOWS)
		join(w, state);
	if (!w->states[state].reached)
		return SKIPPED;
	memcpy(w->now.registers, w->states[state].registers, sizeof w->now.registers);
	return FLOWS;
}

/* Leave operation I. *AGAIN is set if that changes something at an earlier one. */
static enum flow leave(struct code_walker *w, uint32_t i, bool returns, bool *again)
{
	uint8_t kind = w->ops.ops[i].kind;
	uint32_t target = w->links[i].target;

	if (target != NO_LINK && join(w, w->links[target].state) && target <= i)
		*again = true;
	return kind == OP_STOP || kind == OP_RETURN || kind == OP_JUMP || !returns ? ENDED : FLOWS;
}

/* Walk through all operations in order. True if another walk would know better. */
static bool walk(struct code_walker *w, const struct code_function *f)
{
	enum flow flow = FLOWS;
	bool again = false;

	memset(w->slots, 0, w->used_slots * sizeof *w->slots);
	w->missed = false;
	w->n_events = 0;
	code_enter(w, f->receiver);
	for (uint32_t i = 0; i < w->ops.n; i++) {
		flow = arrive(w, i, flow);
		if (flow == FLOWS)
			flow = leave(w, i, code_effect(w, &w->ops.ops[i]), &again);
	}
	return again || w->missed;
}

/* Know nothing at the heads of loops: then one walk is enough. */
static void give_up(struct code_walker *w)
{
	for (uint32_t i = 0; i < w->n_states; i++) {
		if (w->states[i].loop) {
			forget_registers(&w->states[i]);
			w->states[i].reached = true;
		}
	}
}

static void refer(struct code_walker *w, const struct code_function *f)
{
	for (uint32_t i = 0; i < w->ops.n; i++) {
		const struct code_op *op = &w->ops.ops[i];

		if (op->address && op->kind != OP_CALL &&
		    op->address != w->program->go->write_barrier &&
		    program_has_variable(w->program, op->address))
			found_reference(&w->found, op->address, f->package);
	}
}

void walker_function(struct code_walker *w, const struct code_function *f, const uint8_t *code)
{
	uint32_t n_votes = w->found.n_votes, n_closures = w->found.n_closures;
	uint32_t n_locals = w->found.n_locals, n_flows = w->found.n_flows;
	uint32_t n_map_uses = w->found.n_map_uses;

	w->entry = f->entry;
	memset(w->typed_slots, 0, w->used_slots * sizeof *w->typed_slots);
	memset(w->slots, 0, w->used_slots * sizeof *w->slots);
	w->used_slots = 0;
	if (!code_decode(&w->ops, code, f->entry, (uint32_t)(f->end - f->entry)) ||
	    !link_jumps(w)) {
		w->found.failed = true;
		return;
	}
	if (!w->ops.n)
		return;
	refer(w, f);
	for (unsigned round = 1; walk(w, f); round++) {
		w->found.n_votes = n_votes; /* said too early: the next walk knows better */
		w->found.n_closures = n_closures;
		w->found.n_locals = n_locals;
		w->found.n_flows = n_flows;
		w->found.n_map_uses = n_map_uses;
		if (round == MAX_ROUNDS)
			give_up(w);
	}
	code_map_events(w);
	found_thin(&w->found, n_votes, n_flows);
}

void walker_free(struct code_walker *w)
{
	found_free(&w->found);
	code_ops_free(&w->ops);
	free(w->links);
	free(w->states);
	free(w->events);
	*w = (struct code_walker){ 0 };
}

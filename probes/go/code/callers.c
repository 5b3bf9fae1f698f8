#include "probes/go/code/callers.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/code/decode.h"

#define MOST_STEPS 6
#define MOST_CODE (64u << 20) /* bytes that are looked through at each step */
#define MOST_MARKED 4096      /* functions that one step goes on from */

enum { UNSEEN, MARKED, NEXT, DONE };

struct search {
	const struct code_program *program;
	uint8_t *state;      /* of each function: where the search is with it */
	bool *called;        /* of each function that was gone on from: has it callers? */
	bool (*wanted)(void *arg, uint64_t entry);
	void *arg;
	struct code_callers *out;
	uint32_t marked;
};

static uint64_t code_size(const struct code_program *p)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < p->n_functions; i++)
		bytes += p->functions[i].end - p->functions[i].entry;
	return bytes;
}

/* Function number I calls one that the search goes on from. */
static void found_call(struct search *s, uint32_t i, uint32_t callee, uint64_t after)
{
	uint64_t entry = s->program->functions[i].entry;

	s->called[callee] = true;
	if (s->wanted(s->arg, entry)) {
		if (s->out->n < CALLERS_MOST)
			s->out->calls[s->out->n++] = (struct code_call){ entry, after };
		return;
	}
	if (s->state[i] == UNSEEN && s->marked < MOST_MARKED) {
		s->state[i] = NEXT;
		s->marked++;
	}
}

static void look_through(struct search *s, uint32_t i)
{
	const struct code_function *f = &s->program->functions[i];
	uint64_t size = f->end - f->entry;
	const uint8_t *code = image_at(s->program->go->image, f->entry, size);

	for (uint64_t at = 0; code && at + code_call_size <= size; at++) {
		uint64_t target = code_call_target(code + at, f->entry + at);
		const struct code_function *callee = target ? program_function(s->program, target) : NULL;

		if (callee && s->state[callee - s->program->functions] == MARKED)
			found_call(s, i, (uint32_t)(callee - s->program->functions),
				   f->entry + at + code_call_size);
	}
}

/* One step up; false if there is nobody to go on from. */
static bool step(struct search *s)
{
	uint32_t n = s->program->n_functions;
	bool more = false;

	s->marked = 0;
	for (uint32_t i = 0; i < n; i++)
		look_through(s, i);
	for (uint32_t i = 0; i < n; i++) {
		if (s->state[i] == MARKED) {
			s->state[i] = DONE;
			if (!s->called[i])
				s->out->tops[s->out->n_tops++ % CALLERS_MOST] = s->program->functions[i].entry;
		} else if (s->state[i] == NEXT) {
			s->state[i] = MARKED;
			more = true;
		}
	}
	return more;
}

/* The functions to begin at; a wanted one is a place itself. */
static void begin(struct search *s, const uint64_t *entries, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct code_function *f = program_function(s->program, entries[i]);

		if (!f)
			continue;
		if (!s->wanted(s->arg, f->entry))
			s->state[f - s->program->functions] = MARKED;
		else if (s->out->n < CALLERS_MOST)
			s->out->calls[s->out->n++] = (struct code_call){ f->entry, f->entry };
	}
}

void code_callers_find(const struct code_program *program, const uint64_t *entries, uint32_t n,
		       bool (*wanted)(void *arg, uint64_t entry), void *arg, struct code_callers *out)
{
	autofree uint8_t *state = calloc(program->n_functions + 1ul, sizeof *state);
	autofree bool *called = calloc(program->n_functions + 1ul, sizeof *called);
	struct search s = { program, state, called, wanted, arg, out, 0 };

	*out = (struct code_callers){ 0 };
	if (!state || !called || code_size(program) > MOST_CODE)
		return;
	begin(&s, entries, n);
	for (unsigned i = 0; i < MOST_STEPS && !out->n && step(&s); i++)
		;
	if (out->n_tops > CALLERS_MOST)
		out->n_tops = CALLERS_MOST;
}

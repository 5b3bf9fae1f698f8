/* Frames by the tables of stack depths. After the Go runtime's unwinder (Go 1.26
 * runtime/traceback.go), which frees itself of errors by throwing; here they end the unwinding. */
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/layout/abi.h"
#include "probes/go/stack/private.h"


static enum special special_of(const struct go_func *f)
{
	static const struct { const char *name; enum special special; } names[] = {
		{ "asyncPreempt", SPECIAL_INJECTED },
		{ "debugCallV1", SPECIAL_INJECTED },
		{ "debugCallV2", SPECIAL_INJECTED },
		{ "sigpanic", SPECIAL_SIGPANIC },
		{ "cgocallback", SPECIAL_CGOCALLBACK },
		{ "systemstack_switch", SPECIAL_SWITCH },
		/* cmd/compile/internal/liveness, hasStackMap, of all versions */
		{ "typedmemmove", SPECIAL_WRITE_BARRIER },
		{ "typedmemclr", SPECIAL_WRITE_BARRIER },
		{ "wbZero", SPECIAL_WRITE_BARRIER },
		{ "wbMove", SPECIAL_WRITE_BARRIER },
	};

	if (!strcmp(f->name, "reflect.makeFuncStub") || !strcmp(f->name, "reflect.methodValueCall"))
		return SPECIAL_REFLECT_STUB;
	if (!strncmp(f->name, "gcWriteBarrier", 14))
		return SPECIAL_WRITE_BARRIER;
	if (strncmp(f->name, "runtime.", 8))
		return SPECIAL_NONE;
	if (!strncmp(f->name + 8, "gcWriteBarrier", 14))
		return SPECIAL_WRITE_BARRIER;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(f->name + 8, names[i].name))
			return names[i].special;
	return SPECIAL_NONE;
}

/* Which of its maps a function's frame has where it goes on at PC (Go 1.26 runtime/stkframe.go,
 * getStackMap): that of the call before it. */
static int32_t map_index(struct stack_reader *r, const struct go_func *f, uint64_t pc)
{
	int32_t index = pc == f->entry ? -1 : func_pcdata(r->go, f, PCDATA_STACK_MAP_INDEX, pc - 1);

	return index == -1 ? 0 : index; /* in the prologue: as on entry */
}

const struct pc_fact *stack_fact(struct stack_reader *r, uint64_t pc)
{
	struct pc_fact *fact = &r->scratch->facts[(pc ^ pc >> 10) & (STACK_FACTS - 1)];
	struct go_func *f = &fact->func;

	if (fact->valid && fact->pc == pc)
		return fact;
	*fact = (struct pc_fact){ .pc = pc, .valid = true };
	fact->found = func_find(r->go, pc, f);
	if (fact->found) {
		fact->special = (uint8_t)special_of(f);
		fact->delta = func_pcvalue(r->go, f, f->pcsp, pc);
		fact->map_index = map_index(r, f, pc);
		fact->locals = func_funcdata(r->go, f, FUNCDATA_LOCALS_POINTER_MAPS);
		fact->arguments = func_funcdata(r->go, f, FUNCDATA_ARGS_POINTER_MAPS);
		fact->objects = func_funcdata(r->go, f, FUNCDATA_STACK_OBJECTS);
	}
	return fact;
}

/* The state of one step: the frame below (callee), as far as it matters to the next. */
struct walk {
	uint64_t pc, sp;
	uint64_t link;     /* what the link register has for the next frame, 0 if that is not known */
	enum special callee;
	bool conservative; /* of the next frame */
	bool trap;         /* the next frame's pc is no call's */
	bool entering;     /* the frame below may be the first of Go's on a thread's stack */
};

static uint64_t line_pc(const struct go_func *f, uint64_t pc, bool trap)
{
	return trap || pc == f->entry ? pc : pc - 1;
}

/* Where a frame will go on (Go 1.26 runtime/traceback.go, resolveInternal): after a fault only at
 * its deferred calls, if it has any; otherwise it is dead. The 1 is for the reader of maps, who
 * goes back into the call. */
static uint64_t continue_pc(const struct go_func *f, uint64_t pc, enum special callee)
{
	if (callee != SPECIAL_SIGPANIC)
		return pc;
	return f->deferreturn ? f->entry + f->deferreturn + 1 : 0;
}

static bool make_frame(struct stack_reader *r, struct walk *w, const struct pc_fact *fact)
{
	struct go_stack *out = r->out;
	struct go_frame *frame;
	uint64_t end = w->sp + (uint32_t)fact->delta, fp = end + abi_calls.pushed;

	if (!stack_room(r, &out->frames, out->n_frames, &out->capacity_frames, sizeof *out->frames))
		return false;
	frame = &out->frames[out->n_frames];
	*frame = (struct go_frame){
		.func = fact->func, .pc = w->pc, .line_pc = line_pc(&fact->func, w->pc, w->trap),
		.sp = w->sp, .fp = fp, .varp = end, .argp = fp + abi_calls.to_arguments,
		.continpc = continue_pc(&fact->func, w->pc, w->callee),
		.conservative = w->conservative, .innermost = !out->n_frames,
	};
	if (frame->varp > frame->sp)
		frame->varp -= 8; /* a saved frame pointer; below the stack pointer on arm64, with
				   * room left for it here */
	out->n_frames++;
	return true;
}

/* Does the frame above hold pointers that its map at this call does not tell of? The compiler makes
 * no map where it calls write barriers and code that copies, since nothing stops there but us; the
 * latter is assembly and calls nothing. */
static bool unsafe_call(const struct stack_reader *r, const struct pc_fact *fact, bool innermost)
{
	if (r->g->start == START_AT_CALL)
		return false;
	return fact->special == SPECIAL_WRITE_BARRIER ||
	       (innermost && fact->func.flag & FUNC_ASM);
}

/* Where FRAME's function was called from. */
static uint64_t return_address(const struct stack_reader *r, const struct walk *w,
			       const struct go_frame *frame)
{
	if (!abi_calls.link_register)
		return stack_word(r, frame->fp - abi_calls.pushed);
	if (w->link && !(frame->innermost && frame->sp < frame->fp))
		return w->link;
	return stack_word(r, frame->sp);
}

/* Go on with the caller of FRAME. Of one that was made to call by a signal the link register stands
 * below its frame. */
static void go_up(struct stack_reader *r, struct walk *w, const struct go_frame *frame, bool injected)
{
	uint64_t pc = return_address(r, w, frame);

	w->pc = pc;
	w->sp = frame->fp;
	w->link = 0;
	if (!injected || !abi_calls.link_register)
		return;
	pc = stack_word(r, w->sp);
	w->sp += abi_calls.injected;
	if (!stack_fact(r, w->pc)->found)
		w->pc = pc;
	else if (stack_fact(r, w->pc)->delta == 0)
		w->link = pc;
}

static const char *step(struct stack_reader *r, struct walk *w, bool *done)
{
	const struct pc_fact *fact = stack_fact(r, w->pc);
	const struct go_frame *frame;
	bool asynchronous;

	/* Without a depth it is code that is not Go's, of which no frames are known. */
	*done = fact->found ? !fact->func.pcsp : w->entering;
	if (*done)
		return NULL;
	if (!fact->found)
		return "a return address is not Go code's";
	if (fact->delta < 0 || w->sp + (uint32_t)fact->delta + abi_calls.pushed > r->hi)
		return "a frame does not fit the stack";
	w->conservative |= fact->special == SPECIAL_INJECTED;
	if (!make_frame(r, w, fact))
		return "out of memory";
	frame = &r->out->frames[r->out->n_frames - 1];
	*done = fact->func.flag & FUNC_TOPFRAME;
	w->entering = r->g->m_stack && fact->func.flag & (FUNC_SPWRITE | FUNC_ASM);
	if ((fact->func.flag & FUNC_SPWRITE) && !frame->innermost && !*done &&
	    fact->special != SPECIAL_CGOCALLBACK) {
		if (!r->g->m_stack)
			return "a function that moves the stack pointer has called";
		*done = true; /* the system stack ends where the runtime switched to it */
	}
	asynchronous = fact->special == SPECIAL_INJECTED;
	w->conservative = asynchronous || unsafe_call(r, fact, frame->innermost) ||
			  (r->g->start == START_SWITCHED && fact->special == SPECIAL_SWITCH);
	w->trap = asynchronous || fact->special == SPECIAL_SIGPANIC;
	w->callee = (enum special)fact->special;
	go_up(r, w, frame, w->trap);
	return NULL;
}

/* Code that moves to a thread's stack may have done so just now: what lies there then is left from
 * earlier calls, and no frame has to fit. */
static bool doubtful_start(const struct stack_reader *r)
{
	return r->g->m_stack && r->out->n_frames && r->out->frames[0].func.flag & FUNC_SPWRITE;
}

/* The link register where unwinding begins, 0 if it is not known: who waits has put it on its stack. */
static uint64_t first_link(const struct stack_reader *r)
{
	const struct goroutine *g = r->g;

	if (!abi_calls.link_register)
		return 0;
	if (g->start == START_ANYWHERE && g->saved_registers)
		return image_u64(r->go->image, g->saved_registers + 8 * abi_calls.link);
	return g->thread && g->sp == g->thread->registers.sp
		? g->thread->registers.general[abi_calls.link] : 0;
}

uint64_t stack_unwind(struct stack_reader *r)
{
	bool at_call = r->g->start == START_AT_CALL, done = false;
	struct walk w = {
		.pc = r->g->pc, .sp = r->g->sp, .link = first_link(r), .conservative = !at_call,
		.trap = r->g->start == START_ANYWHERE || r->g->start == START_REGISTERS,
	};

	while (!done && w.sp < r->hi) {
		const char *problem = step(r, &w, &done);

		if (problem) {
			if (!doubtful_start(r))
				r->out->problem = problem;
			return w.sp;
		}
	}
	if (!done)
		r->out->problem = "the stack's end was reached before its outermost function";
	return 0;
}

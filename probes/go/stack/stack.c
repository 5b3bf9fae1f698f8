#include "probes/go/stack/stack.h"

#include <stdlib.h>
#include <string.h>

#include "probes/go/stack/private.h"

#define MAX_DEFERS (1u << 20)
#define FIRST_CAPACITY 256u
/* The runtime takes the upper bound of a thread's own stack inside of it (mstart0): the outermost
 * frames lie above. */
#define THREAD_FRAMES 512u
/* Outside of this no Go pointer lies: the first page is never mapped, and user space ends where the
 * larger of the architectures' page tables do. */
#define LOWEST_POINTER 4096u
#define HIGHEST_POINTER (1ull << 52)

bool stack_room(struct stack_reader *r, void *place, uint32_t n, uint32_t *capacity, size_t size)
{
	void **array = place, *grown;
	uint32_t wanted = *capacity ? *capacity * 2 : FIRST_CAPACITY;

	if (n < *capacity)
		return true;
	grown = wanted > n ? realloc(*array, wanted * size) : NULL;
	if (!grown) {
		r->memory_out = true;
		return false;
	}
	*array = grown;
	*capacity = wanted;
	return true;
}

uint64_t stack_word(const struct stack_reader *r, uint64_t addr)
{
	uint64_t offset = addr - r->window_at, value;

	if (offset >= r->window_length || r->window_length - offset < 8)
		return image_u64(r->go->image, addr);
	memcpy(&value, r->window + offset, sizeof value);
	return value;
}

/* A pointer into the stack itself may make a stack object live. */
static void remember(struct stack_reader *r, uint64_t value, bool conservative)
{
	struct stack_scratch *s = r->scratch;

	if (value < r->lo || value >= r->hi)
		return;
	if (conservative) {
		if (stack_room(r, &s->doubtful, s->n_doubtful, &s->capacity_doubtful, sizeof value))
			s->doubtful[s->n_doubtful++] = value;
	} else if (stack_room(r, &s->exact, s->n_exact, &s->capacity_exact, sizeof value)) {
		s->exact[s->n_exact++] = value;
	}
}

/* Has the word at ADDR been a slot already, as when a variable that has its address taken is in the
 * pointer map too? */
static bool seen(struct stack_reader *r, uint64_t addr)
{
	uint64_t word = (addr - r->seen_from) / 8;
	uint8_t bit = (uint8_t)(1u << (word % 8));

	if (!r->seen_from || addr < r->seen_from || addr >= r->hi)
		return false;
	if (r->scratch->seen[word / 8] & bit)
		return true;
	r->scratch->seen[word / 8] |= bit;
	return false;
}

void stack_slot(struct stack_reader *r, uint64_t addr, uint64_t value, uint32_t frame,
		enum slot_kind kind, bool conservative)
{
	struct go_stack *out = r->out;

	if ((conservative && (value < LOWEST_POINTER || value >= HIGHEST_POINTER)) || seen(r, addr))
		return;
	if (!stack_room(r, &out->slots, out->n_slots, &out->capacity_slots, sizeof *out->slots))
		return;
	out->slots[out->n_slots++] = (struct go_slot){
		.addr = addr, .value = value, .frame = frame, .kind = (uint8_t)kind,
		.conservative = conservative,
	};
	remember(r, value, conservative);
}

void stack_words(struct stack_reader *r, uint64_t lo, uint64_t hi, uint32_t frame,
		 enum slot_kind kind)
{
	lo = (lo + 7) & ~7ull;
	for (uint64_t at = lo; at < hi && hi - at >= 8 && !r->memory_out;) {
		const uint8_t *bytes;
		uint64_t run = image_run(r->go->image, at, hi - at, &bytes), value;

		for (uint64_t i = 0; i + 8 <= run; i += 8) {
			memcpy(&value, bytes + i, sizeof value);
			stack_slot(r, at + i, value, frame, kind, true);
		}
		/* Over a hole, page by page. */
		at = run == hi - at ? hi : ((at + run) & ~(uint64_t)(IMAGE_PAGE - 1)) + IMAGE_PAGE;
	}
}

/* What is live beside the frames, as the garbage collector sees it (mgcmark.go, scanstack): the
 * context register that a switch saved, and the registers of the thread. */
static void registers(struct stack_reader *r)
{
	const struct layout *layout = &r->go->layout;
	const struct goroutine *g = r->g;
	uint32_t frame = r->out->n_frames ? 0 : NO_FRAME;
	uint64_t at = g->addr + (uint64_t)layout->g_sched_ctxt;

	if (!g->m_stack && image_u64(r->go->image, at))
		stack_slot(r, at, image_u64(r->go->image, at), frame, SLOT_REGISTER, false);
	for (uint32_t i = 0; g->start == START_REGISTERS && g->thread &&
	     i < g->thread->registers.n_general && i < ARCH_REGISTERS; i++)
		stack_slot(r, 0, g->thread->registers.general[i], frame, SLOT_REGISTER, true);
	if (g->start == START_ANYWHERE && g->saved_registers)
		stack_words(r, g->saved_registers,
			    g->saved_registers + 8ull * arch_ucontext.n_registers, frame,
			    SLOT_REGISTER);
}

static bool has_injected(struct stack_reader *r)
{
	for (uint32_t i = 0; i < r->out->n_frames; i++)
		if (stack_fact(r, r->out->frames[i].pc)->special == SPECIAL_INJECTED)
			return true;
	return false;
}

/* Since Go 1.26 asyncPreempt saves vector registers off the stack: in the P while it begins and
 * ends, in between in the g (runtime/preempt_xreg.go). */
static void vector_registers(struct stack_reader *r)
{
	const struct layout *layout = &r->go->layout;
	struct image *image = r->go->image;
	uint32_t frame = r->out->n_frames ? 0 : NO_FRAME;
	uint64_t size = (uint64_t)layout->x_regs_size, places[3] = { 0 }, p;

	if (layout->g_x_regs < 0 || r->g->m_stack)
		return;
	places[0] = image_u64(image, r->g->addr + (uint64_t)layout->g_x_regs);
	p = r->g->running && r->g->m ? image_u64(image, r->g->m + (uint64_t)layout->m_p) : 0;
	if (p && has_injected(r)) {
		places[1] = p + (uint64_t)layout->p_x_regs;
		places[2] = image_u64(image, places[1] + size);
	}
	for (unsigned i = 0; i < 3; i++)
		if (places[i])
			stack_words(r, places[i], places[i] + size, frame, SLOT_REGISTER);
}

/* Deferred functions may be closures on the stack, and a record may lead to one that is. The list
 * is followed with a second, slower walker: they meet if it has no end (Floyd). */
static void follow_defers(struct stack_reader *r)
{
	const struct layout *layout = &r->go->layout;
	struct image *image = r->go->image;
	uint64_t d = image_u64(image, r->g->addr + (uint64_t)layout->g_defer), slow = d;

	remember(r, image_u64(image, r->g->addr + (uint64_t)layout->g_panic), false);
	for (uint32_t n = 1; d && n < MAX_DEFERS; n++) {
		remember(r, d, false);
		remember(r, image_u64(image, d + (uint64_t)layout->defer_fn), false);
		d = image_u64(image, d + (uint64_t)layout->defer_link);
		if (n % 2 == 0)
			slow = image_u64(image, slow + (uint64_t)layout->defer_link);
		if (d == slow)
			return;
	}
}

/* The bounds that the goroutine says, unless its stack is just being exchanged for another: then
 * the used part is no longer than the stack's size from the stack pointer on. */
static bool set_bounds(struct stack_reader *r)
{
	const struct goroutine *g = r->g;

	r->lo = g->stack_lo;
	r->hi = g->stack_hi + (g->m_stack ? THREAD_FRAMES : 0);
	if (g->sp >= r->lo && g->sp < r->hi)
		return true;
	if (!g->stack_moving || !g->sp || g->sp >= HIGHEST_POINTER)
		return false;
	r->hi = g->sp + (r->hi - r->lo);
	r->lo = g->sp;
	return true;
}

static bool forget_seen(struct stack_reader *r)
{
	uint64_t bytes = (r->hi - r->g->sp) / 64 + 1;

	if (bytes > r->scratch->capacity_seen) {
		free(r->scratch->seen);
		r->scratch->seen = malloc(bytes);
		r->scratch->capacity_seen = r->scratch->seen ? bytes : 0;
	}
	if (!r->scratch->seen)
		return false;
	memset(r->scratch->seen, 0, bytes);
	r->seen_from = r->g->sp;
	return true;
}

static void read_frames(struct stack_reader *r)
{
	uint64_t rest = r->g->pc ? stack_unwind(r) : r->g->sp;

	for (uint32_t i = 0; i < r->out->n_frames && !r->memory_out; i++)
		stack_frame_slots(r, i);
	if (rest)
		stack_words(r, rest, r->hi, r->out->n_frames ? r->out->n_frames - 1 : NO_FRAME,
			    SLOT_FRAME);
	registers(r);
	vector_registers(r);
	if (!r->g->m_stack)
		follow_defers(r);
	stack_objects(r, r->g->stack_moving);
}

static bool start_reading(struct go_stack *stack)
{
	stack->n_frames = stack->n_slots = 0;
	stack->problem = NULL;
	if (!stack->scratch)
		stack->scratch = calloc(1, sizeof *stack->scratch);
	if (!stack->scratch)
		return false;
	if (!stack->scratch->facts)
		stack->scratch->facts = calloc(STACK_FACTS, sizeof *stack->scratch->facts);
	stack->scratch->n_objects = stack->scratch->n_exact = stack->scratch->n_doubtful = 0;
	return stack->scratch->facts;
}

bool stack_read(struct go *go, const struct goroutine *goroutine, struct go_stack *stack,
		struct error *err)
{
	struct stack_reader r = { .go = go, .g = goroutine, .out = stack };

	if (!start_reading(stack))
		return fail_memory(err, "a stack");
	r.scratch = stack->scratch;
	if (!goroutine->sp && goroutine->m_stack)
		return true;
	if (set_bounds(&r)) {
		r.window_at = goroutine->sp;
		r.window_length = image_run(go->image, r.window_at, r.hi - r.window_at, &r.window);
		r.memory_out = !forget_seen(&r);
		read_frames(&r);
	} else {
		stack->problem = goroutine->sp ? "the stack pointer lies outside the stack" :
						 "the goroutine's thread was not found";
		stack_words(&r, r.lo, r.hi, NO_FRAME, SLOT_FRAME);
		registers(&r);
	}
	return r.memory_out ? fail_memory(err, "a stack") : true;
}

void stack_free(struct go_stack *stack)
{
	struct stack_scratch *s = stack->scratch;

	if (s) {
		free(s->facts);
		free(s->objects);
		free(s->exact);
		free(s->doubtful);
		free(s->bits);
		free(s->seen);
		free(s);
	}
	free(stack->frames);
	free(stack->slots);
	*stack = (struct go_stack){ 0 };
}

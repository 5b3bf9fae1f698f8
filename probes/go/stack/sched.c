#include "probes/go/stack/sched.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/stack/machines.h"
#include "probes/go/stack/pclntab.h"

#define STATUS_SCAN 0x1000u     /* _Gscan: somebody else owns the goroutine for the moment */
#define MAX_GOROUTINES (1u << 28)
#define WAIT_WORDS 128u         /* of a stack, in which a semaphore's sudog is looked for */
#define MAX_WAITERS 1000u       /* of a Cond */

static uint64_t g_word(struct go *go, uint64_t g, int32_t offset)
{
	return image_u64(go->image, g + (uint64_t)offset);
}

static bool on_stack(const struct goroutine *g, uint64_t sp)
{
	return sp >= g->stack_lo && sp < g->stack_hi;
}

static bool known_status(uint32_t status)
{
	return status <= G_WAITING || (status >= G_COPYSTACK && status <= G_LEAKED);
}

/* Go 1.26 runtime/traceback.go, isSystemGoroutine. Finalizers and cleanups are the user's while
 * they run. For finalizers the runtime's flag is not among the globals found, but the goroutine
 * that waits for work runs none. */
static bool is_system(struct go *go, const struct goroutine *g)
{
	const char *reason = layout_wait_reason(&go->layout, g->wait_reason);
	struct go_func f;

	if (!func_find(go, g->start_pc, &f) || strncmp(f.name, "runtime.", 8) ||
	    !strcmp(f.name, "runtime.main") || !strcmp(f.name, "runtime.corostart") ||
	    !strcmp(f.name, "runtime.handleAsyncEvent"))
		return false;
	if (!strcmp(f.name, "runtime.runfinq") || !strcmp(f.name, "runtime.runFinalizers"))
		return g->status == G_WAITING && reason && !strcmp(reason, "finalizer wait");
	if (!strcmp(f.name, "runtime.runCleanups"))
		return !image_u8(go->image, g->addr + (uint64_t)go->layout.g_running_cleanups);
	return true;
}

/* ---- what a goroutine waits for ---- */

/* Call FN for the words of the innermost frames until it gives something. */
static uint64_t search_frames(struct go *go, const struct goroutine *g, uint64_t with,
			      uint64_t (*fn)(struct go *, const struct goroutine *, uint64_t word,
					     uint64_t with))
{
	for (uint64_t at = g->sp, i = 0; i < WAIT_WORDS && on_stack(g, at); i++, at += 8) {
		uint64_t word = image_u64(go->image, at), found;

		found = word && word % 8 == 0 && !on_stack(g, word) ? fn(go, g, word, with) : 0;
		if (found)
			return found;
	}
	return 0;
}

static uint64_t is_sudog(struct go *go, const struct goroutine *g, uint64_t word, uint64_t unused)
{
	return g_word(go, word, go->layout.sudog_g) == g->addr ? word : 0;
}

/* sync.notifyList {wait, notify uint32; lock uintptr; head, tail *sudog}: is SUDOG in the list? */
static uint64_t is_notify_list(struct go *go, const struct goroutine *g, uint64_t word,
			       uint64_t sudog)
{
	uint64_t last = 0;
	bool found = false;

	for (uint64_t at = image_u64(go->image, word + 16), i = 0; at && i < MAX_WAITERS; i++) {
		found |= at == sudog;
		last = at;
		at = g_word(go, at, go->layout.sudog_next);
	}
	return found && last == image_u64(go->image, word + 24) ? word : 0;
}

/* Before 1.26 a goroutine that waits for a semaphore does not know its sudog; but the innermost
 * frames do, and a sudog knows its g. That of a Cond does not know where it waits; frames do. */
static uint64_t find_semaphore(struct go *go, struct goroutine *g)
{
	uint64_t sudog = search_frames(go, g, 0, is_sudog), elem;

	g->sudog = sudog;
	elem = sudog ? g_word(go, sudog, go->layout.sudog_elem_value) : 0;
	return elem || !sudog ? elem : search_frames(go, g, sudog, is_notify_list);
}

static uint64_t find_wait(struct go *go, struct goroutine *g)
{
	const char *reason = layout_wait_reason(&go->layout, g->wait_reason);
	uint64_t sudog = g_word(go, g->addr, go->layout.g_waiting), channel;

	if (g->status != G_WAITING && g->status != G_LEAKED)
		return 0;
	if (!sudog && reason && (!strcmp(reason, "semacquire") || !strncmp(reason, "sync.", 5)))
		return find_semaphore(go, g);
	if (!sudog || g_word(go, sudog, go->layout.sudog_g) != g->addr)
		return 0;
	g->sudog = sudog;
	channel = g_word(go, sudog, go->layout.sudog_c_value);
	return channel ? channel : g_word(go, sudog, go->layout.sudog_elem_value);
}

/* ---- where unwinding begins ---- */

static void start_at(struct goroutine *g, uint64_t sp, uint64_t pc, enum start_point start)
{
	g->sp = sp;
	g->pc = pc;
	g->start = start;
}

static void start_parked(struct go *go, struct goroutine *g)
{
	uint64_t sp = g_word(go, g->addr, go->layout.g_syscallsp);

	if (sp)
		start_at(g, sp, g_word(go, g->addr, go->layout.g_syscallpc), START_AT_CALL);
	else
		start_at(g, g_word(go, g->addr, go->layout.g_sched_sp),
			 g_word(go, g->addr, go->layout.g_sched_pc), START_AT_CALL);
}

/* gogo has already switched to the stack but not yet jumped: the stack is that of the place to
 * which it will jump. */
static bool in_gogo(struct go *go, uint64_t pc)
{
	struct go_func f;

	return func_find(go, pc, &f) &&
	       (!strcmp(f.name, "gogo") || !strcmp(f.name, "runtime.gogo"));
}

/* What is live at PC. Where assembly of Go's is in the kernel nothing is in registers but the
 * call's arguments, which are its callers' too: as at a call. */
static enum start_point start_point(struct go *go, const struct machine *m)
{
	const struct arch_instruction *syscall = &arch_syscall;
	const void *before = image_at(go->image, m->pc - syscall->length, syscall->length);
	struct go_func f;

	if (before && !memcmp(before, syscall->bytes, syscall->length) &&
	    func_find(go, m->pc, &f) && (f.flag & FUNC_ASM))
		return START_AT_CALL;
	return m->in_signal ? START_ANYWHERE : START_REGISTERS;
}

/* A running goroutine's saved sp and pc are stale unless it has switched to the system stack. */
static void start_running(struct go *go, struct goroutine *g, const struct machine *m)
{
	uint64_t saved = g_word(go, g->addr, go->layout.g_sched_sp);

	if (!m || !m->sp)
		return;
	g->saved_registers = m->saved_registers;
	if (on_stack(g, m->sp))
		start_at(g, m->sp, in_gogo(go, m->pc) ? g_word(go, g->addr, go->layout.g_sched_pc) :
			 m->pc, start_point(go, m));
	else if (on_stack(g, m->vdso_sp))
		start_at(g, m->vdso_sp, m->vdso_pc, START_AT_CALL);
	else if (on_stack(g, saved))
		start_at(g, saved, g_word(go, g->addr, go->layout.g_sched_pc), START_SWITCHED);
}

/* ---- reading ---- */

/* What is the same for a goroutine and an m's own stacks. False if ADDR is no g. */
static bool read_g(struct go *go, uint64_t addr, struct goroutine *out)
{
	const struct layout *layout = &go->layout;

	*out = (struct goroutine){ .addr = addr };
	if (!addr || !image_at(go->image, addr, (uint64_t)layout->g_size) ||
	    !g_stack(go, addr, &out->stack_lo, &out->stack_hi))
		return false;
	out->status = image_u32(go->image, addr + (uint64_t)layout->g_atomicstatus);
	out->m = g_word(go, addr, layout->g_m);
	return true;
}

static bool read_goroutine(struct go *go, const struct machines *ms, uint64_t addr,
			   struct goroutine *g)
{
	const struct layout *layout = &go->layout;
	const struct machine *m;

	if (!read_g(go, addr, g))
		return false;
	g->stack_moving = g->status & STATUS_SCAN;
	g->status &= ~STATUS_SCAN;
	if (!known_status(g->status) || g->status == G_IDLE)
		return false;
	g->stack_moving |= g->status == G_COPYSTACK;
	g->running = g->status == G_RUNNING;
	g->id = g_word(go, addr, layout->g_goid);
	g->wait_reason = image_u8(go->image, addr + (uint64_t)layout->g_waitreason);
	g->wait_since = g_word(go, addr, layout->g_waitsince);
	g->start_pc = g_word(go, addr, layout->g_startpc);
	g->go_pc = g_word(go, addr, layout->g_gopc);
	m = machines_find(ms, g->m);
	g->thread = m ? m->thread : NULL;
	if (g->running)
		start_running(go, g, m);
	else
		start_parked(go, g);
	g->system = is_system(go, g);
	g->waits_on = find_wait(go, g);
	return true;
}

static bool in_syscall(struct go *go, uint64_t g)
{
	uint64_t status = g + (uint64_t)go->layout.g_atomicstatus;

	return g && (image_u32(go->image, status) & ~STATUS_SCAN) == G_SYSCALL;
}

/* The stack on which the runtime itself works. What lies on it while C code runs there for a
 * goroutine, in a system call or the vDSO, is C's. */
static void start_g0(struct go *go, struct goroutine *g, const struct machine *m)
{
	if (!on_stack(g, m->sp))
		return;
	g->saved_registers = m->saved_registers;
	if (go_module_of_pc(go, m->pc))
		start_at(g, m->sp, m->pc, start_point(go, m));
	else if (on_stack(g, m->vdso_sp))
		start_at(g, m->vdso_sp, m->vdso_pc, START_AT_CALL);
	else if (!m->vdso_sp && !in_syscall(go, m->curg))
		start_at(g, m->sp, 0, START_ANYWHERE);
}

/* The signal stack has no maps worth having: the interrupted registers are on it. */
static void start_gsignal(struct goroutine *g, const struct machine *m)
{
	if (m->in_signal)
		start_at(g, m->thread->registers.sp, 0, START_REGISTERS);
}

static void read_machine(struct go *go, const struct machine *m, struct goroutines *out)
{
	for (int signal = 0; signal < 2; signal++) {
		struct goroutine *g = &out->items[out->n];

		if (!read_g(go, signal ? m->gsignal : m->g0, g))
			continue;
		g->m_stack = g->system = true;
		g->m = m->addr;
		g->thread = m->thread;
		g->status = G_RUNNING;
		if (signal)
			start_gsignal(g, m);
		else
			start_g0(go, g, m);
		g->running = g->sp;
		out->n++;
	}
}

/* runtime.allgs: a slice, read while it may be growing. */
static const uint64_t *all_gs(struct go *go, uint64_t *n)
{
	uint64_t slice[3];

	if (!image_read(go->image, go->allgs, slice, sizeof slice))
		return NULL;
	*n = slice[1] < slice[2] ? slice[1] : slice[2];
	return *n <= MAX_GOROUTINES && *n * (uint64_t)go->layout.g_labels <= image_most(go->image) ? image_at(go->image, slice[0], *n * 8) : NULL;
}

bool goroutines_read(struct go *go, struct goroutines *out, struct error *err)
{
	struct machines ms;
	uint64_t n = 0, stacks = 0, addr;
	const uint64_t *gs = all_gs(go, &n);

	*out = (struct goroutines){ 0 };
	if (!gs)
		return fail(err, STATUS_UNSUPPORTED, "the list of goroutines cannot be read");
	if (!machines_read(go, gs, n, &ms, err))
		return false;
	out->items = calloc(n + 2ull * ms.n + 1, sizeof *out->items);
	if (!out->items) {
		machines_free(&ms);
		return fail_memory(err, "the goroutines");
	}
	for (uint64_t i = 0; i < n; i++) {
		struct goroutine *g = &out->items[out->n];

		memcpy(&addr, gs + i, sizeof addr);
		if (!read_goroutine(go, &ms, addr, g))
			continue;
		out->n++;
		stacks += g->stack_hi - g->stack_lo;
	}
	for (uint32_t i = 0; i < ms.n; i++)
		read_machine(go, &ms.items[i], out);
	machines_free(&ms);
	if (stacks > go->image->memory_size) { /* they overlap: reading would take for ever */
		goroutines_free(out);
		return fail(err, STATUS_BAD_FILE,
			    "the goroutines' stacks are larger than all memory");
	}
	return true;
}

void goroutines_free(struct goroutines *gs)
{
	free(gs->items);
	*gs = (struct goroutines){ 0 };
}

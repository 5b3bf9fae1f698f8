#include "probes/go/stack/machines.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/sorted.h"
#include "probes/go/layout/abi.h"

#define MAX_MACHINES 131072u
#define MAX_STACK (1ull << 33)  /* eight times the runtime's own limit on 64 bits */
#define MAX_ADDRESS (1ull << 56)

bool g_stack(struct go *go, uint64_t g, uint64_t *lo, uint64_t *hi)
{
	uint64_t bounds[2];

	if (!g || !image_read(go->image, g + (uint64_t)go->layout.g_stack_lo, bounds,
			      sizeof bounds))
		return false;
	*lo = bounds[0];
	*hi = bounds[1];
	return *lo && *lo < *hi && *hi < MAX_ADDRESS && *hi - *lo <= MAX_STACK &&
	       *lo % 8 == 0 && *hi % 8 == 0;
}

static bool on_stack(struct go *go, uint64_t g, uint64_t sp)
{
	uint64_t lo, hi;

	return g_stack(go, g, &lo, &hi) && sp >= lo && sp < hi;
}

static uint64_t m_word(struct go *go, uint64_t m, int32_t offset)
{
	return image_u64(go->image, m + (uint64_t)offset);
}

/* An m points to its g0, which points back. */
static bool is_machine(struct go *go, uint64_t m)
{
	uint64_t g0 = m ? m_word(go, m, go->layout.m_g0) : 0;

	return g0 && image_u64(go->image, g0 + (uint64_t)go->layout.g_m) == m;
}

static int compare_words(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A thing of which there is one a machine, to find the machine by it. */
struct key { uint64_t lo, hi; uint32_t machine; };

/* The key that contains VALUE, or NULL. */
static const struct key *find_key(const struct key *keys, uint32_t n, uint64_t value)
{
	uint32_t to = sorted_to(keys, n, sizeof *keys, value);

	return to && value < keys[to - 1].hi ? &keys[to - 1] : NULL;
}

/* What says which machine a thread is, the best first: its id, if its stack or its g agrees (a
 * target in a pid namespace of its own knows other ids), the stack it is on, the g it has at hand,
 * its id alone. */
enum evidence { BY_CHECKED_TID, BY_STACK, BY_G, BY_TID, N_EVIDENCE };

static uint32_t make_keys(struct go *go, const struct machines *ms, enum evidence kind,
			  struct key *keys)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ms->n; i++) {
		const struct machine *m = &ms->items[i];
		uint64_t gs[] = { m->g0, m->gsignal, m->curg }, lo, hi;
		uint64_t tid = m_word(go, m->addr, go->layout.m_procid);

		if (kind == BY_TID || kind == BY_CHECKED_TID) {
			keys[n++] = (struct key){ tid, tid + 1, i };
			continue;
		}
		for (unsigned k = 0; k < ARRAY_SIZE(gs); k++)
			if (kind == BY_G && gs[k])
				keys[n++] = (struct key){ gs[k], gs[k] + 1, i };
			else if (kind == BY_STACK && g_stack(go, gs[k], &lo, &hi))
				keys[n++] = (struct key){ lo, hi, i };
	}
	qsort(keys, n, sizeof *keys, compare_words);
	return n;
}

/* The g that a thread has at hand: in Go code a register, else the word below its thread pointer
 * (runtime.tlsg on Linux; another word, which is no g, in some programs with C code). */
static uint64_t thread_g(struct go *go, const struct image_thread *thread)
{
	if (go_module_of_pc(go, thread->registers.pc))
		return thread->registers.g;
	return image_u64(go->image, thread->registers.tls - 8);
}

static bool plausible(struct go *go, const struct machine *m, const struct image_thread *thread)
{
	uint64_t g = thread_g(go, thread), sp = thread->registers.sp;

	return (g && (g == m->g0 || g == m->gsignal || g == m->curg)) || on_stack(go, m->g0, sp) ||
	       on_stack(go, m->curg, sp) || on_stack(go, m->gsignal, sp);
}

/* The machine that THREAD is by evidence KIND, NULL if that does not tell. */
static struct machine *match(struct go *go, struct machines *ms, enum evidence kind,
			     const struct key *keys, uint32_t n, const struct image_thread *thread)
{
	uint64_t value = kind == BY_STACK ? thread->registers.sp :
			 kind == BY_G ? thread_g(go, thread) : (uint64_t)thread->tid;
	const struct key *key = find_key(keys, n, value);
	struct machine *m = key ? &ms->items[key->machine] : NULL;

	if (!m || m->thread || (kind == BY_CHECKED_TID && !plausible(go, m, thread)))
		return NULL;
	return m;
}

static bool match_threads(struct go *go, struct machines *ms)
{
	autofree struct key *keys = calloc(3ull * ms->n + 1, sizeof *keys);
	autofree bool *used = calloc(go->image->n_threads + 1ull, sizeof *used);
	uint32_t missing = ms->n;

	if (!keys || !used)
		return false;
	for (enum evidence kind = 0; kind < N_EVIDENCE && missing; kind++) {
		uint32_t n = make_keys(go, ms, kind, keys);

		for (uint32_t i = 0; i < go->image->n_threads; i++) {
			const struct image_thread *thread = &go->image->threads[i];
			struct machine *m;

			if (!thread->held || used[i])
				continue;
			m = match(go, ms, kind, keys, n, thread);
			if (m) {
				m->thread = thread;
				used[i] = true;
				missing--;
			}
		}
	}
	return true;
}

/* The registers that a signal interrupted stand in a ucontext_t on the signal stack. It is known by
 * the alternate stack in it, which is that stack. */
static bool interrupted(struct go *go, struct machine *m, uint64_t lo, uint64_t hi)
{
	const struct arch_ucontext *u = &arch_ucontext;

	for (uint64_t at = (m->sp + 7) & ~7ull; at + 24 <= hi; at += 8) {
		uint64_t context = at - u->stack;

		if (image_u64(go->image, at) != lo || image_u64(go->image, at + 16) != hi - lo)
			continue;
		m->sp = image_u64(go->image, context + u->sp);
		m->pc = image_u64(go->image, context + u->pc);
		/* A handler that makes a goroutine call asyncPreempt pushes its pc and then sets the new
		 * one (runtime/signal_amd64.go, pushCall); in between the pc stands in both places. */
		if (!abi_calls.link_register && image_u64(go->image, m->sp) == m->pc)
			m->sp += abi_calls.pushed;
		m->saved_registers = context + u->registers;
		return true;
	}
	return false;
}

/* Where M's thread stands, without the signal handler it may be in. */
static void locate(struct go *go, struct machine *m)
{
	uint64_t lo, hi;

	m->vdso_sp = m_word(go, m->addr, go->layout.m_vdso_sp);
	m->vdso_pc = m_word(go, m->addr, go->layout.m_vdso_pc);
	if (!m->vdso_sp || !go_module_of_pc(go, m->vdso_pc))
		m->vdso_sp = m->vdso_pc = 0;
	if (!m->thread)
		return;
	m->sp = m->thread->registers.sp;
	m->pc = m->thread->registers.pc;
	if (!on_stack(go, m->gsignal, m->sp) || !g_stack(go, m->gsignal, &lo, &hi))
		return;
	m->in_signal = true;
	if (!interrupted(go, m, lo, hi))
		m->sp = m->pc = 0;
}

const struct machine *machines_find(const struct machines *machines, uint64_t addr)
{
	return sorted_find(machines->items, machines->n, sizeof *machines->items, addr);
}

/* The list at go.allm and after it what goroutines are on, in case the list was not found or is
 * just growing: the first LIMIT of them into ADDRS. How many that are, all in all. */
static uint64_t list_machines(struct go *go, const uint64_t *gs, uint64_t n_gs, uint64_t *addrs,
			      uint64_t limit)
{
	uint64_t m = go->allm ? image_u64(go->image, go->allm) : 0, n = 0, g;

	for (; is_machine(go, m) && n < MAX_MACHINES; m = m_word(go, m, go->layout.m_alllink), n++)
		if (n < limit)
			addrs[n] = m;
	for (uint64_t i = 0; i < n_gs; i++) {
		memcpy(&g, gs + i, sizeof g);
		m = g ? image_u64(go->image, g + (uint64_t)go->layout.g_m) : 0;
		if (!m || !is_machine(go, m))
			continue;
		if (n < limit)
			addrs[n] = m;
		n++;
	}
	return n;
}

static bool make_machines(struct go *go, const uint64_t *gs, uint64_t n_gs, struct machines *out)
{
	uint64_t n = list_machines(go, gs, n_gs, NULL, 0);
	autofree uint64_t *addrs = calloc(n + 1, sizeof *addrs);

	out->items = calloc(n + 1, sizeof *out->items);
	if (!addrs || !out->items)
		return false;
	list_machines(go, gs, n_gs, addrs, n);
	qsort(addrs, n, sizeof *addrs, compare_words);
	for (uint64_t i = 0; i < n; i++)
		if (!i || addrs[i] != addrs[i - 1])
			out->items[out->n++] = (struct machine){
				.addr = addrs[i], .g0 = m_word(go, addrs[i], go->layout.m_g0),
				.gsignal = m_word(go, addrs[i], go->layout.m_gsignal),
				.curg = m_word(go, addrs[i], go->layout.m_curg),
			};
	return true;
}

bool machines_read(struct go *go, const uint64_t *gs, uint64_t n_gs, struct machines *out,
		   struct error *err)
{
	*out = (struct machines){ 0 };
	if (!make_machines(go, gs, n_gs, out) || !match_threads(go, out)) {
		machines_free(out);
		return fail_memory(err, "the runtime's threads");
	}
	for (uint32_t i = 0; i < out->n; i++)
		locate(go, &out->items[i]);
	return true;
}

void machines_free(struct machines *machines)
{
	free(machines->items);
	*machines = (struct machines){ 0 };
}

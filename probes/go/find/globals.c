/* The runtime's heap and its lists of goroutines, processors and threads, found in bss by what must
 * hold between them (runtime/mheap.go, proc.go, runtime2.go). */
#include <string.h>

#include "probes/go/find/find.h"
#include "probes/go/layout/abi.h"
#include "probes/go/spans/spans.h"
#include "probes/go/stack/sched.h"

#define PAGE_SHIFT 13
#define ARENA_SHIFT 26
#define ARENA_PAGES 8192
#define SPAN_IN_USE 1
#define SPAN_MANUAL 2
#define SAMPLE 64 /* elements of a list that are looked at */

/* A slice header as it stands in memory. */
struct slice { uint64_t at, len, cap; };

struct scan {
	struct go *go;
	const struct go_module *module;
	const uint8_t *bytes;
	uint64_t lo, n;
};

static uint64_t word_at(const struct scan *s, uint64_t offset)
{
	return image_word(s->bytes + offset);
}

static struct slice slice_at(const struct scan *s, uint64_t offset)
{
	return (struct slice){ word_at(s, offset), word_at(s, offset + 8), word_at(s, offset + 16) };
}

static bool plausible_slice(const struct slice *s, uint64_t max)
{
	return s->at && s->at % 8 == 0 && s->at >> arch_address_bits == 0 && s->len && s->len <= s->cap &&
	       s->cap < max;
}

/* Through the second-level arena table L2. */
static uint64_t span_through(struct go *go, uint64_t l2, uint64_t addr)
{
	struct image *image = go->image;
	uint64_t arena;

	if (addr >> arch_address_bits)
		return 0;
	arena = image_u64(image, l2 + ((addr + abi_arena_base) >> ARENA_SHIFT) * 8);
	if (!arena)
		return 0;
	return image_u64(image, arena + (uint64_t)go->layout.heap_arena_spans +
			 ((addr >> PAGE_SHIFT) & (ARENA_PAGES - 1)) * 8);
}

uint64_t find_span(struct go *go, uint64_t addr)
{
	uint64_t l2 = image_u64(go->image, go->mheap + (uint64_t)go->layout.mheap_arenas);

	return span_through(go, l2, addr);
}

/* Before the stop the target runs on under our eyes, and in it a thread may stand in the middle of
 * publishing a span or a goroutine: a few of a sample may disagree, most must not. */
static bool most_agree(unsigned agree, unsigned looked_at)
{
	return agree && agree * 4 >= looked_at * 3;
}

/* Do the used spans among the first of ALLSPANS stand in the arena table under their addresses? */
static bool spans_agree(struct go *go, const struct slice *allspans, uint64_t l2)
{
	const struct layout *l = &go->layout;
	struct image *image = go->image;
	unsigned used = 0, agree = 0;

	for (uint64_t i = 0; i < allspans->len && i < SAMPLE; i++) {
		uint64_t span = image_u64(image, allspans->at + 8 * i);
		uint64_t start;

		if (!span || !image_at(image, span, (uint64_t)l->mspan_size))
			return false;
		if (image_u8(image, span + (uint64_t)l->mspan_state) != SPAN_IN_USE)
			continue;
		start = image_u64(image, span + (uint64_t)l->mspan_start_addr);
		agree += span_through(go, l2, start) == span;
		used++;
	}
	return most_agree(agree, used);
}

/* Is the slice at OFFSET mheap_.allspans? Sets go.mheap. */
static bool try_mheap(const struct scan *s, uint64_t offset)
{
	struct go *go = s->go;
	struct slice allspans = slice_at(s, offset);
	uint64_t base = s->lo + offset - (uint64_t)go->layout.mheap_allspans, l2;

	if (!plausible_slice(&allspans, 1ull << 32) ||
	    offset < (uint64_t)go->layout.mheap_allspans)
		return false;
	l2 = image_u64(go->image, base + (uint64_t)go->layout.mheap_arenas);
	if (!l2 || l2 % IMAGE_PAGE || !spans_agree(go, &allspans, l2))
		return false;
	go->mheap = base;
	return true;
}

/* Does the g at ADDR have a stack, in a span that the runtime manages by hand? */
static bool has_stack(struct go *go, uint64_t addr)
{
	const struct layout *l = &go->layout;
	uint64_t lo = image_u64(go->image, addr + (uint64_t)l->g_stack_lo);
	uint64_t hi = image_u64(go->image, addr + (uint64_t)l->g_stack_hi);
	uint64_t span = find_span(go, lo);

	return lo < hi && span && find_span(go, hi - 1) == span &&
	       image_u8(go->image, span + (uint64_t)l->mspan_state) == SPAN_MANUAL;
}

/* May a g lie at ADDR: in the heap, with a stack or dead, in a known state? */
static bool plausible_g(struct go *go, uint64_t addr)
{
	const struct layout *l = &go->layout;
	struct image *image = go->image;
	uint32_t status;

	if (!find_span(go, addr) || !image_at(image, addr, (uint64_t)l->g_size))
		return false;
	status = image_u32(image, addr + (uint64_t)l->g_atomicstatus) & 0xfff;
	return status <= G_DEADEXTRA && status != 5 && status != 7 &&
	       (status == G_DEAD || status == G_DEADEXTRA || has_stack(go, addr));
}

/* The length of the list of goroutines if the slice at OFFSET is one, else 0. Its first need not be
 * goroutine 1: in a library that one ends at once, and its g is used again. */
static uint64_t list_of_g(const struct scan *s, uint64_t offset)
{
	struct go *go = s->go;
	struct slice list = slice_at(s, offset);
	unsigned plausible = 0, n = 0;

	if (!plausible_slice(&list, 1ull << 28) || !find_span(go, list.at) ||
	    find_span(go, list.at) != find_span(go, list.at + 8 * (list.len - 1)))
		return 0;
	for (; n < list.len && n < SAMPLE; n++)
		plausible += plausible_g(go, image_u64(go->image, list.at + 8 * n));
	return most_agree(plausible, n) ? list.len : 0;
}

/* How many of a processor's cached spans are what they must be: of the class that they are cached for
 * and named by the arena table, or the runtime's empty one, which lies in its own data. */
static unsigned plausible_cache(struct go *go, const struct go_module *m, uint64_t mcache)
{
	const struct layout *l = &go->layout;
	unsigned n = 0;

	for (uint32_t c = 0; c < 2 * GO_CLASSES; c++) {
		uint64_t span = image_u64(go->image, mcache + (uint64_t)l->mcache_alloc + 8 * c);
		uint64_t start = image_u64(go->image, span + (uint64_t)l->mspan_start_addr);

		n += go_module_has_variable(m, span) ||
		     (span && find_span(go, start) == span &&
		      image_u8(go->image, span + (uint64_t)l->mspan_spanclass) == c);
	}
	return n;
}

/* Is the slice at OFFSET allp: are its elements numbered, and do they cache spans? Those that the
 * program gave up (GOMAXPROCS) cache nothing. */
static bool try_allp(const struct scan *s, uint64_t offset)
{
	struct go *go = s->go;
	const struct layout *l = &go->layout;
	struct slice list = slice_at(s, offset);
	unsigned plausible = 0, caches = 0;

	if (!plausible_slice(&list, 1u << 16) || !find_span(go, list.at))
		return false;
	for (uint64_t i = 0; i < list.len && i < SAMPLE; i++) {
		uint64_t p = image_u64(go->image, list.at + 8 * i);
		uint64_t mcache = image_u64(go->image, p + (uint64_t)l->p_mcache);

		if (!p || !find_span(go, p) || image_u32(go->image, p + (uint64_t)l->p_id) != i)
			return false;
		caches += mcache != 0;
		plausible += mcache ? plausible_cache(go, s->module, mcache) : 0;
	}
	if (!most_agree(plausible, caches * 2 * GO_CLASSES))
		return false;
	go->allp = s->lo + offset;
	return true;
}

/* Length of the chain of m's that begins at M through the link at offset LINK; 0 if it is none. */
static unsigned chain_of_m(struct go *go, uint64_t m, int32_t link)
{
	const struct layout *l = &go->layout;
	unsigned n = 0;

	while (m && n < 100000) {
		uint64_t g0 = image_u64(go->image, m + (uint64_t)l->m_g0);

		if (m % 8 || !g0 || image_u64(go->image, g0 + (uint64_t)l->g_m) != m)
			return 0;
		n++;
		m = image_u64(go->image, m + (uint64_t)link);
	}
	return m ? 0 : n;
}

/* The longest chain of m's wins: other words that name an m begin in the middle. m.alllink moved
 * inside go1.23 and go1.24, so its offset is tried around the table's. */
static void try_allm(const struct scan *s, uint64_t offset, unsigned *longest, int32_t *link)
{
	struct go *go = s->go;
	uint64_t m = word_at(s, offset);
	int32_t from = go->layout.m_alllink - 32, to = go->layout.m_alllink + 32;

	if (!m || m % 8 || m >> arch_address_bits)
		return;
	if (image_u64(go->image, image_u64(go->image, m + (uint64_t)go->layout.m_g0) +
		      (uint64_t)go->layout.g_m) != m)
		return;
	for (int32_t at = from; at <= to; at += 8) {
		unsigned n = chain_of_m(go, m, at);

		if (n > *longest || (n == *longest && n && at == go->layout.m_alllink)) {
			*longest = n;
			*link = at;
			go->allm = s->lo + offset;
		}
	}
}

static struct scan bss_of(struct go *go, const struct go_module *m)
{
	struct scan s = { .go = go, .module = m, .lo = m->bss };

	s.n = image_run(go->image, m->bss, m->ebss - m->bss, &s.bytes);
	return s;
}

/* Call TRY for every word of the module's bss until it answers true. */
static bool scan_bss(struct go *go, const struct go_module *m,
		     bool (*try)(const struct scan *, uint64_t))
{
	struct scan s = bss_of(go, m);

	for (uint64_t i = 0; i + 24 <= s.n; i += 8)
		if (try(&s, i))
			return true;
	return false;
}

/* The longest list wins: a collection keeps a copy of what it began with. */
static bool scan_for_allgs(struct go *go, const struct go_module *m)
{
	struct scan s = bss_of(go, m);
	uint64_t longest = 0;

	for (uint64_t i = 0; i + 24 <= s.n; i += 8) {
		uint64_t n = list_of_g(&s, i);

		if (n > longest) {
			longest = n;
			go->allgs = s.lo + i;
		}
	}
	return longest > 0;
}

static void scan_for_allm(struct go *go, const struct go_module *m)
{
	struct scan s = bss_of(go, m);
	unsigned longest = 0;
	int32_t link = go->layout.m_alllink;

	for (uint64_t i = 0; i + 8 <= s.n; i += 8)
		try_allm(&s, i, &longest, &link);
	/* What stands behind it moved with it. */
	go->layout.m_vdso_sp += link - go->layout.m_alllink;
	go->layout.m_vdso_pc += link - go->layout.m_alllink;
	go->layout.m_alllink = link;
}

static bool scan_for_lists(struct go *go, const struct go_module *m)
{
	if (!scan_for_allgs(go, m))
		return false;
	scan_bss(go, m, try_allp);
	scan_for_allm(go, m);
	return true;
}

bool find_globals(struct go *go, struct error *err)
{
	for (uint32_t i = 0; i < go->n_modules && !go->mheap; i++) {
		const struct go_module *m = &go->modules[i];

		if (!scan_bss(go, m, try_mheap))
			continue;
		if (!scan_for_lists(go, m))
			return fail(err, STATUS_UNSUPPORTED, "%s: the list of goroutines was not "
				    "found in the program's data", go->version.text);
	}
	if (!go->mheap)
		return fail(err, STATUS_UNSUPPORTED, "%s: the heap was not found in the program's "
			    "data", go->version.text);
	return true;
}

bool find_globals_hold(struct go *go)
{
	uint64_t list = go->mheap + (uint64_t)go->layout.mheap_allspans;
	uint64_t l2 = image_u64(go->image, go->mheap + (uint64_t)go->layout.mheap_arenas);
	struct slice allspans = {
		image_u64(go->image, list), image_u64(go->image, list + 8),
		image_u64(go->image, list + 16),
	};

	if (!plausible_slice(&allspans, 1ull << 32) || !spans_agree(go, &allspans, l2))
		return false;
	/* Where goroutines come and go all the time, the list of a collection that is over by now may
	 * have looked more like it. */
	for (uint32_t i = 0; i < go->n_modules; i++)
		if (go->modules[i].bss <= go->mheap && go->mheap < go->modules[i].ebss)
			return scan_for_lists(go, &go->modules[i]);
	return false;
}

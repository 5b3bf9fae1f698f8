/* What is live, in two rounds: first as if the runtime's own bookkeeping held nothing, then what
 * that alone keeps. */
#include <stdlib.h>
#include <string.h>

#include "graph/analysis/marker.h"
#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/base/sorted.h"
#include "graph/builder.h"

#define AHEAD 16       /* objects between a first glance at one and its visit */
#define REPORT 65536   /* objects between two looks at the progress */
#define EXTENT_GRAIN 256

void marker_see(struct marker *m, uint32_t id)
{
	uint64_t bit = 1ull << id % 64;

	if (m->seen[id / 64] & bit)
		return;
	m->seen[id / 64] |= bit;
	m->stack[m->depth++] = id;
}

/* Mark one reverse entry of an edge SRC -> DST as idle: the first that is not yet. Idle ones of a
 * source precede its others, so that the row is sorted by (source, not idle). */
static void idle_reverse(struct graph *g, uint32_t src, uint32_t dst)
{
	uint32_t lo = g->rev_row[dst], hi = g->rev_row[dst + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint32_t entry = g->rev_src[mid];

		if (EDGE_NODE(entry) < src || (EDGE_NODE(entry) == src && (entry & EDGE_IDLE)))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < g->rev_row[dst + 1] && g->rev_src[lo] == src)
		g->rev_src[lo] |= EDGE_IDLE;
}

static void visit(struct marker *m, uint32_t id)
{
	struct graph *g = m->g;
	uint32_t end = g->fwd_row[id + 1];

	for (uint32_t e = g->fwd_row[id]; e < end; e++) {
		uint32_t dst = g->fwd_dst[e];

		if (dst & EDGE_IDLE)
			continue;
		if (m->strong && marker_bit(m->strong, dst)) {
			/* From what only bookkeeping keeps into what something else reaches. */
			g->fwd_dst[e] |= EDGE_IDLE;
			idle_reverse(g, id, dst);
			continue;
		}
		marker_see(m, dst);
	}
	if (m->awaited && marker_bit(m->awaited, id))
		m->reached[m->n_reached++] = id;
	if (++m->visited % REPORT == 0)
		progress_add(m->progress, REPORT);
}

/* Put ID (or NO_NODE, to push the others on) into the ring, and visit the object that was put
 * there AHEAD calls before: rows are scattered over memory, and fetching several of them at a
 * time is what makes marking fast (Cher, Hosking, Vitek: Software Prefetching for Mark-Sweep). */
static void feed(struct marker *m, uint32_t id)
{
	const struct graph *g = m->g;
	uint32_t halfway = m->ring[(m->fed - AHEAD / 2) % MARKER_RING];
	uint32_t oldest = m->ring[(m->fed - AHEAD) % MARKER_RING];

	m->ring[m->fed++ % MARKER_RING] = id;
	if (id != NO_NODE)
		__builtin_prefetch(&g->fwd_row[id]);
	if (halfway != NO_NODE)
		__builtin_prefetch(&g->fwd_dst[g->fwd_row[halfway]]);
	if (oldest != NO_NODE)
		visit(m, oldest);
}

bool marker_drain(struct marker *m, struct error *err)
{
	uint32_t idle = 0;

	memset(m->ring, 0xff, sizeof m->ring);
	while (idle <= AHEAD) {
		uint32_t id = m->depth ? m->stack[--m->depth] : NO_NODE;

		idle = id == NO_NODE ? idle + 1 : 0;
		feed(m, id);
		if (m->fed % REPORT == 0 && array_cancelled(m->progress, err))
			return false;
	}
	return !array_cancelled(m->progress, err);
}

static bool first_round(struct marker *m, struct error *err)
{
	struct graph *g = m->g;

	for (uint32_t i = 0; i < g->n_special; i++)
		if (!marker_holds((enum strength)g->special[i].strength))
			g->fwd_dst[g->special[i].edge] |= EDGE_IDLE;
	return stuck_mark(m, err);
}

/* Wake the bookkeeping edges into what the first round did not see, and follow those of them that
 * come from what it did; idle edges' other ends are told. */
static void sort_out_special(struct marker *m)
{
	struct graph *g = m->g;
	uint32_t src = 0;

	for (uint32_t i = 0; i < g->n_special; i++) {
		uint64_t edge = g->special[i].edge;
		uint32_t dst = EDGE_NODE(g->fwd_dst[edge]);

		while (g->fwd_row[src + 1] <= edge)
			src++;
		if (marker_holds((enum strength)g->special[i].strength))
			continue;
		if (g->special[i].strength == STRENGTH_WEAK || marker_bit(m->strong, dst)) {
			idle_reverse(g, src, dst);
			continue;
		}
		g->fwd_dst[edge] = dst;
		if (marker_bit(m->strong, src))
			marker_see(m, dst);
	}
}

static bool second_round(struct marker *m, struct error *err)
{
	struct graph *g = m->g;

	sort_out_special(m);
	for (uint32_t i = 0; i < g->n_roots; i++)
		if (g->roots[i].strength == STRENGTH_RUNTIME)
			marker_see(m, g->roots[i].dst);
	return marker_drain(m, err);
}

/* What one worker adds up. */
struct sums {
	uint64_t live_objects, live_bytes;
	uint64_t known[KNOWN_CONSERVATIVE + 1]; /* live bytes by how their type is known */
	uint64_t kept, kept_reached;
	uint64_t absent, untouched; /* live bytes with no memory behind them; of these never touched */
	struct { uint64_t objects, bytes, live_bytes; } types[];
};

struct sum_pass {
	const struct marker *m;
	struct sums *sums[PARALLEL_MAX];
};

static void sum_object(const struct graph *g, struct sums *sums, uint32_t id, uint64_t size)
{
	uint16_t flags = g->flags[id];
	uint64_t live = flags & OBJECT_LIVE ? size : 0;
	enum known known = flags & OBJECT_KNOWN;
	uint32_t type = g->type[id];

	sums->live_objects += live != 0;
	sums->live_bytes += live;
	if (known <= KNOWN_CONSERVATIVE)
		sums->known[known] += live;
	if (flags & OBJECT_SURVIVED) {
		sums->kept += size;
		sums->kept_reached += live;
	}
	if (type < g->n_types) {
		sums->types[type].objects++;
		sums->types[type].bytes += size;
		sums->types[type].live_bytes += live;
	}
}

/* Of the live objects of extent E that which has no memory behind it. */
static void sum_absent(const struct graph *g, struct sums *sums, const struct extent *e)
{
	uint64_t end = e->base + e->slots * e->stride;
	uint32_t i = sorted_above(g->absent, g->n_absent, sizeof *g->absent, e->base), id = e->first;

	if (i == g->n_absent || g->absent[i].lo >= end)
		return;
	for (uint32_t slot = 0; slot < e->slots; slot++) {
		uint64_t lo = e->base + slot * e->stride, hi = lo + e->stride;

		if (!(g->bits[e->bits + slot / 64] >> (slot % 64) & 1) ||
		    !(g->flags[id++] & OBJECT_LIVE))
			continue;
		while (i < g->n_absent && g->absent[i].hi <= lo)
			i++;
		for (uint32_t k = i; k < g->n_absent && g->absent[k].lo < hi; k++) {
			const struct absent *a = &g->absent[k];
			uint64_t bytes = (a->hi < hi ? a->hi : hi) - (a->lo > lo ? a->lo : lo);

			sums->absent += bytes;
			sums->untouched += a->swapped ? 0 : bytes;
		}
	}
}

static void flag_and_sum(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct sum_pass *pass = ctx;
	const struct marker *m = pass->m;

	for (uint64_t i = lo; i < hi; i++) {
		const struct extent *e = &m->g->extents[i];

		for (uint32_t id = e->first; id < e->first + e->count; id++) {
			if (marker_bit(m->seen, id))
				m->g->flags[id] |= marker_bit(m->strong, id) ? OBJECT_LIVE :
						   OBJECT_LIVE | OBJECT_RUNTIME_ONLY;
			sum_object(m->g, pass->sums[worker], id, e->stride);
		}
		sum_absent(m->g, pass->sums[worker], e);
	}
}

static void add_sums(struct graph *g, const struct sums *sums)
{
	g->live_objects += sums->live_objects;
	g->live_bytes += sums->live_bytes;
	g->typed_exact += sums->known[KNOWN_EXACT];
	g->typed_derived += sums->known[KNOWN_DERIVED];
	g->typed_inferred += sums->known[KNOWN_INFERRED];
	g->meta.kept_by_last_gc += sums->kept;
	g->meta.kept_reached += sums->kept_reached;
	for (uint32_t i = 0; i < g->n_types; i++) {
		g->types[i].objects += sums->types[i].objects;
		g->types[i].bytes += sums->types[i].bytes;
		g->types[i].live_bytes += sums->types[i].live_bytes;
	}
}

static void clear_sums(struct graph *g)
{
	g->live_objects = g->live_bytes = 0;
	g->typed_exact = g->typed_derived = g->typed_inferred = 0;
	g->meta.kept_by_last_gc = g->meta.kept_reached = 0;
	for (uint32_t i = 0; i < g->n_types; i++)
		g->types[i].objects = g->types[i].bytes = g->types[i].live_bytes = 0;
}

/* Move BYTES, as far as there are so many, from FROM to TO. */
static void move_over(uint64_t *from, uint64_t *to, uint64_t bytes)
{
	if (!from || !to)
		return;
	if (bytes > *from + *to)
		bytes = *from + *to;
	*from = *from + *to - bytes;
	*to = bytes;
}

static uint64_t *part_bytes(struct graph *g, const char *name)
{
	for (uint32_t i = 0; i < g->n_memory; i++)
		if (!strcmp(g->memory[i].name, name))
			return &g->memory[i].bytes;
	return NULL;
}

static uint64_t *detail_bytes(struct graph *g, const char *part, int8_t resident)
{
	for (uint32_t i = 0; i < g->n_details; i++)
		if (!strcmp(g->details[i].part, part) && g->details[i].resident == resident)
			return &g->details[i].bytes;
	return NULL;
}

/* Of memory's parts the producer knows what all objects take together. */
static void split_memory(struct graph *g, uint64_t absent, uint64_t untouched)
{
	static const char live[] = "live heap", garbage[] = "garbage";
	const uint64_t resident = g->live_bytes - absent;

	move_over(part_bytes(g, garbage), part_bytes(g, live), resident);
	move_over(detail_bytes(g, garbage, 1), detail_bytes(g, live, 1), resident);
	move_over(detail_bytes(g, garbage, 0), detail_bytes(g, live, 0), untouched);
	move_over(detail_bytes(g, garbage, -1), detail_bytes(g, live, -1), g->live_bytes);
}

static bool publish_sums(const struct marker *m, struct error *err)
{
	struct graph *g = m->g;
	struct sum_pass pass = { .m = m };
	size_t each = sizeof(struct sums) + g->n_types * sizeof pass.sums[0]->types[0];
	autofree char *memory = array_zero(PARALLEL_MAX, each, "sums by type", err);
	uint64_t absent = 0, untouched = 0;

	if (!memory)
		return false;
	for (unsigned i = 0; i < PARALLEL_MAX; i++)
		pass.sums[i] = (struct sums *)(memory + i * each);
	parallel_for(g->n_extents, EXTENT_GRAIN, flag_and_sum, &pass);
	clear_sums(g);
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		add_sums(g, pass.sums[i]);
		absent += pass.sums[i]->absent;
		untouched += pass.sums[i]->untouched;
	}
	for (uint32_t i = 0; i < g->n_maps; i++) {
		uint32_t object = graph_map_in(&g->maps[i]);

		g->maps[i].live = object == NO_NODE || g->flags[object] & OBJECT_LIVE;
	}
	split_memory(g, absent, untouched);
	graph_publish(g, STAGE_LIVE);
	return true;
}

bool graph_mark(struct graph *g, struct progress *progress, struct error *err)
{
	uint64_t words = g->n_objects / 64 + 1;
	autofree uint64_t *seen = array_zero(words, sizeof *seen, "marking", err);
	autofree uint64_t *strong = array_new(words, sizeof *strong, "marking", err);
	autofree uint32_t *stack = array_new(g->n_objects, sizeof *stack, "marking", err);
	struct marker m = { .g = g, .seen = seen, .stack = stack, .progress = progress };

	if (!seen || !strong || !stack)
		return false;
	progress_begin(progress, "marking", g->n_objects);
	if (!first_round(&m, err))
		return false;
	memcpy(strong, seen, words * sizeof *seen);
	m.strong = strong;
	return second_round(&m, err) && publish_sums(&m, err);
}

/* Which edges of the heap are bookkeeping: to the collector all pointers are alike, but if a
 * goroutine's record held its thread, and that the list of all threads, everybody would hold
 * everybody. A table of (runtime type, field) says which. */
#include <stdlib.h>
#include <string.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "probes/go/roots/roots.h"

/* Types whose pointers are not strong, but for a goroutine's own (what it was given). A pool's caches
 * hold until the next collections empty them. */
struct bookkeeper { const char *type; enum strength strength; bool keeps_own; };

static const struct bookkeeper bookkeepers[] = {
	{ "runtime.g", STRENGTH_RUNTIME, true },
	{ "runtime.m", STRENGTH_RUNTIME, false },
	{ "runtime.mPadded", STRENGTH_RUNTIME, false }, /* an m as it is allocated from 1.26 on */
	{ "runtime.p", STRENGTH_RUNTIME, false },
	{ "sync.poolLocal", STRENGTH_POOL, false },
	{ "sync.poolChainElt", STRENGTH_POOL, false },
	{ "runtime.sudog", STRENGTH_RUNTIME, false },
};

static const struct bookkeeper *const sudog_keeper = &bookkeepers[ARRAY_SIZE(bookkeepers) - 1];

/* Fields of runtime.g that are the goroutine's own. What it defers and panics with is not among them:
 * that has roots of its own, and others that merely know the goroutine do not hold it. */
static bool own_field(const struct layout *l, uint64_t offset)
{
	return offset == (uint64_t)l->g_labels || offset == (uint64_t)l->g_timer ||
	       offset == (uint64_t)l->g_param || offset == (uint64_t)l->g_coroarg;
}

struct pass {
	struct heap *heap;
	struct edge_strength *items;
	uint32_t n, capacity;
	bool failed;
};

static void mark_edge(struct pass *pass, uint64_t edge, enum strength strength)
{
	struct edge_strength *item = GROW(pass->items, pass->n, pass->capacity);

	if (!item) {
		pass->failed = true;
		return;
	}
	*item = (struct edge_strength){ edge, (uint8_t)strength };
	pass->n++;
}

/* The waiting goroutines of a channel: its queues. */
static bool is_queue(const struct layout *l, uint64_t offset)
{
	return offset >= (uint64_t)l->hchan_recvq && offset < (uint64_t)l->hchan_sendq + 16;
}

static void mark_object(struct pass *pass, uint32_t id, const struct bookkeeper *keeper)
{
	struct heap *heap = pass->heap;
	const struct graph *g = heap->graph;
	const struct layout *l = &heap->go.layout;
	struct heap_object o;
	uint64_t header;

	if (!heap_object(heap, id, &o))
		return;
	header = mask_value_offset(&heap->go, &heap->spans.items[o.span]);
	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		uint64_t dst, at = heap->edges.offset(heap, id, e - g->fwd_row[id], &dst) - header;

		if (keeper ? !(keeper->keeps_own && own_field(l, at)) : is_queue(l, at))
			mark_edge(pass, e, keeper ? keeper->strength : STRENGTH_RUNTIME);
	}
}

/* The bookkeeper that a form is, or NULL. */
static const struct bookkeeper *keeper_of(const struct forms *forms, uint32_t form)
{
	const struct form_entry *f = &forms->items[form];

	if ((f->form != FORM_VALUE && f->form != FORM_ARRAY) || f->type == NO_TYPE)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(bookkeepers); i++)
		if (!strcmp(types_get(forms->types, f->type)->name, bookkeepers[i].type))
			return &bookkeepers[i];
	return NULL;
}

/* A bit for each object that is a waiting goroutine's sudog: to 1.25 only the table of semaphores leads to
 * those of locks, and in a stripped program nothing tells the types of what is in it. */
static void note_sudogs(const struct heap *heap, uint64_t *sudogs)
{
	for (uint32_t i = 0; i < heap->goroutines.n; i++) {
		const struct goroutine *g = &heap->goroutines.items[i];
		uint32_t id = g->waits_on ? graph_find(heap->graph, g->sudog, NULL) : NO_NODE;

		if (id != NO_NODE)
			sudogs[id / 64] |= 1ull << id % 64;
	}
}

/* What object ID's type says, or that a goroutine waits by it. */
static const struct bookkeeper *keeper_of_object(const struct graph *g, uint32_t id, const uint64_t *sudogs,
						 const struct bookkeeper *const *keepers)
{
	if (sudogs[id / 64] >> id % 64 & 1)
		return sudog_keeper;
	return g->type[id] != NO_NODE ? keepers[g->type[id]] : NULL;
}

bool strengths_build(struct heap *heap, struct progress *progress, struct error *err)
{
	struct pass pass = { .heap = heap };
	const struct forms *forms = &heap->typing.forms;
	struct graph *g = heap->graph;
	autofree const struct bookkeeper **keepers = calloc(forms->n + 1, sizeof *keepers);
	autofree uint64_t *sudogs = calloc(g->n_objects / 64 + 1, sizeof *sudogs);

	if (!keepers || !sudogs)
		return fail_memory(err, "edges' strengths");
	for (uint32_t i = 0; i < forms->n; i++)
		keepers[i] = keeper_of(forms, i);
	note_sudogs(heap, sudogs);
	for (uint32_t id = 0; id < g->n_objects && !progress_cancelled(progress); id++) {
		const struct bookkeeper *keeper = keeper_of_object(g, id, sudogs, keepers);
		uint32_t form = g->type[id];

		if (keeper || (form != NO_NODE && forms->items[form].form == FORM_CHAN))
			mark_object(&pass, id, keeper);
	}
	if (pass.failed) {
		free(pass.items);
		return fail_memory(err, "edges' strengths");
	}
	graph_set_strengths(g, pass.items, pass.n);
	return !array_cancelled(progress, err);
}

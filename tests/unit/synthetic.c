#include "synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/text.h"

#define PAGE 8192
#define FIRST_ADDRESS 0xc000000000ull
#define HOLE_EVERY 7 /* every 7th slot of an extent stays free */

/* What the lens and the edge source need to answer. */
struct producer {
	struct lens lens;
	struct edge_source source;
	struct synthetic_spec spec;
	struct synthetic_edge *edges; /* by source */
	uint32_t *rows;
};

static void *must(void *memory)
{
	if (!memory) {
		fputs("synthetic: no memory\n", stderr);
		abort();
	}
	return memory;
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = must(calloc(n + 1, size));

	if (n)
		memcpy(to, from, n * size);
	return to;
}

static void need(bool ok, const struct error *err)
{
	if (!ok) {
		fprintf(stderr, "synthetic: %s\n", err->message);
		abort();
	}
}

static uint64_t size_of(const struct synthetic_object *object)
{
	return object->size ? object->size : 16;
}

static bool alike(const struct synthetic_object *a, const struct synthetic_object *b)
{
	return size_of(a) == size_of(b) && (a->flags & OBJECT_NOSCAN) == (b->flags & OBJECT_NOSCAN);
}

/* Lay the objects out in extents of up to a page of equal slots, some of them free. */
static void make_extents(struct graph *g, const struct synthetic_spec *spec)
{
	struct extent *extents = must(calloc(spec->n_objects + 1ull, sizeof *extents));
	uint64_t *bits = must(calloc(spec->n_objects * 16ull + 16, sizeof *bits));
	uint64_t base = FIRST_ADDRESS, words = 0;
	uint32_t n = 0;
	struct error err = { 0 };

	for (uint32_t i = 0; i < spec->n_objects; n++) {
		const struct synthetic_object *first = &spec->objects[i];
		uint64_t size = size_of(first);
		uint32_t slots = size > PAGE / 2 ? 1 : (uint32_t)(PAGE / size);

		extents[n] = (struct extent){ .base = base, .stride = size, .bits = words,
			.slots = slots, .noscan = first->flags & OBJECT_NOSCAN };
		for (uint32_t slot = 0; slot < slots && i < spec->n_objects; slot++) {
			if (slot % HOLE_EVERY == HOLE_EVERY - 1)
				continue;
			if (!alike(first, &spec->objects[i]))
				break;
			bits[words + slot / 64] |= 1ull << slot % 64;
			i++;
		}
		words += (slots + 63) / 64;
		base += (size * slots + PAGE - 1) / PAGE * PAGE;
	}
	need(graph_set_extents(g, extents, n, bits, &err), &err);
}

/* Group the edges by source, in the order they are listed in. */
static void sort_edges(struct producer *p)
{
	const struct synthetic_spec *spec = &p->spec;
	uint32_t *next = must(calloc(spec->n_objects + 2ull, sizeof *next));

	p->edges = must(calloc(spec->n_edges + 1ull, sizeof *p->edges));
	for (uint32_t e = 0; e < spec->n_edges; e++)
		next[spec->edges[e].src + 1]++;
	for (uint32_t i = 0; i < spec->n_objects; i++)
		next[i + 1] += next[i];
	p->rows = copy(next, spec->n_objects + 1ull, sizeof *next);
	for (uint32_t e = 0; e < spec->n_edges; e++)
		p->edges[next[spec->edges[e].src]++] = spec->edges[e];
	free(next);
}

/* Where no offsets are listed, the k-th slot lies at 8 * k. */
static void default_offsets(struct producer *p)
{
	for (uint32_t i = 0; i < p->spec.n_objects; i++) {
		uint32_t first = p->rows[i], end = p->rows[i + 1];

		if (end == first || p->edges[end - 1].offset)
			continue;
		for (uint32_t e = first; e < end; e++)
			p->edges[e].offset = 8ull * (e - first);
	}
}

static void pull(void *ctx, uint32_t lo, uint32_t hi, uint32_t *counts, uint32_t *out)
{
	const struct producer *p = ctx;

	for (uint32_t i = lo; i < hi; i++) {
		counts[i - lo] = p->rows[i + 1] - p->rows[i];
		for (uint32_t e = p->rows[i]; out && e < p->rows[i + 1]; e++)
			*out++ = p->edges[e].dst;
	}
}

static uint64_t edge_offset(void *ctx, uint32_t src, uint32_t k, uint64_t *dst_offset)
{
	const struct producer *p = ctx;

	if (k >= p->rows[src + 1] - p->rows[src])
		return UINT64_MAX;
	*dst_offset = p->edges[p->rows[src] + k].dst_offset;
	return p->edges[p->rows[src] + k].offset;
}

static void set_strengths(struct graph *g, const struct producer *p)
{
	struct edge_strength *special = must(calloc(p->spec.n_edges + 1ull, sizeof *special));
	uint32_t n = 0;

	for (uint32_t e = 0; e < p->spec.n_edges; e++)
		if (p->edges[e].strength != STRENGTH_STRONG)
			special[n++] = (struct edge_strength){
				.edge = e, .strength = (uint8_t)p->edges[e].strength };
	graph_set_strengths(g, special, n);
}

static struct producer *producer_of(struct lens *lens)
{
	return (struct producer *)((char *)lens - offsetof(struct producer, lens));
}

static void puts_if(struct text *out, const char *s)
{
	if (s)
		text_puts(out, s);
}

static struct part edge_part(const struct producer *p, const struct synthetic_edge *edge)
{
	const struct synthetic_object *target = &p->spec.objects[edge->dst];
	bool typed = target->type < p->spec.n_types;

	return (struct part){
		.label = edge->label ? edge->label : "",
		.type = typed ? p->spec.types[target->type].name : "",
		.value = target->preview ? target->preview : "",
		.known = target->flags & OBJECT_KNOWN,
		.boxed = target->flags & OBJECT_BOXED,
		.target = edge->dst, .target_offset = edge->dst_offset,
		.offset = edge->offset, .size = 8,
	};
}

static uint64_t object_parts(const struct producer *p, uint32_t id, uint64_t first, part_fn fn,
			     void *arg)
{
	uint64_t n = p->rows[id + 1] - p->rows[id];

	for (uint64_t k = first; k < n; k++) {
		struct part part = edge_part(p, &p->edges[p->rows[id] + k]);

		if (!fn(arg, &part))
			break;
	}
	return n;
}

static uint64_t lens_parts(struct lens *lens, const struct subject *subject, uint64_t first,
			   part_fn fn, void *arg)
{
	const struct producer *p = producer_of(lens);
	const struct holder *holder;

	if (subject->kind == SUBJECT_OBJECT)
		return object_parts(p, subject->id, first, fn, arg);
	if (subject->kind != SUBJECT_HOLDER)
		return 0;
	holder = &lens->graph->holders[subject->id];
	for (uint64_t k = first; k < holder->n_roots; k++) {
		uint32_t root = holder->first_root + (uint32_t)k;
		struct synthetic_edge edge = {
			.dst = lens->graph->roots[root].dst,
			.dst_offset = lens->graph->roots[root].dst_offset, .offset = 8 * k,
			.label = p->spec.root_labels ? p->spec.root_labels[root] : NULL,
		};
		struct part part = edge_part(p, &edge);

		if (!fn(arg, &part))
			break;
	}
	return holder->n_roots;
}

static void lens_map_entries(struct lens *lens, uint32_t map, map_entry_fn fn, void *arg)
{
	const struct synthetic_spec *spec = &producer_of(lens)->spec;

	for (uint32_t i = 0; i < spec->n_entries; i++)
		if (spec->entries[i].map == map && !fn(arg, &spec->entries[i].entry))
			return;
}

static void lens_preview(struct lens *lens, const struct subject *subject, struct text *out)
{
	if (subject->kind == SUBJECT_OBJECT)
		puts_if(out, producer_of(lens)->spec.objects[subject->id].preview);
}

static void lens_edge_label(struct lens *lens, uint32_t src, uint64_t offset, struct text *out,
			    enum known *known)
{
	const struct producer *p = producer_of(lens);

	*known = KNOWN_EXACT;
	for (uint32_t e = p->rows[src]; e < p->rows[src + 1]; e++)
		if (p->edges[e].offset == offset)
			puts_if(out, p->edges[e].label);
}

static void lens_root_label(struct lens *lens, uint32_t root, struct text *out)
{
	const struct synthetic_spec *spec = &producer_of(lens)->spec;

	if (spec->root_labels)
		puts_if(out, spec->root_labels[root]);
}

static void lens_declaration(struct lens *lens, uint32_t object, struct text *out)
{
	const struct type *type = graph_type(lens->graph, object);

	if (type && type->shape == SHAPE_JSON_TREE)
		text_puts(out, "type Meta struct {\n\tID   int\n\tTags []string\n}");
}

static bool lens_is_schema_key(struct lens *lens, uint32_t map, uint64_t slot)
{
	const struct map *m = &lens->graph->maps[map];

	return m->boxes == BOXES_EMPTY;
}

static enum key_use lens_key_use(struct lens *lens, uint32_t closure, uint64_t offset, bool boxed)
{
	return producer_of(lens)->spec.key_use;
}

static const struct lens_ops synthetic_lens = {
	.parts = lens_parts,
	.map_entries = lens_map_entries,
	.preview = lens_preview,
	.edge_label = lens_edge_label,
	.root_label = lens_root_label,
	.declaration = lens_declaration,
	.is_schema_key = lens_is_schema_key,
	.key_use = lens_key_use,
};

static void release(struct graph *g)
{
	struct producer *p = g->producer;

	free(p->edges);
	free(p->rows);
	free(p);
}

static void set_facts(struct graph *g, const struct synthetic_spec *spec)
{
	uint64_t explained = g->meta.heap_explained;

	g->meta = spec->meta;
	g->meta.heap_explained = explained;
	g->types = copy(spec->types, spec->n_types, sizeof *spec->types);
	g->n_types = spec->n_types;
	g->tasks = copy(spec->tasks, spec->n_tasks, sizeof *spec->tasks);
	g->n_tasks = spec->n_tasks;
	g->waits = copy(spec->waits, spec->n_waits, sizeof *spec->waits);
	g->n_waits = spec->n_waits;
	g->frames = copy(spec->frames, spec->n_frames, sizeof *spec->frames);
	g->n_frames = spec->n_frames;
	g->maps = copy(spec->maps, spec->n_maps, sizeof *spec->maps);
	g->n_maps = spec->n_maps;
	for (uint32_t i = 0; i < spec->n_maps; i++)
		if (g->maps[i].object != NO_NODE)
			g->maps[i].addr = graph_addr(g, g->maps[i].object);
	for (uint32_t i = 0; i < spec->n_objects; i++) {
		g->type[i] = spec->objects[i].type;
		g->flags[i] |= spec->objects[i].flags;
	}
}

struct graph *synthetic_graph(const struct synthetic_spec *spec)
{
	struct graph *g = must(graph_new());
	struct producer *p = must(calloc(1, sizeof *p));
	struct error err = { 0 };

	p->spec = *spec;
	p->lens = (struct lens){ .ops = &synthetic_lens, .graph = g };
	p->source = (struct edge_source){ .pull = pull, .offset = edge_offset, .ctx = p };
	g->producer = p;
	g->release = release;
	g->lens = &p->lens;
	sort_edges(p);
	default_offsets(p);
	make_extents(g, spec);
	set_facts(g, spec);
	graph_publish(g, STAGE_SIZES);
	need(graph_pull_edges(g, &p->source, NULL, &err), &err);
	set_strengths(g, p);
	need(graph_set_holders(g, copy(spec->holders, spec->n_holders, sizeof *spec->holders),
			       spec->n_holders,
			       copy(spec->roots, spec->n_roots, sizeof *spec->roots),
			       spec->n_roots, &err), &err);
	graph_publish(g, STAGE_EDGES);
	return g;
}

void synthetic_analyse(struct graph *g)
{
	struct error err = { 0 };

	need(graph_mark(g, NULL, &err), &err);
	need(graph_dominators(g, NULL, &err), &err);
}

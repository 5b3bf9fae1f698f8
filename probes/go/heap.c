#include "probes/go/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "probes/go/find/open.h"
#include "probes/go/find/prove.h"
#include "probes/go/lens/lens.h"
#include "probes/go/maps/sync.h"
#include "probes/go/maps/table.h"
#include "probes/go/resident/resident.h"
#include "probes/go/roots/roots.h"
#include "probes/go/spans/edges.h"
#include "probes/go/typing/buffers.h"
#include "probes/go/typing/debuginfo.h"
#include "probes/go/typing/infer.h"
#include "probes/go/typing/infer_parts.h"
#include "probes/image/variables.h"


/* Names and types of globals, from the files of the program's modules. */
static struct variables *load_variables(const struct go *go)
{
	autofree uint32_t *files = calloc(go->n_modules + 1, sizeof *files);
	uint32_t n = 0;

	for (uint32_t i = 0; files && i < go->n_modules; i++) {
		const struct image_range *text = image_range(go->image, go->modules[i].text);

		if (text && text->file != NO_FILE)
			files[n++] = text->file;
	}
	return files ? variables_load(go->image, files, n) : NULL;
}

struct heap *heap_prepare(struct image *image, struct progress *progress, struct error *err)
{
	struct heap *heap = calloc(1, sizeof *heap);

	if (!heap) {
		fail_memory(err, "the heap");
		return NULL;
	}
	progress_begin(progress, "finding the runtime", 0);
	if (!go_open(image, &heap->go, err)) {
		free(heap);
		return NULL;
	}
	heap->types = types_new(&heap->go, err);
	if (!image->variables)
		image->variables = load_variables(&heap->go);
	if (heap->types)
		sync_make_type(heap->types, &heap->go.layout);
	if (!heap->types || !code_read(&heap->go, heap->types, &heap->code, progress, err) ||
	    !debuginfo_read(&heap->go, heap->types, &heap->code, err)) {
		heap_free(heap);
		return NULL;
	}
	return heap;
}

void heap_free(struct heap *heap)
{
	if (!heap)
		return;
	typing_free(&heap->typing);
	free(heap->frame_maps.items);
	free(heap->frame_values.items);
	code_frames_free(&heap->code_frames);
	map_owners_free(&heap->map_owners);
	statics_free(&heap->statics);
	goroutines_free(&heap->goroutines);
	code_free(&heap->code);
	spans_free(&heap->spans);
	types_free(heap->types);
	packages_free(&heap->packages);
	name_pool_free(&heap->names);
	go_close(&heap->go);
	image_free(heap->image);
	free(heap);
}

/* The graph goes first, and with it what it borrowed from here. */
static void release(struct graph *g)
{
	g->types = NULL; /* lent by typing.forms */
	g->n_types = 0;
	heap_free(g->producer);
}

static void object_at(const struct heap *heap, const struct graph_place *place,
		      struct heap_object *o)
{
	const struct extent *e = &heap->graph->extents[place->extent];
	const struct go_span *s = &heap->spans.items[e->tag];
	uint64_t at = place->slot * e->stride;

	*o = (struct heap_object){ .id = place->id, .span = e->tag, .slot = place->slot,
				   .addr = e->base + at, .size = e->stride,
				   .offset = place->offset };
	o->data = at + e->stride <= s->present ? s->data + at : NULL;
}

bool heap_find(const struct heap *heap, uint64_t addr, struct heap_object *out)
{
	struct graph_place place;

	if (addr < heap->lowest || addr >= heap->highest ||
	    !graph_locate(heap->graph, addr, &place))
		return false;
	object_at(heap, &place, out);
	return true;
}

bool heap_object(const struct heap *heap, uint32_t id, struct heap_object *out)
{
	return id < heap->graph->n_objects && heap_find(heap, graph_addr(heap->graph, id), out);
}

static bool allocated_at(void *ctx, uint64_t addr)
{
	struct heap *heap = ctx;

	return graph_find(heap->graph, addr, NULL) != NO_NODE;
}

static const char *gc_phase(struct heap *heap)
{
	if (!heap->go.write_barrier)
		return NULL;
	return image_u32(heap->image, heap->go.write_barrier) ? "mark" : "off";
}

static void fill_meta(struct heap *heap)
{
	struct image *image = heap->image;
	struct meta *m = &heap->graph->meta;

	*m = (struct meta){
		.pid = image->pid, .process = name_pool_of(&heap->names, image->process),
		.exe = name_pool_of(&heap->names, image->exe_path),
		.language_version = heap->go.version.text, .arch = arch_name,
		.build = heap->go.build,
		.unproven = *heap->go.unproven ? heap->go.unproven : NULL, .taken_at = image->taken_ns / 1000000000,
		.taken_ns = image->taken_ns, .started = image->started,
		.pause_ns = image->pause_ns, .gc_phase = gc_phase(heap),
		.gc_cycle = heap->spans.sweepgen / 2,
		.heap_alloc = spans_heap_alloc(&heap->go, &heap->spans),
		.heap_explained = heap->spans.bytes, .rss = image->rss,
		.content = image->complete ? "all" : "masked", .holes = image->missing,
		.other_runtime = *heap->go.other_runtime ? heap->go.other_runtime : NULL,
	};
}

static void describe_build(struct heap *heap)
{
	struct text text = { 0 };

	text_puts(&text, heap->go.build);
	if (!heap->image->variables)
		text_puts(&text, text.length ? ", stripped" : "stripped");
	snprintf(heap->go.build, sizeof heap->go.build, "%s", text_string(&text));
	text_free(&text);
}

/* Slots of each size class, for the `size_classes` table. */
static bool fill_classes(struct heap *heap, struct error *err)
{
	struct graph *g = heap->graph;

	g->classes = calloc(GO_CLASSES, sizeof *g->classes);
	if (!g->classes)
		return fail_memory(err, "size classes");
	g->n_classes = GO_CLASSES;
	for (uint32_t i = 0; i < heap->spans.n; i++) {
		const struct go_span *s = &heap->spans.items[i];
		struct size_class *c = &g->classes[s->class];

		c->size = s->class ? s->elemsize : 0;
		c->spans++;
		c->slots += s->nelems;
		c->used += g->extents[i].count;
		c->bytes += s->bytes;
	}
	return true;
}

/* STAGE_SIZES: spans, objects and their sizes. */
static bool build_sizes(struct heap *heap, struct progress *progress, struct error *err)
{
	const struct go_spans *spans = &heap->spans;

	if (!go_check(&heap->go, err) || !spans_read(&heap->go, &heap->spans, progress, err) ||
	    !spans_to_graph(spans, heap->graph, err) || !fill_classes(heap, err))
		return false;
	if (spans->n) {
		heap->lowest = spans->items[0].base;
		heap->highest = spans->items[spans->n - 1].base + spans->items[spans->n - 1].bytes;
	}
	masks_measure(&heap->go, &heap->spans, heap->types);
	types_set_heap_check(heap->types, allocated_at, heap);
	describe_build(heap);
	fill_meta(heap);
	return true;
}

/* Flag the objects that the last collection kept, and those that are just being allocated. */
static void note_state(struct heap *heap)
{
	struct graph *g = heap->graph;

	for (uint32_t i = 0; i < heap->spans.n; i++) {
		const struct go_span *s = &heap->spans.items[i];
		uint32_t id = g->extents[i].first;

		for (uint32_t slot = 0; slot < s->nelems; slot++) {
			if (!spans_allocated(&heap->spans, i, slot))
				continue;
			if (spans_survived(&heap->spans, i, slot))
				g->flags[id] |= OBJECT_SURVIVED;
			if (slot == s->in_flight)
				g->flags[id] |= OBJECT_IN_FLIGHT;
			id++;
		}
	}
}

static bool pull_edges(struct heap *heap, struct progress *progress, struct error *err)
{
	return graph_pull_edges(heap->graph, &heap->edges, progress, err);
}

static bool find_types(struct heap *heap, struct progress *progress, struct error *err)
{
	return typing_init(&heap->typing, heap, err) && typing_run(&heap->typing, progress, err);
}

/* Work that needs nothing of the other's. */
struct half {
	struct heap *heap;
	bool (*run)(struct heap *heap, struct progress *progress, struct error *err);
	struct progress *progress;
	struct error error;
	bool good;
};

static void run_halves(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct half *halves = ctx;

	for (uint64_t i = lo; i < hi; i++)
		halves[i].good = halves[i].run(halves[i].heap, halves[i].progress, &halves[i].error);
}

/* Types take longer than edges and are found by one thread, so edges are pulled beside them. */
static bool pull_and_type(struct heap *heap, struct progress *progress, struct error *err)
{
	struct progress beside = { .beside = progress };
	struct half halves[] = {
		{ .heap = heap, .run = find_types, .progress = progress },
		{ .heap = heap, .run = pull_edges, .progress = &beside },
	};

	parallel_for(ARRAY_SIZE(halves), 1, run_halves, halves);
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		if (!halves[i].good)
			return fail(err, halves[i].error.code, "%s", halves[i].error.message);
	return true;
}

/* STAGE_EDGES: everything else that comes from the target's bytes. */
static bool build_edges(struct heap *heap, struct progress *progress, struct error *err)
{
	struct graph *g = heap->graph;

	edges_init(heap, &heap->edges);
	note_state(heap);
	if (!statics_begin(heap, err) ||
	    !pull_and_type(heap, progress, err) ||
	    !packages_read(heap, err) || !statics_finish(heap, err) ||
	    !map_owners_init(&heap->map_owners, heap->types, err) ||
	    !roots_build(heap, progress, err))
		return false;
	statics_free(&heap->statics);
	if (!typing_run_frames(&heap->typing, progress, err) ||
	    !infer_parts(&heap->typing, progress, err) ||
	    !infer_types(&heap->typing, progress, err) ||
	    !buffers_infer(&heap->typing, progress, err) ||
	    !strengths_build(heap, progress, err) ||
	    !maptable_build(heap, progress, err) ||
	    !resident_build(heap, err))
		return false;
	typing_finish(&heap->typing);
	forms_to_graph(&heap->typing.forms, g);
	lens_init(heap);
	return !*heap->go.unproven || prove(heap, err);
}

bool heap_build(struct heap *heap, struct graph *_Atomic *out, struct progress *progress,
		struct error *err)
{
	struct graph *g = graph_new();

	if (!g) {
		heap_free(heap);
		return fail_memory(err, "the graph");
	}
	heap->graph = g;
	g->producer = heap;
	g->release = release;
	if (!build_sizes(heap, progress, err)) {
		graph_free(g);
		return false;
	}
	graph_publish(g, STAGE_SIZES);
	if (!*heap->go.unproven)
		atomic_store(out, g);
	if (build_edges(heap, progress, err)) {
		graph_publish(g, STAGE_EDGES);
		atomic_store(out, g);
		return true;
	}
	if (*heap->go.unproven) /* not shown to anybody */
		graph_free(g);
	return false;
}

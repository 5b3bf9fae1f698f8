/* The one entry: from an image to a graph. What goretain knows of a Go heap, held together. */
#ifndef GORETAIN_PROBES_GO_HEAP_H
#define GORETAIN_PROBES_GO_HEAP_H

#include <pthread.h>

#include "graph/builder.h"
#include "graph/lens.h"
#include "probes/go/code/code.h"
#include "probes/go/code/flow/frames.h"
#include "probes/go/find/packages.h"
#include "probes/go/maps/frame_maps.h"
#include "probes/go/maps/owners.h"
#include "probes/go/name_pool.h"
#include "probes/go/spans/masks.h"
#include "probes/go/spans/spans.h"
#include "probes/go/stack/sched.h"
#include "probes/go/statics/statics.h"
#include "probes/go/typing/frame_values.h"
#include "probes/go/typing/typing.h"

/* Where the last question for an edge's offset ended (edges.c); any thread may ask. */
struct edge_walk {
	pthread_mutex_t lock;
	struct mask_reader reader;
	struct mask_iter it;
	uint32_t src, span, slot;     /* the object, NO_NODE if none */
	uint64_t k;                   /* edges passed; the last of them: */
	uint64_t offset, dst_offset;
};

/* Lives as long as the graph that it filled: graph.producer points to it. */
struct heap {
	struct image *image;   /* owned once heap_build was called */
	struct go go;
	struct types *types;
	struct go_spans spans;
	struct code_facts code;
	struct goroutines goroutines;
	struct statics statics;
	struct code_frames code_frames;
	struct frame_maps frame_maps;
	struct frame_values frame_values;
	struct map_owners map_owners;
	struct typing typing;  /* what each object is, beside the graph's neutral view */
	struct edge_source edges;
	struct edge_walk walk;
	struct lens lens;
	struct graph *graph;
	struct packages packages;    /* called alike */
	struct name_pool names;      /* of holders, functions, files */
	uint64_t lowest, highest; /* heap addresses in use */
};

/* Read what does not change before the stop, so that it is not read in it: versions, modules, the
 * code. Torn data is read again afterwards. */
struct heap *heap_prepare(struct image *image, struct progress *progress, struct error *err);

/* Build the graph from the image of the stop: publishes STAGE_SIZES (then *OUT is set) and
 * STAGE_EDGES. Takes HEAP over on success and failure alike: it is freed with the graph, or here if
 * no graph could be made. */
bool heap_build(struct heap *heap, struct graph *_Atomic *out, struct progress *progress,
		struct error *err);

void heap_free(struct heap *heap);

/* The object at ADDR: its id, offset and where its bytes lie here (NULL if not all of them are). */
struct heap_object { uint32_t id, span, slot; uint64_t addr, size, offset; const uint8_t *data; };
bool heap_find(const struct heap *heap, uint64_t addr, struct heap_object *out);

/* The same for an object by number. */
bool heap_object(const struct heap *heap, uint32_t id, struct heap_object *out);

#endif

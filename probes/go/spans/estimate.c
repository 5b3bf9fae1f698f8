#include "probes/go/spans/estimate.h"

#include <stdlib.h>

#include "graph/base/cleanup.h"
#include "probes/go/spans/spans.h"

#define MOST_SPANS 16384u   /* looked at */
#define MOST_PAGES 2048u    /* looked at for pointers */
#define WORDS (IMAGE_PAGE / 8)

/* Bytes, measured at the peak on heaps of many shapes (tests/bench/memory) and rounded up. */
#define OBJECT_BYTES 118u
#define EDGE_BYTES 21u
#define SPAN_BYTES 350u
#define GOROUTINE_BYTES 1100u

struct sample {
	struct go *go;
	struct go_span *spans;  /* every STEP-th in use */
	uint32_t n;
	uint64_t step;
	uint64_t lo, hi;        /* addresses of the heap, as far as seen */
	uint64_t pointer_bytes; /* of the sampled spans that may have pointers */
};

/* Read every step-th span of the runtime's list. */
static bool sample_spans(struct sample *s)
{
	struct image *image = s->go->image;
	uint64_t list = s->go->mheap + (uint64_t)s->go->layout.mheap_allspans;
	uint64_t at = image_u64(image, list), total = image_u64(image, list + 8);

	s->step = total / MOST_SPANS + 1;
	s->spans = calloc(MOST_SPANS, sizeof *s->spans);
	s->lo = UINT64_MAX;
	for (uint64_t i = 0; s->spans && i < total && s->n < MOST_SPANS; i += s->step) {
		struct go_span *span = &s->spans[s->n];

		if (!spans_peek(s->go, image_u64(image, at + 8 * i), span))
			continue;
		s->n++;
		s->pointer_bytes += span->noscan ? 0 : span->bytes;
		s->lo = span->base < s->lo ? span->base : s->lo;
		s->hi = span->base + span->bytes > s->hi ? span->base + span->bytes : s->hi;
	}
	return s->spans;
}

/* Words of the page at ADDR that point into the heap. */
static uint32_t pointers_in(const struct sample *s, uint64_t addr)
{
	const uint8_t *bytes;
	uint32_t n = 0;

	if (image_run(s->go->image, addr, IMAGE_PAGE, &bytes) < IMAGE_PAGE ||
	    image_page_state(s->go->image, addr) == PAGE_ZERO)
		return 0;
	for (uint32_t i = 0; i < WORDS; i++) {
		uint64_t word = image_word(bytes + 8 * i);

		n += word >= s->lo && word < s->hi;
	}
	return n;
}

/* Edges of the sampled spans, by pages evenly spread over all of them. */
static double sample_edges(const struct sample *s)
{
	uint64_t pages = s->pointer_bytes / IMAGE_PAGE, stride = pages / MOST_PAGES + 1, next = 0;
	double edges = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct go_span *span = &s->spans[i];
		uint64_t n = span->bytes / IMAGE_PAGE;

		if (span->noscan)
			continue;
		for (; next < n; next += stride)
			edges += (double)stride * span->allocated / span->nelems *
				 pointers_in(s, span->base + next * IMAGE_PAGE);
		next -= n;
	}
	return edges;
}

/* No more than what the image can hold of things of 8 bytes, whatever a damaged one says. */
static uint64_t at_most(const struct go *go, uint64_t n)
{
	uint64_t most = image_most(go->image) / 8;

	return n < most ? n : most;
}

void estimate_heap(struct go *go, struct heap_size *out)
{
	struct sample s = { .go = go };
	autofree struct go_span *spans = NULL;

	*out = (struct heap_size){ 0 };
	if (!sample_spans(&s))
		return;
	spans = s.spans;
	for (uint32_t i = 0; i < s.n; i++)
		out->objects += spans[i].allocated * s.step;
	out->objects = at_most(go, out->objects);
	out->spans = at_most(go, s.n * s.step);
	out->edges = at_most(go, (uint64_t)sample_edges(&s) * s.step);
	out->goroutines = at_most(go, image_u64(go->image, go->allgs + 8));
}

uint64_t estimate_graph(const struct heap_size *size)
{
	return OBJECT_BYTES * size->objects + EDGE_BYTES * size->edges + SPAN_BYTES * size->spans +
	       GOROUTINE_BYTES * size->goroutines;
}

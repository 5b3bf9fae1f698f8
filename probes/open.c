#include "probes/open.h"

#include "probes/go/heap.h"
#include "probes/snapfile.h"

static struct heap *prepare(struct image *image, const struct source *s, struct progress *progress,
			    struct error *err)
{
	image->unproven = s->unproven;
	return heap_prepare(image, progress, err);
}

/* Build the graph behind IMAGE, which becomes the graph's or is freed. */
static bool build(struct heap *heap, struct image *image, struct graph *_Atomic *out,
		  struct progress *progress, struct error *err)
{
	heap->image = image;
	return heap_build(heap, out, progress, err);
}

static bool snapshot(struct process *p, uint64_t max_pause_ms, struct source *s,
		     struct progress *progress, struct error *err)
{
	struct forecast forecast = { 0 };

	if (!process_forecast(p, &forecast, err))
		return false;
	if (s->on_forecast && !s->on_forecast(s->forecast_arg, &forecast, err))
		return false;
	/* Who was asked about a longer stop has agreed to it. */
	if (s->on_forecast && forecast.pause_ns / 1000000 > max_pause_ms)
		max_pause_ms = forecast.pause_ns / 1000000 * 2;
	return process_snapshot(p, max_pause_ms, progress, err);
}

bool probe_load_process(struct process *p, uint64_t max_pause_ms, struct source *s,
			struct graph *_Atomic *out, struct progress *progress, struct error *err)
{
	struct image *image = process_image(p);
	struct heap *heap = prepare(image, s, progress, err);

	if (!heap || !snapshot(p, max_pause_ms, s, progress, err)) {
		heap_free(heap);
		image_free(image);
		return false;
	}
	return build(heap, image, out, progress, err);
}

bool probe_load_file(int fd, int exe_fd, struct source *s, struct graph *_Atomic *out,
		     struct progress *progress, struct error *err)
{
	struct image *image = snapfile_read(fd, progress, err);
	struct heap *heap = image ? prepare(image, s, progress, err) : NULL;

	if (!heap) {
		image_free(image);
		return false;
	}
	return build(heap, image, out, progress, err);
}

bool probe_save(struct graph *graph, int fd, struct progress *progress, struct error *err)
{
	struct heap *heap = graph->producer;

	return snapfile_write(heap->image, fd, progress, err);
}

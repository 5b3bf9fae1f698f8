#include "probes/open.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/go/heap.h"
#include "probes/go/spans/estimate.h"
#include "probes/image/core.h"
#include "probes/image/snapfile.h"
#include "probes/image/unpack.h"
#include "probes/proc/memory.h"

static struct heap *prepare(struct image *image, const struct source *s, struct progress *progress,
			    struct error *err)
{
	image->unproven = s->unproven;
	return heap_prepare(image, progress, err);
}

/* The same for an image from a file, which is in memory already: is there room for its graph, too? */
static struct heap *prepare_file(struct image *image, const struct source *s,
				 struct progress *progress, struct error *err)
{
	struct heap *heap = prepare(image, s, progress, err);
	uint64_t room = memory_room(), needed;
	struct heap_size size;

	if (!heap)
		return NULL;
	estimate_heap(&heap->go, &size);
	needed = estimate_graph(&size);
	if (needed <= room)
		return heap;
	heap_free(heap);
	fail(err, STATUS_REFUSED, "its graph needs about %lu MB of memory, and only %lu MB are free "
	     "here", needed / 1000000, room / 1000000);
	return NULL;
}

/* Build the graph behind IMAGE, which becomes the graph's or is freed. */
static bool build(struct heap *heap, struct image *image, struct graph *_Atomic *out,
		  struct progress *progress, struct error *err)
{
	heap->image = image;
	return heap_build(heap, out, progress, err);
}

static bool snapshot(struct process *p, struct heap *heap, uint64_t max_pause_ms, struct source *s,
		     struct progress *progress, struct error *err)
{
	struct forecast forecast = { 0 };
	struct heap_size size;

	estimate_heap(&heap->go, &size);
	if (!process_forecast(p, estimate_graph(&size), &forecast, err))
		return false;
	if (s->on_forecast && !s->on_forecast(s->forecast_arg, &forecast, err))
		return false;
	/* Who was asked about a longer stop has agreed to it. */
	if (s->on_forecast && forecast.pause_ns > max_pause_ms * 1000000)
		max_pause_ms = forecast_limit_ns(forecast.pause_ns) / 1000000;
	return process_snapshot(p, max_pause_ms, progress, err);
}

bool probe_load_process(struct process *p, uint64_t max_pause_ms, struct source *s,
			struct graph *_Atomic *out, struct progress *progress, struct error *err)
{
	struct image *image = process_image(p);
	struct heap *heap = prepare(image, s, progress, err);

	if (!heap || !snapshot(p, heap, max_pause_ms, s, progress, err)) {
		heap_free(heap);
		image_free(image);
		return false;
	}
	return build(heap, image, out, progress, err);
}

static bool is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, SELFMAG, 0) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static int open_mapped(void *arg, const char *path, struct error *err)
{
	struct source *s = arg;

	return s->mapped_file(s, path, err);
}

static int open_by_id(void *arg, const char *build_id)
{
	struct source *s = arg;

	return s->program_file(s, build_id);
}

static bool load_core(int fd, int exe_fd, struct source *s, struct graph *_Atomic *out,
		      struct progress *progress, struct error *err)
{
	const struct core_opener opener = {open_mapped, open_by_id, s};
	struct core_lack lack = {0};
	struct error why = {0};
	struct image *image = core_read(fd, exe_fd, &opener, &lack, progress, err);
	struct heap *heap = image ? prepare_file(image, s, progress, &why) : NULL;
	bool ok = heap && build(heap, image, out, progress, &why);

	if (!image)
		return false;
	if (atomic_load(out))
		core_settle(image);
	else if (!heap)
		image_free(image);
	return (ok && !lack.full) || core_complain(&lack, &why, err);
}

static bool load_snapshot(int fd, struct source *s, struct graph *_Atomic *out,
			  struct progress *progress, struct error *err)
{
	struct image *image = snapfile_read(fd, progress, err);
	struct heap *heap = image ? prepare_file(image, s, progress, err) : NULL;

	if (!heap) {
		image_free(image);
		return false;
	}
	return build(heap, image, out, progress, err);
}

bool probe_load_file(int fd, int exe_fd, struct source *s, struct graph *_Atomic *out,
		     struct progress *progress, struct error *err)
{
	enum packing packing = packing_of(fd);
	autoclose int unpacked = -1;

	if (packing == PACKED_ZSTD) {
		unpacked = s->scratch_file(s, err);
		if (unpacked < 0 || !unpack_zstd(fd, unpacked, progress, err))
			return false;
		fd = unpacked;
	} else if (packing != PACKED_NOT) {
		return packing_refuse(packing, err);
	}
	if (is_elf(fd))
		return load_core(fd, exe_fd, s, out, progress, err);
	return load_snapshot(fd, s, out, progress, err);
}

bool probe_save(struct graph *graph, int fd, struct progress *progress, struct error *err)
{
	struct heap *heap = graph->producer;

	if (!heap->image->fetch)
		return fail(err, STATUS_USAGE, "it is a snapshot already; one is taken of a process or "
			    "of a core file");
	return snapfile_write(heap->image, fd, progress, err);
}

/* Reads a snapshot once with each row of the table of layouts wrong, as --unproven would read a version
 * that has moved that field: it must be refused, or the field did not matter to this program.
 *
 *	layout-wrong SNAPSHOT
 *
 * Prints a line for each row that makes a difference which nobody notices; the exit status is 1 if
 * there is one. layout_nearest is replaced when this is linked (--wrap). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "graph/base/cleanup.h"
#include "probes/go/heap.h"
#include "probes/image/snapfile.h"

#define STEP 8 /* bytes by which a field is taken to have moved */

static const struct { const char *name; size_t at; } rows[] = {
#define ROW(name, ...) { #name, offsetof(struct layout, name) },
	LAYOUT_TABLE(ROW)
#undef ROW
};

static size_t wrong_row; /* ARRAY_SIZE(rows): none */

bool __real_layout_nearest(const struct go_version *version, struct layout *out,
			   char unproven[LAYOUT_WORDS], struct error *err);
bool __wrap_layout_nearest(const struct go_version *version, struct layout *out,
			   char unproven[LAYOUT_WORDS], struct error *err);

bool __wrap_layout_nearest(const struct go_version *version, struct layout *out,
			   char unproven[LAYOUT_WORDS], struct error *err)
{
	int32_t value;

	if (!__real_layout_nearest(version, out, unproven, err))
		return false;
	snprintf(unproven, LAYOUT_WORDS, "row %zu is wrong", wrong_row);
	if (wrong_row < ARRAY_SIZE(rows)) {
		memcpy(&value, (char *)out + rows[wrong_row].at, sizeof value);
		value += value < 0 ? 0 : STEP;
		memcpy((char *)out + rows[wrong_row].at, &value, sizeof value);
	}
	return true;
}

/* What a reading found, so far as it depends on any row. */
struct found { uint64_t numbers[16]; };

static uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x9e3779b97f4a7c15ull + (sum >> 29);
}

static struct found count(const struct graph *g)
{
	struct found f = { {
		g->n_objects, g->n_edges, g->n_types, g->n_special, g->n_holders, g->n_roots, g->n_tasks,
		g->n_frames, g->n_maps, g->meta.heap_alloc, g->meta.heap_explained,
	} };
	uint64_t *sum = &f.numbers[11];

	for (uint32_t i = 0; i < g->n_objects; i++)
		sum[0] = mix(sum[0], g->type[i] ^ (uint64_t)g->flags[i] << 32);
	for (uint64_t i = 0; i < g->n_edges; i++)
		sum[1] = mix(sum[1], g->fwd_dst[i]);
	for (uint32_t i = 0; i < g->n_roots; i++)
		sum[2] = mix(sum[2], g->roots[i].dst ^ (uint64_t)g->roots[i].kind << 40);
	for (uint32_t i = 0; i < g->n_tasks; i++)
		sum[3] = mix(mix(sum[3], (uint64_t)(uint8_t)g->tasks[i].stuck + g->tasks[i].n_waits), (uint64_t)g->tasks[i].state);
	return f;
}

/* Read the snapshot at FD with the present wrong row. False if it was refused. */
static bool read_snapshot(int fd, struct found *out, struct error *err)
{
	struct image *image = snapfile_read(fd, NULL, err);
	struct graph *_Atomic graph = NULL;
	struct heap *heap;
	bool good;

	if (!image)
		return false;
	image->unproven = true;
	heap = heap_prepare(image, NULL, err);
	if (!heap) {
		image_free(image);
		return false;
	}
	heap->image = image;
	good = heap_build(heap, &graph, NULL, err);
	if (good)
		*out = count(graph);
	graph_free(graph);
	return good;
}

int main(int argc, char **argv)
{
	autoclose int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct found right, wrong;
	struct error err = { 0 };
	unsigned refused = 0, same = 0, unnoticed = 0;

	wrong_row = ARRAY_SIZE(rows);
	if (fd < 0 || !read_snapshot(fd, &right, &err)) {
		fprintf(stderr, "layout-wrong: %s\n", fd < 0 ? "no snapshot" : err.message);
		return 2;
	}
	for (wrong_row = 0; wrong_row < ARRAY_SIZE(rows); wrong_row++) {
		err = (struct error){ 0 };
		if (!read_snapshot(fd, &wrong, &err)) {
			refused++;
			if (getenv("VERBOSE"))
				printf("%s: %s\n", rows[wrong_row].name, err.message);
		} else if (!memcmp(&wrong, &right, sizeof wrong)) {
			same++;
			if (getenv("VERBOSE"))
				printf("%s: the same\n", rows[wrong_row].name);
		} else {
			unnoticed++;
			printf("%s makes a difference that nobody notices\n", rows[wrong_row].name);
		}
	}
	printf("%u refused, %u the same, %u unnoticed\n", refused, same, unnoticed);
	return unnoticed != 0;
}

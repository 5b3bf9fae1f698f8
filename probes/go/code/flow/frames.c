#include "probes/go/code/flow/frames.h"

#include <stdlib.h>
#include <string.h>

static bool is_area(const struct code_local *local)
{
	return local->header || local->form == CODE_VALUE;
}

static int by_offset(const void *a, const void *b)
{
	const struct code_local *x = a, *y = b;

	if (is_area(x) != is_area(y))
		return is_area(x) ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->form != y->form)
		return x->form < y->form ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->header - y->header;
}

/* FRAME has the locals from its first on: put them in order, each once. */
static void sort_words(struct code_found *found, struct code_frame *frame)
{
	uint32_t first = frame->first, n = first;

	if (found->n_locals > first)
		qsort(found->locals + first, found->n_locals - first, sizeof *found->locals, by_offset);
	for (uint32_t i = first; i < found->n_locals; i++)
		if (n == first || by_offset(&found->locals[n - 1], &found->locals[i]))
			found->locals[n++] = found->locals[i];
	found->n_locals = n;
	frame->n = n - first;
	while (frame->n_areas < frame->n && is_area(&found->locals[first + frame->n_areas]))
		frame->n_areas++;
}

/* Where ENTRY is in the table or would be. */
static struct code_frame *slot_of(struct code_frame *table, uint32_t size, uint64_t entry)
{
	uint32_t i = (uint32_t)(entry * 0x9e3779b97f4a7c15ull >> 32) & (size - 1);

	while (table[i].entry && table[i].entry != entry)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static bool grow(struct code_frames *frames)
{
	uint32_t size = frames->size ? 2 * frames->size : 1024;
	struct code_frame *table = calloc(size, sizeof *table);

	if (!table)
		return false;
	for (uint32_t i = 0; i < frames->size; i++)
		if (frames->table[i].entry)
			*slot_of(table, size, frames->table[i].entry) = frames->table[i];
	free(frames->table);
	frames->table = table;
	frames->size = size;
	return true;
}

static bool prepare(struct code_frames *frames, const struct code_facts *facts)
{
	if (!frames->walker)
		frames->walker = calloc(1, sizeof *frames->walker);
	if (!frames->walker || (2 * frames->n >= frames->size && !grow(frames))) {
		frames->failed = true;
		return false;
	}
	frames->walker->program = facts->program;
	frames->walker->facts = facts;
	return true;
}

/* Walk through F, keeping of what is found the locals only. */
static void look_at(struct code_walker *w, const struct go_func *f)
{
	const struct code_function *function = program_function(w->program, f->entry);
	const uint8_t *code = function ? image_at(w->program->go->image, function->entry,
						  function->end - function->entry) : NULL;

	if (!code)
		return;
	w->func = *f;
	walker_function(w, function, code);
	w->found.n_votes = w->found.n_closures = w->found.n_references = w->found.n_flows = 0;
	w->found.n_map_uses = 0;
}

const struct code_frame *code_frame_find(struct code_frames *frames, const struct code_facts *facts,
					 const struct go_func *f, const struct code_local **words)
{
	struct code_frame *frame;
	struct code_found *found;

	if (!facts->program || !f->entry || !prepare(frames, facts))
		return NULL;
	found = &frames->walker->found;
	frame = slot_of(frames->table, frames->size, f->entry);
	if (!frame->entry) {
		*frame = (struct code_frame){ .entry = f->entry, .first = found->n_locals };
		look_at(frames->walker, f);
		sort_words(found, frame);
		frames->n++;
		frames->failed |= found->failed;
	}
	*words = found->locals + frame->first;
	return frame->n ? frame : NULL;
}

void code_frames_free(struct code_frames *frames)
{
	if (frames->walker)
		walker_free(frames->walker);
	free(frames->walker);
	free(frames->table);
	*frames = (struct code_frames){ 0 };
}

#include "probes/go/typing/frame_values.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/grow.h"
#include "probes/go/code/types.h"
#include "probes/go/heap.h"
#include "probes/go/maps/maps.h"
#include "probes/go/typing/infer.h"

#define MOST_NOTED (1u << 22)
#define CHECKED_ELEMENTS 16u
#define REPORT 4096u /* values between two looks at the progress */

/* A frame's word, and what the code says of the frame. */
struct word {
	struct heap *heap;
	const struct go_stack *stack;
	const struct go_frame *frame;
	const struct code_frame *said;
	const struct code_local *words;
	uint64_t addr, value, offset; /* above the stack pointer */
	enum known known;
};

static bool note(const struct word *w, enum code_form form, uint32_t type)
{
	struct frame_values *values = &w->heap->frame_values;
	uint64_t addr = w->value;
	const struct frame_value *last = values->n ? &values->items[values->n - 1] : NULL;
	struct frame_value *item;

	/* What a function passes down is seen again in each frame below. */
	if (values->n == MOST_NOTED || (last && last->addr == addr && last->type == type && last->form == form))
		return true;
	item = GROW(values->items, values->n, values->capacity);
	if (!item)
		return false;
	*item = (struct frame_value){ .addr = addr, .type = type, .form = form, .known = w->known };
	values->n++;
	return true;
}

static bool leads_to_object(const struct word *w)
{
	return graph_find(w->heap->graph, w->value, NULL) != NO_NODE;
}

static bool leads_to_untyped(const struct word *w)
{
	uint32_t id = graph_find(w->heap->graph, w->value, NULL);

	return id != NO_NODE && w->heap->graph->type[id] == NO_NODE;
}

static bool leads_to_stack(const struct word *w)
{
	return w->value >= w->stack->frames[0].sp &&
	       w->value < w->stack->frames[w->stack->n_frames - 1].fp;
}

/* The word is of that form and type: what it leads to may be. */
static bool note_word(const struct word *w, enum code_form form, uint32_t type)
{
	if (form != CODE_MAP)
		return !leads_to_untyped(w) || note(w, form, type);
	return !(leads_to_untyped(w) || leads_to_stack(w)) ||
	       frame_maps_note(&w->heap->frame_maps, w->value, type, w->known);
}

/* One thing that the code says of the frame, if it is about this word. */
static bool note_said(const struct word *w, const struct code_local *said)
{
	uint64_t within = w->offset - said->offset;
	enum code_form form;
	uint32_t type;

	if (said->header)
		return within != MAP_FIRST_POINTER || !leads_to_object(w) ||
		       frame_maps_note(&w->heap->frame_maps, w->addr - within, said->type, w->known);
	if (said->form != CODE_VALUE)
		return within || note_word(w, said->form, said->type);
	return !code_word_at(w->heap->types, said->type, within, &form, &type) || note_word(w, form, type);
}

/* The first word, behind the areas, at its offset or after it. */
static uint32_t first_word(const struct word *w)
{
	uint32_t lo = w->said->n_areas, hi = w->said->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->words[mid].offset < w->offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool note_all_said(const struct word *w)
{
	uint32_t depth = (uint32_t)func_pcvalue(&w->heap->go, &w->frame->func, w->frame->func.pcsp,
						w->frame->line_pc);
	const struct code_local *words = w->words;

	for (uint32_t i = 0; i < w->said->n_areas && words[i].offset <= w->offset; i++)
		if (words[i].depth == depth && !note_said(w, &words[i]))
			return false;
	for (uint32_t i = first_word(w); i < w->said->n && words[i].offset == w->offset; i++)
		if (words[i].depth == depth && !note_said(w, &words[i]))
			return false;
	return true;
}

static bool note_slot(struct heap *heap, const struct go_stack *stack, const struct go_slot *s)
{
	struct word w = { .heap = heap, .stack = stack, .addr = s->addr, .value = s->value,
			  .known = s->conservative ? KNOWN_INFERRED : KNOWN_DERIVED };

	if (s->kind == SLOT_REGISTER || s->frame >= stack->n_frames)
		return true;
	w.frame = &stack->frames[s->frame];
	w.offset = s->addr - w.frame->sp;
	if (s->addr < w.frame->sp || (!leads_to_object(&w) && !leads_to_stack(&w)))
		return true;
	w.said = code_frame_find(&heap->code_frames, &heap->code, &w.frame->func, &w.words);
	if (w.said && !note_all_said(&w))
		return false;
	return w.offset < MAP_FIRST_POINTER || !leads_to_object(&w) ||
	       frame_maps_note_parts(heap, s->addr - MAP_FIRST_POINTER);
}

bool frame_values_note(struct heap *heap, const struct go_stack *stack)
{
	for (uint32_t i = 0; i < stack->n_slots; i++)
		if (!note_slot(heap, stack, &stack->slots[i]))
			return false;
	return !heap->code_frames.failed;
}

/* ---- which of them holds ---- */

static int by_addr(const void *a, const void *b)
{
	const struct frame_value *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->form != y->form)
		return x->form < y->form ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->known > y->known) - (x->known < y->known);
}

static bool same(const struct frame_value *a, const struct frame_value *b)
{
	return a->addr == b->addr && a->form == b->form && a->type == b->type;
}

/* Each once, as what is known best. */
static void sort(struct frame_values *values)
{
	uint32_t n = 0;

	if (values->n)
		qsort(values->items, values->n, sizeof *values->items, by_addr);
	for (uint32_t i = 0; i < values->n; i++)
		if (!n || !same(&values->items[n - 1], &values->items[i]))
			values->items[n++] = values->items[i];
	values->n = n;
}

/* How many elements a slice there can have, to the end of the object. */
static uint64_t elements(const struct heap_object *o, const struct rtype *t)
{
	return t->size ? (o->size - o->offset) / t->size : 0;
}

/* Can what lies there be what the code says? Without pointers, its bytes say nothing, nor have they to be here:
 * of a large buffer many pages may never have been touched. */
static bool suits(struct typing *typing, const struct frame_value *v)
{
	const struct rtype *t = types_find(typing->heap->types, v->type);
	struct heap_object o;
	uint64_t n;

	if (!t || !heap_find(typing->heap, v->addr, &o) || (!o.data && t->ptr_bytes))
		return false;
	if (v->form == CODE_CHAN)
		return o.data != NULL; /* it has its element's type itself */
	n = elements(&o, t);
	if (v->form == CODE_POINTER && n > 1)
		n = 1;
	for (uint64_t i = 0; i < n && i < CHECKED_ELEMENTS && t->ptr_bytes; i++)
		if (!infer_suits(typing, v->type, o.data + o.offset + i * t->size))
			return false;
	return n > 0;
}

static void place(struct typing *typing, const struct frame_value *v, enum known known)
{
	struct typed_place p = { .addr = v->addr, .n = 1, .type = v->type, .form = FORM_VALUE,
				 .known = (uint16_t)known };
	struct heap_object o;

	if (v->form == CODE_CHAN)
		p.form = FORM_CHAN;
	if (v->form == CODE_SLICE && heap_find(typing->heap, v->addr, &o)) {
		p.form = FORM_ARRAY;
		p.n = elements(&o, types_get(typing->heap->types, v->type));
	}
	typing_place(typing, &p);
}

/* Of the N things that are said of one address the only one that can hold is inferred. */
static void place_one(struct typing *typing, const struct frame_value *values, uint32_t n)
{
	const struct frame_value *found = NULL;

	for (uint32_t i = 0; i < n; i++) {
		if (!suits(typing, &values[i]))
			continue;
		if (found)
			return;
		found = &values[i];
	}
	if (found)
		place(typing, found, n > 1 ? KNOWN_INFERRED : found->known);
}

bool frame_values_place(struct typing *typing, struct progress *progress, struct error *err)
{
	struct frame_values *values = &typing->heap->frame_values;

	sort(values);
	for (uint32_t i = 0, next; i < values->n; i = next) {
		uint32_t id = graph_find(typing->heap->graph, values->items[i].addr, NULL);

		for (next = i + 1; next < values->n; next++)
			if (values->items[next].addr != values->items[i].addr)
				break;
		if (id != NO_NODE && typing->heap->graph->type[id] == NO_NODE)
			place_one(typing, values->items + i, next - i);
		if (i % REPORT == 0 && array_cancelled(progress, err))
			return false;
	}
	return true;
}

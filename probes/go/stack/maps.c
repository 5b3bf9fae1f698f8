/* The slots of frames by their functions' pointer maps (Go 1.26 runtime/stkframe.go, getStackMap,
 * and mgcmark.go, scanframeworker). */
#include <string.h>

#include "probes/go/layout/abi.h"
#include "probes/go/stack/private.h"

/* runtime.stackmap {n, nbit int32; bytedata}: one bitmap of N. */
struct bitmap { const uint8_t *bits; uint32_t n; };

/* Bitmap number INDEX of the map at ADDR. False if there is no such bitmap. */
static bool map_bits(struct stack_reader *r, uint64_t addr, int32_t index, struct bitmap *out)
{
	int32_t head[2];
	uint64_t bytes;

	if (!addr || !image_read(r->go->image, addr, head, sizeof head) || head[0] <= 0 ||
	    head[1] < 0)
		return false;
	*out = (struct bitmap){ .n = (uint32_t)head[1] };
	if (!head[1])
		return true;
	if (index < 0 || index >= head[0])
		return false;
	bytes = ((uint64_t)head[1] + 7) / 8;
	out->bits = image_at(r->go->image, addr + 8 + bytes * (uint32_t)index, bytes);
	return out->bits;
}

static void add_bits(struct stack_reader *r, const struct bitmap *map, uint64_t base,
		     uint32_t frame)
{
	for (uint32_t i = 0; i < map->n; i++)
		if (map->bits[i / 8] >> (i % 8) & 1)
			stack_slot(r, base + 8ull * i, stack_word(r, base + 8ull * i), frame,
				   SLOT_FRAME, false);
}

uint64_t stack_arguments_end(const struct stack_reader *r, uint32_t i)
{
	const struct go_frame *caller = &r->out->frames[i + 1];

	if (i + 1 >= r->out->n_frames || caller->func.flag & FUNC_TOPFRAME)
		return r->hi;
	return caller->fp;
}

/* What makeFuncStub and methodValueCall keep at the bottom of their frames: runtime's
 * reflectMethodValue {fn, stack *bitvector, argLen}, and whether the results are there yet. */
struct reflect_value { uint64_t fn, stack, args; };

/* The arguments of a reflect stub. False if they cannot be told. */
static bool reflect_arguments(struct stack_reader *r, uint32_t i, struct bitmap *out)
{
	const struct go_frame *frame = &r->out->frames[i];
	struct image *image = r->go->image;
	struct reflect_value value;
	struct { int32_t n, pad; uint64_t bits; } vector;

	*out = (struct bitmap){ 0 };
	if (frame->sp + abi_calls.to_arguments >= frame->fp - abi_calls.pushed)
		return frame->pc == frame->func.entry; /* not begun: no arguments either */
	if (!image_read(image, stack_word(r, frame->sp + abi_calls.to_arguments), &value, sizeof value) ||
	    value.fn != frame->func.entry ||
	    !image_read(image, value.stack, &vector, sizeof vector) || vector.n < 0 ||
	    (uint64_t)vector.n > (stack_arguments_end(r, i) - frame->argp) / 8)
		return false;
	out->n = (uint32_t)vector.n;
	if (!(uint8_t)stack_word(r, frame->sp + abi_calls.to_arguments + 32) && value.args / 8 < out->n)
		out->n = (uint32_t)(value.args / 8);
	if (out->n)
		out->bits = image_at(image, vector.bits, (out->n + 7ull) / 8);
	return !out->n || out->bits;
}

/* Bytes of arguments that may be there where no map tells: what the function declares. */
static uint64_t argument_bytes(const struct stack_reader *r, uint32_t i)
{
	const struct go_frame *frame = &r->out->frames[i];
	uint64_t there = stack_arguments_end(r, i) - frame->argp;

	if (frame->func.args < 0)
		return 0;
	return (uint64_t)frame->func.args < there ? (uint64_t)frame->func.args : there;
}

/* A reflect stub's arguments and registers; false if they cannot be told. */
static bool stub_slots(struct stack_reader *r, uint32_t i)
{
	struct bitmap map;

	if (!reflect_arguments(r, i, &map))
		return false;
	add_bits(r, &map, r->out->frames[i].argp, i);
	stack_object_stub(r, i);
	return true;
}

static void locals(struct stack_reader *r, uint32_t i, const struct pc_fact *fact)
{
	struct go_frame *frame = &r->out->frames[i];
	uint64_t size = frame->varp - frame->sp;
	struct bitmap map;

	if (size <= abi_calls.least)
		return;
	if (map_bits(r, fact->locals, fact->map_index, &map) && map.n <= size / 8) {
		add_bits(r, &map, frame->varp - 8ull * map.n, i);
		return;
	}
	frame->conservative = true;
	stack_words(r, frame->sp, frame->varp, i, SLOT_FRAME);
}

static void arguments(struct stack_reader *r, uint32_t i, const struct pc_fact *fact)
{
	struct go_frame *frame = &r->out->frames[i];
	uint64_t bytes = argument_bytes(r, i);
	uint64_t words = (stack_arguments_end(r, i) - frame->argp) / 8;
	struct bitmap map;

	if (bytes < 8)
		return;
	if (map_bits(r, fact->arguments, fact->map_index, &map)) {
		/* Up to Go 1.21 the maps of assembly functions have twice the bits. */
		map.n = map.n < words ? map.n : (uint32_t)words;
		add_bits(r, &map, frame->argp, i);
		return;
	}
	frame->conservative = true;
	stack_words(r, frame->argp, frame->argp + bytes, i, SLOT_FRAME);
}

void stack_frame_slots(struct stack_reader *r, uint32_t i)
{
	struct go_frame *frame = &r->out->frames[i];
	const struct pc_fact *fact;

	if (!frame->conservative && !frame->continpc)
		return;
	fact = stack_fact(r, frame->conservative ? frame->pc : frame->continpc);
	if (!frame->conservative)
		frame->conservative = fact->special == SPECIAL_REFLECT_STUB ?
				      !stub_slots(r, i) : !stack_object_records(r, i, fact);
	if (frame->conservative) {
		stack_words(r, frame->sp, frame->varp, i, SLOT_FRAME);
		stack_words(r, frame->argp, frame->argp + argument_bytes(r, i), i, SLOT_FRAME);
		return;
	}
	locals(r, i, fact);
	arguments(r, i, fact);
}

/* Values as people read them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/go/lens/lens.h"
#include "probes/go/maps/maps.h"
#include "probes/go/types/symbols.h"

#define MAX_STRING 4096u
#define MAX_SHOWN 4     /* fields and elements of a value on one line */
#define MAX_NESTING 2

const struct form_entry *lens_form(const struct heap *heap, uint32_t object)
{
	uint32_t form = heap->graph->type[object];

	return form == NO_NODE ? NULL : &heap->typing.forms.items[form];
}

struct heap *lens_heap(struct lens *lens)
{
	return lens->graph->producer;
}

uint64_t lens_target(struct heap *heap, uint32_t type, uint64_t addr, uint32_t *dynamic, bool *boxed)
{
	const struct rtype *t = types_find(heap->types, type);

	*dynamic = type;
	*boxed = false;
	if (!t)
		return 0;
	switch (t->kind) {
	case KIND_POINTER: case KIND_SLICE: case KIND_STRING: case KIND_MAP: case KIND_CHAN:
	case KIND_FUNC: case KIND_UNSAFE_POINTER:
		return image_u64(heap->image, addr);
	case KIND_INTERFACE:
		*dynamic = types_of_interface_word(heap->types, image_u64(heap->image, addr));
		*boxed = *dynamic != NO_TYPE && !types_get(heap->types, *dynamic)->direct;
		return image_u64(heap->image, addr + 8);
	default:
		return 0;
	}
}

static void show_string(struct heap *heap, uint64_t addr, bool redact, size_t limit, bool quote,
			struct text *out)
{
	uint64_t length = image_u64(heap->image, addr + 8), n = length;
	const char *bytes;

	if (redact) {
		text_printf(out, "…%" PRIu64 " B", length);
		return;
	}
	if (n > MAX_STRING)
		n = MAX_STRING;
	bytes = n ? image_at(heap->image, image_u64(heap->image, addr), n) : "";
	if (!bytes)
		text_printf(out, "%" PRIu64 " B not copied", length);
	else if (quote)
		text_quote(out, bytes, n, limit);
	else
		text_escape(out, bytes, n, limit);
}

static void show_integer(struct heap *heap, const struct rtype *t, uint64_t addr, struct text *out)
{
	uint64_t value = 0;

	image_read(heap->image, addr, &value, t->size <= 8 ? t->size : 8);
	switch (t->kind) {
	case KIND_INT: case KIND_INT64: text_printf(out, "%" PRId64, (int64_t)value); break;
	case KIND_INT8: text_printf(out, "%d", (int8_t)value); break;
	case KIND_INT16: text_printf(out, "%d", (int16_t)value); break;
	case KIND_INT32: text_printf(out, "%d", (int32_t)value); break;
	default: text_printf(out, "%" PRIu64, value); break;
	}
}

/* The fewest digits that say which float it is, with an exponent where %v has one (Go's
 * strconv/ftoa.go, formatDigits). */
static void float_text(double value, bool single, struct text *out)
{
	char digits[32];
	int precision = 0, exponent;

	if (!isfinite(value)) {
		text_puts(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (; precision < 17; precision++) {
		snprintf(digits, sizeof digits, "%.*e", precision, value);
		if (single ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value)
			break;
	}
	exponent = atoi(strchr(digits, 'e') + 1);
	if (exponent < -4 || exponent >= 6)
		text_puts(out, digits);
	else
		text_printf(out, "%.*f", precision > exponent ? precision - exponent : 0, value);
}

static double read_float(struct heap *heap, uint64_t addr, bool single)
{
	float small = 0;
	double value = 0;

	if (single)
		image_read(heap->image, addr, &small, sizeof small);
	else
		image_read(heap->image, addr, &value, sizeof value);
	return single ? (double)small : value;
}

static void show_complex(struct heap *heap, const struct rtype *t, uint64_t addr, struct text *out)
{
	bool single = t->kind == KIND_COMPLEX64;
	double imaginary = read_float(heap, addr + t->size / 2, single);

	text_putc(out, '(');
	float_text(read_float(heap, addr, single), single, out);
	if (!isinf(imaginary) && !signbit(imaginary))
		text_putc(out, '+');
	float_text(imaginary, single, out);
	text_puts(out, "i)");
}

static void show_number(struct heap *heap, const struct rtype *t, uint64_t addr, struct text *out)
{
	bool single = t->kind == KIND_FLOAT32;

	if (t->kind == KIND_COMPLEX64 || t->kind == KIND_COMPLEX128)
		show_complex(heap, t, addr, out);
	else if (single || t->kind == KIND_FLOAT64)
		float_text(read_float(heap, addr, single), single, out);
	else
		show_integer(heap, t, addr, out);
}

static void show_map(struct heap *heap, uint32_t type, uint64_t header, struct text *out)
{
	struct map_view map;

	if (!header) {
		text_puts(out, "nil");
	} else if (map_open(&map, &heap->go, heap->types, type, header)) {
		text_counted(out, map.entries, "entry");
	}
}

static void show_func(struct heap *heap, uint64_t closure, struct text *out)
{
	struct go_func f;

	if (!closure)
		text_puts(out, "<nil>");
	else if (func_find(&heap->go, image_u64(heap->image, closure), &f))
		symbol_text(out, f.name, strlen(f.name), 120);
}

static void show(struct heap *heap, uint32_t type, uint64_t addr, bool redact, size_t limit,
		 unsigned depth, struct text *out);

static void show_interface(struct heap *heap, uint32_t type, uint64_t addr, bool redact,
			   size_t limit, unsigned depth, struct text *out)
{
	uint32_t dynamic;
	bool boxed;
	uint64_t data = lens_target(heap, type, addr, &dynamic, &boxed);

	if (!image_u64(heap->image, addr))
		text_puts(out, "<nil>");
	else if (dynamic == NO_TYPE)
		text_puts(out, "?");
	else
		show(heap, dynamic, boxed ? data : addr + 8, redact, limit, depth, out);
}

static void show_pointer(struct heap *heap, const struct rtype *t, uint64_t addr, struct text *out)
{
	uint64_t to = image_u64(heap->image, addr);
	const struct rtype *elem = types_find(heap->types, t->elem);

	if (!to)
		text_puts(out, "<nil>");
	else if (elem)
		text_printf(out, "*%s", elem->name);
	else
		text_printf(out, "%#" PRIx64, to);
}

static void show_struct(struct heap *heap, uint32_t type, uint64_t addr, bool redact, size_t limit,
			unsigned depth, struct text *out)
{
	const struct rtype *t = types_get(heap->types, type);
	struct sync_layout sync;

	if (sync_layout_of(heap->types, type, &sync)) {
		show_map(heap, type, addr, out);
		return;
	}
	text_putc(out, '{');
	for (uint32_t i = 0; i < t->n_fields; i++) {
		if (i == MAX_SHOWN) {
			text_puts(out, " …");
			break;
		}
		if (i)
			text_putc(out, ' ');
		show(heap, t->fields[i].type, addr + t->fields[i].offset, redact, limit / 2, depth + 1,
		     out);
	}
	text_putc(out, '}');
}

static void show_array(struct heap *heap, const struct rtype *t, uint64_t addr, bool redact,
		       size_t limit, unsigned depth, struct text *out)
{
	const struct rtype *elem = types_find(heap->types, t->elem);

	text_putc(out, '[');
	for (uint64_t i = 0; elem && i < t->len; i++) {
		if (i == MAX_SHOWN) {
			text_puts(out, " …");
			break;
		}
		if (i)
			text_putc(out, ' ');
		show(heap, t->elem, addr + i * elem->size, redact, limit / 2, depth + 1, out);
	}
	text_putc(out, ']');
}

/* Depth bounds the recursion: deeper values are an ellipsis. */
static void show(struct heap *heap, uint32_t type, uint64_t addr, bool redact, size_t limit,
		 unsigned depth, struct text *out)
{
	const struct rtype *t = types_find(heap->types, type);

	if (!t || depth > MAX_NESTING) {
		text_puts(out, t ? "…" : "?");
		return;
	}
	switch (t->kind) {
	case KIND_BOOL: text_puts(out, image_u8(heap->image, addr) ? "true" : "false"); break;
	case KIND_INT ... KIND_COMPLEX128:
		if (redact)
			text_puts(out, "…");
		else
			show_number(heap, t, addr, out);
		break;
	case KIND_STRING: show_string(heap, addr, redact, limit, false, out); break;
	case KIND_SLICE:
		text_printf(out, "%" PRIu64 " of %" PRIu64, image_u64(heap->image, addr + 8),
			    image_u64(heap->image, addr + 16));
		break;
	case KIND_MAP: show_map(heap, type, image_u64(heap->image, addr), out); break;
	case KIND_FUNC: show_func(heap, image_u64(heap->image, addr), out); break;
	case KIND_INTERFACE: show_interface(heap, type, addr, redact, limit, depth, out); break;
	case KIND_POINTER: show_pointer(heap, t, addr, out); break;
	case KIND_STRUCT: show_struct(heap, type, addr, redact, limit, depth, out); break;
	case KIND_ARRAY: show_array(heap, t, addr, redact, limit, depth, out); break;
	case KIND_CHAN: text_puts(out, image_u64(heap->image, addr) ? "chan" : "<nil>"); break;
	case KIND_UNSAFE_POINTER: show_pointer(heap, t, addr, out); break;
	default: text_puts(out, "…"); break;
	}
}

void lens_value(struct heap *heap, uint32_t type, uint64_t addr, bool redact, size_t limit,
		struct text *out)
{
	show(heap, type, addr, redact, limit, 0, out);
}

void lens_key(struct heap *heap, uint32_t type, uint64_t addr, bool redact, struct text *out)
{
	const struct rtype *t = types_find(heap->types, type);
	uint32_t dynamic = type;
	bool boxed = false;

	if (t && t->kind == KIND_INTERFACE) {
		uint64_t data = lens_target(heap, type, addr, &dynamic, &boxed);

		addr = boxed ? data : addr + 8;
		t = types_find(heap->types, dynamic);
	}
	text_putc(out, '[');
	if (t && t->kind == KIND_STRING && redact) {
		text_putc(out, '"');
		show_string(heap, addr, true, 80, false, out);
		text_putc(out, '"');
	} else if (t && t->kind == KIND_STRING) {
		show_string(heap, addr, false, 80, true, out);
	} else {
		show(heap, dynamic, addr, redact, 80, 0, out);
	}
	text_putc(out, ']');
}

/* Specials: records that hang on a span for some of its objects (runtime/mheap.go). A finalizer keeps
 * its function and what the object refers to, not the object; a cleanup its function and argument;
 * a weak handle only itself. */
#include <string.h>

#include "graph/text.h"
#include "probes/go/roots.h"

#define SPECIAL_LEAST 16 /* bytes of a record, at least */

struct special { uint64_t addr, object; uint8_t kind; };

/* The graph's types are handed over later: the name comes from the forms. */
static void type_label(struct roots *roots, uint32_t object, struct text *out)
{
	uint32_t type = roots->heap->graph->type[object];

	text_puts(out, type == NO_NODE ? "?" : roots->heap->typing.forms.shown[type].name);
}

static uint32_t special_holder(struct roots *roots, const char *what, uint32_t object)
{
	autotext struct text name = { 0 };

	text_printf(&name, "%s of ", what);
	if (object == NO_NODE)
		text_puts(&name, "?");
	else
		type_label(roots, object, &name);
	return roots_holder(roots, HOLDER_SPECIAL, name_pool_copy(roots->names, text_string(&name)), "",
			    KNOWN_EXACT);
}

/* What the object refers to, as roots. */
static void add_referents(struct roots *roots, uint32_t holder, uint64_t addr)
{
	struct mask_reader *reader = &roots->heap->typing.reader;
	struct heap_object o;
	struct mask_iter it;
	uint64_t offset;

	if (!heap_find(roots->heap, addr, &o) || !o.data)
		return;
	mask_begin(&it, reader, o.span, o.slot);
	while ((offset = mask_next(&it)) != UINT64_MAX)
		roots_add(roots, holder, o.addr + offset,
			  image_u64(roots->heap->image, o.addr + offset), ROOT_FINALIZER,
			  STRENGTH_STRONG, KNOWN_EXACT, NO_NODE);
}

static void add_word(struct roots *roots, uint32_t holder, uint64_t at, enum root_kind kind,
		     enum strength strength)
{
	roots_add(roots, holder, at, image_u64(roots->heap->image, at), kind, strength, KNOWN_EXACT,
		  NO_NODE);
}

static void add_finalizer(struct roots *roots, const struct special *s)
{
	const struct layout *l = &roots->heap->go.layout;
	uint32_t object = graph_find(roots->heap->graph, s->object, NULL);
	uint32_t holder = special_holder(roots, "finalizer", object);

	add_word(roots, holder, s->addr + (uint64_t)l->finalizer_fn, ROOT_FINALIZER, STRENGTH_STRONG);
	add_referents(roots, holder, s->object);
}

static void add_cleanup(struct roots *roots, const struct special *s)
{
	const struct layout *l = &roots->heap->go.layout;
	uint32_t object = graph_find(roots->heap->graph, s->object, NULL);
	uint32_t holder = special_holder(roots, "cleanup", object);
	int32_t at = l->cleanup_cleanup >= 0 ? l->cleanup_cleanup : l->cleanup_fn;

	/* 1.26 on: call, function, argument; before: the function alone. */
	for (unsigned i = 0; i < (l->cleanup_cleanup >= 0 && l->minor >= 26 ? 3 : 1); i++)
		add_word(roots, holder, s->addr + (uint64_t)at + 8 * i, ROOT_CLEANUP,
			 STRENGTH_STRONG);
}

static void add_special(struct roots *roots, const struct special *s, uint32_t *weak)
{
	const struct layout *l = &roots->heap->go.layout;

	if (s->kind == l->special_kind_finalizer) {
		add_finalizer(roots, s);
	} else if (s->kind == l->special_kind_cleanup) {
		add_cleanup(roots, s);
	} else if (s->kind == l->special_kind_weak) {
		if (*weak == NO_NODE)
			*weak = roots_holder(roots, HOLDER_RUNTIME, "weak handles", "runtime",
					     KNOWN_EXACT);
		add_word(roots, *weak, s->addr + (uint64_t)l->weak_handle, ROOT_WEAK_HANDLE,
			 STRENGTH_RUNTIME);
	}
}

static struct special read_special(struct roots *roots, const struct go_span *span, uint64_t addr)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t at = addr + (uint64_t)l->special_offset;

	return (struct special){
		.addr = addr,
		.object = span->base + (l->minor >= 24 ? image_u64(image, at) : image_u16(image, at)),
		.kind = image_u8(image, addr + (uint64_t)l->special_kind),
	};
}

void roots_specials(struct roots *roots)
{
	const struct go_spans *spans = &roots->heap->spans;
	uint32_t weak = NO_NODE;

	for (uint32_t i = 0; i < spans->n; i++) {
		uint64_t addr = spans->items[i].specials;

		while (addr && roots_spend(roots, SPECIAL_LEAST)) {
			struct special s = read_special(roots, &spans->items[i], addr);

			add_special(roots, &s, &weak);
			addr = image_u64(roots->heap->image,
					 addr + (uint64_t)roots->heap->go.layout.special_next);
		}
	}
}

/* Specials and what became of them: finalizers and cleanups, set and due. A finalizer keeps its
 * function and what the object refers to, not the object; once due, the object too. A cleanup keeps
 * its function and argument. A weak handle keeps only itself. What a special is about, without
 * keeping it, is a root of strength weak. (markrootSpans and markroot in runtime/mgcmark.go) */
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/roots/roots.h"
#include "probes/go/spans/specials.h"

/* cleanupBlock: { lfnode, alllink, n uint32, cleanups[] } of 512 bytes (runtime/mcleanup.go). */
enum { CLEANUP_LINK = 16, CLEANUP_COUNT = 24, CLEANUP_FIRST = 32, CLEANUP_BLOCK = 512 };

#define CAPTURES 4 /* words of the closure that AddCleanup makes, at most */

/* The graph's types are handed over later: the name comes from the forms. */
static const char *type_name(struct roots *roots, uint64_t object)
{
	uint32_t id = graph_find(roots->heap->graph, object, NULL);
	uint32_t type = id == NO_NODE ? NO_NODE : roots->heap->graph->type[id];

	return type == NO_NODE ? NULL : roots->heap->typing.forms.shown[type].name;
}

/* "finalizer net.(*netFD).Close of net.netFD": FUNCTION and TYPE as far as they are known. */
static uint32_t special_holder(struct roots *roots, const char *what, const char *function,
			       const char *type, const char *state)
{
	autotext struct text name = { 0 };

	text_puts(&name, what);
	if (function)
		text_printf(&name, " %s", function);
	if (type)
		text_printf(&name, " of %s", type);
	text_puts(&name, state);
	return roots_holder(roots, HOLDER_SPECIAL, name_pool_copy(roots->names, text_string(&name)),
			    function ? name_pool_path_of(function) : "", KNOWN_EXACT);
}

static void add_value(struct roots *roots, uint32_t holder, uint64_t at, uint64_t value,
		      enum root_kind kind, enum strength strength)
{
	roots_add(roots, holder, at, value, kind, strength, KNOWN_EXACT, NO_NODE);
}

static void add_words(struct roots *roots, uint32_t holder, uint64_t at, unsigned words,
		      enum root_kind kind)
{
	for (unsigned i = 0; i < words; i++)
		add_value(roots, holder, at + 8 * i, image_u64(roots->heap->image, at + 8 * i), kind,
			  STRENGTH_STRONG);
}

/* ---- finalizers ---- */

/* What the object refers to, as roots: it must be there when the finalizer runs. While the object is
 * reached otherwise, that adds nothing: what it refers to goes with it. So these hold only what nothing
 * else does. */
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
		add_value(roots, holder, o.addr + offset,
			  image_u64(roots->heap->image, o.addr + offset), ROOT_FINALIZER,
			  STRENGTH_RUNTIME);
}

static void add_finalizer(struct roots *roots, const struct special *s)
{
	uint64_t at = s->addr + (uint64_t)roots->heap->go.layout.finalizer_fn;
	const char *function = roots_function(roots, image_u64(roots->heap->image, at));
	uint32_t holder = special_holder(roots, "finalizer", function, type_name(roots, s->object), "");

	add_words(roots, holder, at, 1, ROOT_FINALIZER);
	add_referents(roots, holder, s->object);
	add_value(roots, holder, s->addr, s->object, ROOT_FINALIZER, STRENGTH_WEAK);
}

/* ---- cleanups ---- */

/* From 1.26 on a cleanup is three words: call, function, argument. Before it is one, a closure of
 * AddCleanup's that has captured the two. */
static unsigned cleanup_words(const struct layout *l)
{
	return l->cleanup_cleanup >= 0 ? 3 : 1;
}

/* AddCleanup's closure has captured the function: its value in 1.24, a variable of it in 1.25. */
static const char *cleanup_function(struct roots *roots, uint64_t at)
{
	struct image *image = roots->heap->image;
	const char *function = NULL;
	uint64_t closure;

	if (cleanup_words(&roots->heap->go.layout) == 3)
		return roots_function(roots, image_u64(image, at + 8));
	closure = image_u64(image, at);
	for (unsigned i = 1; i < CAPTURES && !function; i++) {
		uint64_t word = image_u64(image, closure + 8 * i);

		function = roots_function(roots, word);
		if (!function)
			function = roots_function(roots, image_u64(image, word));
	}
	return function;
}

static void add_cleanup(struct roots *roots, const struct special *s)
{
	const struct layout *l = &roots->heap->go.layout;
	uint64_t at = s->addr + (uint64_t)(l->cleanup_cleanup >= 0 ? l->cleanup_cleanup : l->cleanup_fn);
	uint32_t holder = special_holder(roots, "cleanup", cleanup_function(roots, at),
					 type_name(roots, s->object), "");

	add_words(roots, holder, at, cleanup_words(l), ROOT_CLEANUP);
	add_value(roots, holder, s->addr, s->object, ROOT_CLEANUP, STRENGTH_WEAK);
}

/* ---- weak handles ---- */

static void add_weak_handle(struct roots *roots, const struct special *s, uint32_t *holder)
{
	uint64_t at = s->addr + (uint64_t)roots->heap->go.layout.weak_handle;

	if (*holder == NO_NODE)
		*holder = roots_holder(roots, HOLDER_RUNTIME, "weak handles", "runtime", KNOWN_EXACT);
	add_value(roots, *holder, at, image_u64(roots->heap->image, at), ROOT_WEAK_HANDLE,
		  STRENGTH_RUNTIME);
	add_value(roots, *holder, s->addr, s->object, ROOT_WEAK_HANDLE, STRENGTH_WEAK);
}

void roots_specials(struct roots *roots)
{
	const struct layout *l = &roots->heap->go.layout;
	struct special_walk walk = specials_start(roots->heap);
	uint32_t weak = NO_NODE;
	struct special s;

	while (specials_next(&walk, &s)) {
		if (s.kind == l->special_kind_finalizer)
			add_finalizer(roots, &s);
		else if (s.kind == l->special_kind_cleanup)
			add_cleanup(roots, &s);
		else if (s.kind == l->special_kind_weak)
			add_weak_handle(roots, &s, &weak);
	}
	roots->overspent |= walk.overspent;
}

/* ---- what is due ---- */

/* To 1.24 a cleanup that is due stands among the finalizers, without an object. */
static void add_due_finalizers(struct roots *roots)
{
	struct finalizer_walk walk = finalizers_start(roots->heap);
	struct due_finalizer due;

	while (finalizers_next(&walk, &due)) {
		bool cleanup = !due.object;
		enum root_kind kind = cleanup ? ROOT_CLEANUP : ROOT_FINALIZER;
		uint32_t holder = special_holder(
			roots, cleanup ? "cleanup" : "finalizer",
			cleanup ? cleanup_function(roots, due.addr) : roots_function(roots, due.function),
			type_name(roots, due.object), ", due");

		add_words(roots, holder, due.addr, 2, kind);
		add_words(roots, holder, due.addr + 24, 2, kind);
	}
}

static void add_due_cleanups(struct roots *roots)
{
	const struct go *go = &roots->heap->go;
	struct image *image = roots->heap->image;
	unsigned words = cleanup_words(&go->layout);
	uint64_t most = (CLEANUP_BLOCK - CLEANUP_FIRST) / 8 / words, block;

	if (!go->cleanup_queue)
		return;
	block = image_u64(image, go->cleanup_queue + (uint64_t)go->layout.cleanup_queue_all);
	while (block && roots_spend(roots, CLEANUP_BLOCK)) {
		uint64_t n = image_u32(image, block + CLEANUP_COUNT);

		for (uint64_t i = 0; i < n && i < most; i++) {
			uint64_t at = block + CLEANUP_FIRST + 8 * words * i;

			/* The one that runs, and those before it, are cleared from 1.26 on. */
			if (image_u64(image, at))
				add_words(roots, special_holder(roots, "cleanup",
								cleanup_function(roots, at), NULL,
								", due"),
					  at, words, ROOT_CLEANUP);
		}
		block = image_u64(image, block + CLEANUP_LINK);
	}
}

void roots_due(struct roots *roots)
{
	add_due_finalizers(roots);
	add_due_cleanups(roots);
}

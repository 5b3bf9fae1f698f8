#include "probes/go/find/prove.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/find/find.h"
#include "probes/go/maps/maps.h"
#include "probes/go/stack/stack.h"

#define IN_USE 1
#define MOST_OBJECTS 200000u /* whose pointers are looked at */
#define MOST_MAPS 20000u
#define MOST_PROCESSORS 4096u
#define MOST_PATH 4          /* fields in fields */
#define MOST_MAPS_OF_FRAME 65536
#define MOST_WORDS_OF_FRAME (1 << 27)

/* Say what does not hold; false. */
__attribute__((format(printf, 3, 4)))
static bool wrong(const struct heap *heap, struct error *err, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return fail(err, STATUS_UNSUPPORTED, "%s is not laid out as go1.%d: %s",
		    heap->go.version.text, heap->go.layout.minor, what);
}

/* Fields of the runtime's records, by the type's name and the field's, and where the layout has them;
 * "" is the record's size. */
struct known_field { const char *type, *field; size_t row; };

#define FIELD(type, field, row) { "runtime." #type, field, offsetof(struct layout, row) }

static const struct known_field known_fields[] = {
	FIELD(g, "stack.lo", g_stack_lo), FIELD(g, "stack.hi", g_stack_hi),
	FIELD(g, "_panic", g_panic), FIELD(g, "_defer", g_defer), FIELD(g, "m", g_m),
	FIELD(g, "sched.sp", g_sched_sp), FIELD(g, "sched.pc", g_sched_pc),
	FIELD(g, "sched.ctxt", g_sched_ctxt), FIELD(g, "syscallsp", g_syscallsp),
	FIELD(g, "syscallpc", g_syscallpc), FIELD(g, "atomicstatus", g_atomicstatus),
	FIELD(g, "goid", g_goid), FIELD(g, "waitsince", g_waitsince),
	FIELD(g, "waitreason", g_waitreason), FIELD(g, "gopc", g_gopc),
	FIELD(g, "startpc", g_startpc), FIELD(g, "waiting", g_waiting),
	FIELD(g, "labels", g_labels), FIELD(g, "param", g_param),
	FIELD(g, "coroarg", g_coroarg), FIELD(g, "timer", g_timer),
	FIELD(g, "xRegs", g_x_regs), FIELD(g, "runningCleanups", g_running_cleanups),
	FIELD(m, "g0", m_g0), FIELD(m, "procid", m_procid), FIELD(m, "gsignal", m_gsignal),
	FIELD(m, "curg", m_curg), FIELD(m, "p", m_p), FIELD(m, "alllink", m_alllink),
	FIELD(m, "vdsoSP", m_vdso_sp), FIELD(m, "vdsoPC", m_vdso_pc),
	FIELD(p, "id", p_id), FIELD(p, "mcache", p_mcache), FIELD(p, "timers", p_timers),
	FIELD(p, "xRegs", p_x_regs), FIELD(mcache, "tiny", mcache_tiny),
	FIELD(mcache, "alloc", mcache_alloc), FIELD(mspan, "startAddr", mspan_start_addr),
	FIELD(mspan, "npages", mspan_npages), FIELD(mspan, "freeindex", mspan_freeindex),
	FIELD(mspan, "nelems", mspan_nelems), FIELD(mspan, "allocBits", mspan_alloc_bits),
	FIELD(mspan, "gcmarkBits", mspan_gcmark_bits), FIELD(mspan, "sweepgen", mspan_sweepgen),
	FIELD(mspan, "allocCount", mspan_alloc_count), FIELD(mspan, "spanclass", mspan_spanclass),
	FIELD(mspan, "state", mspan_state), FIELD(mspan, "elemsize", mspan_elemsize),
	FIELD(mspan, "specials", mspan_specials), FIELD(mspan, "largeType", mspan_large_type),
	FIELD(hchan, "qcount", hchan_qcount), FIELD(hchan, "dataqsiz", hchan_dataqsiz),
	FIELD(hchan, "buf", hchan_buf), FIELD(hchan, "elemtype", hchan_elemtype),
	FIELD(hchan, "recvq", hchan_recvq), FIELD(hchan, "sendq", hchan_sendq),
	FIELD(sudog, "g", sudog_g), FIELD(sudog, "next", sudog_next), FIELD(sudog, "waitlink", sudog_waitlink),
	FIELD(_defer, "fn", defer_fn), FIELD(_defer, "link", defer_link),
	FIELD(_panic, "arg", panic_arg), FIELD(_panic, "link", panic_link),
	FIELD(timer, "period", timer_period), FIELD(timer, "f", timer_f),
	FIELD(timer, "arg", timer_arg), FIELD(timers, "heap", timers_heap),
	FIELD(special, "next", special_next), FIELD(special, "offset", special_offset),
	FIELD(special, "kind", special_kind), FIELD(mspan, "freeIndexForScan", mspan_free_index_for_scan),
	FIELD(mspan, "isUserArenaChunk", mspan_is_user_arena_chunk),
	FIELD(mspan, "allocCountBeforeCache", mspan_alloc_count_before_cache),
	FIELD(hchan, "elemsize", hchan_elemsize),
	FIELD(sudog, "elem.vu", sudog_elem_value), /* 1.26 on; elem, c before */
	FIELD(sudog, "c.maybeTraceablePtr.vu", sudog_c_value),
	FIELD(specialfinalizer, "fn", finalizer_fn), FIELD(specialWeakHandle, "handle", weak_handle),
	FIELD(mspan, "", mspan_size), FIELD(g, "", g_size), FIELD(hchan, "", hchan_size),
	FIELD(timer, "", timer_size), FIELD(xRegState, "", x_regs_size),
	FIELD(mheap, "sweepgen", mheap_sweepgen), FIELD(mheap, "allspans", mheap_allspans),
	FIELD(mheap, "arenas", mheap_arenas), FIELD(heapArena, "spans", heap_arena_spans),
};

/* Where TYPE has the field PATH, or that of which PATH names a part; -1 if it has none. */
static int64_t field_offset(const struct types *types, uint32_t type, const char *path)
{
	uint64_t offset = 0;

	if (!*path)
		return (int64_t)types_get(types, type)->size;
	for (unsigned depth = 0; *path && depth < MOST_PATH; depth++) {
		size_t length = strcspn(path, ".");
		const struct rtype *t = types_find(types, type);
		uint32_t i = 0;

		if (depth && t && t->kind != KIND_STRUCT)
			break;
		while (t && i < t->n_fields && (strlen(t->fields[i].name) != length ||
						strncmp(t->fields[i].name, path, length)))
			i++;
		if (!t || i == t->n_fields)
			return -1;
		offset += t->fields[i].offset;
		type = t->fields[i].type;
		path += length + (path[length] == '.');
	}
	return (int64_t)offset;
}

static bool fields_hold(struct heap *heap, struct error *err)
{
	if (types_by_name(heap->types, "runtime.g") == NO_TYPE)
		return wrong(heap, err, "it does not describe its own goroutines");
	for (size_t i = 0; i < ARRAY_SIZE(known_fields); i++) {
		const struct known_field *f = &known_fields[i];
		uint32_t type = types_by_name(heap->types, f->type);
		int32_t expected;
		int64_t found;

		memcpy(&expected, (const char *)&heap->go.layout + f->row, sizeof expected);
		found = type == NO_TYPE ? expected : field_offset(heap->types, type, f->field);
		if (found != expected)
			return wrong(heap, err, "%s.%s lies at %lld, not %d", f->type, f->field,
				     (long long)found, expected);
	}
	return true;
}

/* Spans that are in use by their state, of the heap's list. */
static uint64_t spans_in_use(struct go *go)
{
	uint64_t list = go->mheap + (uint64_t)go->layout.mheap_allspans, used = 0;
	uint64_t at = image_u64(go->image, list), n = image_u64(go->image, list + 8);

	for (uint64_t i = 0; i < n; i++)
		used += image_u8(go->image, image_u64(go->image, at + 8 * i) +
					    (uint64_t)go->layout.mspan_state) == IN_USE;
	return used;
}

/* A span keeps room for its objects' bitmap or for marks: a bit a word, or 128 bytes. */
static bool span_holds(const struct go_span *s)
{
	uint64_t least = (s->bytes - s->bytes / 64 - 128) / s->elemsize;

	return !s->class || s->user_arena ||
	       (spans_class_size(s->elemsize) == s->elemsize && s->nelems >= least);
}

/* Is what a span says of its last sweep possible beside the heap's (mheap.sweepgen)? */
static bool generation_holds(struct heap *heap, const struct go_span *s)
{
	uint32_t generation = image_u32(heap->image, s->addr + (uint64_t)heap->go.layout.mspan_sweepgen);
	uint32_t above = generation - (heap->spans.sweepgen - 2);

	return above <= 3 || above == 5;
}

static bool spans_hold(struct heap *heap, struct error *err)
{
	const struct go_spans *spans = &heap->spans;
	uint64_t used = spans_in_use(&heap->go), odd = 0, late = 0;

	for (uint32_t i = 0; i < spans->n; i++) {
		odd += !span_holds(&spans->items[i]);
		late += !generation_holds(heap, &spans->items[i]);
	}
	if (late)
		return wrong(heap, err, "%llu of %u spans were swept at another time than the heap",
			     (unsigned long long)late, spans->n);
	if (!spans->n || odd)
		return wrong(heap, err, "%llu of %u spans do not have the size of their class",
			     (unsigned long long)odd, spans->n);
	if (used > spans->n + spans->n / 100)
		return wrong(heap, err, "%llu of %llu spans in use make no sense",
			     (unsigned long long)(used - spans->n), (unsigned long long)used);
	return true;
}

static bool sums_hold(struct heap *heap, struct error *err)
{
	uint64_t said = heap->graph->meta.heap_alloc, found = heap->graph->meta.heap_explained;
	uint64_t apart = said > found ? said - found : found - said;

	if (said && apart <= said / (heap->graph->meta.counting ? 100 : 1000))
		return true;
	return wrong(heap, err, "its objects have %llu bytes together, by its own counters %llu",
		     (unsigned long long)found, (unsigned long long)said);
}

/* A processor allocates from one span of each class, or from an empty one that stands for none: all of
 * them at the beginning of a collection. */
static bool caches_hold(struct heap *heap, struct error *err)
{
	struct go *go = &heap->go;
	const struct layout *l = &go->layout;
	uint64_t p;

	for (uint64_t i = 0; i < MOST_PROCESSORS && go_next_processor(go, &i, &p);) {
		uint64_t mcache = image_u64(go->image, p + (uint64_t)l->p_mcache);

		for (unsigned c = 0; mcache && c < 2 * GO_CLASSES; c++) {
			uint64_t span = image_u64(go->image, mcache + (uint64_t)l->mcache_alloc + 8 * c);

			if (image_u8(go->image, span + (uint64_t)l->mspan_state) != IN_USE)
				continue;
			if (image_u8(go->image, span + (uint64_t)l->mspan_spanclass) != c)
				return wrong(heap, err, "a processor caches a span of another class");
		}
	}
	return true;
}

static bool bitmap_holds(struct heap *heap, const struct go_module *m, int32_t offset, uint64_t bytes)
{
	uint64_t bits = image_u32(heap->image, m->addr + (uint64_t)offset);

	return bits == bytes / 8 || bits == (bytes + 7) / 8;
}

/* Is there a table of pointer maps where F's funcdata number N is? {n, bits of each int32; maps} */
static bool frame_maps_hold(struct heap *heap, const struct go_func *f, unsigned n)
{
	uint64_t table = func_funcdata(&heap->go, f, n);
	int32_t head[2];

	return !table || (image_read(heap->image, table, head, sizeof head) && head[0] > 0 &&
			  head[0] <= MOST_MAPS_OF_FRAME && head[1] >= 0 &&
			  head[1] <= MOST_WORDS_OF_FRAME);
}

static bool functions_hold(struct heap *heap, const struct go_module *m)
{
	struct go_func f;
	uint64_t last = 0;

	for (uint64_t i = 0; i + 1 < m->n_ftab; i++) {
		if (!func_at(&heap->go, m, i, &f) || !*f.name || (i && f.entry < last) ||
		    f.end > m->etext || !frame_maps_hold(heap, &f, FUNCDATA_ARGS_POINTER_MAPS) ||
		    !frame_maps_hold(heap, &f, FUNCDATA_LOCALS_POINTER_MAPS))
			return false;
		last = f.entry;
	}
	return last != 0;
}

static bool modules_hold(struct heap *heap, struct error *err)
{
	const struct layout *l = &heap->go.layout;

	for (uint32_t i = 0; i < heap->go.n_modules; i++) {
		const struct go_module *m = &heap->go.modules[i];

		if (!bitmap_holds(heap, m, l->moduledata_gcdatamask, m->edata - m->data) ||
		    !bitmap_holds(heap, m, l->moduledata_gcbssmask, m->ebss - m->bss))
			return wrong(heap, err, "the bitmaps of its globals are not as long as these");
		if (!functions_hold(heap, m))
			return wrong(heap, err, "its table of functions is not in order, or has no "
				     "pointer maps where they should be");
	}
	return true;
}

/* Of one object: is its header a type that fits, and how many pointers lead to no object? */
struct tally { uint64_t pointers, stray, headers, misfits; };

static void tally_header(struct heap *heap, struct mask_reader *reader, const struct heap_object *o,
			 struct tally *tally)
{
	uint64_t header = mask_header(reader, o->span, o->slot);
	uint64_t room = o->size - mask_value_offset(&heap->go, &heap->spans.items[o->span]);
	const struct rtype *t;

	if (!header)
		return;
	t = types_find(heap->types, types_at_header(heap->types, header));
	tally->headers++;
	tally->misfits += !t || t->size > room;
}

static void tally_pointers(struct heap *heap, struct mask_reader *reader, const struct heap_object *o,
			   struct tally *tally)
{
	struct mask_iter it;
	uint64_t at;

	mask_begin(&it, reader, o->span, o->slot);
	while ((at = mask_next(&it)) != UINT64_MAX && at + 8 <= o->size) {
		uint64_t word = image_word(o->data + at);

		if (word < heap->lowest || word >= heap->highest)
			continue;
		tally->pointers++;
		/* What lies in no span of objects is a stack's, or the runtime's own. */
		tally->stray += graph_find(heap->graph, word, NULL) == NO_NODE && word % 8 == 0 &&
				image_u8(heap->image, find_span(&heap->go, word) +
						      (uint64_t)heap->go.layout.mspan_state) == IN_USE;
	}
}

static bool objects_hold(struct heap *heap, struct error *err)
{
	const struct graph *g = heap->graph;
	uint32_t step = g->n_objects / MOST_OBJECTS + 1;
	struct mask_reader reader;
	struct tally t = { 0 };

	masks_init(&reader, &heap->go, &heap->spans, heap->types);
	for (uint32_t id = 0; id < g->n_objects; id += step) {
		struct heap_object o;

		if (!(g->flags[id] & OBJECT_SURVIVED) || !heap_object(heap, id, &o) || !o.data)
			continue;
		tally_header(heap, &reader, &o, &t);
		tally_pointers(heap, &reader, &o, &t);
	}
	if (t.misfits)
		return wrong(heap, err, "%llu of %llu objects say a type that does not fit",
			     (unsigned long long)t.misfits, (unsigned long long)t.headers);
	if (t.stray > t.pointers / 1000)
		return wrong(heap, err, "%llu of %llu pointers lead to no object",
			     (unsigned long long)t.stray, (unsigned long long)t.pointers);
	return true;
}

/* The program's goroutines that wait for something stand in the function that waits for it. */
static const struct { const char *reason, *function; } waits[] = {
	{ "chan receive", "runtime.chanrecv" }, { "chan send", "runtime.chansend" },
	{ "select", "runtime.selectgo" }, { "sleep", "time.Sleep" },
	{ "IO wait", "runtime.netpollblock" },
};

static bool waits_in(const struct go_stack *stack, const char *reason)
{
	const char *function = NULL;

	for (size_t i = 0; reason && i < ARRAY_SIZE(waits); i++)
		if (!strcmp(waits[i].reason, reason))
			function = waits[i].function;
	for (uint32_t i = 0; function && i < stack->n_frames; i++)
		if (!strncmp(stack->frames[i].func.name, function, strlen(function)))
			return true;
	return !function;
}

static bool stack_holds(struct heap *heap, const struct goroutine *g, struct go_stack *stack,
			struct error *err)
{
	const char *reason = layout_wait_reason(&heap->go.layout, g->wait_reason);
	const struct go_frame *outermost;

	if (!stack_read(&heap->go, g, stack, err))
		return false;
	outermost = stack->n_frames ? &stack->frames[stack->n_frames - 1] : NULL;
	if (stack->problem || !outermost || !(outermost->func.flag & FUNC_TOPFRAME))
		return wrong(heap, err, "the stack of goroutine %llu cannot be unwound: %s",
			     (unsigned long long)g->id,
			     stack->problem ? stack->problem : "it has no outermost function");
	if (g->status == G_WAITING && !g->system && !waits_in(stack, reason))
		return wrong(heap, err, "goroutine %llu does not stand where it waits (%s)",
			     (unsigned long long)g->id, reason);
	return true;
}

static bool stacks_hold(struct heap *heap, struct error *err)
{
	struct go_stack stack = { 0 };
	bool hold = true;
	uint32_t parked = 0;

	for (uint32_t i = 0; hold && i < heap->goroutines.n; i++) {
		const struct goroutine *g = &heap->goroutines.items[i];

		if (g->m_stack || g->running || g->start != START_AT_CALL || g->stack_moving)
			continue;
		hold = stack_holds(heap, g, &stack, err);
		parked++;
	}
	stack_free(&stack);
	return hold && (parked || wrong(heap, err, "it has no parked goroutine"));
}

/* Did MAP's own record outlive the last collection? */
static bool settled_map(const struct heap *heap, const struct map *map)
{
	return map->object != NO_NODE && map->type != NO_NODE &&
	       heap->graph->flags[map->object] & OBJECT_SURVIVED &&
	       heap->typing.forms.items[map->type].form == FORM_MAP;
}

static bool maps_hold(struct heap *heap, struct error *err)
{
	const struct graph *g = heap->graph;
	uint32_t step = g->n_maps / MOST_MAPS + 1;
	uint64_t odd = 0, n = 0;

	for (uint32_t i = 0; i < g->n_maps; i += step) {
		const struct map *map = &g->maps[i];
		uint64_t entries = 0;
		struct map_view view;
		struct map_cursor cursor;
		struct map_slot slot;

		if (!settled_map(heap, map))
			continue;
		n++;
		if (!map_open(&view, &heap->go, heap->types,
			      heap->typing.forms.items[map->type].type, map->addr)) {
			odd++;
			continue;
		}
		map_begin(&cursor, &view);
		while (entries <= view.entries && map_next(&cursor, &slot))
			entries++;
		odd += entries != view.entries;
	}
	if (odd <= n / 1000 + 1) /* one may just be written to */
		return true;
	return wrong(heap, err, "%llu of %llu maps do not have the entries that they count",
		     (unsigned long long)odd, (unsigned long long)n);
}

bool prove(struct heap *heap, struct error *err)
{
	return fields_hold(heap, err) && modules_hold(heap, err) && spans_hold(heap, err) &&
	       caches_hold(heap, err) && sums_hold(heap, err) && objects_hold(heap, err) &&
	       stacks_hold(heap, err) && maps_hold(heap, err);
}

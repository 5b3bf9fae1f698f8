/* What to do about a suspect, in Go: one table of phrases, and the words that fill their gaps. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/suspects/suspects.h"
#include "probes/go/lens/lens.h"
#include "probes/go/maps/maps.h"

/* Waits in code that is all of libraries: the program can only call what ends it. */
#define LIBRARY "of a library"

/* A phrase for a rule and, for goroutines, what they wait for (the beginning of it; "" any) or "in " and
 * what they are in (the beginning of a function that the program's own code has called). The first that fits is used.
 * Gaps: {place} where the closure is written, where the goroutine waits or, of a crowd, the program's own line
 * that it waits at or comes from, {variable} the captured map, {function} the goroutine's, {struct} a type for
 * the document. */
static const struct phrase { const char *rule, *wait, *words; } phrases[] = {
	{ "closure-map", "",
	  "Take what the closure uses out of the map before the func literal ({place}), so that it "
	  "captures those values and not the map:\n"
	  "\tvalue := {variable}[key]\n"
	  "\treturn func() { use(value) }" },
	{ "json-tree", "",
	  "Decode into a struct that has the fields which are used and no others, or copy these "
	  "out and keep no reference to the tree. As this one is built:\n"
	  "{struct}" },
	{ "json-tree", "",
	  "Decode into a struct that has the fields which are used and no others, or copy these "
	  "out and keep no reference to the tree." },
	{ "context-map", "chan",
	  "Let {function} end when nobody needs it any more: give it a context that is cancelled "
	  "(context.WithCancel, context.WithTimeout) and wait for both at {place}:\n"
	  "\tselect {\n"
	  "\tcase …: // what it waits for now\n"
	  "\tcase <-ctx.Done():\n"
	  "\t\treturn\n"
	  "\t}\n"
	  "And put the values that are needed into the context, not the whole map." },
	{ "context-map", "select",
	  "Let {function} end when nobody needs it any more: cancel its context "
	  "(context.WithCancel, context.WithTimeout), and let the select at {place} have a\n"
	  "\tcase <-ctx.Done():\n"
	  "\t\treturn\n"
	  "And put the values that are needed into the context, not the whole map." },
	{ "context-map", "",
	  "Let {function} end when its context is cancelled (<-ctx.Done()), see what it waits for "
	  "at {place}, and put the values that are needed into the context, not the whole map." },
	{ "crowd", "in io.(*pipe).", "Close the other end of the pipe: {place}." },
	{ "crowd", "in net/http.(*persistConn).",
	  "Read the response's body to its end and close it (resp.Body.Close); or close what is idle "
	  "(client.CloseIdleConnections) when the client is done with: {place}." },
	{ "crowd", "in google.golang.org/grpc.", "Cancel the stream's context: {place}." },
	{ "crowd", "IO wait",
	  "Close the file or connection that is read when nobody needs it any more (Close), or give "
	  "it a deadline: {place}." },
	{ "crowd", "chan send (nil", "Make the channel before it is sent to: {place}." },
	{ "crowd", "chan send",
	  "Receive all that is sent (drain the channel), give it a buffer of one, or select on ctx.Done() "
	  "as well and cancel that context: {place}." },
	{ "crowd", LIBRARY,
	  "Call what the library has to end them (Close, Stop, Release), or cancel the context that it was "
	  "given, when nobody needs what was made any more: {place}." },
	{ "crowd", "sleep", "Let the loop end, and stop its ticker, when nobody needs it any more: {place}." },
	{ "crowd", "sync.WaitGroup", "See that each Add has its Done, and that what is waited for ends: {place}." },
	{ "crowd", "in sync.(*WaitGroup).", "See that each Add has its Done, and that what is waited for ends: {place}." },
	{ "crowd", "sync.Cond", "See that a Signal or Broadcast follows each change: {place}." },
	{ "crowd", "sync.", "Let go of the lock that they wait for on every way out (defer Unlock): {place}." },
	{ "crowd", "in sync.", "Let go of the lock that they wait for on every way out (defer Unlock): {place}." },
	{ "crowd", "chan receive (nil", "Make the channel before it is received from: {place}." },
	{ "crowd", "chan receive",
	  "Close the channel when nobody sends any more, or select on ctx.Done() as well: {place}." },
	{ "crowd", "select (no", "A select without cases never ends: {place}." },
	{ "crowd", "select",
	  "Let the select have a case <-ctx.Done(), and cancel that context when nobody needs it any "
	  "more: {place}." },
	{ "crowd", "", "Let the goroutines end when nobody needs them any more: {place}." },
};

#define MAX_FIELDS 12 /* of one struct; a map of more entries is a dictionary */
#define MAX_KEY 40    /* bytes of a field's name */
#define MAX_LINES 20  /* of the whole type */
#define MAX_NESTING 8 /* values one in the other: bounds the recursion */

struct advice {
	struct heap *heap;
	const struct suspect *suspect;
	const struct task *task; /* whose root is nearest to the object; NULL if there is none */
	struct text *out;
	unsigned lines, nesting;
};

/* ---- {place}, {function}, {variable} ---- */

static void put_closure_place(const struct advice *a)
{
	struct go *go = &a->heap->go;
	struct heap_object o;
	struct go_func f;
	const char *file;
	uint32_t line = 0;

	if (!heap_object(a->heap, a->suspect->object, &o) ||
	    !func_find(go, image_u64(go->image, o.addr), &f))
		return;
	file = func_line(go, &f, f.entry, &line);
	if (!file)
		return;
	file = text_base_name(file);
	text_escape(a->out, file, strlen(file), 80);
	text_printf(a->out, ":%" PRIu32, line);
}

static void put_wait_place(const struct advice *a)
{
	const struct graph *g = a->heap->graph;

	for (uint32_t i = 0; a->task && i < a->task->n_frames; i++) {
		const struct frame *f = &g->frames[a->task->first_frame + i];

		if (f->system || !f->file)
			continue;
		text_printf(a->out, "%s:%" PRIu32, text_base_name(f->file), f->line);
		return;
	}
	text_puts(a->out, "its top frame");
}

static void put_place(const struct advice *a)
{
	if (!strcmp(a->suspect->rule, "closure-map"))
		put_closure_place(a);
	else if (!strcmp(a->suspect->rule, "crowd"))
		lens_own_place(a->heap, a->task, a->out);
	else
		put_wait_place(a);
}

static void put_function(const struct advice *a)
{
	text_puts(a->out, a->task && a->task->function ? a->task->function : "the goroutine");
}

/* The name of a captured variable; what the compiler numbered (X0) has none. */
static void put_variable(const struct advice *a)
{
	static const char captured[] = "captured ";
	const struct graph *g = a->heap->graph;
	uint32_t id = a->suspect->object, first = g->fwd_row[id];

	for (uint32_t e = g->fwd_row[id]; e < g->fwd_row[id + 1]; e++) {
		const struct type *type = graph_type(g, EDGE_NODE(g->fwd_dst[e]));
		autotext struct text label = { 0 };
		enum known known;
		uint64_t into;

		if (!type || type->kind != TYPE_MAP)
			continue;
		lens_edge_label(&a->heap->lens, id,
				g->edges->offset(g->edges->ctx, id, e - first, &into), &label,
				&known);
		if (!strncmp(text_string(&label), captured, sizeof captured - 1) &&
		    strspn(label.bytes + sizeof captured - 1, "+X0123456789") <
		    label.length - sizeof captured + 1) {
			text_puts(a->out, label.bytes + sizeof captured - 1);
			return;
		}
	}
	text_putc(a->out, 'm');
}

/* ---- {struct} ---- */

static void put_type(struct advice *a, uint32_t type, uint64_t addr, unsigned indent);

/* An entry of a map with string keys. */
struct field { const char *key; uint64_t length, elem; };

static int by_key(const void *left, const void *right)
{
	const struct field *x = left, *y = right;
	uint64_t n = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->key, y->key, n);

	return order ? order : x->length < y->length ? -1 : x->length > y->length;
}

/* Can KEY name a field of a struct? */
static bool names_field(const char *key, uint64_t length)
{
	for (uint64_t i = 0; i < length; i++) {
		char c = key[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (!i || (c != '_' && (c < '0' || c > '9'))))
			return false;
	}
	return length > 0 && length <= MAX_KEY;
}

/* The entries of a map as fields; 0 if it does not read like a struct: keys that name no field. */
static uint32_t read_fields(const struct advice *a, const struct map_view *map,
			    struct field *fields)
{
	struct image *image = a->heap->image;
	struct map_cursor cursor;
	struct map_slot slot;
	uint32_t n = 0;

	map_begin(&cursor, map);
	while (map_next(&cursor, &slot)) {
		struct field *f = &fields[n];

		if (n++ == MAX_FIELDS)
			return 0;
		f->length = image_u64(image, slot.key + 8);
		f->key = f->length <= MAX_KEY
			 ? image_at(image, image_u64(image, slot.key), f->length) : NULL;
		f->elem = slot.elem;
		if (!f->key || !names_field(f->key, f->length))
			return 0;
	}
	qsort(fields, n, sizeof *fields, by_key);
	return n;
}

static void put_tabs(struct advice *a, unsigned n)
{
	a->lines++;
	text_putc(a->out, '\n');
	while (n--)
		text_putc(a->out, '\t');
}

static void put_fields(struct advice *a, uint32_t elem, const struct field *fields, uint32_t n,
		       unsigned indent)
{
	text_puts(a->out, "struct {");
	for (uint32_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];

		put_tabs(a, indent + 1);
		if (a->lines > MAX_LINES) {
			text_puts(a->out, "// …");
			break;
		}
		text_putc(a->out, f->key[0] >= 'a' ? (char)(f->key[0] - 'a' + 'A') : f->key[0]);
		text_append(a->out, f->key + 1, f->length - 1);
		text_putc(a->out, ' ');
		put_type(a, elem, f->elem, indent + 1);
		text_puts(a->out, " `json:\"");
		text_append(a->out, f->key, f->length);
		text_puts(a->out, "\"`");
	}
	put_tabs(a, indent);
	text_putc(a->out, '}');
}

/* A map as the struct that its keys make, or as what it is. */
static void put_map(struct advice *a, uint32_t type, uint64_t header, unsigned indent)
{
	const struct rtype *t = types_find(a->heap->types, type), *key;
	struct field fields[MAX_FIELDS];
	struct map_view map;
	uint32_t n = 0;

	key = types_find(a->heap->types, t->key);
	if (key && key->kind == KIND_STRING && header &&
	    map_open(&map, &a->heap->go, a->heap->types, type, header))
		n = read_fields(a, &map, fields);
	if (n)
		put_fields(a, t->elem, fields, n, indent);
	else
		text_puts(a->out, t->name);
}

static bool is_empty_interface(const struct rtype *t)
{
	return t && t->kind == KIND_INTERFACE && !t->n_methods;
}

/* A slice of interface values is one of what its first element is. */
static void put_slice(struct advice *a, const struct rtype *t, uint64_t addr, unsigned indent)
{
	struct image *image = a->heap->image;

	if (!is_empty_interface(types_find(a->heap->types, t->elem)) || !image_u64(image, addr + 8)) {
		text_puts(a->out, t->name);
		return;
	}
	text_puts(a->out, "[]");
	put_type(a, t->elem, image_u64(image, addr), indent);
}

/* The type that a struct would give the value of TYPE at ADDR. */
static void put_type(struct advice *a, uint32_t type, uint64_t addr, unsigned indent)
{
	const struct rtype *t = types_find(a->heap->types, type);
	uint32_t dynamic;
	bool boxed;

	if (is_empty_interface(t)) {
		uint64_t data = lens_target(a->heap, type, addr, &dynamic, &boxed);

		t = types_find(a->heap->types, dynamic);
		addr = boxed ? data : addr + 8;
		type = dynamic;
	}
	a->nesting++;
	if (!t || a->nesting >= MAX_NESTING)
		text_puts(a->out, t ? t->name : "interface {}");
	else if (t->kind == KIND_MAP)
		put_map(a, type, image_u64(a->heap->image, addr), indent);
	else if (t->kind == KIND_SLICE)
		put_slice(a, t, addr, indent);
	else
		text_puts(a->out, t->name);
	a->nesting--;
}

/* The document as a map whose keys read like a struct's fields. False if it is none, and where its
 * keys must not be shown: they are content. */
static bool reads_like_struct(const struct advice *a, uint32_t *type, uint64_t *header)
{
	uint32_t id = a->suspect->object;
	const struct form_entry *f = lens_form(a->heap, id);
	struct field fields[MAX_FIELDS];
	struct heap_object o;
	struct map_view map;

	if (a->heap->lens.redact || !f || f->form != FORM_MAP || !heap_object(a->heap, id, &o))
		return false;
	*type = f->type;
	*header = o.addr + mask_value_offset(&a->heap->go, &a->heap->spans.items[o.span]);
	return map_open(&map, &a->heap->go, a->heap->types, *type, *header) &&
	       read_fields(a, &map, fields) > 0;
}

static void put_struct(struct advice *a)
{
	uint64_t header;
	uint32_t type;

	text_puts(a->out, "\ttype document ");
	if (reads_like_struct(a, &type, &header))
		put_map(a, type, header, 1);
}

/* ---- */

static void put_gap(struct advice *a, const char *gap, size_t length)
{
	static const char *const names[] = { "place", "function", "variable", "struct" };
	size_t i = 0;

	while (i < ARRAY_SIZE(names) &&
	       (strlen(names[i]) != length || strncmp(gap, names[i], length) != 0))
		i++;
	switch (i) {
	case 0: put_place(a); break;
	case 1: put_function(a); break;
	case 2: put_variable(a); break;
	default: put_struct(a); break;
	}
}

static void fill(struct advice *a, const char *words)
{
	const char *gap;

	while ((gap = strchr(words, '{'))) {
		const char *end = strchr(gap, '}');

		/* A brace of source is followed by a space or the line's end. */
		text_append(a->out, words, (size_t)(gap - words));
		if (!end || gap[1] == ' ' || gap[1] == '\n') {
			text_putc(a->out, '{');
			words = gap + 1;
			continue;
		}
		put_gap(a, gap + 1, (size_t)(end - gap - 1));
		words = end + 1;
	}
	text_puts(a->out, words);
}

/* The task that a suspect is about: its holder, if it is about no object. */
static const struct task *task_near(const struct graph *g, const struct suspect *s)
{
	uint32_t root = s->object < g->n_objects ? g->root[s->object] : NO_NODE;
	uint32_t holder = s->object == NO_NODE ? s->holder : root < g->n_roots ? g->roots[root].holder : NO_NODE;
	uint32_t task = holder < g->n_holders ? g->holders[holder].task : NO_NODE;

	return task < g->n_tasks ? &g->tasks[task] : NULL;
}

/* Is the task in a function whose name begins so, above the program's own code? */
static bool is_in(const struct advice *a, const char *function)
{
	for (uint32_t i = 0; a->task && i < a->task->n_frames; i++) {
		const struct frame *f = &a->heap->graph->frames[a->task->first_frame + i];

		if (f->origin == ORIGIN_MAIN)
			return false;
		if (f->function && !strncmp(f->function, function, strlen(function)))
			return true;
	}
	return false;
}

/* Is none of the task's code the program's own, as far as that is known? */
static bool is_library(const struct advice *a)
{
	const struct graph *g = a->heap->graph;

	for (uint32_t i = 0; a->task && i < a->task->n_frames; i++)
		if (g->frames[a->task->first_frame + i].origin == ORIGIN_MAIN)
			return false;
	return a->task && g->n_origins;
}

static bool waits_so(const struct advice *a, const char *wait)
{
	static const char in[] = "in ";
	const char *reason = a->task && a->task->wait ? a->task->wait : "";

	if (!strcmp(wait, LIBRARY))
		return is_library(a);
	return !strncmp(wait, in, sizeof in - 1) ? is_in(a, wait + sizeof in - 1)
						 : !strncmp(reason, wait, strlen(wait));
}

static bool may_say(const struct advice *a, const struct phrase *phrase)
{
	uint64_t header;
	uint32_t type;

	return !strstr(phrase->words, "{struct}") || reads_like_struct(a, &type, &header);
}

void lens_advice(struct lens *lens, const struct suspect *s, struct text *out)
{
	struct advice a = { .heap = lens_heap(lens), .suspect = s, .out = out };

	a.task = task_near(lens->graph, s);
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		const struct phrase *phrase = &phrases[i];

		if (!strcmp(phrase->rule, s->rule) && waits_so(&a, phrase->wait) && may_say(&a, phrase)) {
			fill(&a, phrase->words);
			return;
		}
	}
}

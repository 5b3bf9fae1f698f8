/* Goroutines: as tasks for people, and as holders of what their frames refer to. */
#include <inttypes.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/base/text.h"
#include "probes/go/find/counting.h"
#include "probes/go/roots/roots.h"

#define DEFER_LEAST 32 /* bytes of the record of a defer or panic, at least */
#define RECORD_LEAST 256 /* of a g */
#define MAX_CALLS 64 /* inlined into one frame */
#define MAX_LABEL 4096 /* bytes of a label's key or value that is shown */
#define LABEL_SIZE 32 /* two strings */

static enum task_state shown_state(const struct goroutine *g)
{
	if (g->running)
		return TASK_RUNNING;
	switch (g->status) {
	case G_RUNNABLE: case G_PREEMPTED: return TASK_RUNNABLE;
	case G_RUNNING: return TASK_RUNNING;
	case G_SYSCALL: return TASK_SYSCALL;
	case G_WAITING: case G_LEAKED: return TASK_WAITING;
	case G_DEAD: case G_DEADEXTRA: return TASK_DEAD;
	default: return TASK_OTHER;
	}
}

static const char *function_name(struct roots *roots, uint64_t pc)
{
	struct go_func f;

	return pc && func_find(&roots->heap->go, pc, &f) ? name_pool_symbol(roots->names, f.name) : NULL;
}

static void task_function(struct roots *roots, const struct goroutine *g, struct task *task)
{
	struct go *go = &roots->heap->go;
	struct go_func f;

	task->function = "?\0"; /* and no path */
	if (!func_find(go, g->start_pc, &f))
		return;
	task->function = name_pool_symbol(roots->names, f.name);
	task->file = name_pool_of(roots->names, func_line(go, &f, f.entry, &task->line));
}

/* A label's key or value, the string at ADDR; its length if it is to be redacted. */
static void put_label(struct image *image, uint64_t addr, bool redact, struct text *out)
{
	uint64_t length = image_u64(image, addr + 8);
	const char *bytes = length < MAX_LABEL ? image_at(image, image_u64(image, addr), length) : NULL;

	if (redact)
		text_printf(out, "…%" PRIu64 " B", length);
	else if (bytes)
		text_escape(out, bytes, length, 80);
}

/* pprof labels: a map[string]string to 1.23, a list of pairs from 1.24 on (runtime/pprof/label.go).
 * Only the list is read here. Redacted, a key that is no literal of the program is but a length, and
 * every value is, for a literal may be what the program was made for. */
static const char *task_labels(struct roots *roots, const struct goroutine *g, bool redact)
{
	struct go *go = &roots->heap->go;
	struct image *image = go->image;
	uint64_t labels = image_u64(image, g->addr + (uint64_t)go->layout.g_labels);
	uint64_t at = labels ? image_u64(image, labels) : 0, n = labels ? image_u64(image, labels + 8) : 0;
	autotext struct text text = { 0 };

	if (!labels || !go->layout.label_list || n > 64)
		return NULL;
	for (uint64_t i = 0; i < n; i++, at += LABEL_SIZE) {
		bool own = image_is_literal(image, image_u64(image, at), image_u64(image, at + 8));

		text_puts(&text, i ? ", " : "");
		put_label(image, at, redact && !own, &text);
		text_puts(&text, "=");
		put_label(image, at + LABEL_SIZE / 2, redact, &text);
	}
	return text.length ? name_pool_copy(roots->names, text_string(&text)) : NULL;
}

static uint32_t object_at(struct roots *roots, uint64_t addr)
{
	return addr ? graph_find(roots->heap->graph, addr, NULL) : NO_NODE;
}

static uint32_t new_task(struct roots *roots, const struct goroutine *g)
{
	struct go *go = &roots->heap->go;
	struct task *task = GROW(roots->tasks, roots->n_tasks, roots->capacity_tasks);

	if (!task) {
		roots->failed = true;
		return NO_NODE;
	}
	*task = (struct task){
		.id = g->id, .state = shown_state(g), .wait_ns = -1, .stuck = -1,
		.created_by = function_name(roots, g->go_pc), .labels = task_labels(roots, g, false),
		.labels_redacted = task_labels(roots, g, true),
		.stack_bytes = g->stack_hi - g->stack_lo, .holder = NO_NODE,
		.first_frame = roots->n_frames, .object = object_at(roots, g->addr),
		.system = g->system, .first = g->id == 1,
	};
	task_function(roots, g, task);
	if (task->state == TASK_WAITING)
		task->wait = layout_wait_reason(&go->layout, g->wait_reason);
	return roots->n_tasks++;
}

/* Code of the runtime's own, not of the program. */
static bool is_runtime_name(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "runtime/internal/", 17) ||
	       !strncmp(name, "internal/runtime/", 17);
}

/* The rows of one frame: the calls inlined into it first. Returns the row of the frame itself. */
static uint32_t frame_rows(struct roots *roots, uint32_t task, const struct go_frame *frame)
{
	struct go_call calls[MAX_CALLS];
	uint32_t n = func_calls(&roots->heap->go, &frame->func, frame->line_pc, calls, MAX_CALLS);

	for (uint32_t i = 0; i < n; i++) {
		struct frame *row = GROW(roots->frames, roots->n_frames, roots->capacity_frames);

		if (!row) {
			roots->failed = true;
			return NO_NODE;
		}
		*row = (struct frame){
			.task = task,
			.level = roots->n_frames - roots->tasks[task].first_frame,
			.function = name_pool_symbol(roots->names, calls[i].name),
			.file = name_pool_of(roots->names, calls[i].file), .line = calls[i].line,
			.pc = frame->pc, .sp = frame->sp, .inlined = calls[i].inlined,
			.system = is_runtime_name(calls[i].name),
		};
		row->origin = roots_origin(roots, row->function);
		roots->n_frames++;
	}
	return roots->n_frames ? roots->n_frames - 1 : NO_NODE;
}

/* Name a goroutine by the function that runs in FRAME. */
static void name_by_frame(struct go *go, struct task *task, const struct frame *frame)
{
	struct go_func f;

	task->function = frame->function;
	task->file = frame->file;
	task->line = frame->line;
	if (!frame->inlined && func_find(go, frame->pc, &f))
		func_line(go, &f, f.entry, &task->line);
}

/* Frames between the runtime and the program's own function, which they are there to call. */
static bool is_trampoline(const char *name)
{
	static const char *const heads[] = {
		"iter.Pull", "_cgoexp_", "sync.(*WaitGroup).Go.func", "golang.org/x/sync/errgroup.(*Group).",
	};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (!strncmp(name, heads[i], strlen(heads[i])))
			return true;
	return false;
}

/* A caller as people know it: "iter.Pull" of "iter.Pull[...].func1". */
static const char *caller_name(struct roots *roots, const char *name)
{
	const char *closure = strstr(name, ".func");
	autotext struct text shown = { 0 };
	size_t n = strcspn(name, "[");

	if (closure && (size_t)(closure - name) < n)
		n = (size_t)(closure - name);
	text_append(&shown, name, n);
	return name_pool_copy(roots->names, text_string(&shown));
}

/* A goroutine that begins in the runtime or a trampoline (coroutines, finalizers, cleanups, the first one of
 * all, those of C's threads) is known by the program's function that the runtime has called: the outermost of the
 * N innermost frames. */
static void name_by_program(struct roots *roots, struct task *task, const struct frame *frame, uint32_t n)
{
	uint32_t of = n;
	bool known = strcmp(task->function, "runtime.main") && strcmp(task->function, "?");

	while (of && is_trampoline(frame[of - 1].function))
		of--;
	if (!of || frame[of - 1].system)
		return;
	if (known)
		task->under = caller_name(roots, of < n ? frame[of].function : task->function);
	name_by_frame(&roots->heap->go, task, &frame[of - 1]);
}

/* `go f(x)` starts a function that the compiler made, which calls f: tracebacks hide that
 * (runtime/traceback.go, elideWrapperCalling), and f is what the goroutine is known by. */
static void unwrap(struct roots *roots, const struct goroutine *g, uint32_t index)
{
	struct go *go = &roots->heap->go;
	struct task *task = &roots->tasks[index];
	const struct frame *frame = &roots->frames[task->first_frame];
	uint32_t n = task->n_frames;
	struct go_func f;

	while (n && frame[n - 1].system) /* runtime.goexit, where it returns to */
		n--;
	if (n && (is_runtime_name(task->function) || is_trampoline(task->function) ||
		  !strcmp(task->function, "?")))
		name_by_program(roots, task, frame, n);
	else if (n > 1 && !frame[n - 2].system && func_find(go, g->start_pc, &f) &&
		 f.func_id == go->layout.func_wrapper)
		name_by_frame(go, task, &frame[n - 2]);
}

static uint32_t task_holder(struct roots *roots, const struct goroutine *g, uint32_t task)
{
	autotext struct text name = { 0 };
	const char *function = roots->tasks[task].function, *under = roots->tasks[task].under;
	uint32_t holder;

	text_printf(&name, "goroutine %llu %s", (unsigned long long)g->id, function);
	if (under)
		text_printf(&name, " under %s", under);
	holder = roots_holder(roots, HOLDER_TASK, name_pool_copy(roots->names, text_string(&name)),
			      name_pool_path_of(function), KNOWN_EXACT);
	if (holder != NO_NODE) {
		roots->holders[holder].task = task;
		roots->tasks[task].holder = holder;
	}
	return holder;
}

/* The stack of a thread: what runs there is the runtime's (or C's) own. */
static uint32_t thread_holder(struct roots *roots, const struct goroutine *g)
{
	autotext struct text name = { 0 };

	text_printf(&name, "system stack of thread %d", g->thread ? g->thread->tid : 0);
	return roots_holder(roots, HOLDER_RUNTIME, name_pool_copy(roots->names, text_string(&name)),
			    "runtime", KNOWN_EXACT);
}

static void add_slots(struct roots *roots, const struct go_stack *stack, uint32_t holder,
		      const uint32_t *rows, enum strength strength)
{
	static const enum root_kind kinds[] = {
		[SLOT_FRAME] = ROOT_FRAME, [SLOT_STACK_OBJECT] = ROOT_STACK_OBJECT,
		[SLOT_REGISTER] = ROOT_REGISTER,
	};

	for (uint32_t i = 0; i < stack->n_slots; i++) {
		const struct go_slot *s = &stack->slots[i];

		roots_add(roots, holder, s->addr, s->value, kinds[s->kind], strength,
			  s->conservative ? KNOWN_CONSERVATIVE : KNOWN_EXACT,
			  rows && s->frame < stack->n_frames ? rows[s->frame] : NO_NODE);
	}
}

/* Deferred calls: the records may lie on the stack, which no map describes; what they defer and the
 * records in the heap behind them are roots (scanstack in runtime/mgcmark.go). */
static void add_defers(struct roots *roots, const struct goroutine *g, uint32_t holder)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t at = g->addr + (uint64_t)l->g_defer, record = image_u64(image, at);

	while (record && roots_spend(roots, DEFER_LEAST)) {
		uint64_t fn = record + (uint64_t)l->defer_fn;

		roots_add(roots, holder, at, record, ROOT_DEFER, STRENGTH_STRONG, KNOWN_EXACT,
			  NO_NODE);
		roots_add(roots, holder, fn, image_u64(image, fn), ROOT_DEFER, STRENGTH_STRONG,
			  KNOWN_EXACT, NO_NODE);
		at = record + (uint64_t)l->defer_link;
		record = image_u64(image, at);
	}
}

/* The value that a panicking goroutine panics with: the record lies on its stack. */
static void add_panics(struct roots *roots, const struct goroutine *g, uint32_t holder)
{
	const struct layout *l = &roots->heap->go.layout;
	struct image *image = roots->heap->image;
	uint64_t record = image_u64(image, g->addr + (uint64_t)l->g_panic);

	while (record && roots_spend(roots, DEFER_LEAST)) {
		uint64_t data = record + (uint64_t)l->panic_arg + 8;

		roots_add(roots, holder, data, image_u64(image, data), ROOT_PANIC, STRENGTH_STRONG,
			  KNOWN_EXACT, NO_NODE);
		record = image_u64(image, record + (uint64_t)l->panic_link);
	}
}

/* Bytes of a stack that are read, and of the record. */
static uint64_t stack_in_use(const struct goroutine *g)
{
	uint64_t lo = g->sp > g->stack_lo && g->sp < g->stack_hi ? g->sp : g->stack_lo;

	if (g->m_stack && !g->sp) /* one of C's, of megabytes, of which nothing is Go's */
		return RECORD_LEAST;
	return RECORD_LEAST + (g->stack_hi - lo);
}

/* Where the sums differ, who was just counting says why: somebody on a thread, whose stack may just have
 * to grow for the next call. */
static void note_counting(struct roots *roots, const struct goroutine *g, const struct go_stack *stack)
{
	struct meta *meta = &roots->heap->graph->meta;

	if (meta->heap_alloc && meta->heap_alloc != meta->heap_explained && !meta->counting &&
	    (g->running || g->m_stack || g->status == G_COPYSTACK))
		meta->counting = counting_function(stack);
}

static bool add_goroutine(struct roots *roots, const struct goroutine *g, struct go_stack *stack,
			  struct error *err)
{
	uint32_t task = new_task(roots, g), holder;
	uint32_t *rows;

	if (task == NO_NODE || !roots_spend(roots, stack_in_use(g)))
		return true;
	if (!stack_read(&roots->heap->go, g, stack, err))
		return false;
	note_counting(roots, g, stack);
	rows = calloc(stack->n_frames + 1, sizeof *rows);
	if (!rows)
		return fail_memory(err, "frames");
	for (uint32_t i = 0; i < stack->n_frames; i++)
		rows[i] = frame_rows(roots, task, &stack->frames[i]);
	roots->tasks[task].n_frames = roots->n_frames - roots->tasks[task].first_frame;
	unwrap(roots, g, task);
	roots_waits(roots, g, task);
	holder = task_holder(roots, g, task);
	roots_add(roots, holder, 0, g->addr, ROOT_TASK, STRENGTH_STRONG, KNOWN_EXACT, NO_NODE);
	add_slots(roots, stack, holder, rows, STRENGTH_STRONG);
	roots->failed |= !frame_values_note(roots->heap, stack);
	add_defers(roots, g, holder);
	add_panics(roots, g, holder);
	free(rows);
	return true;
}

static bool add_thread_stack(struct roots *roots, const struct goroutine *g, struct go_stack *stack,
			     struct error *err)
{
	if (!roots_spend(roots, stack_in_use(g)))
		return true;
	if (!stack_read(&roots->heap->go, g, stack, err))
		return false;
	note_counting(roots, g, stack);
	if (stack->n_slots)
		add_slots(roots, stack, thread_holder(roots, g), NULL, STRENGTH_RUNTIME);
	return true;
}

void roots_refer(struct roots *roots)
{
	const struct goroutines *gs = &roots->heap->goroutines;
	uint64_t left = image_most(roots->heap->image); /* stacks do not overlap */

	for (uint32_t i = 0; i < gs->n; i++) {
		const struct goroutine *g = &gs->items[i];
		uint64_t lo = g->sp > g->stack_lo && g->sp < g->stack_hi ? g->sp & -8ull : g->stack_lo;
		const uint8_t *bytes;
		uint64_t n = g->m_stack ? 0 : image_run(roots->heap->image, lo, g->stack_hi - lo, &bytes);

		if (n > left)
			return;
		left -= n;
		for (uint64_t at = 0; at + 8 <= n; at += 8)
			statics_refer(&roots->heap->statics, image_word(bytes + at));
	}
}

bool roots_tasks(struct roots *roots, struct progress *progress, struct error *err)
{
	struct goroutines *gs = &roots->heap->goroutines;
	struct go_stack stack = { 0 };
	bool ok = true;

	progress_begin(progress, "stacks", gs->n);
	for (uint32_t i = 0; ok && i < gs->n; i++) {
		ok = gs->items[i].m_stack ? add_thread_stack(roots, &gs->items[i], &stack, err)
					  : add_goroutine(roots, &gs->items[i], &stack, err);
		progress_add(progress, 1);
		if (progress_cancelled(progress))
			ok = fail(err, STATUS_REFUSED, "cancelled");
	}
	stack_free(&stack);
	return ok;
}

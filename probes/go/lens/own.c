/* The program's own place that a goroutine waits at, or comes from: what its owner can change. Never a line of
 * the library or of a dependency. */
#include <inttypes.h>
#include <string.h>

#include "graph/lens.h"
#include "graph/naming.h"
#include "graph/origin.h"
#include "probes/go/lens/lens.h"
#include "probes/go/name_pool.h"
#include "probes/go/types/symbols.h"

#define MOST_ENTRIES 16 /* functions of one name: instances of a generic one */

/* The innermost frame of the program's own. */
static bool put_own_frame(const struct graph *g, const struct task *task, struct text *out)
{
	for (uint32_t i = task->first_frame; i < task->first_frame + task->n_frames; i++) {
		const struct frame *f = &g->frames[i];

		if (f->origin != ORIGIN_MAIN || !f->file || !f->function)
			continue;
		text_printf(out, "%s:%" PRIu32 " in ", text_base_name(f->file), f->line);
		naming_put(g, f->function, out);
		return true;
	}
	return false;
}

/* Is the function at ENTRY called NAME, as the source spells it? */
static bool is_called(struct go *go, uint64_t entry, const char *name)
{
	autotext struct text spelled = { 0 };
	struct go_func f;

	if (!func_find(go, entry, &f) || !f.name)
		return false;
	if (!strchr(f.name, '%'))
		return !strcmp(f.name, name);
	symbol_text(&spelled, f.name, strlen(f.name), 4096);
	return !strcmp(text_string(&spelled), name);
}

/* Calls in the program's own code that lead to the functions called NAME. */
static void find_callers(struct heap *heap, const char *name, struct container_use *out)
{
	const struct code_program *program = heap->code.program;
	uint64_t entries[MOST_ENTRIES];
	uint32_t n = 0;

	for (uint32_t i = 0; program && i < program->n_functions && n < MOST_ENTRIES; i++)
		if (is_called(&heap->go, program->functions[i].entry, name))
			entries[n++] = program->functions[i].entry;
	lens_users(heap, entries, n, out);
}

static void put_callers(struct heap *heap, const char *creator, struct text *out)
{
	struct container_use use = { 0 };

	find_callers(heap, creator, &use);
	for (uint32_t i = 0; !use.indirect && i < use.n_users; i++) {
		text_printf(out, "%s%s:%" PRIu32 " in ", i ? ", " : "", use.users[i].file, use.users[i].line);
		naming_put(heap->graph, use.users[i].name, out);
	}
	if (!use.n_users || use.indirect)
		text_puts(out, "in the program's code that leads to ");
	else
		text_puts(out, ", which leads to ");
	naming_put(heap->graph, creator, out);
}

void lens_own_place(struct heap *heap, const struct task *task, struct text *out)
{
	const struct graph *g = heap->graph;

	if (task && put_own_frame(g, task, out))
		return;
	if (!task || !task->created_by) {
		text_puts(out, "in the program's code that starts them");
	} else if (graph_origin(g, name_pool_path_of(task->created_by)) == ORIGIN_MAIN) {
		text_puts(out, "in ");
		naming_put(g, task->created_by, out);
		text_puts(out, ", which starts them");
	} else {
		put_callers(heap, task->created_by, out);
	}
}

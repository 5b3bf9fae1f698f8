#include "probes/go/code/code.h"

#include <stdlib.h>

#include "graph/base/array.h"
#include "graph/base/cleanup.h"
#include "graph/base/parallel.h"
#include "graph/base/sorted.h"
#include "probes/go/code/place.h"
#include "probes/go/code/state.h"

#define GRAIN 256 /* functions a piece */

struct pass {
	struct code_program *program;
	struct code_walker *walkers; /* one a worker */
	struct progress *progress;
};

static void read_functions(void *ctx, unsigned worker, uint64_t lo, uint64_t hi)
{
	struct pass *pass = ctx;
	const struct code_program *program = pass->program;

	for (uint64_t i = lo; i < hi && !progress_cancelled(pass->progress); i++) {
		const struct code_function *f = &program->functions[i];
		const uint8_t *code = image_at(program->go->image, f->entry, f->end - f->entry);

		if (code)
			walker_function(&pass->walkers[worker], f, code);
	}
	progress_add(pass->progress, hi - lo);
}

/* Ask for each module's code as a whole, so that what still has to be fetched comes in one go. */
static void fetch_code(struct go *go)
{
	for (uint32_t i = 0; i < go->n_modules; i++) {
		const struct go_module *m = &go->modules[i];

		if (m->text < m->etext)
			(void)image_at(go->image, m->text, m->etext - m->text);
	}
}

static bool read_program(struct pass *pass, struct code_facts *out, struct error *err)
{
	unsigned n = parallel_workers();
	autofree struct code_walker *walkers = calloc(n, sizeof *walkers);
	autofree struct code_found *found = calloc(n, sizeof *found);
	struct code_program *program = pass->program;
	bool ok;

	if (!walkers || !found)
		return fail_memory(err, "the pass over the code");
	for (unsigned i = 0; i < n; i++)
		walkers[i].program = pass->program;
	pass->walkers = walkers;
	parallel_for(program->n_functions, GRAIN, read_functions, pass);
	for (unsigned i = 0; i < n; i++)
		found[i] = walkers[i].found;
	ok = !array_cancelled(pass->progress, err) &&
	     found_judge(found, n, program->types, &program->names, out, err);
	for (unsigned i = 0; i < n; i++)
		walker_free(&walkers[i]);
	return ok;
}

bool code_read(struct go *go, struct types *types, struct code_facts *out,
	       struct progress *progress, struct error *err)
{
	struct pass pass = { .progress = progress };

	*out = (struct code_facts){ 0 };
	if (!code_machine.known)
		return true;
	out->program = calloc(1, sizeof *out->program);
	if (!out->program)
		return fail_memory(err, "the program's functions");
	pass.program = out->program;
	if (!program_read(out->program, go, types, err)) {
		code_free(out);
		return false;
	}
	progress_begin(progress, "code", out->program->n_functions);
	fetch_code(go);
	if (read_program(&pass, out, err))
		return true;
	code_free(out);
	return false;
}

void code_free(struct code_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_package_names; i++)
		free(facts->package_names[i]);
	free(facts->package_names);
	free(facts->closures);
	free(facts->map_uses);
	free(facts->globals);
	free(facts->places);
	if (facts->program)
		program_free(facts->program);
	free(facts->program);
	free(facts->references);
	free(facts->packages);
	*facts = (struct code_facts){ 0 };
}

uint32_t code_closure_type(const struct code_facts *facts, uint64_t entry)
{
	const struct code_closure *found =
		sorted_find(facts->closures, facts->n_closures, sizeof *facts->closures, entry);

	return found ? found->type : NO_TYPE;
}

const struct code_global *code_known(const struct code_facts *facts, uint64_t addr)
{
	bool place = addr & PLACE_OF_FUNCTION;
	const struct code_global *found =
		code_global_before(place ? facts->places : facts->globals,
				   place ? facts->n_places : facts->n_globals, addr);

	return found && found->addr == addr ? found : NULL;
}

uint32_t code_references_to(const struct code_facts *facts, uint64_t addr)
{
	return sorted_to(facts->references, facts->n_references, sizeof *facts->references, addr);
}

static int by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct code_global *)a)->addr, y = ((const struct code_global *)b)->addr;

	return (x > y) - (x < y);
}

void code_globals_sort(struct code_global *globals, size_t n)
{
	qsort(globals, n, sizeof *globals, by_addr);
}

const struct code_global *code_global_before(const struct code_global *globals, uint32_t n,
					     uint64_t addr)
{
	uint32_t before = sorted_to(globals, n, sizeof *globals, addr);

	return before ? &globals[before - 1] : NULL;
}

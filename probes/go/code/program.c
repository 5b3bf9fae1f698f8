#include "probes/go/code/program.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/sorted.h"

#define MAX_FUNCTION (4u << 20) /* bytes of code; the largest one seen has 1.25 MB */
#define MAX_FUNCTIONS (1u << 22)

static bool plausible(const struct code_program *program, const struct go_module *m,
		      const struct go_func *f)
{
	uint32_t n = program->n_functions;

	return f->entry < f->end && f->end - f->entry <= MAX_FUNCTION && f->entry >= m->text &&
	       f->end <= m->etext && (!n || f->entry >= program->functions[n - 1].end);
}

static void read_module(struct code_program *program, const struct go_module *m, uint32_t limit)
{
	struct go_func f;

	for (uint64_t i = 0; i + 1 < m->n_ftab && program->n_functions < limit; i++) {
		struct code_function *out = &program->functions[program->n_functions];

		if (!func_at(program->go, m, i, &f) || !plausible(program, m, &f))
			continue;
		*out = (struct code_function){
			.entry = f.entry, .end = f.end,
			.rule = call_rule(f.name, &program->go->layout),
			.of_runtime = !strncmp(f.name, "runtime.", 8),
			.receiver = names_receiver(&program->names, f.name),
			.package = names_package(&program->names, f.name),
		};
		program->n_functions++;
	}
}

static int by_text(const void *a, const void *b)
{
	const struct go_module *x = *(const struct go_module *const *)a;
	const struct go_module *y = *(const struct go_module *const *)b;

	return (x->text > y->text) - (x->text < y->text);
}

bool program_read(struct code_program *out, struct go *go, struct types *types, struct error *err)
{
	const struct go_module **modules = calloc(go->n_modules + 1, sizeof(*modules));
	uint64_t n = 0;

	*out = (struct code_program){ .go = go, .types = types };
	for (uint32_t i = 0; modules && i < go->n_modules; i++) {
		modules[i] = &go->modules[i];
		n += modules[i]->n_ftab < MAX_FUNCTIONS ? modules[i]->n_ftab : MAX_FUNCTIONS;
	}
	if (n > MAX_FUNCTIONS)
		n = MAX_FUNCTIONS;
	out->functions = malloc((n + 1) * sizeof *out->functions);
	if (!modules || !out->functions || !names_begin(&out->names, types)) {
		free(modules);
		program_free(out);
		return fail_memory(err, "the program's functions");
	}
	/* Any method's name will do. */
	out->map_header = names_receiver(&out->names, go->layout.maps == MAPS_SWISS
						      ? "internal/runtime/maps.(*Map).Used"
						      : "runtime.(*hmap).newoverflow");
	qsort(modules, go->n_modules, sizeof(*modules), by_text);
	for (uint32_t i = 0; i < go->n_modules; i++)
		read_module(out, modules[i], (uint32_t)n);
	free(modules);
	return true;
}

void program_free(struct code_program *program)
{
	free(program->functions);
	names_free(&program->names);
	*program = (struct code_program){ 0 };
}

const struct code_function *program_function(const struct code_program *program, uint64_t entry)
{
	return sorted_find(program->functions, program->n_functions, sizeof *program->functions, entry);
}

bool program_has_variable(const struct code_program *program, uint64_t addr)
{
	for (uint32_t i = 0; i < program->go->n_modules; i++)
		if (go_module_has_variable(&program->go->modules[i], addr))
			return true;
	return false;
}

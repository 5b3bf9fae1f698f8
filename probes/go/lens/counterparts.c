/* The counterparts of what fills a container, which nobody calls: the type that has the container has a method
 * Remove, and the program has no code for it. The linker leaves a method's name in its type's table and its
 * code out if nothing can call it; one that is inlined wherever it is called has its name among those of the
 * functions. Where reflection may call any method, all have code, and nothing is said. */
#include <string.h>

#include "graph/base/cleanup.h"
#include "graph/base/text.h"
#include "graph/lens.h"
#include "probes/go/lens/lens.h"

#define MOST_SHOWN 3

static const char *const verbs[] = {
	"Ack", "Cancel", "Clear", "Close", "Delete", "Deregister", "Detach", "Done", "Drop", "Evict", "Expire", "Forget",
	"Purge", "Release", "Remove", "Reset", "Rollback", "Stop", "Unregister", "Unsubscribe", "Unwatch",
};

/* Does the method's name begin with such a verb: Remove, RemoveAll, but not Removed? */
static bool takes_out(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t n = strlen(verbs[i]);

		if (strncmp(name, verbs[i], n) == 0 && !(name[n] >= 'a' && name[n] <= 'z'))
			return true;
	}
	return false;
}

/* A package as symbols have it: dots in the last word of the path are escaped (cmd/internal/objabi). */
static void put_package(const char *path, struct text *out)
{
	const char *last = text_base_name(path);

	text_append(out, path, (size_t)(last - path));
	for (; *last; last++)
		text_printf(out, *last == '.' ? "%%2e" : "%c", *last);
}

/* Is there a function of PACKAGE whose name ends in .METHOD, be it of another type there: promoted methods are
 * called by their own. The names of a module's functions stand one after the other, each ended by a NUL. */
static bool has_function(struct heap *heap, const struct go_module *m, const char *package, const char *method)
{
	const char *names = image_at(heap->image, m->funcnametab, m->funcnametab_len), *at = names;
	size_t n = strlen(method) + 1, head = strlen(package);

	if (!names)
		return true; /* who knows */
	while ((at = memmem(at, (size_t)(names + m->funcnametab_len - at), method, n))) {
		const char *begin = at;

		while (begin > names && begin[-1])
			begin--;
		if (at > begin && at[-1] == '.' && strncmp(begin, package, head) == 0 && begin[head] == '.')
			return true;
		at++;
	}
	return false;
}

struct search { struct heap *heap; const struct rtype *type; struct text *out; unsigned shown; };

static bool on_method(void *arg, const char *name)
{
	struct search *s = arg;
	autotext struct text package = { 0 };

	if (!takes_out(name))
		return true;
	put_package(s->type->package, &package);
	for (uint32_t i = 0; i < s->heap->go.n_modules; i++)
		if (has_function(s->heap, &s->heap->go.modules[i], text_string(&package), name))
			return true;
	text_printf(s->out, "%s(*%s).%s", s->shown ? " or " : "", s->type->name, name);
	return ++s->shown < MOST_SHOWN;
}

void lens_counterparts(struct lens *lens, uint32_t type, struct text *out)
{
	struct heap *heap = lens_heap(lens);
	uint32_t index = heap->typing.forms.items[type].type, pointer;
	const struct rtype *t = types_find(heap->types, index);
	struct search s = { heap, t, out, 0 };

	if (t && t->kind == KIND_POINTER) {
		index = t->elem;
		s.type = t = types_find(heap->types, index);
	}
	/* An instance of a generic type has its methods by shape, in functions of other names. */
	if (!t || t->kind != KIND_STRUCT || !t->named || !*t->package || strchr(t->name, '['))
		return;
	pointer = types_wrapping(heap->types, KIND_POINTER, index);
	if (pointer != NO_TYPE)
		types_methods(heap->types, pointer, on_method, &s);
}

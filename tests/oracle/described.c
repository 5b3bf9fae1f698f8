/* Holds what debug information says of a program's types, and what is made of it, against the descriptors that
 * the program has of others, and the types of variables against the collector's bitmaps.
 *
 *	described SNAPSHOT
 *
 * Prints what differs, then a line that counts; the exit status is 1 if anything differs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/base/cleanup.h"
#include "probes/go/find/open.h"
#include "probes/go/types/debug_names.h"
#include "probes/go/types/made.h"
#include "probes/go/types/map_types.h"
#include "probes/go/types/variable_masks.h"
#include "probes/image/snapfile.h"
#include "probes/image/variables.h"

struct program {
	struct image *image;
	struct go go;
	struct types *types;
	struct debug_names names;
	uint32_t *made;
	uint32_t described, variables, maps, differ;
};

/* A type that is described both ways: name, package, kind and size. */
static void compare_type(struct program *p, const struct debug_type *d, const struct rtype *t)
{
	const char *raw = p->image->variables->text + d->name;
	autotext struct text name = { 0 }, package = { 0 };

	debug_type_name(&p->names, raw, &name);
	if (debug_type_is_named(raw))
		debug_type_package(raw, &package);
	p->described++;
	if (!strcmp(text_string(&name), t->name) && d->kind == t->kind && d->size == t->size &&
	    (!debug_type_is_named(raw) || !strcmp(text_string(&package), t->package)))
		return;
	p->differ++;
	printf("type %s: %s of %s, kind %u, %llu bytes, its descriptor says %s of %s, kind %u, %llu bytes\n",
	       raw, text_string(&name), text_string(&package), d->kind, (unsigned long long)d->size,
	       t->name, t->package, t->kind, (unsigned long long)t->size);
}

static void compare_types(struct program *p)
{
	const struct debug_types *types = &p->image->variables->types;

	for (uint32_t i = 0; i < types->n; i++) {
		const struct rtype *t = types_find(p->types, p->made[i]);

		if (t && types->items[i].descriptor_kind != DESCRIPTOR_NONE) {
			compare_type(p, &types->items[i], t);
		} else if (!t) {
			printf("type %s cannot be had\n",
			       p->image->variables->text + types->items[i].name);
			p->differ++;
		}
	}
}

/* The runtime has pointers to what the collector does not manage. */
static bool is_runtimes(const char *name)
{
	return !strncmp(name, "runtime.", 8);
}

static void compare_variables(struct program *p)
{
	const struct variables *v = p->image->variables;

	for (uint32_t i = 0; i < v->n; i++) {
		uint32_t type = v->items[i].type ? p->made[v->items[i].type - 1] : NO_TYPE;
		const char *name = v->text + v->items[i].name;

		if (type == NO_TYPE || is_runtimes(name))
			continue;
		p->variables++;
		if (variable_mask_agrees(&p->go, p->types, v->items[i].addr, type, 1) &&
		    v->items[i].size == types_get(p->types, type)->size)
			continue;
		p->differ++;
		printf("variable %s: the collector does not see a %s\n", name,
		       types_get(p->types, type)->name);
	}
}

static bool same_mask(struct types *types, uint32_t a, uint32_t b)
{
	uint64_t words = types_get(types, a)->ptr_bytes / 8;
	const uint8_t *x = types_mask(types, a), *y = types_mask(types, b);

	if (types_get(types, a)->ptr_bytes != types_get(types, b)->ptr_bytes)
		return false;
	for (uint64_t i = 0; i < words; i++)
		if ((x[i / 8] ^ y[i / 8]) >> (i % 8) & 1)
			return false;
	return true;
}

static bool same_insides(struct types *types, const struct rtype *a, const struct rtype *b)
{
	return a->indirect_key == b->indirect_key && a->indirect_elem == b->indirect_elem &&
	       a->group_size == b->group_size && a->keys_offset == b->keys_offset &&
	       a->key_stride == b->key_stride && a->elems_offset == b->elems_offset &&
	       a->elem_stride == b->elem_stride && a->key_size == b->key_size &&
	       a->elem_size == b->elem_size && a->bucket_size == b->bucket_size &&
	       types_get(types, a->bucket)->size == types_get(types, b->bucket)->size &&
	       same_mask(types, a->bucket, b->bucket);
}

/* The insides of each map type that the program describes, made once more from key and element. */
static void compare_maps(struct program *p)
{
	uint32_t n = types_count(p->types);

	for (uint32_t i = 0; i < n; i++) {
		const struct rtype *t = types_get(p->types, i);
		struct rtype made = { .key = t->key, .elem = t->elem };

		if (t->kind != KIND_MAP || t->key == NO_TYPE || t->elem == NO_TYPE)
			continue;
		p->maps++;
		if (map_type_make(p->types, &p->go.layout, &made) && same_insides(p->types, t, &made))
			continue;
		p->differ++;
		printf("map %s is made differently\n", t->name);
	}
}

static bool open_program(struct program *p, const char *snapshot, struct error *err)
{
	autoclose int fd = open(snapshot, O_RDONLY | O_CLOEXEC);

	p->image = snapfile_read(fd, NULL, err);
	if (!p->image || !go_open(p->image, &p->go, err))
		return false;
	p->types = types_new(&p->go, err);
	if (!p->types)
		return false;
	types_by_name(p->types, "runtime.g"); /* all that the program lists */
	if (!p->image->variables)
		return true;
	p->made = made_types(&p->go, p->types, err);
	return p->made && debug_names_begin(&p->names, p->image->variables);
}

int main(int argc, char **argv)
{
	static struct program p;
	struct error err = { 0 };

	if (argc != 2 || !open_program(&p, argv[1], &err)) {
		fprintf(stderr, "%s\n", argc == 2 ? err.message : "usage: described SNAPSHOT");
		return 2;
	}
	if (p.made) {
		compare_types(&p);
		compare_variables(&p);
	}
	compare_maps(&p);
	printf("%u types, %u variables and %u maps compared, %u differ\n", p.described, p.variables,
	       p.maps, p.differ);
	return p.differ > 0;
}

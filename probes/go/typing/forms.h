/* What an object is: a Go type in one of the forms in which memory holds it. Memory that has no type
 * of its own is named by its form: [...]T, string bytes, map[K]V groups, func NAME closure. Each pair
 * is one of the graph's types. */
#ifndef GORETAIN_PROBES_GO_TYPING_FORMS_H
#define GORETAIN_PROBES_GO_TYPING_FORMS_H

#include "graph/base/error.h"
#include "graph/graph.h"
#include "probes/go/stack/pclntab.h"
#include "probes/go/types/types.h"

enum form {
	FORM_VALUE,         /* a T: new(T), or a box */
	FORM_ARRAY,         /* [...]T: a slice's backing array */
	FORM_STRING,        /* string bytes */
	FORM_MAP,           /* map[K]V: the header */
	FORM_MAP_DIRECTORY, FORM_MAP_TABLE, FORM_MAP_GROUPS, /* Swiss maps */
	FORM_MAP_BUCKETS, FORM_MAP_EXTRA,                    /* maps to 1.23 */
	FORM_CHAN, FORM_CHAN_BUFFER,
	FORM_CLOSURE,       /* func NAME closure: `of` is the code's entry, its captures `type` */
	FORM_TINY,          /* tiny block */
	FORM_ITABS,         /* the runtime's table of itabs, which has no type of its own */
	FORM_ARENA,         /* arena chunk: values of any types that live and go together (package arena) */
};

struct form_entry {
	enum form form;
	uint32_t type;      /* index into types: of T, of the map, of the channel; NO_TYPE */
	uint64_t entry;     /* of a closure's code */
};

struct forms {
	struct go *go;
	struct types *types;
	struct form_entry *items; /* index = index into graph.types */
	struct type *shown;       /* becomes graph.types */
	uint32_t n, capacity;
	uint32_t *table, table_size;
	const char *const *spelled; /* names of types other than their own, NULL where that is meant; lent */
	uint32_t n_spelled;
};

bool forms_init(struct forms *forms, struct go *go, struct types *types, struct error *err);
void forms_free(struct forms *forms);

/* The number of a form of a type, entered if it is new; NO_NODE without memory. */
uint32_t forms_of(struct forms *forms, enum form form, uint32_t type, uint64_t entry);

/* From now on types are called as SPELLED has it, N of them, where it is not NULL; those entered so far, too.
 * False without memory. */
bool forms_respell(struct forms *forms, const char *const *spelled, uint32_t n);

/* Hand the shown types over to the graph. */
void forms_to_graph(struct forms *forms, struct graph *g);

/* Bytes of one element or value, 0 if it has no fixed size. */
uint64_t forms_unit(const struct forms *forms, uint32_t form);

#endif

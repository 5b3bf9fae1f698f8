/* WHAT of the command line: something in the graph that a person names. */
#ifndef GORETAIN_GRAPH_QUERY_WHAT_H
#define GORETAIN_GRAPH_QUERY_WHAT_H

#include "graph/base/error.h"
#include "graph/base/text.h"
#include "graph/base/top.h"
#include "graph/graph.h"

enum what_kind { WHAT_OBJECT, WHAT_GLOBAL, WHAT_TYPE, WHAT_REGEXP };

struct what {
	enum what_kind kind;
	uint32_t object;      /* WHAT_OBJECT */
	uint64_t offset;      /* how far the address lies into it */
	uint32_t *holders;    /* globals: the one, or those that match, the most retained first */
	uint32_t n_holders;
	bool parts;           /* the holders are what the global leads to, which itself holds nothing */
	uint32_t *types;      /* types: all of the name, or those that match */
	uint32_t n_types;
};

/* Resolve TEXT, in this order: an address (0x... or decimal, an interior one too; in the heap or in
 * a global), the exact name of a global, the exact name of a type, a /regexp/ (POSIX extended) over
 * the names of types and globals. Nothing found is STATUS_NOT_FOUND, a bad regexp STATUS_USAGE.
 * Needs STAGE_RETAINED. Free with what_free. */
bool what_resolve(const struct graph *g, const char *text, struct what *out, struct error *err);
void what_free(struct what *what);

/* Append what is said of the global called TEXT, which no holder stands for: "global main.last (*main.node) is
 * nil: it holds nothing, 0 B". False if the program has none by that name. */
bool what_empty(const struct graph *g, const char *text, struct text *out);

/* Is TEXT something that can be looked for: no bad regexp? Needs no graph. */
bool what_check(const char *text, struct error *err);

/* The live instances of WHAT's types. */
struct instances {
	struct top top;       /* the largest; of which no other one of the same types dominates */
	uint64_t count;       /* all that are live */
	uint64_t retained;    /* by all together */
	uint64_t dead;        /* instances that are garbage */
	uint32_t holder;      /* the one holder above all of them, NO_NODE if several */
};

/* One pass over all objects. OUT->top is set up by the caller. */
bool what_instances(const struct graph *g, const struct what *what, struct instances *out,
		    struct error *err);

#endif

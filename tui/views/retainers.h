/* Who holds an object: a tree from it towards the roots, unfolded along a path; or the chain of its
 * dominators. */
#ifndef GORETAIN_TUI_VIEWS_RETAINERS_H
#define GORETAIN_TUI_VIEWS_RETAINERS_H

#include "graph/analysis/paths.h"
#include "graph/base/progress.h"
#include "graph/graph.h"
#include "graph/lens.h"
#include "tui/page/index.h"
#include "tui/widgets/branches.h"

enum held_kind {
	HELD_OBJECT,     /* `node` refers through `via` to what is above it in the outline */
	HELD_AGAIN,      /* the same, but it stands above already: a ring */
	HELD_ROOT,       /* root number `number` does */
	HELD_MORE_ROOTS, /* `count` more roots */
	HELD_FOLD, HELD_REST, /* more objects of `type`, of any type; referring to `node` */
	HELD_DOMINATOR,  /* `node`, an object or a holder, dominates the rows before it */
	HELD_SEVERAL,    /* nothing single does */
	HELD_SKIPPED,    /* dominators left out */
	HELD_NOTHING,    /* object `number` is garbage */
};

struct retainers {
	const struct graph *graph;
	const struct index *index; /* may be NULL: then roots are found more slowly */
	uint32_t subject;          /* object */
	struct branches *rows;
};

/* Fill ROWS with who refers to the subject, unfolded along PATH (may be NULL). Safe on any
 * thread. False if cancelled or without memory. */
bool retainers_tree(struct retainers *r, const struct path *path, struct progress *progress);
/* Unfold row AT. */
bool retainers_unfold(struct retainers *r, uint32_t at, struct progress *progress);
/* Fill ROWS with the chain of dominators. */
void retainers_chain(struct retainers *r);

/* Make the words of a row. */
void retainers_say(const struct graph *g, struct branch *row);
/* What a row stands for; false if for no single thing. */
bool retainers_subject(const struct graph *g, const struct branch *row, struct subject *out);

/* A path as one line: "main.cache ▸ ["user:42"] ▸ .meta"; the middle of a long one is left out. */
void retainers_path(const struct graph *g, const struct path *path, struct line *out);

#endif

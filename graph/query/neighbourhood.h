/* The part of a graph that a picture shows: a few subjects, their paths to their holders, and what
 * they dominate, chosen so that the most retained stays within a number of nodes. The parts of maps
 * are passed through, alike siblings are folded. What is drawn (DOT, cells of a terminal) reads
 * these two lists and nothing else of the graph's structure. */
#ifndef GORETAIN_GRAPH_QUERY_NEIGHBOURHOOD_H
#define GORETAIN_GRAPH_QUERY_NEIGHBOURHOOD_H

#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/graph.h"

enum hood_kind {
	HOOD_HOLDER, /* ID: index into holders */
	HOOD_OBJECT, /* ID: object */
	HOOD_FOLD,   /* ID: one of COUNT objects that are not drawn */
	HOOD_STEPS,  /* ID: one of COUNT objects in the middle of a long path */
};

struct hood_node {
	enum hood_kind kind;
	uint32_t id;
	uint64_t count;      /* objects that it stands for: 1 unless folded */
	uint64_t retained;   /* by all of them */
	bool subject;        /* what the picture is about */
	bool alike;          /* HOOD_FOLD: all of one type */
	uint32_t pending;    /* while choosing: children that are not drawn yet */
};

struct hood_edge {
	uint32_t from, to;   /* indices into nodes */
	/* Where its label comes from: object SRC refers to object DST, or root number ROOT does;
	 * NO_NODE if neither. */
	uint32_t src, dst, root;
	bool critical;       /* on the shortest path from a root to the first subject */
	bool dominates;      /* no pointer: TO hangs on FROM alone, but by several ways */
	bool boxed;          /* an interface refers to it */
};

struct neighbourhood {
	struct hood_node *nodes; uint32_t n_nodes, node_capacity;
	struct hood_edge *edges; uint32_t n_edges, edge_capacity;
	uint64_t left_out;   /* objects for which not even a fold had room */
};

/* What to show. Subjects are nodes of the graph: objects or holders. */
struct hood_wish {
	const uint32_t *subjects; uint32_t n_subjects;
	uint32_t depth;      /* levels of what a subject dominates */
	uint32_t max_nodes;  /* 4 or more */
	uint32_t paths;      /* for each subject */
};

/* Choose. The same graph and wish give the same lists. Needs STAGE_RETAINED. Free with
 * neighbourhood_free. */
bool neighbourhood_find(const struct graph *g, const struct hood_wish *wish,
			struct neighbourhood *out, struct progress *progress, struct error *err);
void neighbourhood_free(struct neighbourhood *hood);
#define autohood __attribute__((cleanup(neighbourhood_free)))

#endif

/* What the rules of the suspects share: a rule is a file that looks at one object at a time, says
 * which of them tell the same story, and puts that story into words. Everything else is done for
 * it here: every object is looked at on all cores, findings are grouped, what a better rule has
 * told of is left out, and what is too small is not told at all. */
#ifndef GORETAIN_GRAPH_SUSPECTS_RULE_H
#define GORETAIN_GRAPH_SUSPECTS_RULE_H

#include "graph/analysis/path_tree.h"
#include "graph/base/error.h"
#include "graph/base/progress.h"
#include "graph/base/text.h"
#include "graph/graph.h"
#include "graph/suspects/list.h"

/* An object whose subtree in the dominator tree is kept, and what keeps it. */
struct finding {
	uint32_t object;
	uint32_t via;    /* object that refers to it; NO_NODE: roots do */
	uint32_t key[3]; /* findings with equal keys are told as one suspect */
	uint32_t group;  /* set by the hunt */
};

/* A search for suspects. */
struct hunt {
	const struct graph *g;
	struct progress *progress;
	uint64_t threshold; /* bytes that a suspect retains at least */
	uint64_t *told;     /* a bit for each object that a suspect is about */
	uint8_t *under;     /* of each object: is what dominates it told of? 0: not asked yet */
	uint32_t *root_row; /* roots that hold object i: root_ids[root_row[i] .. root_row[i+1]-1] */
	uint32_t *root_ids;
	struct path_tree tree; /* built when a rule first asks: hunt_tree */
};

/* What a rule says of a group of findings. */
struct story {
	bool worth;            /* set by the rule: is it a suspect after all? */
	uint64_t retained;     /* by all findings together; set before the rule is asked */
	uint64_t objects;      /* for the rule to fill: as in struct suspect */
	uint32_t holder, object;
	struct text title, explanation;
};

/* A rule looks at single objects, or surveys all of the graph at once. */
struct rule {
	const char *name;
	enum confidence confidence;
	/* Add what there is to say to LIST; the functions below are not used then. */
	bool (*survey)(struct hunt *hunt, struct suspect_list *list, struct error *err);
	/* What to do about it, when the lens knows nothing better. */
	const char *fix;
	/* May an object of this type be what the rule looks for? Asked once for each type. */
	bool (*concerns)(const struct type *type);
	/* Look at live object ID of such a type. Called from several threads. */
	bool (*look)(const struct hunt *hunt, uint32_t id, struct finding *found);
	/* Tell of N findings with one key, in ascending order of where they were found, each object
	 * once and none inside another. False only without memory. */
	bool (*tell)(const struct hunt *hunt, const struct finding *items, uint32_t n,
		     struct story *story, struct error *err);
};

extern const struct rule rule_context_map, rule_closure_map, rule_json_tree, rule_crowd,
	rule_gathering;

/* Run one rule: adds what it has to say to LIST. */
bool hunt_rule(struct hunt *hunt, const struct rule *rule, struct suspect_list *list,
	       struct error *err);

/* ---- for the rules ---- */

/* The path tree of the graph, NULL with ERR set on failure. */
const struct path_tree *hunt_tree(struct hunt *hunt, struct error *err);

/* Is object ID, or what dominates it, told of already? */
bool hunt_is_told(struct hunt *hunt, uint32_t id);

/* From now on it is. */
void hunt_tell(struct hunt *hunt, uint32_t id);

/* Add S to LIST, with the fix that the lens knows, or else FIX. */
bool hunt_add(const struct hunt *hunt, struct suspect *s, const char *fix, struct suspect_list *list,
	      struct error *err);

/* Shape of an object's type, SHAPE_NONE if it is unknown. */
enum type_shape hunt_shape(const struct graph *g, uint32_t id);

/* Is it the header of a map? */
bool hunt_is_map(const struct graph *g, uint32_t id);

/* The finding whose object retains most. */
const struct finding *hunt_largest(const struct hunt *hunt, const struct finding *items,
				   uint32_t n);

/* The distinct objects that refer to ID and hold it, in ascending order; at most MAX are put into
 * OUT (may be NULL). Returns how many there are, at most MAX + 1. */
uint32_t hunt_referrers(const struct graph *g, uint32_t id, uint32_t *out, uint32_t max);

/* Root slots that hold ID. */
uint32_t hunt_root_count(const struct hunt *hunt, uint32_t id);

/* Who holds an object: indices of holders. */
struct hunt_holders {
	uint32_t items[16];
	uint32_t n;
	bool complete; /* false: there may be more */
};

/* Walk backwards from object ID to all its holders, over a few thousand objects at most. */
void hunt_holders(const struct hunt *hunt, uint32_t id, struct hunt_holders *out);

/* What the subtrees of a group's objects are made of. */
struct anatomy {
	uint64_t objects;
	uint64_t maps, arrays;  /* parts of a JSON tree: maps, and arrays of interface values */
	uint64_t foreign_bytes; /* retained by objects that a decoder of JSON does not make */
	uint32_t depth;         /* maps and arrays, one in the other, at most */
};

bool hunt_anatomy(const struct hunt *hunt, const struct finding *items, uint32_t n,
		  struct anatomy *out, struct error *err);

/* ---- words (words.c) ---- */

#define TITLE_CELLS 76

/* A title that begins with HEAD and ends with TAIL; HEAD is clipped so that it fits. Without a HEAD
 * the TAIL begins behind its colon. */
void words_title(struct text *out, const char *head, const char *tail);

/* "map[string]interface {} of 3 entries" */
void words_map(const struct graph *g, uint32_t id, struct text *out);

/* "4.05 MB in 48,004 objects" */
void words_amount(uint64_t bytes, uint64_t objects, struct text *out);

/* "held by global main.handlers"; says so when there are several holders, and when not all of them
 * were found. */
void words_held(const struct hunt *hunt, uint32_t id, struct text *out);

/* The end of a sentence on the largest of many alike: map ID, its bytes, and who holds HELD (that map,
 * or what one reaches it by): all of them, if one holder has them. */
void words_largest(const struct hunt *hunt, uint32_t id, uint32_t held, struct text *out);

/* The closure's function: main.newGreeter.func1. */
void words_function(const struct graph *g, uint32_t closure, struct text *out);

#endif

/* How one node leads to another, in the words of the source: found again from the objects when a
 * person looks, never stored. */
#ifndef GORETAIN_GRAPH_QUERY_LABEL_H
#define GORETAIN_GRAPH_QUERY_LABEL_H

#include "graph/base/text.h"
#include "graph/graph.h"

#define NO_EDGE UINT64_MAX

/* Is the object a map's own inside: table, directory, groups, buckets? Such are passed through, but for
 * one that stands for its map. */
bool label_is_map_part(const struct graph *g, uint32_t id);

/* The object to show for ID: itself, or the map of which it is a part. A part of a map that nothing
 * stands for (graph_map_node) has none and is shown itself. */
uint32_t label_visible(const struct graph *g, uint32_t id);

/* Number of the first edge from SRC to DST that holds; NO_EDGE if there is none. */
uint64_t label_find_edge(const struct graph *g, uint32_t src, uint32_t dst);

/* Byte offset in SRC of its edge number EDGE; UINT64_MAX if not known. */
uint64_t label_edge_offset(const struct graph *g, uint32_t src, uint64_t edge);

/* How SRC refers by the pointer at byte OFFSET: ".meta"; nothing inside a map, or when it is not known. An
 * array's elements are numbered as in the slice that leads there (slots.h): "[17]", "2 slots before its
 * start". */
void label_offset(const struct graph *g, uint32_t src, uint64_t offset, struct text *out,
		  enum known *known);

/* The same for the first pointer from SRC to DST. */
void label_edge(const struct graph *g, uint32_t src, uint32_t dst, struct text *out,
		enum known *known);

/* How FROM, a holder or an object, leads to OBJECT: as label_root or label_edge has it. False, and
 * nothing said, if no pointer in FROM does. */
bool label_step(const struct graph *g, uint32_t from, uint32_t object, struct text *out);

/* Number of the first root of HOLDER that points into DST, NO_NODE if none does. */
uint32_t label_find_root(const struct graph *g, uint32_t holder, uint32_t dst);

/* How root number ROOT holds: "main.cache", "buf in main.audit". */
void label_root(const struct graph *g, uint32_t root, struct text *out);

/* An object in one line of plain words: its type as shown, and for a map its entries. */
void label_object(const struct graph *g, uint32_t id, struct text *out);

/* Does an interface in FROM, a holder or an object, refer to OBJECT as its box? */
bool label_boxed(const struct graph *g, uint32_t from, uint32_t object);
/* The same, with the interface's dynamic type; nothing if it is no interface that does. */
bool label_dynamic(const struct graph *g, uint32_t from, uint32_t object, struct text *type);

/* The object to say where the pointer to live object ID lies: its dominator, if that has one, else what is
 * nearest to a root. NO_NODE if the pointer is a root. Needs STAGE_RETAINED. */
uint32_t label_nearest_referrer(const struct graph *g, uint32_t id);

/* Where the pointer lies that an object is reached by: "server.memStore.msgs", "main.cache". Of many
 * the one of label_nearest_referrer. Needs STAGE_RETAINED; ID must live. */
void label_place(const struct graph *g, uint32_t id, struct text *out);

/* What a task is known by: "main.(*poller).run", "main.lines.func1 under iter.Pull". */
void label_task(const struct graph *g, const struct task *task, struct text *out);

/* The labels that the program gave a task, as they may be shown: NULL if it has none. */
const char *label_task_labels(const struct graph *g, const struct task *task);

/* What kind of holder it is and its name, as text_symbol has it: "global main.cache", "goroutine 91
 * main.worker". */
void label_holder(const struct graph *g, uint32_t holder, struct text *out);

#endif

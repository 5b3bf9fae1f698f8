/* How one node leads to another, in the words of the source: found again from the objects when a
 * person looks, never stored. */
#ifndef GORETAIN_GRAPH_LABEL_H
#define GORETAIN_GRAPH_LABEL_H

#include "graph/graph.h"
#include "graph/text.h"

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

/* How SRC refers to DST: ".meta", "[17]"; nothing inside a map, or when it is not known. */
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

/* Where the pointer lies that an object is reached by: "server.memStore.msgs", "main.cache". Of many
 * the one of its dominator, else the one nearest to a root. Needs STAGE_RETAINED; ID must live. */
void label_place(const struct graph *g, uint32_t id, struct text *out);

/* What a task is known by: "main.(*poller).run", "main.lines.func1 under iter.Pull". */
void label_task(const struct task *task, struct text *out);

/* What kind of holder it is and its name, as text_symbol has it: "global main.cache", "goroutine 91
 * main.worker". */
void label_holder(const struct graph *g, uint32_t holder, struct text *out);

#endif

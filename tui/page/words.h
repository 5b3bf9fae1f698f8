/* How nodes of the graph are said on the screen: holders, objects, and the step from one to the
 * next. */
#ifndef GORETAIN_TUI_PAGE_WORDS_H
#define GORETAIN_TUI_PAGE_WORDS_H

#include "graph/graph.h"
#include "graph/lens.h"
#include "tui/page/index.h"
#include "tui/widgets/cells.h"

/* "global main.cache  map[string]*main.session", "goroutine 91 main.worker  chan receive, 3 h". */
void words_holder(const struct graph *g, uint32_t holder, struct line *out);
/* What a task does: "chan receive, 3 h". */
void words_task(const struct task *task, struct text *out);
/* An object's type, with the sign of a box; a preview of its content; both. */
void words_type(const struct graph *g, uint32_t object, struct line *out);
void words_preview(const struct graph *g, uint32_t object, struct line *out);
void words_object(const struct graph *g, uint32_t object, struct line *out);
/* Both, but no preview of a struct or array, which says little before it is cut. */
void words_brief(const struct graph *g, uint32_t object, struct line *out);
/* Either of them. */
void words_node(const struct graph *g, uint32_t node, struct line *out);
/* A short name for titles: "main.cache", "*main.session". */
void words_name(const struct graph *g, uint32_t node, struct text *out);

/* Slots that refer to OBJECT and hold it, roots included. */
uint32_t words_referrers(const struct graph *g, const struct index *index, uint32_t object);

/* Everything known of a subject, a fact a line. */
void words_details(const struct graph *g, const struct index *index,
		   const struct subject *subject, struct text *out);

/* PART of WHOLE as "61.2 %"; nothing if that is less than 0.05 %. */
void words_share(uint64_t part, uint64_t whole, struct text *out);

#endif

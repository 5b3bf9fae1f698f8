/* The lens onto a Go heap (graph/lens.h): fields, entries, previews and labels in Go's own words. */
#ifndef GORETAIN_PROBES_GO_LENS_LENS_H
#define GORETAIN_PROBES_GO_LENS_LENS_H

#include "probes/go/heap.h"

/* Make heap.lens look at heap.graph. */
void lens_init(struct heap *heap);

/* ---- shared by the lens's files ---- */

/* Append the value of TYPE at ADDR as Go's %v would, on one line, about LIMIT bytes at most; with
 * REDACT lengths instead of content (values.c). */
void lens_value(struct heap *heap, uint32_t type, uint64_t addr, bool redact, size_t limit,
		struct text *out);

/* Append a map key as it stands between brackets: ["user:42"], [17] (values.c). */
void lens_key(struct heap *heap, uint32_t type, uint64_t addr, bool redact, struct text *out);

/* Where a value of TYPE at ADDR refers to: the word that is its pointer, and in *DYNAMIC the type
 * that counts (an interface's dynamic type), in *BOXED whether it is in a box. 0 if it refers to
 * nothing (values.c). */
uint64_t lens_target(struct heap *heap, uint32_t type, uint64_t addr, uint32_t *dynamic,
		     bool *boxed);

/* Append how one gets from a value of TYPE to byte OFFSET in it: ".meta", "[3].name"; nothing if
 * that is the value itself (labels.c). */
void lens_path(struct heap *heap, uint32_t type, uint64_t offset, struct text *out);

/* The innermost type of what lies at byte *OFFSET of an object, or where root number ROOT has its pointer,
 * and *OFFSET from that one's beginning. NO_TYPE if it is not known (labels.c). */
uint32_t lens_type_in(struct heap *heap, uint32_t object, uint64_t *offset);
uint32_t lens_type_of_root(struct heap *heap, uint32_t root, uint64_t *offset);

bool lens_window(struct lens *lens, uint32_t src, uint64_t at, uint32_t array,
		 struct window *out); /* slices.c */
bool lens_dynamic(struct lens *lens, uint32_t src, uint64_t at, struct text *type); /* slices.c */

void lens_container_use(struct lens *lens, uint32_t map, struct container_use *out); /* containers.c */

/* Which of the program's own lines lead to the N functions at ENTRIES: the users of *OUT (containers.c). */
void lens_users(struct heap *heap, const uint64_t *entries, uint32_t n, struct container_use *out);

/* Append the program's own place that a goroutine waits at, or comes from: a line and its function (own.c). */
void lens_own_place(struct heap *heap, const struct task *task, struct text *out);

void lens_counterparts(struct lens *lens, uint32_t type, struct text *out); /* counterparts.c */

bool lens_global(struct lens *lens, const char *name, struct global_words *out); /* global.c */

void lens_edge_label(struct lens *lens, uint32_t src, uint64_t offset, struct text *out,
		     enum known *known);
void lens_advice(struct lens *lens, const struct suspect *s, struct text *out); /* advice.c */
void lens_root_label(struct lens *lens, uint32_t root, struct text *out);

/* The form of an object, NULL if it is unknown. */
const struct form_entry *lens_form(const struct heap *heap, uint32_t object);

struct heap *lens_heap(struct lens *lens);

#endif

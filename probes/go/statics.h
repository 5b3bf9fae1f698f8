/* Variables without a name: what `var x = &T{...}` makes lies in data or bss like a global, but only a
 * pointer leads there. Typing finds them; they are named by the expression that leads to them. */
#ifndef GORETAIN_PROBES_GO_STATICS_H
#define GORETAIN_PROBES_GO_STATICS_H

#include "graph/text.h"
#include "probes/go/types.h"

struct heap;
struct typed_place;

/* N values of TYPE from ADDR on. WORD has a pointer to them, 0 if that is not known. */
struct static_value { uint64_t addr, n, word; uint32_t type; };

/* While typing: as they are found. Afterwards sorted by address, without those that lie in others. */
struct statics {
	struct static_value *items;
	uint32_t n, capacity;
	uint64_t bytes; /* that typing followed */
};

/* Does PLACE lie in a module's data or bss, and may it hold pointers? */
bool statics_covers(const struct heap *heap, const struct typed_place *place);

/* Note such a place. False if values that overlap were already more than there is memory for variables. */
bool statics_note(struct heap *heap, const struct typed_place *place);

/* When typing has ended: put them in order, and find which words lead to them. */
void statics_finish(struct heap *heap);

/* The value that covers ADDR, NULL if there is none. */
const struct static_value *statics_find(const struct heap *heap, uint64_t addr);

/* The expression that leads to VALUE: "prometheus.defaultRegistry". False, and nothing said, if no variable
 * with a name does. */
bool statics_name(struct heap *heap, const struct static_value *value, struct text *out);

#endif

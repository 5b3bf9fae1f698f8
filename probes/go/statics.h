/* Variables without a name: what `var x = &T{...}` makes lies in data or bss like a global, but only a
 * pointer leads there. Typing finds them; they are named by the expression that leads to them. */
#ifndef GORETAIN_PROBES_GO_STATICS_H
#define GORETAIN_PROBES_GO_STATICS_H

#include "graph/text.h"
#include "probes/go/types.h"

struct heap;
struct typed_place;

/* N values of TYPE from ADDR on. */
struct static_value { uint64_t addr, n; uint32_t type; };

/* The word at WORD, of a global, points to the address TO, where no variable has a name. */
struct static_pointer { uint64_t to, word; };

struct statics {
	/* While typing: as they are found. Afterwards by address, without those that lie in others. */
	struct static_value *items;
	uint32_t n, capacity;
	uint64_t bytes; /* that typing followed */
	/* By address, one each; of several pointers one in a variable with a name. */
	struct static_pointer *pointers;
	uint32_t n_pointers, capacity_pointers;
};

/* Does PLACE lie in a module's data or bss, and may it hold pointers? */
bool statics_covers(const struct heap *heap, const struct typed_place *place);

/* Note such a place. False if typing is not to follow it: values so far have together more than four times
 * the bytes of all variables (they overlap), or memory is short (typing.failed). */
bool statics_note(struct heap *heap, const struct typed_place *place);

/* Put them in order, and find which words lead to them. They are looked for only while roots are built:
 * what is noted afterwards is not found. False when out of memory. */
bool statics_finish(struct heap *heap, struct error *err);
void statics_free(struct statics *statics);

/* What lies at LO, up to HI: a variable without a name. */
struct static_extent {
	uint64_t lo, hi;
	uint32_t type; /* NO_TYPE if not known, or if it is several values */
};

/* The variable without a name that covers ADDR: a typed value, or else what begins where some pointer
 * leads and ends where anything else refers to. False if there is none. */
bool statics_find(const struct heap *heap, uint64_t addr, struct static_extent *out);

/* The expression that leads to the variable: "prometheus.defaultRegistry". False, and nothing said, if no
 * variable with a name does. */
bool statics_name(struct heap *heap, const struct static_extent *variable, struct text *out);

#endif

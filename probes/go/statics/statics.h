/* Variables without a name: what `var x = &T{...}` makes lies in data or bss like a global, but only a
 * pointer leads there. Typing finds them; they are named by the expression that leads to them. */
#ifndef GORETAIN_PROBES_GO_STATICS_STATICS_H
#define GORETAIN_PROBES_GO_STATICS_STATICS_H

#include "graph/base/text.h"
#include "probes/go/statics/bounds.h"
#include "probes/go/types/types.h"

struct heap;
struct typed_place;
struct variable;

/* N values of TYPE from ADDR on. WORD, of a global, has a pointer of their type to them; 0 if no global's
 * does. */
struct static_value { uint64_t addr, n, word; uint32_t type; };

/* The word at WORD, of a global, points to the address TO, where no variable has a name. */
struct static_pointer { uint64_t to, word; };

/* Which words of a module's data or bss, from LO to HI, something in the heap or on a stack refers to. */
struct static_segment { uint64_t lo, hi; _Atomic uint64_t *bits; };

struct statics {
	struct static_segment *segments;
	uint32_t n_segments;
	uint64_t lo, hi; /* all of them lie between */
	/* While typing: as they are found. Afterwards by address, without those that lie in others. */
	struct static_value *items;
	uint32_t n, capacity;
	uint64_t bytes; /* that typing followed */
	/* By address, one each; of several pointers one in a variable with a name. */
	struct static_pointer *pointers;
	uint32_t n_pointers, capacity_pointers;
	struct static_bounds bounds;
};

/* Get ready, before edges are pulled and types are found. False when out of memory. */
bool statics_begin(struct heap *heap, struct error *err);

/* Something in the heap or on a stack has a pointer to ADDR, which may lie in data or bss. Any thread. */
void statics_refer(struct statics *statics, uint64_t addr);

/* Does PLACE lie in a module's data or bss, and may it hold pointers? */
bool statics_covers(const struct heap *heap, const struct typed_place *place);

/* Note such a place, and that WORD of a global, or 0, leads there. False if typing is not to follow it: the
 * collector's bitmap has its pointers elsewhere, values so far have together more than four times the
 * bytes of all variables (they overlap), or memory is short (typing.failed). */
bool statics_note(struct heap *heap, const struct typed_place *place, uint64_t word);

/* Put them in order, and find which words lead to them. They are looked for only while roots are built:
 * what is noted afterwards is not found. False when out of memory. */
bool statics_finish(struct heap *heap, struct error *err);
void statics_free(struct statics *statics);

/* The variable that the program's source names and that covers ADDR; NULL if there is none. The linker names
 * some of those that the compiler made, too. */
const struct variable *statics_named(const struct heap *heap, uint64_t addr);

/* What lies at LO, up to HI: a variable without a name. */
struct static_extent {
	uint64_t lo, hi;
	uint64_t word; /* of a global, which leads to it; 0 if none is known */
	uint32_t type; /* NO_TYPE if not known, or if it is several values */
};

/* The variable without a name that covers ADDR: a typed value, or else what begins where some pointer
 * leads and ends where another one begins; or else what the code refers to, as far as it cannot be two.
 * False if there is none. */
bool statics_find(const struct heap *heap, uint64_t addr, struct static_extent *out);

/* The expression that leads to the variable: "prometheus.defaultRegistry". False, and nothing said, if no
 * variable with a name does. */
bool statics_name(struct heap *heap, const struct static_extent *variable, struct text *out);

#endif

/* What a call of a function of the runtime tells about the types of its arguments and result. */
#ifndef GORETAIN_PROBES_GO_CODE_CALLS_H
#define GORETAIN_PROBES_GO_CODE_CALLS_H

#include <stdint.h>

#include "probes/go/layout/layout.h"

enum call_meaning {
	CALL_NEW,        /* the result is a pointer to the type */
	CALL_MAKE_SLICE, /* the result is a slice with elements of the type */
	CALL_GROW_SLICE, /* so are the result and the subject */
	CALL_MAKE_CHAN,  /* the result is a channel of the (channel) type */
	CALL_MAKE_MAP,   /* the result is a map of the (map) type, as is the subject, the room for its header
			  * if the caller has it */
	CALL_SMALL_MAP,  /* the result is a map whose type the call does not say */
	CALL_USE_MAP,    /* the subject is a map of the type; second is the key: a string's bytes, of others
			  * the key or where it is; without second all keys are used */
	CALL_VALUE,      /* subject and second point to values of the type */
	CALL_BARRIER,    /* keeps all registers but the machine's barrier_clobbers */
	CALL_NO_RETURN,
};

/* What a use of a map does to its entries. */
enum call_moves { CALL_LEAVES, CALL_PUTS_IN, CALL_TAKES_OUT };

#define CALL_NO_ARGUMENT 0xffu

/* Which growslice a rule is for: see struct layout.growslice_takes_slice. */
enum rule_when { RULE_ALWAYS, RULE_SLICE_FIRST, RULE_PARTS_FIRST };

/* A rule holds for the function NAME of package runtime, all that begin with it if `prefix`.
 * Arguments are numbered as integer arguments of the calling convention. */
struct call_rule {
	const char *name;
	uint8_t prefix, when; /* enum rule_when */
	uint8_t meaning; /* enum call_meaning */
	uint8_t type, subject, second; /* arguments or CALL_NO_ARGUMENT */
	uint8_t moves;                 /* enum call_moves: of CALL_USE_MAP */
};

/* The rule for the function whose full name is NAME ("runtime.newobject") in a program of that layout, or
 * NULL. */
const struct call_rule *call_rule(const char *name, const struct layout *layout);

#endif

/* Following values through one function's operations.
 *
 * Abstract interpretation over registers and stack words: a value is a constant address, the word
 * of a global, an address or a word of the frame, a pointer to T and so on, or unknown. Where paths
 * meet, what differs becomes unknown (Kildall 1973); the operations are walked in order again until
 * nothing changes, which for most functions is once. A stack word keeps what was last stored in it in
 * the order of the code: the compiler shares a spill slot among values of one type only (stackalloc.go
 * in its internal/ssa), so a wrong guess there still is of the right type, and a zero is as good as the value
 * with a type that is stored there further on, in a loop. (Variables may share a
 * place with others: votes.h, struct code_local.) */
#ifndef GORETAIN_PROBES_GO_CODE_STATE_H
#define GORETAIN_PROBES_GO_CODE_STATE_H

#include "probes/go/code/decode.h"
#include "probes/go/code/program.h"
#include "probes/go/code/votes.h"

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_ZERO,
	VALUE_ADDRESS, /* the constant `of` */
	VALUE_WORD,    /* the word that lay at the constant address `of` */
	VALUE_LOCAL,   /* the address `of` bytes above the stack pointer */
	VALUE_SLOT,    /* the word that lay there */
	VALUE_UNTYPED_MAP, /* made by the call at offset `of` */
	VALUE_ARGUMENT, /* the function's own, number `of` */
	VALUE_RESULT,  /* the first word that a call of the function at `of` returned */
	VALUE_CONTEXT, /* the closure that runs */
	VALUE_CAPTURE, /* the word `of` bytes into it */
	VALUE_POINTER, /* to the type with index `of`, and so on as in enum code_form */
	VALUE_SLICE,
	VALUE_MAP,
	VALUE_CHAN,
};

struct code_value {
	uint64_t of : 56, kind : 8;
};

#define STATE_SLOTS 16384u /* words of a frame that are followed */
#define SLOT_SEVERAL VALUE_ZERO
#define SLOT_ASKED VALUE_WORD

struct code_state {
	struct code_value registers[CODE_REGISTERS];
	bool reached;
	bool loop; /* some jump to here comes from behind */
};

/* How an operation is tied to others. */
struct code_link {
	uint32_t target; /* number of the operation it may jump to, NO_LINK */
	uint32_t state;  /* number of the state kept where jumps arrive, NO_LINK */
};

#define NO_LINK UINT32_MAX

/* A map made without its type, as it went to a place (place.h) or a frame or was used with a type. */
struct code_map_event {
	uint64_t addr;   /* the place, or offset in the frame */
	bool local;      /* to the frame */
	uint32_t depth;  /* then: of the stack */
	uint32_t origin; /* offset of the call that made it */
	uint32_t type;   /* used with, NO_TYPE for a store */
};

/* One worker's tools, used again for every function. Zero-initialise but for `program`. */
struct code_walker {
	const struct code_program *program;
	/* What is known of places already; then what the frame's words hold is noted, too. NULL: the first pass. */
	const struct code_facts *facts;
	struct go_func func; /* then: the function */
	uint64_t entry; /* of the function */
	uint32_t at;    /* offset of the operation */
	struct code_found found;
	struct code_ops ops;
	struct code_link *links;
	uint32_t links_capacity;
	struct code_state *states;
	uint32_t n_states, states_capacity;
	struct code_state now;
	struct code_value slots[STATE_SLOTS];
	/* What with a type was stored there anywhere in the function; or SLOT_SEVERAL, if that differs, or
	 * SLOT_ASKED, if a zero was loaded from there and nothing has been stored yet. */
	struct code_value typed_slots[STATE_SLOTS];
	uint32_t used_slots;
	bool missed;  /* a zero was loaded where something with a type is stored further on */
	struct code_map_event *events;
	uint32_t n_events, events_capacity;
};

/* Walk through F, whose code is CODE, and add to walker->found. */
void walker_function(struct code_walker *walker, const struct code_function *f,
		     const uint8_t *code);
void walker_free(struct code_walker *walker);

#endif

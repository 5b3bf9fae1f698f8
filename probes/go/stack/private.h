/* The inside of stack_read, shared by its files: stack.c puts a reading together, unwind.c makes
 * frames, maps.c lists their slots, objects.c follows pointers into the stack. */
#ifndef GORETAIN_PROBES_GO_STACK_PRIVATE_H
#define GORETAIN_PROBES_GO_STACK_PRIVATE_H

#include "probes/go/stack/stack.h"

/* Functions that the runtime's own stack walk treats apart. Told by name: funcIDs are renumbered
 * from version to version. */
enum special {
	SPECIAL_NONE,
	SPECIAL_INJECTED,      /* asyncPreempt, debugCall: holds the registers of the frame above */
	SPECIAL_SIGPANIC,      /* called by a fault: the frame above did not call it */
	SPECIAL_CGOCALLBACK,   /* writes SP but unwinds all the same */
	SPECIAL_SWITCH,        /* stands for systemstack in a saved pc */
	SPECIAL_REFLECT_STUB,  /* makeFuncStub, methodValueCall: arguments told by a value */
	SPECIAL_WRITE_BARRIER, /* calls that are no safe points */
};

#define STACK_FACTS 1024u /* a power of 2 */

/* What the tables say of one code address. */
struct pc_fact {
	uint64_t pc;
	bool valid, found;
	uint8_t special;
	int32_t delta;     /* of the stack pointer: bytes of frame below the return address */
	int32_t map_index; /* which of its maps a frame has that goes on here */
	uint64_t locals, arguments, objects; /* funcdata: maps and stack objects, 0 if none */
	struct go_func func;
};

struct stack_object {
	uint64_t addr, mask;  /* MASK: address of its bits, or of its GC program */
	uint32_t size, words; /* words that the mask tells of */
	uint32_t frame;
	bool program, stub;   /* the mask is a GC program; it is a reflect stub's RegArgs */
	bool done;
};

struct stack_scratch {
	struct pc_fact *facts;
	struct stack_object *objects;
	uint32_t n_objects, capacity_objects;
	uint64_t *exact, *doubtful;  /* pointers into the stack, not yet followed */
	uint32_t n_exact, capacity_exact, n_doubtful, capacity_doubtful;
	uint8_t *bits;               /* of an expanded GC program */
	uint64_t capacity_bits;
	uint8_t *seen;               /* a bit a word of the stack that is a slot */
	uint64_t capacity_seen;
};

/* One reading. */
struct stack_reader {
	struct go *go;
	const struct goroutine *g;
	struct go_stack *out;
	struct stack_scratch *scratch;
	uint64_t lo, hi;       /* bounds of the stack */
	const uint8_t *window; /* its bytes from WINDOW_AT on, as far as they are there */
	uint64_t window_at, window_length; /* kept apart from the image for speed */
	uint64_t seen_from;    /* where scratch's bits of slots begin; 0: not kept */
	bool memory_out;
};

/* Room for one more element of SIZE bytes in the array at PLACE. */
bool stack_room(struct stack_reader *r, void *place, uint32_t n, uint32_t *capacity, size_t size);

uint64_t stack_word(const struct stack_reader *r, uint64_t addr);

/* Add the slot at ADDR. A value that points into the stack is remembered for stack_objects. */
void stack_slot(struct stack_reader *r, uint64_t addr, uint64_t value, uint32_t frame,
		enum slot_kind kind, bool conservative);

/* Add every word of [LO, HI) that may be a pointer. */
void stack_words(struct stack_reader *r, uint64_t lo, uint64_t hi, uint32_t frame,
		 enum slot_kind kind);

/* What is known of PC, valid until the next call. */
const struct pc_fact *stack_fact(struct stack_reader *r, uint64_t pc);

/* Make the frames from r->g's start on. The address from which on nothing is known, 0 if all is. */
uint64_t stack_unwind(struct stack_reader *r);

/* Where the arguments of frame number I end at the latest: they are part of the caller's frame. */
uint64_t stack_arguments_end(const struct stack_reader *r, uint32_t i);

/* The slots of frame number I, and its stack objects. */
void stack_frame_slots(struct stack_reader *r, uint32_t i);

/* The slots of the stack objects that the pointers seen so far reach; of all if ALL. */
void stack_objects(struct stack_reader *r, bool all);

/* Remember a frame's stack objects: those of its records, or RegArgs if it is a reflect stub. False
 * if the records make no sense. */
bool stack_object_records(struct stack_reader *r, uint32_t i, const struct pc_fact *fact);
void stack_object_stub(struct stack_reader *r, uint32_t i);

#endif
